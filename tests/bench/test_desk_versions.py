"""Versions of a workflow in the desk: what was changed, in words, as a picture and as text; restored; why it was changed."""

import frappe

from dogansystem.homes.frappe import reviews
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER
from tests.bench import axe
from tests.bench.desk import DeskTestCase, form_of

NAME = "versions-seen"
FORM = form_of("Dogan Workflow")
ROWS = "[...document.querySelectorAll('.dogan-version-row')]"


class TestVersions(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME, force=True)
		frappe.db.commit()
		self.publish([step("first"), step("second", title="The second", params={"subject": "Hello"})])
		self.publish([step("second", title="The second", params={"subject": "Good day"}), step("third")])

	def publish(self, steps: list[dict]) -> None:
		self.orchestrator.import_workflow({"name": NAME, "run_as": PERSON, "steps": steps}, enabled=False)
		frappe.db.commit()

	def open_versions(self) -> None:
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('[data-view=versions]')")
		self.browser.click("[data-view=versions]")
		self.browser.wait_for("document.querySelector('.dogan-changes')")

	def text(self, selector: str) -> str:
		return str(self.browser.evaluate(f"document.querySelector('{selector}').innerText"))

	def test_two_versions_are_compared_in_words_as_a_picture_and_as_text(self):
		self.open_versions()
		words = self.text(".dogan-changes")
		for sentence in (
			"Step third was added: data.set",
			"Step The second (second): Subject was changed from “Hello” to “Good day”",
			"Step first was removed",
		):
			self.assertIn(sentence, words)
		self.picture("versions-words")
		self.browser.click("[data-shown=picture]")
		self.browser.wait_for(
			"document.querySelectorAll('.dogan-version-picture .vue-flow__node').length > 4"
		)
		for where, node, mark in (
			("first-child", "first", "removed"),
			("first-child", "second", "changed"),
			("last-child", "second", "changed"),
			("last-child", "third", "added"),
		):
			found = f'.dogan-version-picture:{where} [data-node="step:{node}"].is-{mark}'
			self.browser.wait_for(f"document.querySelector('{found}')?.innerText.includes('{mark}')")
		self.picture("versions-picture")
		self.browser.click("[data-shown=text]")
		self.browser.wait_for("document.querySelector('.dogan-version-text .is-added')")
		self.assertIn("+    subject: Good day", self.text(".dogan-version-text"))
		self.picture("versions-text")
		self.assert_nothing_complained()

	def test_an_old_version_is_restored_as_a_new_one_with_the_reason_given(self):
		self.open_versions()
		self.browser.click("[data-restore='1']")
		self.browser.wait_for("window.cur_dialog?.fields_dict.note && cur_dialog.$wrapper.is('.show')")
		self.browser.evaluate("cur_dialog.set_value('note', 'The mail was wrong').then(() => true)")
		self.confirm()
		self.browser.wait_for(f"{ROWS}.length === 3 && {ROWS}[0].innerText.includes('The mail was wrong')")
		frappe.db.rollback()
		found = self.orchestrator.list_versions(NAME)
		self.assertEqual(
			[(each["version"], each["is_current"]) for each in found], [(3, True), (2, False), (1, False)]
		)
		self.assertEqual((found[0]["by"], found[0]["note"]), (PERSON, "The mail was wrong"))
		self.assertEqual(
			[each["id"] for each in self.orchestrator.export_workflow(NAME)["steps"]], ["first", "second"]
		)
		self.browser.click("[data-view=flow]")
		self.browser.wait_for("document.querySelector('.dogan-flow-place [data-node=\"step:first\"]')")
		self.picture("versions-restored")
		self.assert_nothing_complained()

	def test_nothing_serious_keeps_people_from_using_it(self):
		if axe.script() is None:
			print(
				"\nLeft out: axe-core: run `npm install --no-save axe-core`, or name it in DOGAN_TEST_AXE",
				flush=True,
			)
			self.skipTest("no axe-core")
		self.open_versions()
		for shown, until in (
			("words", ".dogan-changes"),
			("picture", ".dogan-version-picture:last-child .vue-flow__node"),
			("text", ".dogan-version-text"),
		):
			self.browser.click(f"[data-shown={shown}]")
			self.browser.wait_for(f"document.querySelector('{until}')")
			with self.subTest(shown):
				self.assertEqual(axe.findings(self.browser, ".dogan-versions-place"), [])

	def test_it_fits_on_a_phone(self):
		self.browser.resize(390, 844)
		self.addCleanup(self.browser.resize, 1400, 1000)
		self.open_versions()
		for shown, until in (("words", ".dogan-changes"), ("text", ".dogan-version-text")):
			self.browser.click(f"[data-shown={shown}]")
			self.browser.wait_for(f"document.querySelector('{until}')")
			wide = "[...document.querySelectorAll('.dogan-versions-place *')].filter((each) => !each.closest('pre') && each.getBoundingClientRect().right > 390).map((each) => each.outerHTML.slice(0, 200))"
			self.assertEqual(self.browser.evaluate(wide), [])
		self.picture("versions-phone")

	def test_what_is_not_saved_is_asked_about_before_a_restore(self):
		self.open_versions()
		self.browser.evaluate("cur_frm.set_value('description', 'Not saved').then(() => true)")
		self.browser.click("[data-restore='1']")
		self.browser.wait_for("window.cur_dialog && cur_dialog.$wrapper.is('.show')")
		self.assertIn(
			"What is not saved on this form is lost.", self.browser.evaluate("cur_dialog.$wrapper.text()")
		)

	def test_the_reason_of_a_change_is_kept_with_its_version(self):
		self.visit(
			f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('.dogan-flow .vue-flow__node')"
		)
		hidden = "getComputedStyle(document.querySelector('.dogan-why')).display === 'none'"
		self.assertTrue(self.browser.evaluate(hidden))
		self.browser.click("[data-node='step:third']")
		self.browser.wait_for("document.activeElement.matches(\"[data-node='step:third'].is-selected\")")
		self.browser.key("Delete")
		self.browser.wait_for(f"!({hidden})")
		self.browser.click(".dogan-why")
		self.browser.wait_for("document.activeElement.matches('.dogan-why')")
		self.browser.type("Nobody needs the third")
		self.picture("versions-why")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for(f"{hidden} && document.querySelector('.dogan-why').value === ''")
		frappe.db.rollback()
		self.assertEqual(self.orchestrator.list_versions(NAME)[0]["note"], "Nobody needs the third")
		self.browser.click("[data-view=versions]")
		self.browser.wait_for(
			f"{ROWS}.length === 3 && {ROWS}[0].innerText.includes('Nobody needs the third')"
		)
		self.assert_nothing_complained()


class TestRunsCompared(DeskTestCase):
	"""A run is run again with another input, and both are compared."""

	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME, force=True)
		frappe.db.commit()
		schema = {"type": "object", "properties": {"number": {"type": "integer", "title": "Number"}}}
		check = step("check", "data.check", title="Is it small?", params={"that": "{{ input.number < 10 }}"})
		show = step("show", title="Show it", params={"number": "{{ input.number }}"})
		self.save(NAME, [show, check], input=schema)
		self.first = self.start(NAME, {"number": 20})
		self.drain()
		self.assertEqual(self.status_of(self.first), "Failed")

	def open_run(self, run: str) -> None:
		self.visit(
			f"dogan-workflow-run/{run}",
			f"{form_of('Dogan Workflow Run')} && document.querySelector('.dogan-step') && document.querySelector('.vue-flow__node')",
		)

	def test_a_run_is_run_again_with_another_input_and_compared_with_the_first(self):
		self.open_run(self.first)
		self.press("Run Again")
		field = "cur_dialog.fields_dict['input:number']"
		self.browser.wait_for(
			f"window.cur_dialog?.$wrapper.is('.show') && {field} && cur_dialog.get_value('input:number') === 20"
		)
		self.picture("run-again")
		self.browser.evaluate("cur_dialog.set_value('input:number', 5).then(() => true)")
		self.confirm()
		self.browser.wait_for(
			f"cur_frm.doctype === 'Dogan Workflow Run' && cur_frm.docname !== '{self.first}'"
		)
		self.drain()
		second = str(self.browser.evaluate("cur_frm.docname"))
		self.assertEqual(self.status_of(second), "Succeeded")
		self.assertEqual(frappe.db.get_value("Dogan Workflow Run", second, "again_of"), self.first)
		self.open_run(second)
		self.browser.click(".dogan-compare-before")
		self.browser.wait_for("document.querySelector('.dogan-comparison')")
		shown = self.browser.evaluate("document.querySelector('.dogan-differences').innerText")
		for sentence in (
			"The first run is Failed, the second is Succeeded",
			"Input: Number was 20, and 5 in the second run",
			"Step Is it small? (check) is Failed in the first run and Succeeded in the second",
			"Output of step Show it (show): Number was 20, and 5 in the second run",
		):
			self.assertIn(sentence, shown)
		self.picture("runs-compared")
		self.assert_nothing_complained()

	def test_two_runs_that_are_chosen_in_the_list_are_compared(self):
		second = self.start(NAME, {"number": 20})
		self.drain()
		self.visit(
			f"dogan-workflow-run?workflow={NAME}",
			"window.cur_list?.data?.length === 2 && cur_list.$result.find('.list-row').length === 2",
		)
		self.browser.evaluate("!!cur_list.$result.find('.list-row-checkbox').click()")
		self.browser.wait_for("cur_list.get_checked_items().length === 2")
		self.browser.evaluate(
			"!!cur_list.page.actions.find('.menu-item-label:contains(Compare)').closest('a').click()"
		)
		self.browser.wait_for("document.querySelector('.dogan-comparison')")
		heads = self.browser.evaluate("document.querySelector('.dogan-comparison-table thead').innerText")
		self.assertLess(heads.index(self.first), heads.index(second))
		self.assertEqual(
			self.browser.evaluate("document.querySelector('.dogan-comparison > p').innerText"),
			"Both runs did the same.",
		)
		self.assert_nothing_complained()


class TestReviewed(DeskTestCase):
	"""A workflow is reviewed by somebody else before it is enabled."""

	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME, force=True)
		self.store_settings(require_review=1, review_role="Dogan Manager")
		self.addCleanup(self.end_review)
		with self.site.acting_as(PERSON):
			self.orchestrator.import_workflow(
				{"name": NAME, "run_as": PERSON, "steps": [step("first")]}, enabled=False
			)
		frappe.db.commit()
		frappe.clear_cache()

	def end_review(self) -> None:
		frappe.db.rollback()
		self.store_settings(require_review=0)
		frappe.db.delete("Dogan Workflow Version", {"workflow": reviews.NAME})
		frappe.db.commit()
		frappe.clear_cache()

	def has_button(self, label: str) -> str:
		return f"cur_frm.page.inner_toolbar.find('button').toArray().some((each) => each.innerText.trim() === '{label}')"

	def test_a_version_is_asked_for_reviewed_and_enabled(self):
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && {self.has_button('Ask for Review')}")
		self.assertFalse(self.browser.evaluate(self.has_button("Enable")))
		self.picture("review-wanted")
		self.press("Ask for Review")
		self.confirm()
		self.browser.wait_for("document.querySelector('.alert-message, .desk-alert')")
		self.drain()
		frappe.db.rollback()
		approval = frappe.db.get_value("Dogan Approval", {"workflow": reviews.NAME, "status": "Open"})
		self.visit(
			f"dogan-workflow/{NAME}",
			f"{FORM} && document.querySelector('.form-message a[href*=\"{approval}\"]')",
		)
		self.picture("review-asked")
		with self.signed_in(MANAGER):
			self.visit(
				f"dogan-approval/{approval}",
				f"{form_of('Dogan Approval')} && {self.has_button('What was changed')}",
			)
			self.assertIn(
				"No version was approved before",
				self.browser.evaluate("document.querySelector('.dogan-message').innerText"),
			)
			self.picture("review-decides")
			self.press("What was changed")
			self.browser.wait_for("document.querySelector('.dogan-version-row')?.getClientRects().length")
			self.visit(
				f"dogan-approval/{approval}", f"{form_of('Dogan Approval')} && {self.has_button('Approve')}"
			)
			self.press("Approve")
			self.confirm()
			self.browser.wait_for("cur_frm.doc.status === 'Approved'")
		self.drain()
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && {self.has_button('Enable')}")
		self.picture("review-approved")
		self.browser.click("[data-view=flow]")  # or the desk may not play its sound
		self.press("Enable")
		self.browser.wait_for("cur_frm.doc.enabled === 1 && !cur_frm.is_dirty()")
		frappe.db.rollback()
		self.assertTrue(frappe.db.get_value("Dogan Workflow", NAME, "enabled"))
		self.browser.click("[data-view=versions]")
		self.browser.wait_for(
			"document.querySelector('.dogan-version-row')?.innerText.includes('Approved by')"
		)
		self.assert_nothing_complained()


class TestPositions(DeskTestCase):
	"""A step stays where somebody has put it; all others are laid out."""

	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME, force=True)
		self.save(NAME, [step("a"), step("b"), step("c")])

	def kept(self) -> dict:
		frappe.db.rollback()
		return frappe.parse_json(frappe.db.get_value("Dogan Workflow", NAME, "positions")) or {}

	def test_a_step_is_put_somewhere_kept_undone_and_laid_out_again(self):
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('[data-node=\"step:b\"]')")
		before = self.orchestrator.list_versions(NAME)
		self.browser.drag('[data-node="step:b"]', 260, 10)
		placed = "JSON.parse(cur_frm.doc.positions || '{}')"
		self.browser.wait_for(f"{placed}.b")
		x, y = self.browser.evaluate(f"{placed}.b")
		self.browser.click("[data-undo]")
		self.browser.wait_for("!cur_frm.doc.positions")
		self.browser.click("[data-redo]")
		self.browser.wait_for(f"{placed}.b[0] === {x}")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.assertEqual(self.kept(), {"b": [x, y]})
		self.assertEqual(self.orchestrator.list_versions(NAME), before)  # the workflow does what it did
		where = "cur_frm.dogan_views.store.state.positions.b"
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('[data-lay-out]') && {where}")
		self.picture("positions-kept")
		self.browser.click("[data-lay-out]")
		self.browser.wait_for("!document.querySelector('[data-lay-out]')")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.assertEqual(self.kept(), {})
		self.assert_nothing_complained()

	def test_a_step_that_is_put_on_a_plus_moves_in_the_workflow_and_keeps_no_place(self):
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('[data-node=\"step:c\"]')")
		middle = "((box) => box.y + box.height / 2)(document.querySelector('%s').getBoundingClientRect())"
		up = self.browser.evaluate(middle % '[data-place="a>b"]') - self.browser.evaluate(
			middle % '[data-node="step:c"]'
		)
		self.browser.drag('[data-node="step:c"]', 5, up)
		self.browser.wait_for("cur_frm.doc.steps.map((each) => each.step_id).join() === 'a,c,b'")
		self.assertFalse(self.browser.evaluate("cur_frm.doc.positions || ''"))

"""Try: a workflow, saved or not, is tried on a document, and one step with what the others gave."""

import frappe

from dogansystem.tests.contract.home import PERSON, step
from tests.bench import axe
from tests.bench.canvas import FLOW, PANEL, CanvasTestCase
from tests.bench.desk import form_of

NAME = "try-by-mouse"
SHOWN = "$('.modal.show .dogan-tried')"
CHANGE = step("change", "document.update", title="Make it urgent", params={"doctype": "ToDo", "name": "{{ doc.name }}", "values": {"priority": "High"}})  # fmt: skip
ASK = step("ok", "flow.approve", params={"to": PERSON, "subject": "Shall we?"})
TELL = step("tell", "notify.user", after=["ok.approved"], params={"user": PERSON, "subject": "Now {{ steps.change.output.priority }}"})  # fmt: skip
RATES = step("rates", "http.request", after=["change"], params={"url": "https://example.com/rates"})


class TestTry(CanvasTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.delete_doc_if_exists("Dogan Workflow", NAME)
		self.todo = frappe.get_doc({"doctype": "ToDo", "description": "about this"}).insert()
		self.addCleanup(self.remove, self.todo.name)
		trigger = {"on": "document", "doctype": "ToDo", "event": "created"}
		self.orchestrator.import_workflow(
			{"name": NAME, "run_as": PERSON, "triggers": [trigger], "steps": [CHANGE, ASK, TELL, RATES]},
			False,
		)
		frappe.db.commit()

	def remove(self, name: str) -> None:
		frappe.delete_doc("ToDo", name, force=True)
		frappe.db.commit()

	def open(self) -> None:
		self.visit(f"dogan-workflow/{NAME}", f"{form_of('Dogan Workflow')} && {FLOW}")

	def text(self) -> str:
		return str(self.browser.evaluate(f"{SHOWN}.text()"))

	def try_it(self) -> None:
		# On a phone the buttons of a form are in its menu.
		button = "$('[data-label=\"' + encodeURIComponent(__('Try')) + '\"]')"
		self.browser.wait_for(f"{button}.length")
		self.browser.evaluate(f"!!{button}[0].click()")
		self.browser.wait_for("cur_dialog && cur_dialog.display && cur_dialog.fields_dict.document_name")
		self.browser.evaluate(f"cur_dialog.set_value('document_name', '{self.todo.name}').then(() => true)")
		self.confirm()
		self.browser.wait_for(f"{SHOWN}.length")

	def states(self) -> list[str]:
		return self.browser.evaluate(
			"Object.values(cur_frm.dogan_views.store.state.run || {}).map((each) => each.text)"
		)

	def test_what_it_would_do_is_shown_in_words_and_on_the_picture(self):
		self.open()
		self.try_it()
		shown = self.text()
		for words in (
			"would be changed",
			"Priority",
			"Medium",
			"High",
			"Shall we?",
			"Now High",
			"GET https://example.com/rates",
			"Nothing was changed",
		):
			self.assertIn(words, shown)
		self.assertEqual(len(self.states()), 4)
		self.picture("try-report")
		if axe.script():
			self.assertEqual(axe.findings(self.browser, ".dogan-tried"), [])
		self.assertEqual(frappe.db.get_value("ToDo", self.todo.name, "priority"), "Medium")
		self.browser.evaluate(f"!!{SHOWN}.find('[data-decide]').click()")
		self.browser.wait_for(f"{SHOWN}.text().includes('Rejected')")
		self.assertEqual(self.browser.evaluate(f"{SHOWN}.length"), 1)
		self.assertNotIn("Now High", self.text())
		self.assert_nothing_complained()

	def test_try_again_is_heard_while_the_report_appears(self):
		self.open()
		self.try_it()
		self.browser.wait_for("cur_dialog?.display")
		self.browser.evaluate("(window.report = cur_dialog, report.hide(), true)")
		self.browser.wait_for("!document.querySelector('.modal.show')")
		# Pressed at once, while it is still on its way.
		self.browser.evaluate("(report.show(), report.get_primary_btn().click(), true)")
		self.browser.wait_for("!report.$wrapper.hasClass('show') && cur_dialog?.fields_dict.document_name")
		self.assert_nothing_complained()

	def test_one_step_is_tried_with_what_was_tried_before(self):
		self.open()
		self.try_it()
		self.browser.wait_for("cur_dialog?.display")
		self.browser.evaluate("cur_dialog.hide(), true")
		self.browser.evaluate("!!cur_frm.dogan_views.store.select('step:tell')")
		self.browser.wait_for(f"document.querySelector('{PANEL} [data-try]')")
		self.browser.click(f"{PANEL} [data-try]")
		self.browser.wait_for(
			"cur_dialog && cur_dialog.fields_dict.pinned && cur_dialog.get_value('pinned')?.includes('High')"
		)
		self.browser.evaluate(
			"cur_dialog.set_value('pinned', cur_dialog.get_value('pinned').replaceAll('High', 'Low')).then(() => true)"
		)
		self.picture("try-step")
		self.confirm()
		self.browser.wait_for(f"{SHOWN}.text().includes('Now Low')")
		self.assert_nothing_complained()

	def test_on_a_phone_in_arabic_in_the_dark(self):
		self.be_on_a_phone(PERSON, "ar", "Dark")
		self.open()
		self.try_it()
		self.assertIn("لم يتغير شيء", self.text())
		wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
		self.assertLessEqual(self.browser.evaluate(wider), 1)
		self.picture("try-phone-ar-dark")
		self.assert_nothing_complained()

"""Versions of a workflow in the desk: what was changed, in words, as a picture and as text; restored; why it was changed."""

import frappe

from dogansystem.tests.contract.home import PERSON, step
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
		self.browser.wait_for("document.querySelectorAll('.dogan-version-picture .vue-flow__node').length > 4")
		for where, node, mark in (
			("first-child", "first", "removed"),
			("first-child", "second", "changed"),
			("last-child", "second", "changed"),
			("last-child", "third", "added"),
		):
			found = f".dogan-version-picture:{where} [data-node=\"step:{node}\"].is-{mark}"
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
		self.assertEqual([(each["version"], each["is_current"]) for each in found], [(3, True), (2, False), (1, False)])
		self.assertEqual((found[0]["by"], found[0]["note"]), (PERSON, "The mail was wrong"))
		self.assertEqual([each["id"] for each in self.orchestrator.export_workflow(NAME)["steps"]], ["first", "second"])
		self.browser.click("[data-view=flow]")
		self.browser.wait_for("document.querySelector('.dogan-flow-place [data-node=\"step:first\"]')")
		self.picture("versions-restored")
		self.assert_nothing_complained()

	def test_what_is_not_saved_is_asked_about_before_a_restore(self):
		self.open_versions()
		self.browser.evaluate("cur_frm.set_value('description', 'Not saved').then(() => true)")
		self.browser.click("[data-restore='1']")
		self.browser.wait_for("window.cur_dialog && cur_dialog.$wrapper.is('.show')")
		self.assertIn("What is not saved on this form is lost.", self.browser.evaluate("cur_dialog.$wrapper.text()"))

	def test_the_reason_of_a_change_is_kept_with_its_version(self):
		self.visit(f"dogan-workflow/{NAME}", f"{FORM} && document.querySelector('.dogan-flow .vue-flow__node')")
		hidden = "getComputedStyle(document.querySelector('.dogan-why')).display === 'none'"
		self.assertTrue(self.browser.evaluate(hidden))
		self.browser.click("[data-node='step:third']")
		self.browser.key("Delete")
		self.browser.wait_for(f"!({hidden})")
		self.browser.click(".dogan-why")
		self.browser.type("Nobody needs the third")
		self.picture("versions-why")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for(f"{hidden} && document.querySelector('.dogan-why').value === ''")
		frappe.db.rollback()
		self.assertEqual(self.orchestrator.list_versions(NAME)[0]["note"], "Nobody needs the third")
		self.browser.click("[data-view=versions]")
		self.browser.wait_for(f"{ROWS}.length === 3 && {ROWS}[0].innerText.includes('Nobody needs the third')")
		self.assert_nothing_complained()

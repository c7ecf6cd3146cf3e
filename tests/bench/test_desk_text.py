"""The YAML view of a workflow: what may be written is offered, what is wrong is marked on its line, what was written is kept."""

from dogansystem.tests.contract.home import step
from tests.bench.desk import DeskTestCase, form_of

NAME = "text-by-hand"
EDITOR = "window.ace.edit(document.querySelector('.dogan-yaml-place .ace_editor'))"
POPUP = "document.querySelector('.ace_autocomplete')?.getClientRects().length"


class TestText(DeskTestCase):
	def write(self, text: str) -> None:
		"""Type a text whose end something is offered for, and take the first that is."""
		self.browser.type(text[:-1])
		self.browser.type(text[-1])  # as a key does
		self.browser.wait_for(POPUP)
		self.browser.key("Enter")
		self.browser.wait_for(f"!({POPUP})")

	def test_text_is_completed_checked_and_saved(self):
		self.save(NAME, [step("first")])
		self.visit(
			f"dogan-workflow/{NAME}",
			f"{form_of('Dogan Workflow')} && document.querySelector('[data-view=yaml]')",
		)
		self.browser.click("[data-view=yaml]")
		self.browser.wait_for(
			f"document.querySelector('.dogan-yaml-place .ace_editor') && {EDITOR}.getValue().includes('first')"
		)
		self.browser.evaluate(f"{EDITOR}.navigateFileEnd(), {EDITOR}.focus()")
		self.write("- id: second\n  acti")
		self.write("document.comm")
		self.browser.evaluate(f"{EDITOR}.insert('\\n')")
		self.write("para")
		errors = f"{EDITOR}.session.getAnnotations().map(({{row, type}}) => [row, type].join())"
		self.browser.wait_for(f"{errors}.length > 0")
		text = self.browser.evaluate(f"{EDITOR}.getValue()")
		self.assertIn("  action: document.comment\n  params:", text)
		self.picture("yaml-completed")
		self.browser.evaluate(
			f"!!{EDITOR}.setValue({text.split('- id: second')[0]!r} + '- {{id: second, action: data.set, params: {{x: 1}}}}\\n')"
		)
		self.browser.wait_for(f"{errors}.length === 0 && cur_frm.doc.steps.length === 2")
		self.browser.evaluate("cur_frm.save().then(() => true)")
		self.browser.wait_for("!cur_frm.is_dirty()")
		self.assertEqual(
			[each["id"] for each in self.orchestrator.export_workflow(NAME)["steps"]], ["first", "second"]
		)
		self.assert_nothing_complained()

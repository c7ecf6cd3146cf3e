"""From Template, on the list of workflows: what a template asks is asked, and the workflow is made disabled, with what was answered."""

import json

import frappe

from dogansystem.tests.contract.home import PERSON
from dogansystem.workflows import templates
from tests.bench.desk import MESSAGE, DeskTestCase, form_of

NAME = "follow-up-quotations"
LIST = "window.cur_list?.doctype === 'Dogan Workflow' && cur_list.page"


class TestTemplatesDialog(DeskTestCase):
	def open_dialog(self) -> None:
		self.visit("dogan-workflow", LIST)
		self.press("From Template", "cur_list.page.wrapper")
		self.browser.wait_for("cur_dialog && cur_dialog.$body.find('.dogan-template').length > 3")

	def test_a_template_is_made_with_what_was_answered(self):
		if not frappe.db.exists("DocType", "Quotation"):
			self.skipTest("the bench has no ERPNext")
		self.open_dialog()
		shown = self.browser.evaluate(
			"cur_dialog.$body.find('.dogan-template').toArray().map((each) => each.innerText)"
		)
		self.assertEqual(len(shown), len(templates()))
		self.assertIn("needs the app hrms", " ".join(shown))
		self.picture("templates")
		self.browser.evaluate(f"cur_dialog.set_value('run_as', '{PERSON}').then(() => true)")
		self.browser.evaluate(f"!!cur_dialog.$body.find('[data-template={NAME}]').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['parameter:days']")
		self.browser.wait_for("cur_dialog.get_value('parameter:days') === 3")
		self.picture("template-asks")
		self.browser.evaluate("cur_dialog.set_value('parameter:days', 5).then(() => true)")
		self.confirm()
		self.browser.wait_for(f"{form_of('Dogan Workflow')} && cur_frm.docname === '{NAME}'")
		self.browser.wait_for("$('.desk-alert').text().includes('lacks: Sales User')")
		frappe.db.rollback()
		doc = frappe.get_doc("Dogan Workflow", NAME)
		self.assertEqual(
			(doc.enabled, doc.run_as, json.loads(doc.parameter_values)), (0, PERSON, {"days": 5})
		)
		self.assert_nothing_complained()
		# It is there now: the same button opens it.
		self.open_dialog()
		self.assertEqual(
			self.browser.evaluate(f"cur_dialog.$body.find('[data-template={NAME}]').text().trim()"), "Open"
		)

	def test_a_needed_answer_is_asked_for(self):
		if not frappe.db.exists("DocType", "Sales Invoice"):
			self.skipTest("the bench has no ERPNext")
		self.open_dialog()
		self.browser.evaluate(f"cur_dialog.set_value('run_as', '{PERSON}').then(() => true)")
		self.browser.evaluate("!!cur_dialog.$body.find('[data-template=overdue-invoices]').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['parameter:caller']")
		self.confirm()
		self.browser.wait_for(f"({MESSAGE}).includes('Who calls in the end')")
		self.assertFalse(frappe.db.exists("Dogan Workflow", "overdue-invoices"))

	def test_a_template_that_asks_an_agent_asks_for_its_model_and_its_user(self):
		name, model = "run-explainer", "contract model"
		frappe.get_doc(
			{"doctype": "Dogan Model", "model_name": model, "provider": "openai", "model": "x"}
		).insert()
		frappe.db.commit()
		self.open_dialog()
		self.browser.evaluate(f"cur_dialog.set_value('run_as', '{PERSON}').then(() => true)")
		self.browser.evaluate(f"!!cur_dialog.$body.find('[data-template={name}]').click()")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['parameter:agent:model']")
		self.picture("template-with-agent")
		self.confirm()
		self.browser.wait_for(f"({MESSAGE}).includes('Model that the AI agent Run Explainer asks')")
		self.browser.evaluate("frappe.hide_msgprint(true) || true")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['parameter:agent:model']")
		for field, value in (("agent:model", model), ("agent:user", PERSON), ("person", PERSON)):
			self.browser.evaluate(f"cur_dialog.set_value('parameter:{field}', '{value}').then(() => true)")
		self.confirm()
		self.browser.wait_for(f"{form_of('Dogan Workflow')} && cur_frm.docname === '{name}'")
		self.browser.wait_for(
			"$('.desk-alert').text().includes('the user of Run Explainer, lacks: Dogan User')"
		)
		frappe.db.rollback()
		agent = frappe.get_doc("Dogan Agent", "Run Explainer")
		self.assertEqual((agent.model, agent.user), (model, PERSON))
		self.assert_nothing_complained()

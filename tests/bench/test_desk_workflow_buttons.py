"""Every button of a workflow's form, pressed by everybody who sees it."""

import frappe

from dogansystem.tests.contract.home import PERSON, output, step
from dogansystem.tests.home import MANAGER, USER
from tests.bench.desk import BUTTONS, MESSAGE, RUN_SHOWN, DeskTestCase

RUN, WORKFLOW = "Dogan Workflow Run", "Dogan Workflow"


class TestButtonsOfAWorkflow(DeskTestCase):
	def open_workflow(self, name: str) -> None:
		self.go(WORKFLOW, name, "document.querySelector('[data-fieldname=runs_html]').innerHTML")

	def test_every_button_for_everybody_who_sees_it(self):
		self.save("contract-on", [step("a")], triggers=[{"on": "manual"}])
		self.save("contract-off", [step("a")], triggers=[{"on": "manual"}])
		self.orchestrator.set_workflow_enabled("contract-off", False)
		self.site.database.commit()
		for user, workflow, buttons in (
			(PERSON, "contract-on", ["Try", "Rehearse", "Check", "Run"]),
			(PERSON, "contract-off", ["Try", "Rehearse", "Check", "Run", "Enable"]),
			(MANAGER, "contract-on", ["Check", "Run"]),
			(MANAGER, "contract-off", ["Check", "Run", "Enable"]),
			(USER, "contract-on", ["Run"]),
			(USER, "contract-off", []),
		):
			with self.subTest(user=user, workflow=workflow), self.signed_in(user):
				self.open_workflow(workflow)
				self.assertEqual(self.browser.evaluate(BUTTONS), buttons)
				self.picture(f"workflow-{workflow}-{user}")
				if "Check" in buttons:
					self.press("Check")
					self.browser.wait_for("document.querySelector('.desk-alert.green')")
				if "Try" in buttons:
					self.press("Try")
					self.browser.wait_for("document.querySelector('.modal.show .dogan-tried')")
					self.browser.wait_for(
						"($('.modal.show').modal('hide'), !document.querySelector('.modal.show'))"
					)
				if "Run" in buttons:
					self.press("Run")
					self.confirm()
					self.ran(workflow)

	def ran(self, workflow: str) -> dict:
		"""The run that the page has gone to, at its end."""
		self.browser.wait_for(f"cur_frm.doctype === '{RUN}' && {RUN_SHOWN}")
		self.assert_nothing_complained()
		run = self.browser.evaluate("cur_frm.docname")
		self.drain()
		found = self.run_of(run)
		self.assertEqual(
			(found["workflow"], found["status"], found["cause"]), (workflow, "Succeeded", "manual")
		)
		return found

	def test_run_asks_for_the_document(self):
		todo = frappe.get_doc({"doctype": "ToDo", "description": "contract asked"}).insert()
		self.save(
			"contract-about",
			[step("a", params={"text": "{{ doc.description }}"})],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "cancelled"}],
		)
		self.visit(
			f"dogan-workflow/{'contract-about'}",
			"window.cur_frm && cur_frm.page.inner_toolbar.find('button').length",
		)
		self.press("Run")
		self.browser.wait_for("cur_dialog && cur_dialog.get_value('document_type') === 'ToDo'")
		self.picture("run-asks-document")
		self.browser.evaluate(f"cur_dialog.set_value('document_name', '{todo.name}').then(() => true)")
		self.confirm()
		found = self.ran("contract-about")
		self.assertEqual(output(found, "a"), {"text": "contract asked"})
		self.assertEqual(found["document"], {"doctype": "ToDo", "name": todo.name})

	def test_a_document_has_a_button_for_what_is_started_on_it(self):
		self.save(
			"contract-on-todo",
			[step("a", params={"text": "{{ doc.description }}"})],
			title="Contract <b>on</b> a ToDo",
			triggers=[{"on": "manual", "doctype": "ToDo"}],
		)
		todo = frappe.get_doc({"doctype": "ToDo", "description": "contract pressed"}).insert()
		frappe.db.commit()
		item = (
			"cur_frm.page.inner_toolbar.find('.dropdown-item').toArray()"
			".find((each) => each.textContent.includes('Contract <b>on</b> a ToDo'))"
		)
		self.visit(f"todo/{todo.name}", f"window.cur_frm && cur_frm.doctype === 'ToDo' && !!{item}")
		self.picture("run-on-document")
		self.browser.evaluate(f"{item}.click()")
		self.confirm()
		found = self.ran("contract-on-todo")
		self.assertEqual(output(found, "a"), {"text": "contract pressed"})
		self.assertEqual(found["document"], {"doctype": "ToDo", "name": todo.name})

	def test_run_asks_for_the_input_by_its_schema(self):
		properties = {
			"customer": {"type": "string", "title": "Customer", "description": "Whom it is about"},
			"number": {"type": "integer"},
			"urgent": {"type": "boolean"},
			"kind": {"enum": ["new", "old"]},
			"note": {"type": "string"},
		}
		schema = {
			"type": "object",
			"required": ["customer"],
			"properties": properties,
			"additionalProperties": False,
		}
		self.save("contract-asks", [step("a", params={"got": "{{ input }}"})], input=schema)
		self.visit(
			"dogan-workflow/contract-asks",
			"window.cur_frm && cur_frm.page.inner_toolbar.find('button').length",
		)
		self.press("Run")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['input:customer']")
		values = "{'input:customer': 'Ada', 'input:number': 3, 'input:urgent': 1, 'input:kind': 'new'}"
		self.browser.evaluate(f"cur_dialog.set_values({values}).then(() => true)")
		self.picture("run-asks-input")
		self.confirm()
		got = output(self.ran("contract-asks"), "a")["got"]
		self.assertEqual(got, {"customer": "Ada", "number": 3, "urgent": True, "kind": "new"})

	def test_a_number_that_was_left_empty_is_missing_and_no_zero(self):
		schema = {
			"type": "object",
			"required": ["amount", "count", "none"],
			"properties": {
				"amount": {"type": "number", "title": "Amount"},
				"count": {"type": "integer", "title": "Count"},
				"none": {"type": "number", "title": "None", "default": 0},
				"more": {"type": "number", "title": "More"},
			},
		}
		self.save("contract-numbers", [step("a", params={"got": "{{ input }}"})], input=schema)
		self.visit(
			"dogan-workflow/contract-numbers",
			"window.cur_frm && cur_frm.page.inner_toolbar.find('button').length",
		)
		self.press("Run")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict['input:amount']")
		# One is typed and taken away again.
		self.browser.evaluate(
			"!!cur_dialog.fields_dict['input:amount'].$input.val('5').trigger('change').val('').trigger('change')"
		)
		self.confirm()
		self.browser.wait_for(f"({MESSAGE}).includes('Amount')")
		said = self.browser.evaluate(MESSAGE)
		self.assertIn("Count", said)
		self.assertNotIn("None", said)
		self.picture("run-number-missing")
		# What is still appearing is not hidden.
		self.browser.wait_for(
			f"(frappe.hide_msgprint(true), !({MESSAGE})) && cur_dialog?.fields_dict['input:count']"
		)
		for name, value in (("amount", "0"), ("count", "0")):
			self.browser.evaluate(
				f"!!cur_dialog.fields_dict['input:{name}'].$input.val('{value}').trigger('change')"
			)
		self.confirm()
		got = output(self.ran("contract-numbers"), "a")["got"]
		self.assertEqual(got, {"amount": 0, "count": 0, "none": 0})

	def test_run_asks_for_other_input_as_json(self):
		schema = {"type": "object", "properties": {"rows": {"type": "array"}}}
		self.save("contract-json", [step("a", params={"got": "{{ input }}"})], input=schema)
		self.visit(
			"dogan-workflow/contract-json",
			"window.cur_frm && cur_frm.page.inner_toolbar.find('button').length",
		)
		self.press("Run")
		self.browser.wait_for("cur_dialog && (cur_dialog.get_value('input') || '').includes('rows')")
		self.confirm()
		self.assertEqual(output(self.ran("contract-json"), "a"), {"got": {"rows": []}})

	def test_a_field_that_the_document_does_not_have_is_named_when_saving(self):
		self.save(
			"contract-field",
			[step("a")],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created"}],
		)
		self.visit("dogan-workflow/contract-field", "window.cur_frm && cur_frm.doc.steps?.length")
		params = '{"text": "{{ doc.descriptio }}"}'
		self.browser.evaluate(
			f"frappe.model.set_value('Dogan Workflow Step', cur_frm.doc.steps[0].name, 'params', '{params}').then(() => true)"
		)
		self.browser.evaluate("!!(cur_frm.save().catch(() => 0), 1)")
		self.browser.wait_for(f"({MESSAGE}).includes(\"'descriptio' (did you mean 'description'?)\")")
		self.picture("field-unknown")

"""Every button of a run's page and of a workflow's form, pressed by everybody who sees it."""

from collections.abc import Callable

import frappe
import yaml

from dogansystem.tests.contract.home import PERSON, fails, output, states, step
from dogansystem.tests.home import MANAGER, OTHER, USER
from tests.bench.desk import MESSAGE, DeskTestCase

RUN, WORKFLOW = "Dogan Workflow Run", "Dogan Workflow"
BUTTONS = "cur_frm.page.inner_toolbar.find('button:visible').toArray().map((each) => each.innerText.trim())"
SHOWN = "document.querySelectorAll('.dogan-step').length > 0"

# What a run's page offers in each state, and the state that pressing it leads to.
OF_RUN = {
	"Queued": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Running": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Waiting": {"Pause": ("Paused",), "Cancel Run": ("Cancelled",)},
	"Paused": {"Resume": ("Running", "Waiting"), "Cancel Run": ("Cancelled",)},
	"Succeeded": {},
	"Failed": {"Retry": ("Running",)},
	"Cancelled": {"Retry": ("Running",)},
}
WORKFLOW_FOR = {
	"Queued": "contract-full",
	"Running": "contract-bad",
	"Failed": "contract-bad",
	"Succeeded": "contract-good",
}
# Beside these, what test_desk_versions presses.
BESIDE = {state: ["Run Again", "Compare", "Save as Test"] for state in ("Succeeded", "Failed", "Cancelled")}
CONFIRMED = ("Cancel Run", "Retry")
# Keeps the text of the file that is downloaded next.
DOWNLOADS = """(() => {
	const make = URL.createObjectURL;
	window.downloaded = null;
	URL.createObjectURL = (blob) => (blob.text().then((text) => (window.downloaded = text)), make.call(URL, blob));
	return true;
})()"""
FROM_HERE = {"Succeeded": ["a", "b"], "Failed": ["a", "b"], "Cancelled": ["a", "b"]}


class TestButtonsOfARun(DeskTestCase):
	def setUp(self) -> None:
		super().setUp()
		manual = [{"on": "manual"}]
		wait = step("b", "flow.wait", params={"for": "1h"})
		self.save("contract-good", [step("a"), step("b")], triggers=manual)
		self.save("contract-bad", [step("a"), fails("b")], triggers=manual)
		self.save("contract-waits", [step("a"), wait], triggers=manual)
		limits = {"concurrent_runs": 1}
		self.save("contract-full", [step("a"), wait], triggers=manual, limits=limits)
		self.start("contract-full")
		self.drain()

	def run_in(self, state: str, user: str) -> str:
		"""A run of `user` in this state."""
		workflow = WORKFLOW_FOR.get(state, "contract-waits")
		run = self.start_as(user, workflow)
		if state != "Queued":
			self.drain()
		if act := {"Paused": "pause", "Cancelled": "cancel", "Running": "retry"}.get(state):
			self.act(act, run)
		self.assertEqual(self.status_of(run), state)
		return run

	def open_run(self, state: str, user: str) -> str:
		run = self.run_in(state, user)
		self.go(RUN, run, f"{SHOWN} && cur_frm.dogan_view?.run.name === '{run}'")
		return run

	def assert_leads(self, run: str, pressed: Callable[[], None], states: tuple[str, ...]) -> None:
		"""Pressing leads to one of these states, on the page too, and nobody complains."""
		pressed()
		self.browser.wait_for(f"{list(states)}.includes(cur_frm.dogan_view.run.status) || {MESSAGE}")
		self.assert_nothing_complained()
		self.assertIn(self.status_of(run), states)

	def press_every_button(self, state: str, user: str) -> None:
		for button, leads_to in OF_RUN[state].items():
			with self.subTest(state=state, user=user, button=button):
				run = self.open_run(state, user)
				shown = [*OF_RUN[state], *BESIDE.get(state, ["Compare"])]
				self.assertEqual(self.browser.evaluate(BUTTONS), shown)

				def press(button: str = button) -> None:
					self.press(button)
					if button in CONFIRMED:
						self.confirm()

				self.assert_leads(run, press, leads_to)
		for step_id in FROM_HERE.get(state, ()):
			with self.subTest(state=state, user=user, step=step_id):
				run = self.open_run(state, user)

				def press_here(step_id: str = step_id) -> None:
					self.browser.evaluate(f"!!$('.dogan-retry[data-step={step_id}]').click()")
					self.confirm()

				self.assert_leads(run, press_here, ("Running",))

	def save_as_test(self, state: str, user: str) -> None:
		with self.subTest(state=state, user=user, button="Save as Test"):
			self.open_run(state, user)
			self.browser.evaluate(DOWNLOADS)
			self.press("Save as Test")
			self.browser.wait_for("window.downloaded")
			workflow = WORKFLOW_FOR.get(state, "contract-waits")
			saved = yaml.safe_load(self.browser.evaluate("window.downloaded"))
			self.assertEqual((saved["workflow"], len(saved["tests"])), (f"{workflow}.yaml", 1))
			self.assertEqual(saved["tests"][0]["expect"]["status"], state)
			self.assert_nothing_complained()

	def test_every_button_in_every_state_does_what_it_says(self):
		for user in (PERSON, MANAGER, USER):
			with self.signed_in(user):
				for state in OF_RUN:
					self.press_every_button(state, user)
					if "Save as Test" in BESIDE.get(state, ()):
						self.save_as_test(state, user)
					self.picture(f"run-{state}-{user}")

	def test_who_only_sees_a_run_has_no_buttons_that_change_it(self):
		todo = frappe.get_doc(
			{"doctype": "ToDo", "description": "contract seen", "allocated_to": OTHER}
		).insert()
		frappe.db.commit()
		run = self.start("contract-bad", document=self.site.documents.get("ToDo", todo.name))
		self.drain()
		with self.signed_in(OTHER):
			self.go(RUN, run, SHOWN)
			self.assertEqual(
				self.browser.evaluate(BUTTONS), BESIDE["Failed"]
			)  # OTHER may start the workflow too
			self.assertEqual(self.browser.evaluate("document.querySelectorAll('.dogan-retry').length"), 0)
			self.assert_nothing_complained()


class TestRetryWithTheVersionSavedNow(DeskTestCase):
	def failed(self, *saved: dict) -> str:
		self.save("contract-mended", [step("a"), fails("b")])
		run = self.start("contract-mended")
		self.drain()
		self.save("contract-mended", list(saved))
		self.visit(f"dogan-workflow-run/{run}", f"window.cur_frm && {SHOWN}")
		self.press("Retry")
		self.browser.wait_for("cur_dialog && cur_dialog.fields_dict.version")
		return run

	def choose_current(self) -> None:
		self.browser.evaluate("cur_dialog.set_value('version', 'current').then(() => true)")
		self.confirm()

	def test_a_mended_workflow_rescues_the_run(self):
		run = self.failed(step("a"), step("b"), step("c"))
		self.assertIn(
			"version 1", self.browser.evaluate("document.querySelector('.dogan-summary').innerText")
		)
		self.picture("retry-dialog")
		self.choose_current()
		self.browser.wait_for("document.querySelector('.dogan-summary').innerText.includes('version 2')")
		self.assert_nothing_complained()
		self.drain()
		self.assertEqual(states(self.run_of(run)), dict.fromkeys("abc", "Succeeded"))

	def test_a_version_that_differs_before_is_refused_in_words(self):
		run = self.failed(step("a", params={"done": "otherwise"}), step("b"))
		self.choose_current()
		self.browser.wait_for(
			f"({MESSAGE}).includes(\"step 'a', which would not run again, is different there\")"
		)
		self.picture("retry-refused")
		self.assertEqual(self.status_of(run), "Failed")

	def test_by_default_the_run_keeps_its_version(self):
		run = self.failed(step("a"), step("b"))
		self.confirm()
		self.browser.wait_for("cur_frm.dogan_view.run.status === 'Running'")
		self.drain()
		self.assertEqual((self.status_of(run), self.run_of(run)["version"]), ("Failed", 1))


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
			(MANAGER, "contract-on", ["Try", "Rehearse", "Check", "Run"]),
			(MANAGER, "contract-off", ["Try", "Rehearse", "Check", "Run", "Enable"]),
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
				if "Try" in buttons and user == PERSON:  # who alone may act as the workflow does
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
		self.browser.wait_for(f"cur_frm.doctype === '{RUN}' && {SHOWN}")
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

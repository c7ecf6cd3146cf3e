"""Saving a workflow: whose permissions its steps have, and what is said of a form that is not valid."""

from collections.abc import Callable
from typing import Any

import frappe

from dogansystem.api import desk
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase

# Frappe would make records of these for the tests.
test_ignore = [
	"DocType",
	"Dogan Agent",
	"Dogan Credential",
	"Dogan Workflow Version",
	"Email Account",
	"Role",
	"User",
]


class TestDoganWorkflow(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		frappe.set_user(PERSON)
		self.save("open", triggers=[{"on": "manual"}])
		frappe.db.commit()
		self.addCleanup(frappe.set_user, "Administrator")

	def save(self, name: str, **rest: Any) -> None:
		self.orchestrator.import_workflow(
			{"name": name, "run_as": PERSON, "steps": [step("w", "flow.wait", params={"for": "1h"})], **rest}
		)

	def assert_allowed(self, users: set[str], call: Callable[[], Any]) -> None:
		"""Exactly these users may make the call; for all others it is a PermissionError and changes nothing."""
		for user in ("Guest", USER, OTHER, MANAGER, PERSON):
			frappe.set_user(user)
			frappe.db.savepoint("before_call")
			try:
				call()
				allowed = True
			except frappe.PermissionError:
				allowed = False
			frappe.db.rollback(save_point="before_call")
			with self.subTest(user=user):
				self.assertEqual(allowed, user in users)

	def test_only_a_system_manager_chooses_somebody_else_as_run_as(self):
		for run_as, users in ((None, {MANAGER, PERSON}), (OTHER, {PERSON}), ("Administrator", {PERSON})):
			definition = {"name": "chosen", "steps": [step("a")]} | ({"run_as": run_as} if run_as else {})
			self.assert_allowed(
				users, lambda definition=definition: self.orchestrator.import_workflow(definition)
			)

	def test_a_manager_may_switch_a_workflow_of_somebody_else_but_not_change_its_steps(self):
		frappe.set_user(MANAGER)
		doc = frappe.get_doc("Dogan Workflow", "open")
		doc.enabled = 0
		doc.save()
		doc.steps[0].params = '{"for": "2h"}'
		with self.assertRaisesRegex(frappe.PermissionError, "System Manager"):
			doc.save()

	def test_run_as_is_whoever_saves_and_never_administrator_by_default(self):
		frappe.set_user(MANAGER)
		self.orchestrator.import_workflow({"name": "mine", "steps": [step("a")]})
		self.assertEqual(frappe.db.get_value("Dogan Workflow", "mine", "run_as"), MANAGER)
		frappe.set_user("Administrator")
		with self.assertRaisesRegex(frappe.ValidationError, "Name a user in Run As"):
			self.orchestrator.import_workflow({"name": "nobodys", "steps": [step("a")]})

	def test_the_form_is_checked_before_it_is_saved(self):
		doc = {
			"workflow_name": "unsaved",
			"run_as": PERSON,
			"steps": [
				{"step_id": "a", "action": "data.sett"},
				{"step_id": "b", "action": "data.set", "after": "mial"},
			],
		}
		found = sorted(desk.check(doc), key=lambda problem: problem["row"])
		self.assertEqual(
			[(each["table"], each["row"], each["field"]) for each in found],
			[("steps", 1, "action"), ("steps", 2, "after")],
		)
		self.assertIn("data.set", found[0]["message"])
		self.assertFalse(frappe.db.exists("Dogan Workflow", "unsaved"))

	def test_a_field_that_is_not_json_does_not_hide_the_other_problems(self):
		doc = {
			"workflow_name": "unsaved",
			"run_as": PERSON,
			"steps": [
				{"step_id": "a", "action": "document.get", "params": "{"},
				{"step_id": "b", "action": "data.set", "after": "mial"},
			],
		}
		found = [(each["row"], each["field"]) for each in desk.check(doc)]
		self.assertEqual(sorted(found), [(1, "params"), (2, "after")])

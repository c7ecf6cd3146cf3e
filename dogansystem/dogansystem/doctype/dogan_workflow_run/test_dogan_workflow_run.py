"""Runs are written by the workers: nobody else writes them, and only what has ended is deleted."""

import frappe

from dogansystem.api import workflows
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, USER, SiteTestCase

# Frappe would make records of these for the tests.
test_ignore = ["DocType", "Dogan Workflow", "Dogan Workflow Run", "Dogan Workflow Version", "User"]


class TestDoganWorkflowRun(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		wait = step("w", "flow.wait", params={"for": "1h"})
		definition = {
			"name": "contract-open",
			"run_as": PERSON,
			"triggers": [{"on": "manual"}],
			"steps": [wait],
		}
		self.orchestrator.import_workflow(definition)
		frappe.set_user(USER)
		self.run_of_user = workflows.start_run("contract-open")["run"]
		frappe.db.commit()

	def test_nobody_writes_runs_steps_or_versions(self):
		for doctype in ("Dogan Workflow Run", "Dogan Step Run", "Dogan Workflow Version"):
			key = "name" if doctype == "Dogan Workflow Run" else "workflow"
			value = self.run_of_user if key == "name" else "contract-open"
			doc = frappe.get_last_doc(doctype, {key: value})
			for user in (USER, MANAGER, PERSON, "Administrator"):
				frappe.set_user(user)
				with (
					self.subTest(doctype=doctype, user=user),
					self.assertRaises(
						frappe.ValidationError if user == "Administrator" else frappe.PermissionError
					),
				):
					doc.save()

	def test_a_run_under_way_cannot_be_deleted_and_a_finished_one_only_by_managers(self):
		frappe.set_user(MANAGER)
		with self.assertRaisesRegex(frappe.ValidationError, "cancel it before"):
			frappe.delete_doc("Dogan Workflow Run", self.run_of_user)
		workflows.cancel(self.run_of_user)
		frappe.set_user(USER)
		with self.assertRaises(frappe.PermissionError):
			frappe.delete_doc("Dogan Workflow Run", self.run_of_user)
		frappe.set_user(MANAGER)
		frappe.delete_doc("Dogan Workflow Run", self.run_of_user)
		self.assertEqual(frappe.db.count("Dogan Step Run", {"run": self.run_of_user}), 0)

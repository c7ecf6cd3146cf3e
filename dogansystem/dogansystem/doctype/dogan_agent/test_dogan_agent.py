"""Registering agents, and what an agent cannot be."""

import frappe

from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, SiteTestCase

# Frappe would make records of these for the tests.
test_ignore = ["User"]


class TestDoganAgent(SiteTestCase):
	def new(self, **values: object) -> "frappe.model.document.Document":
		agent = {
			"doctype": "Dogan Agent",
			"agent_name": "contract desk",
			"user": PERSON,
			"capacity": 1,
			"enabled": 1,
		}
		return frappe.get_doc(agent | values)

	def test_capabilities_are_kept_once_and_without_blanks(self):
		rows = [{"capability": word} for word in (" mail", "mail", "  ", "phone")]
		doc = self.new(capabilities=rows).insert()
		self.assertEqual([row.capability for row in doc.capabilities], ["mail", "phone"])

	def test_an_agent_that_can_do_nothing_is_disabled_and_not_without_capacity(self):
		with self.assertRaisesRegex(frappe.ValidationError, "Disable an agent"):
			self.new(capacity=0).insert()

	def test_only_a_system_manager_registers_an_agent_with_somebody_elses_user(self):
		self.addCleanup(frappe.set_user, "Administrator")
		frappe.set_user(MANAGER)
		with self.assertRaises(frappe.PermissionError):
			self.new().insert()
		self.new(user=MANAGER).insert()

	def test_an_agent_that_a_step_names_cannot_be_deleted(self):
		doc = self.new().insert()
		steps = [step("a", agent=doc.name)]
		self.orchestrator.import_workflow({"name": "contract-named", "run_as": PERSON, "steps": steps})
		with self.assertRaisesRegex(frappe.LinkExistsError, "Step a of workflow contract-named"):
			doc.delete()

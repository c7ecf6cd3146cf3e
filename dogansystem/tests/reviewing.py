"""What the tests of reviews have in common: a version of a workflow, who asks for its review, and who decides."""

from typing import Any

import frappe

from dogansystem.api import approvals, reviews
from dogansystem.homes.frappe import reviews as rules
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER

WORKFLOW, VERSION, APPROVAL, RUN = (
	"Dogan Workflow",
	"Dogan Workflow Version",
	"Dogan Approval",
	"Dogan Workflow Run",
)


class ReviewTestCase(SecurityTestCase):
	"""PERSON makes workflows, and MANAGER reviews them."""

	def setUp(self) -> None:
		super().setUp()
		self.set_settings(require_review=1, review_role="Dogan Manager")
		self.addCleanup(self.end_review)
		self.addCleanup(frappe.db.delete, VERSION, {"workflow": rules.NAME})
		frappe.set_user(PERSON)
		self.publish("one")

	def end_review(self) -> None:
		frappe.db.rollback()
		frappe.set_user("Administrator")
		self.store_settings(require_review=0)

	def publish(self, text: str) -> Any:
		"""Save a workflow, disabled if it is new."""
		name = "reviewed"
		definition = {"name": name, "run_as": PERSON, "steps": [step("a", params={"text": text})]}
		self.orchestrator.import_workflow(definition, enabled=None)
		frappe.db.commit()
		return self.doc()

	def doc(self) -> Any:
		return frappe.get_doc(WORKFLOW, "reviewed")

	def is_enabled(self) -> bool:
		return bool(frappe.db.get_value(WORKFLOW, "reviewed", "enabled"))

	def ask(self) -> str:
		"""Ask for a review; gives the approval."""
		run = reviews.ask("reviewed")["run"]
		frappe.db.commit()
		user = frappe.session.user
		self.drain()
		frappe.set_user(user)
		found = frappe.db.get_value(APPROVAL, {"run": run})
		self.assertTrue(found, frappe.db.get_value(RUN, run, ["status", "error"]))
		return str(found)

	def decide(
		self, approval: str, decision: str = "approved", user: str = MANAGER, comment: str = ""
	) -> None:
		before = frappe.session.user
		frappe.set_user(user)
		try:
			approvals.decide(approval, decision, comment)
			frappe.db.commit()
		finally:
			frappe.set_user(before)

	def approve(self) -> None:
		self.decide(self.ask())

	def enable(self) -> None:
		doc = self.doc()
		doc.enabled = 1
		doc.save()

	def assert_not_enabled(self, way: Any) -> None:
		self.assert_refused(way, frappe.ValidationError, frappe.PermissionError)
		self.assertFalse(self.is_enabled())

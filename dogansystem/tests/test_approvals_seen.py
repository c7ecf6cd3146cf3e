"""Who sees approvals on a site."""

import frappe

from dogansystem.api import approvals
from dogansystem.tests.asking import APPROVAL, ApprovalTestCase
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER


class TestSeeing(ApprovalTestCase):
	"""Who sees approvals: in lists, one by one, and through what stands beside them."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def sees(self, user: str, approval: str) -> set[bool]:
		frappe.set_user(user)
		frappe.db.rollback()
		found = {
			approval in frappe.get_list(APPROVAL, pluck="name", limit=0),
			bool(frappe.has_permission(APPROVAL, "read", approval)),
			*(approval in frappe.get_list(each, pluck="approval", limit=0) for each in ("Dogan Approver",)),
		}
		try:
			approvals.get(approval)
			found.add(True)
		except frappe.PermissionError:
			found.add(False)
		return found

	def test_those_who_have_to_do_with_it_see_it_in_every_way_and_nobody_else_in_any(self):
		approval = self.ask(OTHER, message="secret")
		starter = self.ask_all(
			[step("ok", "flow.approve", params={"to": OTHER, "subject": "s"})], started_by=USER
		)
		for user, name, expected in (
			(OTHER, approval, True), (PERSON, approval, True), (MANAGER, approval, True), (USER, approval, False),
			(USER, starter[0], True),
		):  # fmt: skip
			with self.subTest(user=user, approval=name):
				self.assertEqual(self.sees(user, name), {expected})

	def test_who_owns_the_workflow_sees_it(self):
		approval = self.ask(OTHER)
		self.assertEqual(self.sees(USER, approval), {False})
		frappe.set_user("Administrator")
		workflow = frappe.db.get_value(APPROVAL, approval, "workflow")
		frappe.db.set_value("Dogan Workflow", workflow, "owner", USER)
		frappe.db.commit()
		self.assertEqual(self.sees(USER, approval), {True})

	def test_a_substitute_sees_it_while_they_stand_in(self):
		approval = self.ask(USER)
		self.assertEqual(self.sees(OTHER, approval), {False})
		frappe.set_user("Administrator")
		doc = frappe.get_doc(doctype="Dogan Substitute", for_user=USER, by_user=OTHER).insert()
		frappe.db.commit()
		self.assertEqual(self.sees(OTHER, approval), {True})
		frappe.set_user("Administrator")
		frappe.db.set_value("Dogan Substitute", doc.name, "until_date", "2020-01-01")
		frappe.db.commit()
		self.assertEqual(self.sees(OTHER, approval), {False})

	def test_the_hashes_of_links_are_shown_to_nobody(self):
		approval = self.ask(USER)
		for user in (USER, PERSON, MANAGER):
			frappe.set_user(user)
			with self.subTest(user=user):
				doc = frappe.get_doc(APPROVAL, approval)
				doc.apply_fieldlevel_read_permissions()
				self.assertFalse(doc.get("link_hashes"))
				found = frappe.get_list(APPROVAL, {"name": approval}, ["name", "link_hashes"])
				self.assertFalse(found[0].get("link_hashes"))

"""Who says who stands in for whom, and from when until when it counts."""

from datetime import timedelta
from typing import Any

import frappe
from frappe.utils import getdate, nowdate

from dogansystem.tests.asking import ApprovalTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import OTHER, USER

# Frappe would make records of these for the tests.
test_ignore = ["User"]
DAY = 86400.0  # seconds


class TestDoganSubstitute(ApprovalTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def substitute(self, for_user: str = USER, by_user: str = OTHER, **values: Any) -> Any:
		return frappe.get_doc(
			doctype="Dogan Substitute", for_user=for_user, by_user=by_user, **values
		).insert()

	def test_people_choose_who_stands_in_for_themselves_and_for_nobody_else(self):
		frappe.set_user(USER)
		mine = self.substitute()
		with self.assertRaises(frappe.PermissionError):
			self.substitute(for_user=PERSON, by_user=USER)
		mine.for_user = PERSON
		with self.assertRaises(frappe.PermissionError):
			mine.save()
		frappe.set_user(OTHER)
		with self.assertRaises(frappe.PermissionError):
			mine.reload().save()
		with self.assertRaises(frappe.PermissionError):
			frappe.delete_doc("Dogan Substitute", mine.name)
		frappe.set_user(PERSON)  # a System Manager
		self.substitute(for_user=OTHER, by_user=USER)

	def test_only_the_two_and_system_managers_see_it(self):
		frappe.set_user(PERSON)
		name = self.substitute(for_user=PERSON, by_user=OTHER).name
		for user, sees in ((PERSON, True), (OTHER, True), (USER, False)):
			frappe.set_user(user)
			with self.subTest(user=user):
				self.assertEqual(name in frappe.get_list("Dogan Substitute", pluck="name"), sees)
				self.assertEqual(frappe.has_permission("Dogan Substitute", "read", name), sees)

	def test_it_counts_on_its_days_the_first_and_the_last_included(self):
		today = getdate(nowdate())
		self.substitute(from_date=today, until_date=today + timedelta(days=1))
		people, now = self.site.people, self.site.now()
		for days, expected in ((-1, []), (0, [OTHER]), (1, [OTHER]), (2, [])):
			with self.subTest(days=days):
				self.assertEqual(people.substitutes_of(USER, now + days * DAY), expected)
				self.assertEqual(people.stands_in_for(OTHER, now + days * DAY), [USER] if expected else [])

	def test_what_cannot_be_meant_is_refused(self):
		with self.assertRaisesRegex(frappe.ValidationError, "somebody else"):
			self.substitute(by_user=USER)
		with self.assertRaisesRegex(frappe.ValidationError, "before"):
			self.substitute(from_date="2026-02-02", until_date="2026-02-01")

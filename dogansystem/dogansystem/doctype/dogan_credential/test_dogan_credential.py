"""Who may use a credential, and what it gives a request."""

import frappe

from dogansystem.tests.home import USER, SiteTestCase

# Frappe would make records of these for the tests.
test_ignore = ["Connected App", "Role", "User"]


class TestDoganCredential(SiteTestCase):
	def test_a_credential_is_for_those_who_have_its_role(self):
		frappe.set_user("Administrator")
		frappe.get_doc(
			{
				"doctype": "Dogan Credential",
				"credential_name": "contract",
				"kind": "basic",
				"username": "me",
				"password": "s3cret",
				"role": "Dogan User",
				"hosts": "api.example.com",
			}
		).insert()
		frappe.set_user(USER)
		self.assertEqual(
			self.site.credential("contract"),
			{"type": "basic", "username": "me", "password": "s3cret", "hosts": ["api.example.com"]},
		)
		with self.site.acting_as("Guest"):
			self.assertIsNone(self.site.credential("contract"))
		self.assertIsNone(self.site.credential("another"))

	def test_what_its_kind_needs_is_named(self):
		values = {
			"credential_name": "contract-empty",
			"kind": "basic",
			"username": "me",
			"hosts": "a.example.com",
		}
		with self.assertRaisesRegex(frappe.MandatoryError, "Password"):
			frappe.get_doc({"doctype": "Dogan Credential", **values}).insert()

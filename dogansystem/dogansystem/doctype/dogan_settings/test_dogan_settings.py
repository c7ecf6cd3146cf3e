"""What the settings refuse."""

import frappe

from dogansystem.tests.home import SiteTestCase

# Frappe would make records of these for the tests.
test_ignore = []


class TestDoganSettings(SiteTestCase):
	def test_a_token_that_is_easily_guessed_is_refused(self):
		doc = frappe.get_doc("Dogan Settings")
		doc.metrics_token = "short"
		with self.assertRaisesRegex(frappe.ValidationError, "16 characters"):
			doc.save()

	def test_a_number_that_would_stop_the_workers_is_refused_with_the_reason(self):
		for field, value, reason in (("num_workers", 0, "no step runs"), ("lease_seconds", 5, "10 or more")):
			doc = frappe.get_doc("Dogan Settings")
			doc.set(field, value)
			with self.subTest(field=field), self.assertRaisesRegex(frappe.ValidationError, reason):
				doc.save()

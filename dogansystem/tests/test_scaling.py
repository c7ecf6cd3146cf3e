"""Baselines and comparisons on a real site: who may ask, what is kept, and what it says about the site."""

from unittest.mock import patch

import frappe

from dogansystem.api import errors, scaling
from dogansystem.homes.frappe import surroundings
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, OTHER, USER, SiteTestCase

BASELINE = "Dogan Baseline"


class TestBaselines(SiteTestCase):
	needs_unmeasured = True

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")

	def work(self, runs: int = 5) -> None:
		"""Execute some runs, so that there is something to measure."""
		definition = {"name": "contract-measured", "run_as": PERSON, "steps": [step("a"), step("b")]}
		self.orchestrator.import_workflow(definition)
		for _ in range(runs):
			self.orchestrator.start_run("contract-measured")
		frappe.db.commit()
		from dogansystem.worker.drainer import Drainer

		Drainer(self.site, until=lambda: True).run()

	def test_a_baseline_is_a_document_that_nobody_changes(self):
		self.work()
		frappe.set_user(MANAGER)
		found = scaling.record_baseline("contract before", 5)
		self.assertEqual((found["steps"], found["failed"]), (10, 0))
		self.assertIn("frappe", found["versions"])
		doc = frappe.get_doc(BASELINE, "contract before")
		self.assertEqual((doc.steps, doc.source, doc.owner), (10, "Samples", MANAGER))
		self.assertTrue(doc.has_permission("read"))
		doc.steps = 11
		with self.assertRaisesRegex(frappe.ValidationError, "never changed"):
			doc.save(ignore_permissions=True)
		with self.assertRaises(frappe.PermissionError):
			frappe.get_doc({"doctype": BASELINE, "name": "contract made"}).insert()

	def test_a_comparison_says_why_two_cannot_be_compared(self):
		self.work()
		scaling.record_baseline("contract before", 5)
		self.advance(120)
		self.work()
		found = scaling.compare()
		self.assertEqual(found["verdict"], "not_comparable")
		self.assertEqual((found["before"]["name"], found["after"]["name"]), ("contract before", "now"))
		self.assertEqual((found["before"]["steps"], found["after"]["steps"]), (10, 10))
		self.assertIn("# Compared: contract before and now", found["markdown"])
		self.assertEqual([each["name"] for each in scaling.list_baselines()], ["contract before"])

	def test_what_cannot_be_recorded_or_compared_says_why(self):
		with self.assertRaisesRegex(frappe.DoesNotExistError, "no baseline yet"):
			scaling.compare()
		with self.assertRaisesRegex(errors.InputError, "No step was executed"):
			scaling.record_baseline("contract empty", 5)
		self.assertFalse(frappe.db.exists(BASELINE, "contract empty"))
		with self.assertRaisesRegex(errors.InputError, "1 to 1440"):
			scaling.record_baseline("contract long", "100000")

	def test_only_managers_may_ask(self):
		self.work(1)
		calls = (
			lambda: scaling.record_baseline(None, 5),
			lambda: scaling.list_baselines(),
			lambda: scaling.compare("contract none"),
		)
		for user in ("Guest", USER, OTHER):
			frappe.set_user(user)
			for call in calls:
				with self.subTest(user=user), self.assertRaises(frappe.PermissionError):
					call()
		for user in (MANAGER, PERSON):
			frappe.set_user(user)
			scaling.record_baseline(f"contract of {user}", 5)
			with self.subTest(user=user), self.assertRaises(frappe.DoesNotExistError):
				scaling.compare("contract none")


class TestProduction(SiteTestCase):
	def test_a_site_for_tests_or_development_has_no_signs_of_production(self):
		self.assertEqual(self.site.signs_of_production(), [])

	def test_a_site_that_people_use_has(self):
		with patch.dict(frappe.conf, allow_tests=0, developer_mode=0, mute_emails=1):
			frappe.db.set_value("User", PERSON, "last_active", frappe.utils.now())
			self.assertRegex(
				" ".join(surroundings.signs_of_production()), "[1-9][0-9]* users were active within a day"
			)
			with patch.dict(frappe.conf, restart_supervisor_on_update=True):
				self.assertIn("the bench was set up for production", surroundings.signs_of_production())

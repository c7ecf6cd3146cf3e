"""A site whose scheduler lets no tick come says so, why, and what mends it."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import frappe
from frappe.utils import now_datetime

from dogansystem.api import status
from dogansystem.homes.frappe import scheduler
from dogansystem.tests.home import USER, SiteTestCase
from dogansystem.worker.tick import tick

TICK = {"method": scheduler.TICK}


class TestScheduler(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.set_up_row(last_execution=now_datetime(), stopped=0)
		self.was_on = frappe.db.get_single_value("System Settings", "enable_scheduler")
		self.addCleanup(self.turn, self.was_on)
		self.turn(1)
		frappe.db.sql("DELETE FROM dogan_state WHERE name = 'tick'")
		frappe.db.commit()  # the tick acts on a connection of its own
		tick(self.site)

	def turn(self, on: int) -> None:
		frappe.db.set_single_value("System Settings", "enable_scheduler", on)
		frappe.db.commit()

	def set_up_row(self, **values: Any) -> None:
		name = frappe.db.get_value("Scheduled Job Type", TICK)
		before = frappe.db.get_value("Scheduled Job Type", name, list(values), as_dict=True)
		self.addCleanup(lambda: frappe.db.set_value("Scheduled Job Type", name, before))
		frappe.db.set_value("Scheduled Job Type", name, values)

	def problems(self, **conf: Any) -> list[dict[str, str]]:
		usual = {"maintenance_mode": 0, "pause_scheduler": 0, "disable_scheduler": 0, "developer_mode": 1}
		with patch.dict(frappe.local.conf, {**usual, **conf}):
			frappe.set_user(USER)
			found = status.get_problems()
			frappe.set_user("Administrator")
		return [each for each in found if each["code"] in ("scheduler", "tick_late")]

	def test_a_scheduler_that_runs_is_no_problem(self):
		self.assertEqual(self.problems(), [])

	def test_it_is_said_in_the_readers_language(self):
		self.addCleanup(setattr, frappe.local, "lang", frappe.local.lang)
		self.set_up_row(stopped=1)
		frappe.local.lang = "de"
		(found,) = self.problems()
		self.assertEqual(found["code"], "scheduler")
		self.assertEqual(found["sentence"], f"Der geplante Auftrag {scheduler.TICK} ist angehalten.")
		self.assertIn("Scheduled Job Type", found["remedy"])
		self.assertIn("Nehmen Sie das Häkchen", found["remedy"])

	def test_each_way_to_stop_it_is_named_with_its_remedy(self):
		for conf, words, remedy in (
			({"maintenance_mode": 1}, "maintenance mode", "set-maintenance-mode off"),
			({"pause_scheduler": 1}, "paused", "scheduler resume"),
			({"disable_scheduler": 1}, "disable_scheduler", "set-config disable_scheduler 0"),
		):
			(found,) = self.problems(**conf)
			self.assertIn(words, found["sentence"])
			self.assertIn(f"bench --site {frappe.local.site} {remedy}", found["remedy"])
		self.turn(0)
		self.assertIn("enable-scheduler", self.problems()[0]["remedy"])

	def test_a_site_taken_for_dormant_says_so(self):
		with patch("frappe.utils.scheduler.schedule_jobs_based_on_activity", return_value=False):
			self.assertIn("dormant", self.problems()[0]["sentence"])

	def test_rows_that_lie_ahead_are_said_and_set_back(self):
		self.set_up_row(last_execution=now_datetime() + timedelta(hours=8))
		(found,) = self.problems()
		self.assertRegex(found["sentence"], r"rows lie 8\.0 hours ahead")
		self.assertIn("scheduler.set_back", found["remedy"])
		scheduler.set_back()
		self.assertEqual(self.problems(), [])

	def test_a_job_that_is_stopped_says_so(self):
		self.set_up_row(stopped=1)
		self.assertIn("is stopped", self.problems()[0]["sentence"])

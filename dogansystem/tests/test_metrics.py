"""The metrics over HTTP: for who has the token, and for nobody else."""

from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from threading import Thread
from typing import Any
from unittest.mock import patch

import frappe
from frappe.utils import get_test_client
from werkzeug.test import TestResponse

from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import SiteTestCase

PATH = "/api/method/dogansystem.api.metrics.metrics"
TOKEN = "a-token-that-nobody-guesses"


class TestMetrics(SiteTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(self.set_settings, metrics_token="")

	def get(self, method: str = "get", query: str = "", **headers: str) -> TestResponse:
		"""Make a request as a program without a session does, in a thread with a connection of its own."""
		frappe.db.commit()
		site, answers = frappe.local.site, []

		def ask() -> None:
			with patch("frappe.app.get_site_name", return_value=site):
				client = get_test_client(use_cookies=False)
				answers.append(getattr(client, method)(f"{PATH}{query}", headers=headers))

		asking = Thread(target=ask)
		with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # where Frappe prints why it refused
			asking.start()
			asking.join()
		return answers[0]

	def test_without_a_token_in_the_settings_nobody_reads_them(self):
		for answer in (self.get(), self.get(query="?token="), self.get(Authorization="Bearer x")):
			self.assertEqual(answer.status_code, 403)
			self.assertIn("Metrics are off", answer.text)
			self.assertNotIn("dogansystem_steps", answer.text)

	def test_the_token_is_taken_from_the_header_or_the_query(self):
		self.set_settings(metrics_token=TOKEN)
		self.orchestrator.import_workflow({"name": "scraped", "run_as": PERSON, "steps": [step("a")]})
		for given in ({"Authorization": f"Bearer {TOKEN}"}, {"query": f"?token={TOKEN}"}):
			answer = self.get(**given)
			self.assertEqual(answer.status_code, 200, answer.text)
			self.assertEqual(answer.headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
			enabled = frappe.db.count("Dogan Workflow", {"enabled": 1})
			self.assertIn(f"\ndogansystem_workflows_enabled {enabled}.0\n", answer.text)
			self.assertIn(f'site="{frappe.local.site}"', answer.text)

	def test_another_token_is_401_and_says_nothing(self):
		self.set_settings(metrics_token=TOKEN)
		wrong: list[dict[str, Any]] = [
			{},
			{"query": "?token="},
			{"query": "?token=a+token"},
			{"Authorization": f"Bearer {TOKEN}x"},
			{"Authorization": "Bearer \u00fc"},
			{"Authorization": f"token {TOKEN}"},
		]
		for given in wrong:
			with self.subTest(given=given):
				answer = self.get(**given)
				self.assertEqual(answer.status_code, 401)
				self.assertNotIn("dogansystem_steps", answer.text)
				self.assertNotIn(TOKEN, answer.text)

	def test_they_are_only_read(self):
		self.set_settings(metrics_token=TOKEN)
		answer = self.get("post", Authorization=f"Bearer {TOKEN}")
		self.assertEqual(answer.status_code, 403)

	def test_the_token_opens_nothing_else(self):
		self.set_settings(metrics_token=TOKEN)
		with patch(f"{__name__}.PATH", "/api/method/dogansystem.api.status.get_system_status"):
			answer = self.get(Authorization=f"Bearer {TOKEN}")
			self.assertIn(answer.status_code, (401, 403))
			self.assertNotIn("workflows", answer.json)

	def test_the_token_is_kept_encrypted(self):
		self.set_settings(metrics_token=TOKEN)
		stored = frappe.db.sql("SELECT value FROM tabSingles WHERE field = 'metrics_token'")
		self.assertNotIn(TOKEN, str(stored))
		hidden = frappe.db.sql("SELECT password FROM __Auth WHERE fieldname = 'metrics_token'")
		self.assertTrue(hidden)
		self.assertNotIn(TOKEN, str(hidden))

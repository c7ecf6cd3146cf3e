"""MCP's official client and the bench's own web server and worker: it lists what it may, calls, and is told what came of it."""

import os
import tempfile
from pathlib import Path
from typing import Any

import frappe
from frappe.core.doctype.user.user import generate_keys

from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import OTHER, USER, SiteTestCase
from tests.bench.processes import Worker
from tests.integration.mcp import sdk

SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
WAYS = (("1", "legacy"), ("2", "legacy"), ("2", "auto"), ("2", "2026-07-28"))


class TestMCP(SiteTestCase):
	is_alone = False
	has_processes = True
	settings = {"linger_seconds": 1}

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		folder = tempfile.TemporaryDirectory(prefix="dogansystem-sdk-")
		cls.addClassCleanup(folder.cleanup)
		cls.interpreters = {release: sdk.python(release, Path(folder.name)) for release in sdk.RELEASES}
		super().setUpClass()

	def setUp(self) -> None:
		super().setUp()
		frappe.set_user("Administrator")
		self.tokens = {}
		for user in (USER, OTHER):
			secret = generate_keys(user)["api_secret"]
			self.tokens[user] = f"token {frappe.db.get_value('User', user, 'api_key')}:{secret}"
		self.offer(
			"contract-double",
			step("d", params={"twice": "{{ input.n * 2 }}"}),
			input=SCHEMA,
			output="{{ steps.d.output }}",
		)
		self.offer("contract-asks", step("ok", "flow.approve", params={"to": USER, "subject": "Pay"}))
		self.offer("contract-fails", step("no", "data.check", params={"that": False, "message": "Not today"}))
		frappe.db.commit()

	def offer(self, name: str, *steps: dict[str, Any], **more: Any) -> None:
		source = {"name": name, "run_as": PERSON, "offer_to_assistants": True, "steps": list(steps), **more}
		self.orchestrator.import_workflow(
			{"description": f"About {name}", "triggers": [{"on": "manual"}], **source}
		)

	def asked(self, way: tuple[str, str], *calls: Any, user: str = USER) -> dict[str, Any]:
		url = f"{frappe.conf.host_name}/api/method/dogansystem.api.mcp.serve"
		release, mode = way
		return sdk.asked(self.interpreters[release], url, *calls, token=self.tokens[user], mode=mode)

	def test_the_official_client_lists_and_calls(self):
		with Worker():
			for way in WAYS:
				with self.subTest(release=way[0], mode=way[1]):
					self.lists_and_calls(way)

	def lists_and_calls(self, way: tuple[str, str]) -> None:
		given = (
			("run_contract-double", {"n": 21}),
			("run_contract-fails", {}),
			("run_contract-double", {"n": "x"}),
		)
		found = self.asked(way, *given, ("list_runs", {"workflow": "contract-fails", "number": 1}))
		self.assertEqual(found["tools"]["run_contract-double"]["inputSchema"], SCHEMA)
		doubled, failed, refused, runs = found["results"]
		self.assertEqual(
			(doubled["structuredContent"]["status"], doubled["structuredContent"]["output"]),
			("Succeeded", {"twice": 42}),
		)
		self.assertTrue(failed["isError"] and refused["isError"])
		self.assertIn("Not today", failed["structuredContent"]["error"])
		(run,) = runs["structuredContent"]["runs"]
		explained, hidden = (
			self.asked(way, ("explain_run", {"run": run["run"]}), user=user)["results"][0]
			for user in (USER, OTHER)
		)
		self.assertEqual(explained["structuredContent"]["failed_steps"][0]["id"], "no")
		self.assertTrue(hidden["isError"])

	def test_what_waits_for_people_is_told_and_listed(self):
		with Worker():
			(begun,) = self.asked(("2", "auto"), ("run_contract-asks", {}))["results"]
			run = begun["structuredContent"]["run"]
			self.assertEqual(begun["structuredContent"]["status"], "Waiting")
			told, listed = self.asked(("2", "auto"), ("get_run", {"run": run}), ("list_approvals", {}))[
				"results"
			]
		self.assertEqual(told["structuredContent"]["waits"][0]["subject"], "Pay")
		self.assertIn(run, [each["run"] for each in listed["structuredContent"]["approvals"]])

	def test_who_is_not_signed_in_hears_nothing(self):
		self.tokens[USER] = "token guessed:guessed"
		for way in WAYS:
			with self.subTest(release=way[0], mode=way[1]), self.assertRaises(AssertionError):
				self.asked(way)

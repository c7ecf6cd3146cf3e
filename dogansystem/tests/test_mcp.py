"""MCP on a site: what assistants may do in the name of a user."""

from threading import Thread
from typing import Any
from unittest.mock import patch

import frappe
from frappe.core.doctype.user.user import generate_keys
from frappe.utils import get_test_client

from dogansystem.agents.ai.mcp import wire
from dogansystem.api import mcp
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import step
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.worker.drainer import Drainer

SERVE = "/api/method/dogansystem.api.mcp.serve"
SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
DOUBLE = {"id": "double", "action": "data.set", "params": {"twice": "{{ input.n * 2 }}"}}


class TestServer(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		self._patch(mcp, "PATIENCE", 0.0)
		self.offer("contract-double", DOUBLE, input=SCHEMA, output="{{ steps.double.output }}")
		self.offer("contract-closed", DOUBLE, triggers=[])
		self.offer("contract-of-managers", DOUBLE, triggers=[{"on": "manual", "role": "Dogan Manager"}])
		self.save("contract-not-offered", DOUBLE, triggers=[{"on": "manual"}])
		self.tokens = {}
		for user in (USER, OTHER, MANAGER):
			frappe.set_user("Administrator")
			secret = generate_keys(user)["api_secret"]
			self.tokens[user] = f"token {frappe.db.get_value('User', user, 'api_key')}:{secret}"
		frappe.db.commit()

	def offer(self, name: str, *steps: dict[str, Any], **more: Any) -> None:
		triggers = more.pop("triggers", [{"on": "manual"}])
		self.save(
			name, *steps, offer_to_assistants=True, description=f"About {name}", triggers=triggers, **more
		)

	def send(self, user: str, content: Any = None, verb: str = "POST", **more: Any) -> Any:
		"""A request to this site, in a thread of its own, because serving it takes Frappe's place apart."""
		answers: list[Any] = []
		headers = {"Accept": "application/json, text/event-stream", **more.pop("headers", {})}
		if user in self.tokens:
			headers["Authorization"] = self.tokens[user]
		body = {"json": content} if content is not None else more

		def serve() -> None:
			with patch("frappe.app.get_site_name", return_value=self.site.name):
				client = get_test_client(use_cookies=False)
				answers.append(client.open(SERVE, method=verb, headers=headers, **body))

		thread = Thread(target=serve)
		thread.start()
		thread.join()
		frappe.db.rollback()
		return answers[0]

	def ask(self, user: str, method: str, headers: Any = None, **params: Any) -> dict[str, Any]:
		message = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
		answer = self.send(user, message, headers={"MCP-Protocol-Version": "2025-11-25", **(headers or {})})
		self.assertEqual(answer.status_code, 200, answer.text)
		return answer.json

	def call(self, user: str, tool: str, headers: Any = None, **given: Any) -> dict[str, Any]:
		return self.ask(user, "tools/call", headers, name=tool, arguments=given)["result"]

	def names(self, user: str) -> list[str]:
		return [each["name"] for each in self.ask(user, "tools/list")["result"]["tools"]]

	def test_each_sees_the_workflows_that_are_offered_and_that_they_may_start(self):
		ours = ["explain_run", "get_run", "list_approvals", "list_runs"]
		self.assertEqual(self.names(USER), [*ours, "run_contract-double"])
		managers = ["run_contract-closed", "run_contract-double", "run_contract-of-managers"]
		self.assertEqual(self.names(MANAGER), [*ours, *managers])
		frappe.db.set_value("Dogan Workflow", "contract-double", "enabled", 0)
		frappe.db.commit()
		self.assertEqual(self.names(USER), ours)

	def test_a_tool_says_what_its_workflow_says(self):
		(tool,) = [
			each
			for each in self.ask(USER, "tools/list")["result"]["tools"]
			if each["name"] == "run_contract-double"
		]
		self.assertEqual((tool["description"], tool["inputSchema"]), ("About contract-double", SCHEMA))
		self.assertEqual(tool["annotations"]["readOnlyHint"], False)

	def test_a_run_that_is_not_over_is_followed_by_its_name(self):
		told = self.call(USER, "run_contract-double", n=21)
		run = told["structuredContent"]["run"]
		self.assertIn("get_run", told["structuredContent"]["next"])
		row = frappe.db.get_value("Dogan Workflow Run", run, ["started_by", "cause"])
		self.assertEqual(row, (USER, "api"))
		self.drain()
		found = self.call(USER, "get_run", run=run)["structuredContent"]
		self.assertEqual((found["status"], found["output"]), ("Succeeded", {"twice": 42}))
		self.assertEqual([each["id"] for each in found["steps"]], ["double"])
		self.assertEqual(self.call(USER, "list_runs", number=1)["structuredContent"]["runs"][0]["run"], run)

	def test_a_run_that_ends_soon_is_answered_with_its_output(self):
		self._patch(mcp, "PATIENCE", 20.0)
		wait = mcp.time.sleep

		def work(seconds: float) -> None:
			Drainer(mcp.current_site(), until=lambda: True).run()
			wait(0)

		with patch.object(mcp.time, "sleep", work):
			found = self.call(USER, "run_contract-double", n=4)
		self.assertEqual((found["isError"], found["structuredContent"]["output"]), (False, {"twice": 8}))

	def test_a_run_that_fails_is_an_error_and_is_explained(self):
		self.offer(
			"contract-fails",
			{"id": "no", "action": "data.check", "params": {"that": False, "message": "Not today"}},
		)
		frappe.db.commit()
		run = self.call(USER, "run_contract-fails")["structuredContent"]["run"]
		self.drain()
		found = self.call(USER, "explain_run", run=run)["structuredContent"]
		self.assertEqual((found["status"], found["failed_steps"][0]["id"]), ("Failed", "no"))
		self.assertIn("Not today", found["error"])
		self.assertIn("Not today", self.call(USER, "get_run", run=run)["structuredContent"]["error"])

	def test_input_that_does_not_fit_is_told_and_starts_nothing(self):
		before = frappe.db.count("Dogan Workflow Run")
		told = self.call(USER, "run_contract-double", n="many <b>")
		self.assertTrue(told["isError"])
		self.assertIn("input.n", told["content"][0]["text"])
		self.assertEqual(frappe.db.count("Dogan Workflow Run"), before)

	def test_the_same_request_again_starts_no_second_run_and_is_nobody_elses(self):
		key = {"Idempotency-Key": "contract-key"}
		first, again = (
			self.call(USER, "run_contract-double", key, n=1)["structuredContent"]["run"] for _ in range(2)
		)
		self.assertEqual(first, again)
		other = self.call(OTHER, "run_contract-double", key, n=1)["structuredContent"]["run"]
		self.assertNotEqual(first, other)

	def test_nobody_sees_or_explains_another_ones_run(self):
		for tool in ("get_run", "explain_run"):
			told = self.call(OTHER, tool, run=self.run)
			self.assertTrue(told["isError"])
			self.assertIn("may not see", told["content"][0]["text"])
			self.assertNotIn("structuredContent", told)
		self.assertEqual(self.call(OTHER, "list_runs")["structuredContent"]["runs"], [])
		self.assertIn("not found", self.call(OTHER, "get_run", run="none")["content"][0]["text"].lower())

	def test_a_workflow_that_one_may_not_start_is_no_tool(self):
		for tool in (
			"run_contract-closed",
			"run_contract-of-managers",
			"run_contract-not-offered",
			"run_none",
		):
			answer = self.ask(USER, "tools/call", name=tool, arguments={})
			self.assertEqual(answer["error"]["code"], wire.INVALID_PARAMS)

	def test_approvals_are_listed_and_no_tool_decides_one(self):
		self.save("contract-asks", step("ok", "flow.approve", params={"to": USER, "subject": "Pay"}))
		self.orchestrator.start_run("contract-asks")
		frappe.db.commit()
		self.drain()
		(waiting,) = self.call(USER, "list_approvals")["structuredContent"]["approvals"]
		self.assertEqual(waiting["subject"], "Pay")
		self.assertEqual(self.call(OTHER, "list_approvals")["structuredContent"]["approvals"], [])
		for tool in (
			"decide",
			"approvals.decide",
			"dogansystem.api.approvals.decide",
			"pass_on",
			"run_decide",
		):
			given = {"approval": waiting["approval"], "decision": "approved"}
			answer = self.ask(USER, "tools/call", name=tool, arguments=given)
			self.assertIn("Unknown tool", answer["error"]["message"])
		more = self.call(USER, "list_approvals", decision="approved", approval=waiting["approval"])
		self.assertTrue(more["isError"])
		self.assertEqual(frappe.db.get_value("Dogan Approval", waiting["approval"], "status"), "Open")

	def test_who_is_not_signed_in_or_has_no_role_is_not_let_in(self):
		hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
		self.assertIn(self.send("Guest", hello).status_code, (401, 403))
		self.tokens["nobody"] = "token guessed:guessed"
		self.assertIn(self.send("nobody", hello).status_code, (401, 403))

	def test_the_page_of_somebody_else_may_not_ask(self):
		hello = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
		for origin in ("https://evil.example.com", "null", "https://localhost.evil.example.com"):
			self.assertEqual(self.send(USER, hello, headers={"Origin": origin}).status_code, 403, origin)
		self.assertEqual(self.send(USER, hello, headers={"Origin": "http://localhost"}).status_code, 200)

	def test_what_is_no_message_is_refused(self):
		for verb in ("GET", "DELETE"):
			answer = self.send(USER, verb=verb)
			self.assertEqual((answer.status_code, answer.headers["Allow"]), (405, "POST"))
		batch = self.send(USER, [{"jsonrpc": "2.0", "id": 1, "method": "ping"}])
		self.assertEqual((batch.status_code, batch.json["error"]["code"]), (400, wire.INVALID_REQUEST))
		text = self.send(
			USER, data='{"jsonrpc": "2.0", "id": 1, "method": "ping"}', content_type="text/plain"
		)
		self.assertEqual(text.status_code, 415)
		large = self.send(
			USER, {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": "y" * 1_100_000}}
		)
		self.assertEqual(large.status_code, 413)
		deep: Any = 1
		for _level in range(100):
			deep = [deep]
		nested = self.send(USER, {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"x": deep}})
		self.assertEqual(nested.status_code, 400)
		notice = self.send(USER, {"jsonrpc": "2.0", "method": "notifications/initialized"})
		self.assertEqual((notice.status_code, notice.data), (202, b""))

	def test_keys_of_a_message_are_no_arguments(self):
		message = {"jsonrpc": "2.0", "id": 1, "method": "ping", "run": self.run, "user": "Administrator"}
		self.assertEqual(self.send(OTHER, message).json["result"], {})

	def test_who_asks_too_often_is_told_so(self):
		self._patch(mcp, "STARTS", 1)
		for each in ("first", "second"):
			told = self.call(USER, "run_contract-double", {"Idempotency-Key": each}, n=1)
		self.assertIn("Too many", told["content"][0]["text"])

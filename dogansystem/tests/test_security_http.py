"""The API through the web server's own code: sessions, tokens against forgery, methods of HTTP, the resource API."""

import json
from threading import Thread
from typing import Any
from unittest.mock import patch

import frappe
from frappe.utils import get_test_client
from frappe.utils.password import update_password

from dogansystem.tests.attacks import CALLS, EVERYBODY, SecurityTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER, OTHER, USER

PASSWORD = "s3cret-Dogan-pass"
METHODS = "/api/method/dogansystem.api."


class TestHTTP(SecurityTestCase):
	"""The same through the web server's own code: sessions, tokens against forgery, methods of HTTP."""

	def setUp(self) -> None:
		super().setUp()
		for user in (USER, OTHER, MANAGER, PERSON):
			update_password(user, PASSWORD)
		frappe.db.commit()
		self.runs = frappe.db.count("Dogan Workflow Run")

	def send(self, method: str, path: str, cookies: str = "", **more: Any) -> Any:
		"""A request to this site, in a thread of its own, because serving it takes Frappe's place apart."""
		answers: list[Any] = []

		def serve() -> None:
			with patch("frappe.app.get_site_name", return_value=self.site.name):
				headers = {
					"Accept": "application/json",
					**({"Cookie": cookies} if cookies else {}),
					**more.pop("headers", {}),
				}
				answers.append(
					get_test_client(use_cookies=False).open(path, method=method, headers=headers, **more)
				)

		thread = Thread(target=serve)
		thread.start()
		thread.join()
		frappe.db.rollback()
		return answers[0]

	def sign_in(self, user: str) -> str:
		"""The session's cookie."""
		answer = self.send("POST", "/api/method/login", data={"usr": user, "pwd": PASSWORD})
		self.assertEqual(answer.status_code, 200, answer.text)
		return next(
			line.partition(";")[0] for line in answer.headers.getlist("Set-Cookie") if line.startswith("sid=")
		)

	def open_desk(self, sid: str) -> str:
		"""What the desk's page does: a token against forgery is made for the session; gives it."""
		frappe.db.rollback()
		name = sid.partition("=")[2]
		row = frappe.db.sql("SELECT sessiondata FROM `tabSessions` WHERE sid = %s", (name,))
		data = frappe.safe_eval(row[0][0], {"null": None})  # a Python literal on Frappe 15, JSON since
		data["csrf_token"] = "the-desks-token"
		text = json.dumps(data) if '"user"' in row[0][0] else str(data)
		frappe.db.sql("UPDATE `tabSessions` SET sessiondata = %s WHERE sid = %s", (text, name))
		frappe.db.commit()
		frappe.cache.hdel("session", name)
		return data["csrf_token"]

	def test_callers_get_in_as_far_as_the_table_says_and_get_never_changes_anything(self):
		sessions = {user: self.sign_in(user) for user in EVERYBODY if user != "Guest"} | {"Guest": ""}
		for name, (given, who, changes) in CALLS.items():
			for caller, sid in sessions.items():
				arguments = self.filled(given, caller)
				answer = self.send("GET", METHODS + name, sid, query_string=arguments)
				with self.subTest(method=name, caller=caller):
					if changes or caller not in who:
						self.assertIn(answer.status_code, (401, 403), answer.text[:300])
					else:
						good = (405,) if name == "mcp.serve" else (200, 404)  # MCP is asked by POST alone
						self.assertIn(answer.status_code, good, answer.text[:300])
		self.assertEqual(frappe.db.count("Dogan Workflow Run"), self.runs)
		self.assertEqual(frappe.db.get_value("Dogan Workflow Run", self.run, "status"), self.status)

	def test_other_methods_of_http_change_nothing_either(self):
		sid = self.sign_in(USER)
		for method in ("HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"):
			answer = self.send(
				method, METHODS + "workflows.start_run", sid, query_string={"workflow": "open"}
			)
			with self.subTest(method=method):
				self.assertEqual(frappe.db.count("Dogan Workflow Run"), self.runs, answer.status_code)

	def test_a_forged_request_is_refused(self):
		sid = self.sign_in(PERSON)
		token = self.open_desk(sid)
		for name, (given, _who, changes) in CALLS.items():
			if not changes:
				continue
			arguments = self.filled(given, PERSON)
			for headers in ({}, {"X-Frappe-CSRF-Token": "guessed"}, {"Origin": "https://evil.example"}):
				answer = self.send("POST", METHODS + name, sid, data=arguments, headers=headers)
				with self.subTest(method=name, headers=headers):
					self.assertEqual(answer.status_code, 400, answer.text[:300])
					self.assertIn("CSRFTokenError", answer.text)
		self.assertEqual(frappe.db.count("Dogan Workflow Run"), self.runs)
		answer = self.send(
			"POST", METHODS + "workflows.start_run", sid, data={"workflow": "open"},
			headers={"X-Frappe-CSRF-Token": token},
		)  # fmt: skip
		self.assertEqual(answer.status_code, 200, answer.text[:300])

	def test_documents_are_not_written_by_the_resource_api(self):
		sessions = {user: self.sign_in(user) for user in (USER, MANAGER)} | {"Guest": ""}
		attacks = [
			("POST", "Dogan Workflow Run", {"name": "RUN-FORGED", "workflow": "open", "run_as": PERSON}),
			("PUT", f"Dogan Workflow Run/{self.run}", {"run_as": PERSON}),
			("POST", "Dogan Step Run", {"name": "RUN-FORGED/a", "run": self.run}),
			("POST", "Dogan Workflow Version", {"name": "open@9-x", "workflow": "open", "trusted": 1, "definition": "{}"}),
			("POST", "Dogan Credential", {"credential_name": "mine", "kind": "bearer", "token": "x"}),
			("POST", "Dogan Workflow Step", {"parent": "open", "parenttype": "Dogan Workflow", "parentfield": "steps", "step_id": "x", "action": "data.set"}),
			("PUT", "Dogan Workflow/open", {"run_as": "Administrator"}),
			("PUT", "Dogan Agent/Boss", {"user": "Administrator"}),
		]  # fmt: skip
		for caller, sid in sessions.items():
			for method, place, values in attacks:
				answer = self.send(method, f"/api/resource/{place}", sid, data={"data": json.dumps(values)})
				with self.subTest(caller=caller, method=method, place=place, values=values):
					self.assertIn(answer.status_code, (401, 403, 417), answer.text[:300])

	def test_an_error_shows_no_insides_to_who_has_no_business_with_them(self):
		sid = self.sign_in(USER)
		with patch.dict(frappe.conf, {"allow_error_traceback": 0}):
			for name in ("workflows.get_run", "run_page.run_view"):
				answer = self.send("GET", METHODS + name, sid, query_string={"run": "' OR 1=1 --"})
				self.assertEqual(answer.status_code, 404, answer.text[:300])
				self.assertNotIn("SELECT", answer.text)

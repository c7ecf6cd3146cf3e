"""Tokens of Connected Apps on a real site: fetched and refreshed by Frappe, and sent by steps."""

import json
from typing import Any
from urllib.parse import parse_qs

import frappe

from dogansystem.tests.contract.home import PERSON, output, proves, row
from dogansystem.tests.home import MANAGER, USER
from dogansystem.tests.outside import OutsideTestCase


class TestConnectedApps(OutsideTestCase):
	"""A token that has to be refreshed, while a step is under way."""

	def setUp(self) -> None:
		super().setUp()
		self.number = 0
		self.recorder.answer = self.answer
		self.app = frappe.get_doc(
			{
				"doctype": "Connected App",
				"provider_name": "Contract",
				"client_id": "client-1",
				"client_secret": "client-secret-1",
				"token_uri": f"{self.recorder.url}/token",
				"authorization_uri": f"{self.recorder.url}/authorize",
			}
		).insert()
		self.addCleanup(self._remove)
		self.connect(PERSON)
		self.credential = self.keep("contract-oauth", connected_app=self.app.name, role="Dogan User")

	def _remove(self) -> None:
		frappe.set_user("Administrator")
		for name in frappe.get_all("Token Cache", {"connected_app": self.app.name}, pluck="name"):
			frappe.delete_doc("Token Cache", name, force=True)
		frappe.db.delete("Dogan Credential", {"connected_app": self.app.name})
		frappe.delete_doc("Connected App", self.app.name, force=True)
		frappe.db.commit()

	def keep(self, name: str, **values: Any) -> str:
		with self.site.acting_as("Administrator"):
			frappe.get_doc(
				{
					"doctype": "Dogan Credential",
					"credential_name": name,
					"kind": "oauth",
					"hosts": "127.0.0.1",
					**values,
				}
			).insert()
		frappe.db.commit()
		return name

	def connect(self, user: str, expires_in: int = -10) -> None:
		token = frappe.get_doc(
			{
				"doctype": "Token Cache",
				"user": user,
				"connected_app": self.app.name,
				"access_token": f"old-{user}",
				"refresh_token": f"refresh-{user}",
				"expires_in": expires_in,
				"token_type": "Bearer",
			}
		)
		token.insert(ignore_permissions=True)
		frappe.db.commit()

	def answer(self, request: dict[str, Any]) -> tuple[int, Any]:
		if request["path"] != "/token":
			return 200, {"seen": request["headers"].get("authorization")}
		self.number += 1
		given = parse_qs(request["body"].decode())["refresh_token"][0]
		if "revoked" in given:
			return 400, {"error": "invalid_grant"}
		return 200, {
			"access_token": f"new-{self.number}",
			"refresh_token": f"{given}+",
			"expires_in": 3600,
			"token_type": "Bearer",
		}

	def sent(self) -> list[str]:
		return [each["headers"]["authorization"] for each in self.recorder.received if each["path"] == "/api"]

	@proves("named credentials: basic, bearer, header, OAuth by Frappe's Connected App")
	def test_a_step_sends_a_fresh_token_and_refreshes_it_once(self):
		for _ in range(2):
			run = self.result("http.request", url=f"{self.recorder.url}/api", credential=self.credential)
			self.assertEqual(run["status"], "Succeeded", run["error"])
			self.assertEqual(output(run, "a")["body"], {"seen": "Bearer [secret]"})
		self.assertEqual((self.sent(), self.number), (["Bearer new-1"] * 2, 1))

	def test_a_step_that_fails_after_it_keeps_the_token_and_nothing_else(self):
		todo = {"doctype": "ToDo", "values": {"description": "contract oauth"}}
		with self.site.step_scope(PERSON):
			self.site.documents.create(**todo)
			token = self.site.credential(self.credential)
		self.assertEqual(token["token"], "new-1")
		frappe.db.rollback()
		self.assertEqual(self.todos("contract oauth"), [])
		with self.site.acting_as(PERSON):
			self.assertEqual(self.site.credential(self.credential)["token"], "new-1")
		self.assertEqual(self.number, 1)

	def test_it_is_the_token_of_who_acts_or_of_the_named_user(self):
		self.connect(USER, expires_in=3600)
		named = self.keep(
			"contract-oauth-named", connected_app=self.app.name, connected_user=USER, role="Dogan User"
		)
		with self.site.acting_as(USER):
			self.assertEqual(self.site.credential(self.credential)["token"], f"old-{USER}")
		with self.site.acting_as(PERSON):
			self.assertEqual(self.site.credential(self.credential)["token"], "new-1")
			self.assertEqual(self.site.credential(named)["token"], f"old-{USER}")

	def test_who_is_not_connected_is_told_so(self):
		run = self.result("http.request", USER, url=f"{self.recorder.url}/api", credential=self.credential)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("not connected", row(run, "a")["error"])
		self.assertEqual(self.sent(), [])

	def test_a_server_that_refuses_to_refresh_says_connect_again_and_shows_nothing(self):
		self.connect(MANAGER)
		name = f"{self.app.name}-{MANAGER}"
		doc = frappe.get_doc("Token Cache", name)
		doc.refresh_token = "revoked-refresh-token"
		doc.expires_in = -10
		doc.save()
		frappe.db.commit()
		refused = self.keep("contract-oauth-refused", connected_app=self.app.name, connected_user=MANAGER)
		run = self.result("http.request", url=f"{self.recorder.url}/api", credential=refused)
		self.assertEqual(run["status"], "Failed")
		text = json.dumps(run, default=str)
		self.assertIn("connected again", text)
		for secret in ("revoked-refresh-token", "client-secret-1", f"old-{MANAGER}"):
			self.assertNotIn(secret, text)

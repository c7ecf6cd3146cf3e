"""What leaves a site: tokens of Connected Apps, SMS, WhatsApp, chats; and what is said where something is missing."""

import json
from typing import Any
from urllib.parse import parse_qs

import frappe

from dogansystem.engine.errors import HTTPError, NotAvailable
from dogansystem.tests.contract.home import PERSON, Home, output, row, step
from dogansystem.tests.home import MANAGER, USER, SiteTestCase
from dogansystem.tests.recorder import recording

SMS = "SMS Settings"
SECRET = "t0psecret-of-the-gateway"


class OutsideTestCase(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		self.recorder = self.enterContext(recording()) if hasattr(self, "enterContext") else self._enter()
		self.set_settings(allow_private_network=1)

	def _enter(self) -> Any:
		context = recording()
		self.addCleanup(context.__exit__, None, None, None)
		return context.__enter__()

	def result(self, action: str, user: str = PERSON, **params: Any) -> dict[str, Any]:
		"""The run of one step."""
		return self.run_steps([step("a", action, params=params)], run_as=user)


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


class TestMessages(OutsideTestCase):
	def setUp(self) -> None:
		super().setUp()
		before = frappe.get_doc(SMS).as_dict()
		self.addCleanup(self.gateway, before.sms_gateway_url, before.parameters)
		self.gateway(f"{self.recorder.url}/send?key={SECRET}")

	def gateway(self, url: str | None, parameters: Any = ()) -> None:
		frappe.set_user("Administrator")
		doc = frappe.get_doc(SMS)
		doc.update(
			{"sms_gateway_url": url, "message_parameter": "text", "receiver_parameter": "to", "use_post": 0}
		)
		doc.set("parameters", parameters or [])
		doc.flags.ignore_mandatory = True
		doc.save()
		frappe.db.commit()

	def test_an_sms_goes_to_the_gateway_of_the_site(self):
		run = self.result("notify.sms", USER, to=["+90 555 123", "+905559"], message="Größe")
		self.assertEqual(run["status"], "Succeeded", run["error"])
		self.assertEqual([each["query"]["to"] for each in self.recorder.received], ["+90555123", "+905559"])
		self.assertEqual(self.recorder.received[0]["query"]["text"], "Größe")
		self.assertTrue(frappe.db.exists("SMS Log", {"message": "Größe"}))
		frappe.db.delete("SMS Log", {"message": "Größe"})
		frappe.db.commit()

	def test_a_gateway_that_refuses_is_an_error_without_its_address(self):
		self.recorder.answer = lambda request: (401, {})
		with self.site.acting_as(USER), self.assertRaises(HTTPError) as caught:
			self.site.people.send_sms(["+1"], "x")
		self.assertIn("401", str(caught.exception))
		self.assertNotIn(SECRET, str(caught.exception))
		self.gateway(f"http://127.0.0.1:9/send?key={SECRET}")
		run = self.result("notify.sms", to="+1", message="x")
		self.assertEqual(run["status"], "Failed")
		self.assertNotIn(SECRET, json.dumps(run, default=str))

	def test_without_a_gateway_the_check_says_what_to_fill_in(self):
		self.gateway(None)
		name = "contract-no-gateway"
		steps = [step("a", "notify.sms", params={"to": "+1", "message": "x"})]
		definition = {"name": name, "run_as": PERSON, "steps": steps}
		with self.site.acting_as(PERSON):
			(problem,) = self.orchestrator.what_is_missing(self.orchestrator.check(definition))
			self.assertEqual(problem.path, "steps[0].action")
			self.assertIn(SMS, problem.message)
			with self.assertRaisesRegex(frappe.ValidationError, SMS):
				self.orchestrator.import_workflow(definition)
			frappe.db.rollback()
			self.orchestrator.import_workflow(definition, enabled=False)  # it can be saved for later
		frappe.db.commit()
		with self.site.acting_as(USER), self.assertRaisesRegex(NotAvailable, SMS):
			self.site.people.send_sms(["+1"], "x")

	def test_without_an_app_for_it_whatsapp_says_what_to_install(self):
		if frappe.db.exists("DocType", "WhatsApp Message"):
			self.skipTest("the site has an app for it")
		definition = {
			"name": "contract-no-whatsapp",
			"run_as": PERSON,
			"steps": [step("a", "notify.whatsapp", params={"to": "+1", "message": "x"})],
		}
		with self.site.acting_as(PERSON):
			(problem,) = self.orchestrator.what_is_missing(self.orchestrator.check(definition))
		self.assertIn("frappe_whatsapp", problem.message)

	def test_a_credential_that_is_not_there_is_named_by_the_check(self):
		definition = {
			"name": "contract-no-chat",
			"run_as": PERSON,
			"steps": [
				step(
					"a",
					"notify.chat",
					params={"service": "slack", "credential": "contract-none", "message": "x"},
				)
			],
			"triggers": [{"on": "webhook", "credential": "contract-none"}],
		}
		with self.site.acting_as(PERSON):
			problems = self.orchestrator.what_is_missing(self.orchestrator.check(definition))
		self.assertEqual([each.path for each in problems], ["steps[0].action", "triggers[0].credential"])

	def test_a_chat_is_written_to_and_its_address_shown_nowhere(self):
		with self.site.acting_as("Administrator"):
			frappe.get_doc(
				{
					"doctype": "Dogan Credential",
					"credential_name": "contract-chat",
					"kind": "address",
					"url": f"{self.recorder.url}/services/{SECRET}",
					"role": "Dogan User",
				}
			).insert()
		frappe.db.commit()
		params = {"service": "slack", "credential": "contract-chat", "message": "Late"}
		self.assertEqual(self.result("notify.chat", USER, **params)["status"], "Succeeded")
		self.assertEqual(json.loads(self.recorder.received[0]["body"]), {"text": "Late"})
		self.recorder.answer = lambda request: (404, {"path": request["path"]})
		run = self.result("notify.chat", USER, **params)
		self.assertEqual(run["status"], "Failed")
		self.assertNotIn(SECRET, json.dumps(run, default=str))
		self.assertNotIn(
			SECRET, json.dumps(frappe.get_doc("Dogan Credential", "contract-chat").as_dict(), default=str)
		)


class TestCredentials(SiteTestCase):
	def document(self, **values: Any) -> Any:
		return frappe.get_doc({"doctype": "Dogan Credential", "credential_name": "contract-c", **values})

	def test_each_kind_needs_its_own(self):
		for kind, label in (
			("hmac", "Secret"),
			("github", "Secret"),
			("stripe", "Secret"),
			("shopify", "Secret"),
			("token", "Header"),
			("address", "Address"),
			("oauth", "Connected App"),
			("bearer", "Servers"),
		):
			with self.subTest(kind), self.assertRaisesRegex(frappe.MandatoryError, label):
				self.document(kind=kind).insert()

	def test_what_is_wrong_is_named(self):
		for values, words in (
			({"kind": "hmac", "secret": "s", "rate": "often"}, "Rate"),
			({"kind": "token", "value": "s", "header": "X Token"}, "Header"),
			({"kind": "address", "url": "hooks.example.com/x"}, "Address"),
			({"kind": "address", "url": "https://"}, "Address"),
		):
			with self.subTest(values), self.assertRaisesRegex(frappe.ValidationError, words):
				self.document(**values).insert()

	def test_one_that_receives_is_not_sent_and_one_that_is_sent_signs_no_webhook(self):
		self.document(kind="github", secret="s3cret").insert()
		with self.assertRaisesRegex(frappe.ValidationError, "received"):
			self.site.credential("contract-c")
		self.assertEqual(
			self.site.webhook_secret("contract-c"), {"type": "github", "secret": "s3cret", "rate": "60/m"}
		)
		frappe.get_doc(
			{
				"doctype": "Dogan Credential",
				"credential_name": "contract-d",
				"kind": "bearer",
				"token": "t",
				"hosts": "a.example",
			}
		).insert()
		self.assertIsNone(self.site.webhook_secret("contract-d"))
		self.assertIsNone(self.site.webhook_secret("contract-none"))
		self.assertIsNone(self.site.webhook_secret("CONTRACT-C"))

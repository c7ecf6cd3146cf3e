"""What leaves a site: SMS, WhatsApp, chats, files; credentials; and what is said where something is missing."""

import json
from typing import Any

import frappe

from dogansystem.engine.errors import HTTPError, NotAvailable
from dogansystem.tests.contract.home import PERSON, proves, step
from dogansystem.tests.home import USER, SiteTestCase
from dogansystem.tests.outside import OutsideTestCase

SMS = "SMS Settings"
SECRET = "t0psecret-of-the-gateway"


def remove_whatsapp() -> None:
	"""Remove the DocType that stands in for the app's, with its table."""
	frappe.set_user("Administrator")
	frappe.delete_doc("DocType", "WhatsApp Message", force=True, delete_permanently=True)
	frappe.db.commit()
	frappe.db.sql_ddl("DROP TABLE IF EXISTS `tabWhatsApp Message`")
	frappe.clear_cache(doctype="WhatsApp Message")


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

	@proves("sms (Frappe's SMS Settings)")
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

	@proves("request (JSON, form, files;")
	def test_files_of_the_user_go_out_with_a_form(self):
		with self.site.acting_as(USER):
			own = self.site.files.create("contract prices.csv", "a;b é".encode())["file"]
		with self.site.acting_as(PERSON):
			theirs = self.site.files.create("contract secret.csv", b"secret")["file"]
		frappe.db.commit()
		request = {"url": f"{self.recorder.url}/up", "method": "POST", "form": {"of": "May"}}
		run = self.result("http.request", USER, **request, files={"list": own})
		self.assertEqual(run["status"], "Succeeded", run["error"])
		body = self.recorder.received[0]["body"]
		self.assertIn(b'filename="contract prices.csv"', body)
		self.assertIn("a;b é".encode(), body)
		self.assertEqual(
			self.result("http.request", USER, **request, files={"list": theirs})["status"], "Failed"
		)
		self.assertEqual(len(self.recorder.received), 1)

	@proves("whatsapp (where the app frappe_whatsapp or whatsapp is installed)")
	def test_whatsapp_goes_by_the_app_that_the_site_has_for_it(self):
		if frappe.db.exists("DocType", "WhatsApp Message"):
			self.skipTest("the site has an app for it, which would send")
		fields = (
			"to",
			"message",
			"type",
			"message_type",
			"content_type",
			"reference_doctype",
			"reference_name",
			"own",
		)
		frappe.get_doc(
			{
				"doctype": "DocType",
				"name": "WhatsApp Message",
				"module": "Custom",
				"custom": 1,
				"autoname": "hash",
				"fields": [{"fieldname": each, "fieldtype": "Data", "label": each} for each in fields],
				"permissions": [{"role": "Dogan User", "read": 1, "create": 1}],
			}
		).insert()
		self.addCleanup(remove_whatsapp)
		run = self.result("notify.whatsapp", USER, to=["+90555", "+90556"], message="Größe")
		self.assertEqual(run["status"], "Succeeded", run["error"])
		sent = frappe.get_all("WhatsApp Message", fields=["to", "message", "type", "owner"])
		self.assertEqual(
			sorted((each.to, each.message) for each in sent), [("+90555", "Größe"), ("+90556", "Größe")]
		)
		self.assertEqual({(each.type, each.owner) for each in sent}, {("Outgoing", USER)})

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

	@proves("chat (Slack, Teams, Google Chat, Telegram by a credential)")
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

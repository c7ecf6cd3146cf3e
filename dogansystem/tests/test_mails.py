"""Mails on a real site: received by Frappe's own InboundMail, answered by its queue."""

import json
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

import frappe
from frappe.email.receive import InboundMail

from dogansystem.tests.contract.home import Home, output, proves, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.test_frappe_site import make_mail_account

ACCOUNT = "Contract In"
ADDRESS = "contract-in@example.com"


class TestReceivedMails(SiteTestCase, Home):
	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		self.account = frappe.get_doc(
			{
				"doctype": "Email Account",
				"email_account_name": ACCOUNT,
				"email_id": ADDRESS,
				"enable_incoming": 1,
				"email_server": "localhost",
				"use_imap": 0,
			}
		)
		self.account.set_new_name()
		self.account.db_insert()
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.delete, "Email Account", {"name": self.account.name})
		frappe.db.commit()

	def raw(
		self, subject: str, *files: str, sender: str = "Amy <amy@shop.example.com>", **headers: str
	) -> bytes:
		mail = EmailMessage()
		mail["Subject"], mail["From"], mail["To"] = subject, sender, ADDRESS
		mail["Message-ID"] = f"<{frappe.generate_hash(length=12)}@shop.example.com>"
		for name, value in headers.items():
			mail[name.replace("_", "-")] = value
		mail.set_content("contract mail")
		for number, name in enumerate(files):
			mail.add_attachment(f"contract {number}".encode(), maintype="text", subtype="csv", filename=name)
		return mail.as_bytes()

	def pull(self, raw: bytes) -> Any:
		"""What an account does with a mail that it has pulled."""
		frappe.set_user("Administrator")
		communication = InboundMail(raw, self.account).process()
		frappe.db.commit()
		return communication

	def on_mail(self, name: str, *steps: dict[str, Any], **keys: Any) -> str:
		trigger = {"on": "email", "subject": f"{name} *", **keys}
		seen = step("seen", params={"of": "{{ doc.name }}", "files": "{{ trigger.attachments }}"})
		return self.save(name, [*steps, seen], triggers=[trigger])

	def runs(self, workflow: str) -> list[dict[str, Any]]:
		frappe.db.rollback()
		return [self.orchestrator.get_run(each["run"]) for each in self.orchestrator.list_runs(workflow)]

	@proves("its attachments are in reach as `trigger.attachments` (File names)")
	def test_a_mail_starts_a_run_that_has_its_attachments(self):
		read = step("read", "data.parse", params={"file": "{{ trigger.attachments[1] }}"})
		workflow = self.on_mail("contract-attached", read, account=self.account.name)
		communication = self.pull(self.raw("contract-attached 1", "contract one.csv", "contract two.csv"))
		self.drain()
		(run,) = self.runs(workflow)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		files = output(run, "seen")["files"]
		self.assertEqual(output(run, "seen")["of"], communication.name)
		names = [frappe.db.get_value("File", each, "file_name") for each in files]
		self.assertEqual([name[:12] for name in names], ["contract one", "contract two"])

	def test_a_mail_without_attachments_starts_one_run(self):
		workflow = self.on_mail("contract-plain")
		self.pull(self.raw("contract-plain 1"))
		self.pull(self.raw("another contract-plain 1"))
		(run,) = self.runs(workflow)
		self.drain()
		self.assertEqual(output(self.runs(workflow)[0], "seen")["files"], [])
		self.assertEqual(run["cause"], "email")

	def test_a_mail_that_is_pulled_twice_starts_one_run(self):
		workflow = self.on_mail("contract-pulled")
		raw = self.raw("contract-pulled 1", "contract one.csv")
		self.assertEqual(self.pull(raw).name, self.pull(raw).name)
		self.assertEqual(len(self.runs(workflow)), 1)

	def test_a_mail_that_could_not_be_kept_starts_none(self):
		workflow = self.on_mail("contract-undone")
		InboundMail(self.raw("contract-undone 1", "contract one.csv"), self.account).process()
		frappe.db.rollback()
		self.assertEqual(self.runs(workflow), [])

	def test_another_account_is_another_trigger(self):
		workflow = self.on_mail("contract-other-account", account="Contract")
		self.pull(self.raw("contract-other-account 1"))
		self.assertEqual(self.runs(workflow), [])

	def test_saving_a_mail_again_starts_nothing_more(self):
		workflow = self.on_mail("contract-saved")
		communication = self.pull(self.raw("contract-saved 1"))
		doc = frappe.get_doc("Communication", communication.name)
		doc.status = "Closed"
		doc.save()
		frappe.db.commit()
		self.assertEqual(len(self.runs(workflow)), 1)

	def test_mails_of_the_sites_own_accounts_start_nothing(self):
		workflow = self.on_mail("contract-own")
		self.pull(self.raw("contract-own 1", sender="office@example.com"))
		self.assertEqual(self.runs(workflow), [])

	@proves("send (template, attachments, a document's print as PDF, in reply to a Communication)")
	def test_an_answer_says_that_it_is_automatic_and_stands_below_its_mail(self):
		params = {
			"to": "{{ doc.sender }}",
			"subject": "Re: {{ doc.subject }}",
			"message": "contract mail",
			"in_reply_to": "{{ doc.name }}",
			"attachments": "{{ trigger.attachments }}",
		}
		workflow = self.on_mail("contract-answered", step("answer", "email.send", params=params))
		communication = self.pull(self.raw("contract-answered 1", "contract one.csv"))
		self.drain()
		(run,) = self.runs(workflow)
		self.assertEqual(run["status"], "Succeeded", run["error"])
		queued = frappe.get_last_doc("Email Queue")
		sent = message_from_string(queued.message, policy=policy.default)
		self.assertEqual(sent["Auto-Submitted"], "auto-generated")
		self.assertEqual(sent["In-Reply-To"], f"<{communication.message_id}>")
		sent_along = [each["fid"] for each in json.loads(queued.attachments)]
		self.assertEqual(sent_along, output(run, "seen")["files"])
		frappe.delete_doc("Email Queue", queued.name, force=True)
		frappe.db.commit()

	def test_a_mail_that_nobody_may_read_is_not_answered(self):
		communication = self.pull(self.raw("contract-hidden 1"))
		answer = {"to": "a@example.com", "subject": "s", "message": "m", "in_reply_to": communication.name}
		with self.site.acting_as("Guest"), self.assertRaises(frappe.PermissionError):
			self.site.people.send_email(**{**answer, "to": ["a@example.com"]})
		frappe.db.rollback()

	def test_mails_that_people_send_do_not_say_that_they_are_automatic(self):
		queued = frappe.sendmail(recipients=["a@example.com"], subject="contract", message="contract mail")
		self.assertNotIn("Auto-Submitted", queued.message)
		frappe.db.rollback()

"""Approvals as people meet them: on the desk in Chromium, in a mail as a mail server has got it, and all at the same time."""

import os
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import frappe
import requests
from frappe.core.doctype.user.user import generate_keys
from frappe.email.queue import flush

from dogansystem.tests.asking import APPROVAL, HARM, ApprovalTestCase, token_of
from dogansystem.tests.contract.home import PERSON, output, row, step
from dogansystem.tests.home import OTHER, USER, ensure_user
from tests.bench.desk import DeskTestCase
from tests.bench.smtp import Sink, mail_server

PEOPLE = 50
SHOWN = "document.querySelector('.dogan-block')"
HARMED = "document.title === 'harmed' || !!document.querySelector('img[onerror]')"
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}


class Case(DeskTestCase, ApprovalTestCase):
	"""A site in a browser, with a mail server of its own."""

	def setUp(self) -> None:
		super().setUp()
		self.addCleanup(frappe.set_user, "Administrator")
		self.addCleanup(frappe.db.commit)

	def let_in(self, *, without_login: bool) -> None:
		self.store_settings(decide_without_login=int(without_login))

	def deliver(self, sink: Sink) -> None:
		"""What Frappe's scheduler does with the mails that wait. Newer versions leave each for ten seconds, to be taken back."""
		frappe.db.sql(
			"UPDATE `tabEmail Queue` SET creation = creation - INTERVAL 1 MINUTE WHERE status = 'Not Sent'"
		)
		frappe.flags.mute_emails, before = False, frappe.flags.mute_emails
		try:
			flush()
		finally:
			frappe.flags.mute_emails = before
		frappe.db.commit()

	def mail_account(self, sink: Sink) -> None:
		"""Let the site send its mails to this server."""
		frappe.db.delete("Email Account", {"name": "Contract"})
		frappe.get_doc(
			doctype="Email Account", name="Contract", email_account_name="Contract", email_id="office@example.com",
			enable_outgoing=1, default_outgoing=1, smtp_server="127.0.0.1", smtp_port=sink.port,
			no_smtp_authentication=1,
		).db_insert()  # fmt: skip
		frappe.db.commit()
		self.addCleanup(frappe.db.delete, "Email Account", {"name": "Contract"})

	def status(self, approval: str) -> str:
		frappe.db.rollback()
		return frappe.db.get_value(APPROVAL, approval, "status")


class TestOnTheDesk(Case):
	def open_form(self, approval: str) -> None:
		self.visit(f"dogan-approval/{approval}", f"cur_frm?.docname === '{approval}' && {SHOWN}")

	def test_one_who_is_asked_sees_it_on_the_document_in_the_list_and_decides_in_the_form(self):
		about = self.document()
		fields = [{"name": "limit", "label": "New limit", "type": "Float", "required": True}]
		approval = self.ask(document=about, message="<b>Please</b> look", fields=fields)
		with self.signed_in(USER):
			self.visit(f"contact/{about['name']}", "document.querySelector('.dogan-waiting button')")
			self.picture("approval_banner")
			self.assertIn("May we buy it?", self.browser.evaluate("$('.dogan-waiting').text()"))
			self.visit(
				"dogan-approval", "cur_list?.doctype === 'Dogan Approval' && cur_list.data?.length === 1"
			)
			self.picture("approval_list")
			self.open_form(approval)
			self.browser.wait_for("cur_frm.page.inner_toolbar.find('button').length >= 3")
			self.picture("approval_form")
			self.press("Approve")
			self.browser.wait_for("cur_dialog?.$wrapper.is('.show')")
			self.browser.evaluate("!!cur_dialog.set_values({'value:limit': 7, comment: 'fine'})")
			self.picture("approval_dialog")
			self.confirm()
			self.browser.wait_for(
				"cur_frm.doc.status === 'Approved' && !cur_frm.page.inner_toolbar.find('button:visible').length"
			)
			self.assert_nothing_complained()
		run = self.result()
		found = output(run, "ok")
		self.assertEqual((run["status"], found["values"]), ("Succeeded", {"limit": 7}))
		self.assertEqual(
			[(each["by"], each["through"], each["comment"]) for each in found["decisions"]],
			[(USER, "desk", "fine")],
		)

	def test_it_is_decided_in_the_banner_and_the_banner_goes(self):
		about = self.document()
		approval = self.ask(document=about)
		with self.signed_in(USER):
			self.visit(f"contact/{about['name']}", "document.querySelector('.dogan-waiting button')")
			self.press("Reject", within="document.querySelector('.dogan-waiting')")
			self.confirm()
			self.wait_for(lambda: self.status(approval) == "Rejected")
		with self.signed_in(PERSON):
			self.visit(
				f"contact/{about['name']}", "cur_frm?.docname && document.querySelector('.form-layout')"
			)
			self.assertFalse(self.browser.evaluate("!!document.querySelector('.dogan-waiting')"))

	def test_it_is_passed_on_and_reassigned(self):
		approval = self.ask()
		with self.signed_in(USER):
			self.open_form(approval)
			self.press("Pass On")
			self.fill_in(to=OTHER)
			self.wait_for(lambda: self.asked(approval) == [OTHER])
		with self.signed_in(PERSON):
			self.open_form(approval)
			self.press("Reassign")
			self.fill_in(to=USER)
			self.wait_for(lambda: self.asked(approval) == [USER])

	def fill_in(self, **values: str) -> None:
		self.browser.wait_for("cur_dialog?.$wrapper.is('.show')")
		for field, value in values.items():
			self.browser.evaluate(f"cur_dialog.set_value('{field}', '{value}').then(() => true)")
		self.confirm()

	def asked(self, approval: str) -> list[str]:
		frappe.db.rollback()
		return frappe.get_all("Dogan Approver", {"approval": approval, "state": "Asked"}, pluck="user")

	def test_what_others_have_written_does_nothing(self):
		about, approval = self.ask_with_harm()
		with self.signed_in(USER):
			self.visit(f"contact/{about['name']}", "document.querySelector('.dogan-waiting button')")
			self.assertFalse(self.browser.evaluate(HARMED))
			self.visit(
				"dogan-approval", "cur_list?.doctype === 'Dogan Approval' && cur_list.data?.length === 1"
			)
			self.assertFalse(self.browser.evaluate(HARMED))
			self.open_form(approval)
			self.assertFalse(self.browser.evaluate(HARMED))
			self.browser.wait_for("cur_frm.page.inner_toolbar.find('button').length >= 2")
			self.press("Approve")
			self.browser.wait_for("cur_dialog?.$wrapper.is('.show')")
			self.assertFalse(self.browser.evaluate(HARMED))

	def test_what_workers_have_written_does_nothing_either(self):
		steps = [
			step("a", params={"x": HARM}),
			step("b", "data.check", params={"that": False, "message": HARM}),
		]
		self.save("contract-harm", steps, triggers=[{"on": "manual"}])
		run = self.start_as(PERSON, "contract-harm", input={"x": HARM})
		self.drain()
		for doctype, name in (("workflow-run", run), ("step-run", f"{run}.a"), ("step-run", f"{run}.b")):
			with self.subTest(doctype=doctype, name=name):
				self.visit(
					f"dogan-{doctype}/{name}",
					f"cur_frm?.docname === '{name}' && document.querySelector('.form-layout')",
				)
				self.assertFalse(self.browser.evaluate(HARMED))


class TestByMail(Case):
	def test_a_mail_as_it_was_delivered_leads_to_a_page_on_which_it_is_decided(self):
		self.let_in(without_login=True)
		with mail_server() as sink:
			self.mail_account(sink)
			about = self.document()
			number = frappe.generate_hash(length=10)
			approval = self.ask(document=about, message=f"<b>Please</b> look at {number}")
			self.deliver(sink)
			(mail,) = (each for each in sink.to(USER) if number in each.html)
			link = re.search(r'href="([^"]*dogan-approval\?token=[^"]+)"', mail.html)[1]
			self.assertTrue(link.startswith(self.url), link)
			for _scan in range(3):  # a program that looks through mails opens every link
				requests.get(link, timeout=30)
				requests.get(link, params={"decision": "approved"}, timeout=30)
			self.assertEqual(self.status(approval), "Open")
			self.browser.set_cookie(self.url, "sid", "Guest")
			self.addCleanup(self.sign_in, PERSON)
			self.on_a_phone(link, "document.querySelector('form')")
			self.picture("approval_page_phone")
			self.browser.evaluate("document.querySelector('textarea').value = 'from my phone'; true")
			self.browser.evaluate("!!document.querySelector('button.yes').click()")
			self.browser.wait_for("document.querySelector('.notice.done')")
			self.picture("approval_page_done")
			self.assertEqual(self.status(approval), "Approved")
			self.assertFalse(self.site.people.may_read(USER, (about["doctype"], about["name"])))
		run = self.result()
		(decision,) = output(run, "ok")["decisions"]
		self.assertEqual((run["status"], decision["by"], decision["through"]), ("Succeeded", USER, "mail"))

	def test_the_page_is_from_right_to_left_where_the_language_is(self):
		self.let_in(without_login=True)
		self.addCleanup(frappe.db.set_value, "User", USER, "language", "en")
		frappe.db.set_value("User", USER, "language", "ar")
		with mail_server() as sink:
			self.mail_account(sink)
			fields = [
				{"name": "size", "type": "Select", "options": ["S", "L"], "label": "Size"},
				{"name": "when", "type": "Date"},
			]
			self.ask(
				document=self.document(), message="<b>Please</b> look", fields=fields, subject="هل نشتريها؟"
			)
			token = token_of(self.mails_to(USER)[-1])
			self.browser.set_cookie(self.url, "sid", "Guest")
			self.addCleanup(self.sign_in, PERSON)
			self.on_a_phone(f"{self.url}/dogan-approval?token={token}", "document.querySelector('form')")
			self.picture("approval_page_arabic")
			self.assertEqual(self.browser.evaluate("document.documentElement.dir"), "rtl")
			wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
			self.assertFalse(self.browser.evaluate(wide))

	def on_a_phone(self, link: str, until: str) -> None:
		self.browser._page("Emulation.setDeviceMetricsOverride", **PHONE)
		self.addCleanup(self.browser._page, "Emulation.clearDeviceMetricsOverride")
		self.browser.open(link)
		self.browser.wait_for(until)


class TestManyAtOnce(ApprovalTestCase):
	"""Fifty people press at the same moment, over HTTP, each with a key of their own."""

	has_processes = True

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()
		cls.users = [f"contract-{number}@example.com" for number in range(PEOPLE)]
		with patch.dict(
			frappe.flags, in_import=True
		):  # or Frappe takes so many new users within an hour for an attack
			for user in cls.users:
				ensure_user(user, ["Dogan User", "Desk User"])
		cls.addClassCleanup(cls.forget_people)
		cls.keys = {}
		for user in cls.users:
			secret = generate_keys(user)["api_secret"]
			cls.keys[user] = f"token {frappe.db.get_value('User', user, 'api_key')}:{secret}"
		frappe.db.commit()

	@classmethod
	def forget_people(cls) -> None:
		frappe.db.rollback()
		for user in cls.users:
			frappe.delete_doc("User", user, force=True, ignore_permissions=True, delete_permanently=True)
		frappe.db.commit()

	def test_one_decides_and_each_of_the_others_is_told_who_was_first(self):
		for round_ in range(3):
			approval = self.ask(self.users, document=self.document(first_name=f"contract many {round_}"))
			url = f"{frappe.conf.host_name}/api/method/dogansystem.api.approvals.decide"

			def press(user: str) -> tuple[Any, float]:
				began = time.monotonic()
				decision = "approved" if self.users.index(user) % 2 else "rejected"
				answer = requests.post(
					url, json={"approval": approval, "decision": decision, "comment": user},
					headers={"Authorization": self.keys[user], "Accept": "application/json"}, timeout=120,
				)  # fmt: skip
				return answer, time.monotonic() - began

			with ThreadPoolExecutor(PEOPLE) as pool:
				answers = dict(zip(self.users, pool.map(press, self.users), strict=True))
			won = [user for user, (answer, _) in answers.items() if answer.status_code == 200]
			texts = {answer.status_code: answer.text[:300] for answer, _ in answers.values()}
			self.assertEqual(len(won), 1, texts)
			for user, (answer, _) in answers.items():
				if user not in won:
					self.assertEqual(answer.status_code, 409, answer.text[:4000])
					self.assertIn(won[0], answer.text)
			run = self.result()
			(decision,) = output(run, "ok")["decisions"]
			self.assertEqual((run["status"], decision["by"]), ("Succeeded", won[0]))
			self.assertEqual(row(run, "ok")["branch"], decision["decision"])
			times = sorted(took for _, took in answers.values())
			median, last = statistics.median(times), times[-1]
			print(
				f"\n{PEOPLE} at once: 1 has decided, {PEOPLE - 1} told who was first; median {median:.2f} s, last {last:.2f} s",
				flush=True,
			)

"""Approvals attacked over HTTP: links that are forged, stale or somebody else's, pages that are fetched with everything, and
other people's approvals through every way that Frappe has to a document."""

import json
import re
from typing import Any
from urllib.parse import unquote

import frappe
from frappe.utils.password import update_password

from dogansystem.api import approvals
from dogansystem.homes.frappe import approval_links
from dogansystem.tests import test_security_http as http
from dogansystem.tests.asking import APPROVAL, HARM, ApprovalTestCase, token_of
from dogansystem.tests.contract.home import PERSON, output, proves
from dogansystem.tests.home import MANAGER, OTHER, USER
from dogansystem.tests.test_frappe_site import make_mail_account

PAGE = "/dogan-approval"
EVERYTHING = {"decision": "approved", "comment": "c", "proof": "x", "cmd": "", "values": "{}"}
Cookies = dict[str, str]


class HTTPTestCase(ApprovalTestCase):
	"""Requests as a browser sends them, through the web server's own code."""

	send, sign_in, open_desk = http.TestHTTP.send, http.TestHTTP.sign_in, http.TestHTTP.open_desk

	def setUp(self) -> None:
		super().setUp()
		make_mail_account(self)
		for user in (USER, OTHER, MANAGER, PERSON):
			update_password(user, http.PASSWORD)
		frappe.db.commit()
		self.addCleanup(frappe.set_user, "Administrator")
		frappe.cache.delete_keys("dogan_rate")

	def let_in(self, *, without_login: bool) -> None:
		self.store_settings(decide_without_login=int(without_login))
		frappe.clear_document_cache("Dogan Settings", "Dogan Settings")

	def fetch(self, token: str | None, cookies: Cookies | None = None, **more: Any) -> Any:
		"""The page, as a browser gets it."""
		query = {"token": token, **more} if token is not None else more
		return self.browse("GET", PAGE, cookies, query_string=query)

	def browse(self, verb: str, path: str, cookies: Cookies | None = None, **more: Any) -> Any:
		"""A request with this browser's cookies, which are kept."""
		jar = cookies if cookies is not None else {}
		answer = self.send(verb, path, "; ".join(f"{name}={value}" for name, value in jar.items()), **more)
		for line in answer.headers.getlist("Set-Cookie"):
			name, _, value = line.partition(";")[0].partition("=")
			if name in ("dogan_approval",):
				jar[name] = unquote(value)
		return answer

	def press(self, page: Any, cookies: Cookies, decision: str = "approved", **more: Any) -> Any:
		"""Press a button of the page."""
		hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
		return self.browse("POST", PAGE, cookies, data={**hidden, "decision": decision, **more})

	def status(self, approval: str) -> str:
		frappe.db.rollback()
		return frappe.db.get_value(APPROVAL, approval, "status")


class TestLinks(HTTPTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.let_in(without_login=True)

	@proves("A link in a mail opens a page that asks; a GET never decides")
	def test_the_link_opens_a_page_that_asks_and_its_button_decides(self):
		about = self.document()
		approval = self.ask(document=about, comment="on_rejection")
		token, cookies = token_of(self.mails_to(USER)[-1]), {}
		page = self.fetch(token, cookies)
		self.assertEqual(page.status_code, 200, page.text[:500])
		for text in ("May we buy it?", "Approve", "Reject", "Buyer"):
			self.assertIn(text, page.text)
		self.assertNotIn("<script", page.text)
		self.assertEqual(self.status(approval), "Open")
		incomplete = self.press(page, cookies, "rejected")
		self.assertEqual((incomplete.status_code, self.status(approval)), (422, "Open"))
		done = self.press(incomplete, cookies, "rejected", comment="no <b>money</b>")
		self.assertEqual((done.status_code, self.status(approval)), (200, "Rejected"), done.text[:500])
		self.assertIn("has rejected this", done.text)
		self.assertNotIn("Buyer", done.text)
		(decision,) = output(self.result(), "ok")["decisions"]
		self.assertEqual((decision["by"], decision["through"]), (USER, "mail"))
		again = self.press(page, cookies, "approved")
		self.assertEqual((again.status_code, self.status(approval)), (409, "Rejected"))
		self.assertNotIn("<button", self.fetch(token).text)

	def test_a_get_with_everything_decides_nothing(self):
		approval = self.ask()
		token, cookies = token_of(self.mails_to(USER)[-1]), {}
		page = self.fetch(token, cookies)
		hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
		for verb in ("GET", "HEAD"):
			for cookie in ({}, cookies):
				given = {**EVERYTHING, **hidden, "decision": "approved"}
				answer = self.browse(verb, PAGE, dict(cookie), query_string=given)
				self.assertEqual((answer.status_code, self.status(approval)), (200, "Open"))
		for link in re.findall(r'(?:href|action|src)="([^"]+)"', page.text):
			self.browse("GET", link, dict(cookies), query_string={**EVERYTHING, **hidden})
		self.assertEqual(self.status(approval), "Open")

	def test_a_post_without_the_proof_of_this_browser_decides_nothing(self):
		approval = self.ask()
		token, cookies = token_of(self.mails_to(USER)[-1]), {}
		page = self.fetch(token, cookies)
		elsewhere = re.search(r'name="proof" value="(\w+)"', self.fetch(token, {}).text)[1]
		for jar, proof in (
			({}, ""),
			({}, "guessed"),
			(dict(cookies), elsewhere),
			({}, elsewhere),
			(dict(cookies), ""),
		):
			with self.subTest(proof=proof, jar=bool(jar)):
				answer = self.browse(
					"POST", PAGE, jar, data={"token": token, "decision": "approved", "proof": proof}
				)
				self.assertEqual((answer.status_code, self.status(approval)), (400, "Open"))
		self.assertEqual(self.press(page, cookies).status_code, 200)
		self.assertEqual(self.status(approval), "Approved")

	@proves("the token is for one person and one approval and ends with it")
	def test_forged_and_foreign_tokens_open_nothing(self):
		first, second = self.ask(subject="FIRST"), self.ask(subject="SECOND")
		one, two = (token_of(each) for each in self.mails_to(USER))
		secret = one.rpartition(".")[2]
		for forged in (
			f"{second}.{secret}",
			one[:-1],
			f"{first}.",
			first,
			"",
			one.swapcase(),
			f"{one}%00",
			f"{one}'--",
		):
			answer = self.fetch(forged)
			with self.subTest(forged=forged):
				self.assertEqual(answer.status_code, 404)
				self.assertNotIn("<form", answer.text)
		cookies: Cookies = {}
		page = self.fetch(one, cookies)
		proof = re.search(r'name="proof" value="(\w+)"', page.text)[1]
		self.browse("POST", PAGE, cookies, data={"token": two, "decision": "approved", "proof": proof})
		self.assertEqual((self.status(first), self.status(second)), ("Open", "Open"))

	def test_a_link_ends_when_it_is_not_asked_of_that_person_any_more(self):
		approval = self.ask()
		token, cookies = token_of(self.mails_to(USER)[-1]), {}
		page = self.fetch(token, cookies)
		frappe.set_user(USER)
		approvals.pass_on(approval, OTHER)
		frappe.db.commit()
		late = self.press(page, cookies)
		self.assertEqual((late.status_code, self.status(approval)), (403, "Open"))
		self.assertIn("not asked any more", self.fetch(token).text)
		frappe.set_user(OTHER)
		approvals.decide(approval, "approved")
		frappe.db.commit()
		self.assertIn("has approved this", self.fetch(token).text)

	def test_the_link_of_a_disabled_user_opens_nothing(self):
		approval = self.ask([USER, OTHER])
		token, cookies = token_of(self.mails_to(USER)[-1]), {}
		page = self.fetch(token, cookies)
		frappe.db.set_value("User", USER, "enabled", 0)
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.db.set_value, "User", USER, "enabled", 1)
		frappe.db.commit()
		self.assertEqual(self.fetch(token).status_code, 403)
		self.assertEqual((self.press(page, cookies).status_code, self.status(approval)), (403, "Open"))

	def test_what_others_have_written_is_text_on_the_page(self):
		self.ask(
			subject=f"S{HARM}", message=f"M{HARM}<b>bold</b>", document=self.document(designation=f"D{HARM}"),
			fields=[{"name": "f", "label": f"L{HARM}", "default": f'"{HARM}'}],
		)  # fmt: skip
		page = self.fetch(token_of(self.mails_to(USER)[-1])).text
		self.assertNotRegex(page, r"<script|<img")
		for text in ("<b>bold</b>", "S&lt;img", "L&lt;img"):
			self.assertIn(text, page)

	def test_wrong_tokens_are_refused_faster_after_a_while(self):
		self.ask()
		good = token_of(self.mails_to(USER)[-1])
		statuses = [self.fetch(f"x.{'A' * 43}").status_code for _ in range(70)]
		self.assertEqual(set(statuses), {404, 429})
		self.assertEqual(self.fetch(good).status_code, 200)


class TestLinksWithLogin(HTTPTestCase):
	@proves("without login only where Settings allow it")
	def test_the_link_leads_through_the_login_and_is_refused_to_anybody_else(self):
		self.let_in(without_login=False)
		about = self.document()
		approval = self.ask(document=about)
		token = token_of(self.mails_to(USER)[-1])
		answer = self.fetch(token)
		self.assertEqual(answer.status_code, 302)
		self.assertEqual(
			unquote(answer.headers["Location"]), f"/login?redirect-to={approval_links.path(token)}"
		)
		posted = self.browse("POST", PAGE, {}, data={"token": token, "decision": "approved"})
		self.assertEqual((posted.status_code, self.status(approval)), (302, "Open"))
		for user in (OTHER, MANAGER, PERSON):
			cookies = {"sid": self.sign_in(user).partition("=")[2]}
			page = self.fetch(token, cookies)
			with self.subTest(user=user):
				self.assertEqual(page.status_code, 403)
				self.assertNotIn("Buyer", page.text)
				self.assertNotIn("<form", page.text)
		cookies = {"sid": self.sign_in(USER).partition("=")[2]}
		page = self.fetch(token, cookies)
		self.assertEqual(page.status_code, 200)
		frappe_token = re.search(r'name="csrf_token" value="(\w+)"', page.text)[1]
		forged = self.browse("POST", PAGE, cookies, data={"token": token, "decision": "approved"})
		self.assertEqual((forged.status_code, self.status(approval)), (400, "Open"))
		self.assertTrue(frappe_token)
		self.assertEqual(self.press(page, cookies).status_code, 200)
		self.assertEqual(self.status(approval), "Approved")


class TestOtherPeoplesApprovals(HTTPTestCase):
	"""Whoever has nothing to do with an approval gets nothing of it, whichever way Frappe has to a document."""

	def test_rest_reads_and_writes_nothing(self):
		approval = self.ask(USER, message="SECRET", subject="SECRET")
		rows = {APPROVAL: approval, "Dogan Approver": f"{approval}.1"}
		sid = self.sign_in(OTHER)
		token = self.open_desk(sid)
		before = (
			frappe.db.sql(f"SELECT * FROM `tab{APPROVAL}`"),
			frappe.db.sql("SELECT * FROM `tabDogan Approver`"),
		)
		for doctype, name in rows.items():
			for verb, path, given in self.attacks(doctype, name):
				answer = self.send(
					verb, path, sid, headers={"X-Frappe-CSRF-Token": token},
					**({"query_string": given} if verb == "GET" else {"data": given}),
				)  # fmt: skip
				with self.subTest(verb=verb, path=path, given=given):
					self.assertLess(answer.status_code, 500, answer.text[:300])
					self.assertNotIn("SECRET", answer.text)
					self.assertNotIn(USER, answer.text)
		after = (
			frappe.db.sql(f"SELECT * FROM `tab{APPROVAL}`"),
			frappe.db.sql("SELECT * FROM `tabDogan Approver`"),
		)
		self.assertEqual(before, after)
		self.assertFalse(frappe.db.exists("DocShare", {"share_doctype": APPROVAL}))

	def attacks(self, doctype: str, name: str) -> list[tuple[str, str, dict[str, Any]]]:
		of = {"doctype": doctype, "name": name}
		call = "/api/method/frappe."
		view = {"doctype": doctype, "fields": json.dumps(["*"]), "filters": "[]"}
		values = json.dumps({"status": "Approved"})
		return [
			("GET", f"/api/resource/{doctype}/{name}", {}),
			("GET", f"/api/resource/{doctype}", {"fields": '["*"]', "limit_page_length": "0"}),
			("PUT", f"/api/resource/{doctype}/{name}", {"data": values}),
			("DELETE", f"/api/resource/{doctype}/{name}", {}),
			("POST", f"/api/resource/{doctype}", {"data": json.dumps({"name": "forged", "user": OTHER, "approval": name})}),
			("GET", f"{call}client.get", of),
			("GET", f"{call}client.get_value", {"doctype": doctype, "filters": json.dumps({"name": name}), "fieldname": '["*"]'}),
			("GET", f"{call}client.get_list", {"doctype": doctype, "fields": '["*"]'}),
			("POST", f"{call}client.set_value", {**of, "fieldname": "status", "value": "Approved"}),
			("POST", f"{call}client.delete", of),
			("POST", f"{call}client.rename_doc", {"doctype": doctype, "old_name": name, "new_name": "other"}),
			("GET", f"{call}desk.form.load.getdoc", of),
			("POST", f"{call}desk.reportview.get", view),
			("POST", f"{call}desk.reportview.export_query", {**view, "file_format_type": "CSV", "title": "t"}),
			("POST", f"{call}desk.reportview.get_count", view),
			("POST", f"{call}desk.reportview.delete_items", {"doctype": doctype, "items": json.dumps([name])}),
			("POST", f"{call}share.add", {**of, "user": OTHER, "read": 1}),
			("POST", f"{call}share.set_permission", {**of, "user": OTHER, "permission_to": "read"}),
			("GET", f"{call}desk.search.search_link", {"doctype": doctype, "txt": ""}),
			(
				"POST", f"{call}desk.doctype.bulk_update.bulk_update.submit_cancel_or_update_docs",
				{"doctype": doctype, "docnames": json.dumps([name]), "action": "update", "data": values},
			),
			("POST", f"{call}model.workflow.bulk_workflow_approval", {"docnames": json.dumps([name]), "doctype": doctype, "action": "Approve"}),
			("GET", "/printview", {"doctype": doctype, "name": name}),
			("POST", f"{http.METHODS}approvals.get", {"approval": name}),
			("POST", f"{http.METHODS}approvals.decide", {"approval": name, "decision": "approved"}),
			("POST", f"{http.METHODS}approvals.pass_on", {"approval": name, "to": OTHER}),
			("POST", f"{http.METHODS}approvals.reassign", {"approval": name, "whose": USER, "to": OTHER}),
		]  # fmt: skip

	def test_deciding_wants_the_desks_token_against_forgery(self):
		approval = self.ask()
		sid = self.sign_in(USER)
		token = self.open_desk(sid)
		given = {"approval": approval, "decision": "approved"}
		for headers in ({}, {"X-Frappe-CSRF-Token": "guessed"}):
			answer = self.send("POST", f"{http.METHODS}approvals.decide", sid, data=given, headers=headers)
			self.assertEqual((answer.status_code, self.status(approval)), (400, "Open"))
		self.assertIn(
			self.send("GET", f"{http.METHODS}approvals.decide", sid, query_string=given).status_code,
			(401, 403),
		)
		answer = self.send(
			"POST", f"{http.METHODS}approvals.decide", sid, data=given, headers={"X-Frappe-CSRF-Token": token}
		)
		self.assertEqual((answer.status_code, self.status(approval)), (200, "Approved"), answer.text[:300])
		self.assertEqual(json.loads(answer.text)["message"]["decisions"][0]["through"], "desk")
		late = self.send(
			"POST", f"{http.METHODS}approvals.decide", sid, data=given, headers={"X-Frappe-CSRF-Token": token}
		)
		self.assertEqual(late.status_code, 409)
		self.assertIn(USER, late.text)

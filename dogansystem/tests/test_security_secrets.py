"""A credential on a real site: sent to a server that echoes it in every way, and then looked for wherever a site keeps,
logs or tells anything."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import frappe

from dogansystem.actions.http import Request
from dogansystem.api import run_page, workflows
from dogansystem.tests.attacks import SecurityTestCase
from dogansystem.tests.contract.home import PERSON, step
from dogansystem.tests.home import MANAGER, USER
from dogansystem.tests.test_frappe_site import make_mail_account
from dogansystem.worker.drainer import Drainer

SECRET = 'contract/3f9a"77='
FIELDS = {
	"bearer": {"token": SECRET},
	"basic": {"username": "amy", "password": SECRET},
	"header": {"header": "X-Api-Key", "value": SECRET},
}
WAYS = ("text", "json", "header", "error", "address")
TABLES = (
	"Dogan Workflow", "Dogan Workflow Step", "Dogan Workflow Version", "Dogan Workflow Run", "Dogan Step Run", "Dogan Credential", "Singles",
	"Error Log", "Version", "Comment", "Activity Log", "Access Log", "Notification Log", "Deleted Document", "Email Queue", "Email Queue Recipient",
	"Scheduled Job Log", "Communication", "DefaultValue", "Sessions", "Webhook Request Log", "Integration Request", "Prepared Report",
)  # fmt: skip


class Echo(BaseHTTPRequestHandler):
	"""Sends back the secret that it was sent."""

	def do_GET(self) -> None:
		found = self.headers.get("X-Api-Key") or self.headers.get("Authorization", "")
		if found.startswith("Basic "):
			found = base64.b64decode(found[6:]).decode().partition(":")[2]
		found = found.removeprefix("Bearer ")
		way = self.path.rpartition("/")[2]
		self.server.received.append(found)
		bodies = {"json": json.dumps({"seen": found}), "address": quote(found, safe="")}
		self.send_response(500 if way == "error" else 200, found if way == "error" else None)
		if way == "header":
			self.send_header("X-Seen", found)
		self.send_header("Content-Type", "application/json" if way == "json" else "text/plain")
		self.end_headers()
		self.wfile.write(bodies.get(way, found).encode())

	def log_message(self, *_: object) -> None:
		pass


class TestSecrets(SecurityTestCase):
	def setUp(self) -> None:
		super().setUp()
		self.server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
		self.server.received = []
		Thread(target=self.server.serve_forever, daemon=True).start()
		self.addCleanup(self.server.server_close)
		self.addCleanup(self.server.shutdown)
		self.set_settings(allow_private_network=1)
		make_mail_account(self)
		frappe.db.delete("Error Log")
		frappe.set_user(PERSON)
		for kind, values in FIELDS.items():
			frappe.get_doc(
				{
					"doctype": "Dogan Credential", "credential_name": f"contract-{kind}", "kind": kind, "role": "Dogan User",
					"hosts": "127.0.0.1", **values,
				}
			).insert()  # fmt: skip
		frappe.db.commit()

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.server.server_port}"

	def assert_hidden(self, text: str, where: str) -> None:
		"""The secret is not in the text, however it may be written."""
		for form in {
			SECRET,
			quote(SECRET),
			quote(SECRET, safe=""),
			json.dumps(SECRET)[1:-1],
			SECRET.replace('"', "&quot;"),
		}:
			self.assertNotIn(form, text, f"{where}: {text[max(0, text.find(form) - 200) :][:400]}")

	def rows(self) -> Iterator[tuple[str, str]]:
		frappe.db.rollback()
		for doctype in TABLES:
			if frappe.db.table_exists(doctype):
				yield doctype, repr(frappe.db.sql(f"SELECT * FROM `tab{doctype}`"))
		for (table,) in frappe.db.sql("SHOW TABLES LIKE 'dogan\\_%%'"):
			yield table, repr(frappe.db.sql(f"SELECT * FROM `{table}`"))

	def logs(self) -> Iterator[tuple[str, str]]:
		for folder in (Path(frappe.get_site_path("logs")), Path(frappe.utils.get_bench_path()) / "logs"):
			for path in folder.glob("*.log"):
				yield str(path), path.read_text(errors="replace")

	@contextmanager
	def listening(self) -> Iterator[list[Any]]:
		"""What the desk is told meanwhile."""
		told: list[Any] = []
		with patch("frappe.realtime.emit_via_redis", lambda *given: told.append(given)):
			yield told

	def test_an_echoed_secret_is_nowhere_on_the_site(self):
		echoed = 0
		with self.listening() as told:
			for kind in FIELDS:
				for way in WAYS:
					run = self.run_leak(kind, f"{self.url}/{way}")
					frappe.set_user(USER)
					for answer in (
						workflows.get_run(run),
						run_page.run_view(run),
						run_page.step_details(run, "a"),
						workflows.list_runs(),
					):
						self.assert_hidden(repr(answer), "an answer of the API")
					echoed += 1
		self.assertEqual(self.server.received, [SECRET] * echoed)
		self.assertTrue(told)
		for where, text in (*self.rows(), *self.logs(), ("realtime", repr(told))):
			with self.subTest(where=where):
				self.assert_hidden(text, where)
		print(f"\nsecrets on a site: echoed {echoed}, found 0", flush=True)

	def run_leak(self, kind: str, url: str) -> str:
		frappe.set_user(PERSON)
		request = {"url": url, "credential": f"contract-{kind}"}
		self.save(
			"leak",
			step("a", "http.request", params=request, on_error="continue", retry={"attempts": 1}),
			step("b", "notify.user", params={"user": USER, "subject": "saw {{ steps.a }}", "message": "saw {{ steps.a.error }}"}),
			step("c", "email.send", params={"to": USER, "subject": "s", "message": "saw {{ steps.a }}"}),
			triggers=[{"on": "manual"}],
			output={"all": "{{ steps }}"},
		)  # fmt: skip
		frappe.set_user(USER)
		run = workflows.start_run("leak")["run"]
		frappe.db.commit()
		self.drain()
		found = self.orchestrator.get_run(run)
		self.assertEqual(found["status"], "Succeeded", found["error"])
		return run

	def test_an_error_log_of_a_crash_shows_no_secret(self):
		"""Frappe's Error Log keeps the local variables of every function that an error came through."""
		places = ("dogansystem.actions.http._check_url", "dogansystem.actions.http._exchange", "dogansystem.actions.http.Deadline", "dogansystem.actions.http.expected")  # fmt: skip
		for kind in FIELDS:
			for place in places:
				with (
					self.subTest(kind=kind, place=place),
					patch(place, side_effect=RuntimeError("contract crash")),
				):
					self.crash(kind)
		logged = frappe.get_all("Error Log", pluck="error")
		self.assertEqual(len(logged), len(FIELDS) * len(places))
		for text in logged:
			self.assertIn("contract crash", text)
			self.assertIn("_send", text)
			self.assert_hidden(text, "Error Log")

	def crash(self, kind: str) -> None:
		frappe.set_user(PERSON)
		context = frappe._dict(site=self.site, user=PERSON, timeout=None, idempotency_key="k")
		try:
			Request().run({"url": f"{self.url}/text", "credential": f"contract-{kind}"}, context)
		except RuntimeError:
			frappe.log_error("contract crash")

	def test_nobody_reads_a_secret_who_may_use_it(self):
		for caller in (USER, MANAGER):
			frappe.set_user(caller)
			for method, given in (
				("frappe.client.get", {"doctype": "Dogan Credential", "name": "contract-bearer"}),
				("frappe.client.get_value", {"doctype": "Dogan Credential", "filters": "contract-bearer", "fieldname": "token"}),
				("frappe.client.get_list", {"doctype": "Dogan Credential", "fields": ["name", "token"]}),
				("frappe.client.get_password", {"doctype": "Dogan Credential", "name": "contract-bearer", "fieldname": "token"}),
				("frappe.desk.form.load.getdoc", {"doctype": "Dogan Credential", "name": "contract-bearer"}),
				("frappe.desk.reportview.get", {"doctype": "Dogan Credential", "fields": '["*"]'}),
				("frappe.handler.run_doc_method", {"docs": '{"doctype": "Dogan Credential", "name": "contract-bearer"}', "method": "for_request"}),
				("frappe.client.get_list", {"doctype": "__Auth", "fields": ["*"]}),
			):  # fmt: skip
				with self.subTest(caller=caller, method=method):
					try:
						# Frappe lets tests pass where a role is asked for by name.
						with patch.dict(frappe.flags, {"in_test": False}):
							answer = self.site.call_method(method, given)
					except Exception as error:
						answer = repr(error)
					self.assert_hidden(repr(answer) + repr(frappe.local.response), method)

	def test_the_form_of_a_credential_says_where_it_goes(self):
		frappe.set_user(PERSON)
		for hosts in ("", "  ", "https://api.example.com", "api.example.com/v1", "api.example.com:443", "*", "a@b", "<b>x</b>"):  # fmt: skip
			with self.subTest(hosts=hosts):
				self.assert_refused(
					lambda hosts=hosts: frappe.get_doc(
						{"doctype": "Dogan Credential", "credential_name": "contract-x", "kind": "bearer", "token": "t", "hosts": hosts}
					).insert(),
					frappe.ValidationError,
				)  # fmt: skip
		frappe.db.set_value("Dogan Credential", "contract-bearer", "hosts", "")
		with self.assertRaisesRegex(frappe.ValidationError, "names no servers"):
			self.site.credential("contract-bearer")
		frappe.db.set_value("Dogan Credential", "contract-bearer", "hosts", "API.example.com\n::1")
		self.assertEqual(self.site.credential("contract-bearer")["hosts"], ["api.example.com", "::1"])

	def drain(self) -> None:
		frappe.set_user("Guest")
		Drainer(self.site, until=lambda: True).run()
		frappe.db.rollback()
		frappe.set_user("Administrator")

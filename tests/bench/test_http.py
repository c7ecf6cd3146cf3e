"""The API over a socket, as the bench's web server offers it: guests, keys, forged requests, and what is no method at all."""

import ast
import inspect
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import frappe
import requests
from frappe.core.doctype.user.user import generate_keys
from frappe.utils.password import update_password

from dogansystem.tests.attacks import CALLS, SecurityTestCase
from dogansystem.tests.contract.home import PERSON
from dogansystem.tests.home import MANAGER, OTHER, USER
from tests.bench.place import CHECKOUT

PASSWORD = "s3cret-Dogan-pass"
APP = CHECKOUT / "dogansystem"
PREFIXES = ("/api/method/", "/api/v2/method/")
Headers = dict[str, str]


class TestHTTP(SecurityTestCase):
	is_alone = True
	has_processes = True

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()

	def setUp(self) -> None:
		super().setUp()
		self.counts: Counter[str] = Counter()
		self.host = frappe.conf.host_name
		self.callers: dict[str, Headers] = {"Guest": {}}
		frappe.set_user("Administrator")
		for user in (USER, OTHER, MANAGER, PERSON):
			secret = generate_keys(user)["api_secret"]
			key = frappe.db.get_value("User", user, "api_key")
			self.callers[user] = {"Authorization": f"token {key}:{secret}"}
			update_password(user, PASSWORD)
		frappe.db.commit()

	def send(self, verb: str, path: str, headers: Headers | None = None, **more: Any) -> requests.Response:
		self.counts["requests"] += 1
		answer = requests.request(
			verb, f"{self.host}{path}", headers={"Accept": "application/json", **(headers or {})}, timeout=60,
			allow_redirects=False, **more,
		)  # fmt: skip
		self.assertLess(answer.status_code, 500, f"{verb} {path}: {answer.text[:500]}")
		return answer

	def runs(self) -> int:
		frappe.db.rollback()
		return frappe.db.count("Dogan Workflow Run")

	def tell(self, title: str) -> None:
		told = ", ".join(f"{name} {number}" for name, number in self.counts.items())
		print(f"\nHTTP, {title}: {told}", flush=True)

	def test_every_method_with_every_key(self):
		for name, (given, who, changes) in CALLS.items():
			for caller, headers in self.callers.items():
				for prefix in PREFIXES:
					arguments = self.filled(given, caller)
					path = f"{prefix}dogansystem.api.{name}"
					for verb in ("GET", "POST"):
						if name == "metrics.metrics" and verb == "POST":
							continue
						answer = self.send(
							verb, path, headers, **{"params" if verb == "GET" else "json": arguments}
						)
						may = caller in who and not (changes and verb == "GET")
						with self.subTest(method=name, caller=caller, verb=verb, prefix=prefix):
							if may:
								self.assertNotIn(answer.status_code, (401, 403), answer.text[:300])
							else:
								self.assertIn(answer.status_code, (401, 403), answer.text[:300])
								self.counts["refused"] += 1
		self.tell("every method with every key")

	def test_what_is_missing_is_named(self):
		for name, (_given, _who, changes) in CALLS.items():
			parameters = inspect.signature(frappe.get_attr(f"dogansystem.api.{name}")).parameters
			needed = [key for key, each in parameters.items() if each.default is each.empty]
			path = f"{PREFIXES[0]}dogansystem.api.{name}"
			with self.subTest(method=name):
				if needed:
					answer = self.send("POST" if changes else "GET", path, self.callers[PERSON])
					self.assertEqual((answer.status_code, answer.json()["exc_type"]), (422, "InputError"))
					self.assertIn(f"Missing: {', '.join(needed)}.", answer.text)
					self.counts["named"] += 1
		self.assertGreater(self.counts["named"], 10)
		self.tell("missing arguments")

	def test_a_forged_request_is_refused(self):
		session = requests.Session()
		answer = session.post(
			f"{self.host}/api/method/login", data={"usr": PERSON, "pwd": PASSWORD}, timeout=60
		)
		self.assertEqual(answer.status_code, 200, answer.text)
		self.assertEqual(
			session.get(f"{self.host}/app", timeout=60).status_code, 200
		)  # the desk makes the session's token
		before = self.runs()
		for name, (given, _who, changes) in CALLS.items():
			if not changes:
				continue
			arguments = self.filled(given, PERSON)
			for prefix in PREFIXES:
				for headers in (
					{}, {"X-Frappe-CSRF-Token": ""}, {"X-Frappe-CSRF-Token": "None"}, {"Origin": "https://evil.example"},
					{"X-HTTP-Method-Override": "POST"}, {"Content-Type": "text/plain"}, {"Referer": self.host},
				):  # fmt: skip
					url = f"{self.host}{prefix}dogansystem.api.{name}"
					answer = session.post(url, data=arguments, headers=headers, timeout=60)
					with self.subTest(method=name, headers=headers, prefix=prefix):
						self.assertEqual(answer.status_code, 400, answer.text[:300])
						self.assertIn("CSRFTokenError", answer.text)
						self.counts["refused"] += 1
			for path in (f"/?cmd=dogansystem.api.{name}", f"/api/method/dogansystem.api.{name}?_method=POST"):
				answer = session.get(f"{self.host}{path}", params=arguments, timeout=60)
				with self.subTest(method=name, path=path):
					self.assertNotEqual(
						answer.json().get("message") if "json" in answer.headers["content-type"] else None,
						{"run": self.run},
					)
		self.assertEqual(self.runs(), before)
		self.assertEqual(frappe.db.get_value("Dogan Workflow Run", self.run, "status"), self.status)
		self.tell("forged requests")

	def functions(self) -> Iterator[str]:
		"""Every function of the app that a path can name."""
		for path in sorted(APP.rglob("*.py")):
			if "tests" in path.parts:
				continue
			module = ".".join(("dogansystem", *path.relative_to(APP).with_suffix("").parts))
			for node in ast.parse(path.read_text()).body:
				if isinstance(node, ast.FunctionDef | ast.ClassDef):
					yield f"{module}.{node.name}"

	def test_nothing_else_of_the_app_can_be_called(self):
		methods = {f"dogansystem.api.{name}" for name in CALLS}
		for function in self.functions():
			if function in methods:
				continue
			self.counts["functions"] += 1
			with self.subTest(function=function):
				frappe.set_user(PERSON)
				with self.assertRaises(
					(frappe.PermissionError, frappe.ValidationError, AttributeError, ImportError)
				):
					frappe.is_whitelisted(frappe.get_attr(function))
		for function in (
			"dogansystem.jobs.drain", "dogansystem.jobs.tick", "dogansystem.install.before_uninstall",
			"dogansystem.api.access.need_manager", "dogansystem.api.desk.boot", "dogansystem.api.metrics.keep_token",
			"dogansystem.homes.frappe.catalog.credential", "dogansystem.api.workflows.frappe.db.sql", "dogansystem.api.workflows.__globals__",
		):  # fmt: skip
			for caller, headers in self.callers.items():
				answer = self.send("POST", f"{PREFIXES[0]}{function}", headers)
				with self.subTest(function=function, caller=caller):
					self.assertIn(answer.status_code, (401, 403, 404, 417), answer.text[:300])
					self.counts["refused"] += 1
		self.tell("functions that are no methods")

"""Webhooks over a socket, as the bench's web server takes them: senders' own formats, forgers, and odd requests."""

import gzip
import json
import os
import threading
from typing import Any

import frappe
import requests

from dogansystem.tests.contract.home import Home, output, proves, step
from dogansystem.tests.home import SiteTestCase
from dogansystem.tests.recorded import NAMES, recorded
from dogansystem.triggers.signatures import MAX_BODY, signed

LONG, SHORT = "/api/method/dogansystem.api.webhooks.receive", "/api/method/dogansystem.webhook"
SECRET = "s3cret-over-a-socket"
JSON = "application/json"


class TestWebhooksOverHTTP(SiteTestCase, Home):
	has_processes = True

	@classmethod
	def setUpClass(cls) -> None:
		frappe.init(site=os.environ["DOGAN_BENCH_SITE"])
		frappe.connect()
		super().setUpClass()

	def setUp(self) -> None:
		super().setUp()
		self.host = frappe.conf.host_name
		self.keep_credential("contract-http", type="hmac", secret=SECRET, rate="1000/m")

	def hook(self, name: str, credential: str = "contract-http", **keys: Any) -> str:
		trigger = {"on": "webhook", "credential": credential, **keys}
		return self.save(name, [step("a", params={"got": "{{ trigger }}"})], triggers=[trigger])

	def headers(
		self, body: bytes, delivery: str = "d-1", secret: str = SECRET, age: int = 0
	) -> dict[str, str]:
		stamp = str(int(self.site.now()) - age)
		return {
			"X-Dogan-Timestamp": stamp,
			"X-Dogan-Delivery": delivery,
			"X-Dogan-Signature": signed(secret, stamp, delivery, body),
			"Content-Type": JSON,
		}

	def post(
		self, workflow: str, body: bytes, headers: dict[str, str], *, at: str = LONG, **more: Any
	) -> Any:
		return requests.post(f"{self.host}{at}/{workflow}", data=body, headers=headers, timeout=60, **more)

	def started(self, workflow: str) -> int:
		frappe.db.rollback()
		return frappe.db.count("Dogan Workflow Run", {"workflow": workflow})

	def trigger_of(self, run: str) -> dict[str, Any]:
		frappe.db.rollback()
		return json.loads(frappe.db.get_value("Dogan Workflow Run", run, "trigger_data"))

	@proves("(and a short form of it)", "Answers 202 and `{run}`, after the commit.")
	def test_a_signed_delivery_is_answered_with_its_run_after_the_commit(self):
		workflow = self.hook("contract-over-http", headers=["X-Shop"])
		body = '{"id": 7, "cmd": "frappe.ping", "name": "Größe", "sql": "\\"; DROP"}'.encode()
		answer = self.post(
			workflow, body, self.headers(body) | {"X-Shop": "north"}, params={"a": ["1", "2"], "cmd": "x"}
		)
		self.assertEqual((answer.status_code, list(answer.json())), (202, ["run"]), answer.text)
		about = self.trigger_of(answer.json()["run"])
		self.assertEqual(about["body"], json.loads(body))
		self.assertEqual(
			(about["headers"], about["query"]), ({"X-Shop": "north"}, {"a": ["1", "2"], "cmd": "x"})
		)
		again = self.post(workflow, body, self.headers(body), at=SHORT)
		self.assertEqual((again.status_code, again.json()), (202, answer.json()))
		self.drain()
		found = self.run_of(answer.json()["run"])
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual(output(found, "a")["got"]["delivery"], "d-1")

	def test_recorded_deliveries_of_known_senders(self):
		for name in NAMES:
			delivery = recorded(name)
			self.keep_credential(f"contract-{name}", **delivery["secret"])
			workflow = self.hook(f"contract-http-{name}", f"contract-{name}")
			body = delivery["body"].encode()
			answer = self.post(workflow, body, delivery["headers"])
			with self.subTest(name):
				# Stripe's has a signed time, which is long past.
				self.assertEqual(answer.status_code, 403 if name == "stripe" else 202, answer.text)
				forged = self.post(workflow, body.replace(b"7", b"8"), delivery["headers"])
				self.assertEqual(forged.status_code, 403)

	def test_whatever_is_wrong_the_sender_gets_the_same_answer(self):
		workflow = self.hook("contract-http-forged")
		disabled, without = self.hook("contract-http-off"), self.save("contract-http-none", [step("a")])
		self.orchestrator.set_workflow_enabled(disabled, False)
		frappe.db.commit()
		body = b'{"id": 1}'
		right = self.headers(body)
		large = b'["' + b"x" * MAX_BODY + b'"]'
		tries = {
			"no signature": (workflow, body, {"Content-Type": JSON}),
			"another secret": (workflow, body, self.headers(body, secret="guessed")),
			"another body": (workflow, b'{"id": 2}', right),
			"stale": (workflow, body, self.headers(body, age=302)),
			"from the future": (workflow, body, self.headers(body, age=-302)),
			"large": (workflow, large, self.headers(large)),
			"disabled": (disabled, body, right),
			"without a webhook": (without, body, right),
			"none of that name": ("contract-http-nobody", body, right),
			"no name": ("", body, right),
			"a name that is none": ("%2e%2e%2fsite_config.json", body, right),
		}
		answers = {what: self.post(*given) for what, given in tries.items()}
		shown = {
			what: (answer.status_code, answer.text, answer.headers["Content-Type"])
			for what, answer in answers.items()
		}
		self.assertEqual(len(set(shown.values())), 1, shown)
		self.assertEqual(answers["stale"].status_code, 403)
		self.assertEqual(sum(self.started(each) for each in (workflow, disabled, without)), 0)

	def test_only_a_post_is_taken(self):
		workflow = self.hook("contract-http-verbs")
		body = b"{}"
		for verb in ("GET", "PUT", "DELETE", "PATCH"):
			for at in (LONG, SHORT):
				answer = requests.request(
					verb, f"{self.host}{at}/{workflow}", data=body, headers=self.headers(body), timeout=60
				)
				self.assertIn(answer.status_code, (403, 404, 405), f"{verb} {at}: {answer.text[:200]}")
		self.assertEqual(self.started(workflow), 0)

	def test_a_token_where_frappe_expects_a_login(self):
		self.keep_credential(
			"contract-http-token", type="token", header="Authorization", secret="Bearer t0ken-over-http"
		)
		workflow = self.hook("contract-http-token-hook", "contract-http-token")
		for given, status in (("Bearer t0ken-over-http", 202), ("Bearer another", 403), ("token a:b", 403)):
			answer = self.post(
				workflow,
				b"a=1",
				{"Authorization": given, "Content-Type": "application/x-www-form-urlencoded"},
			)
			self.assertEqual(answer.status_code, status, answer.text)
		self.assertEqual(self.started(workflow), 1)

	def test_odd_bodies_are_read_or_refused_and_nothing_breaks(self):
		workflow = self.hook("contract-http-odd")
		packed = gzip.compress(b'{"id": 1}')
		read = {
			"form": (b"payload=%7B%22a%22%3A1%7D&b=1&b=2", "application/x-www-form-urlencoded", {"payload": '{"a":1}', "b": ["1", "2"]}),
			"text": ("é".encode("latin-1"), "text/plain; charset=latin-1", "é"),
			"none": (b"", "", None),
			"list": (b"[1, null]", JSON, [1, None]),
			"bytes": (b"\xff\x00\xfe", "application/octet-stream", "/wD+"),
			"login": (b"cmd=login&usr=Administrator&pwd=x", "text/plain", "cmd=login&usr=Administrator&pwd=x"),
		}  # fmt: skip
		for number, (what, (body, kind, expected)) in enumerate(read.items()):
			answer = self.post(workflow, body, self.headers(body, f"r-{number}") | {"Content-Type": kind})
			with self.subTest(what):
				self.assertEqual(answer.status_code, 202, answer.text)
				self.assertEqual(self.trigger_of(answer.json()["run"])["body"], expected)
		before = self.started(workflow)
		# Frappe itself reads what says that it is JSON before any app sees it, and refuses most of what is not.
		refused = {
			"a mark of its order": (b'\xef\xbb\xbf{"id": 1}', {}),
			"no JSON": (b"{", {}),
			"one text": (b'"x"', {}),
			"packed": (packed, {"Content-Encoding": "gzip"}),
			"NaN": (b'{"a": NaN}', {}),
			"half a character": (b'{"a": "\\ud800"}', {}),
		}
		refused_here = {
			"a key twice": (b'{"a": 1, "a": 2}', {}),
			"packed, as bytes": (
				packed,
				{"Content-Encoding": "gzip", "Content-Type": "application/octet-stream"},
			),
			"too many fields": (b"a=1&" * 2000, {"Content-Type": "application/x-www-form-urlencoded"}),
		}
		for number, (what, (body, more)) in enumerate((refused | refused_here).items()):
			answer = self.post(workflow, body, self.headers(body, f"o-{number}") | more)
			with self.subTest(what):
				self.assertGreaterEqual(answer.status_code, 422 if what in refused_here else 400, answer.text)
				self.assertNotIn(SECRET, answer.text)
		self.assertEqual(self.started(workflow), before)

	def test_a_flood_is_answered_with_429(self):
		self.keep_credential("contract-http-slow", type="hmac", secret=SECRET, rate="5/h")
		workflow = self.hook("contract-http-flood", "contract-http-slow")
		answers = [self.post(workflow, b"{}", self.headers(b"{}", f"f-{number}")) for number in range(12)]
		self.assertEqual([answer.status_code for answer in answers], [202] * 5 + [429] * 7)
		self.assertTrue(0 < int(answers[-1].headers["Retry-After"]) <= 3600)
		self.assertEqual(self.started(workflow), 5)

	def test_one_delivery_sent_many_times_at_once_starts_one_run(self):
		workflow = self.hook("contract-http-at-once")
		headers, answers = self.headers(b"{}"), []

		def send() -> None:
			answers.append(self.post(workflow, b"{}", headers))

		threads = [threading.Thread(target=send) for _ in range(12)]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		taken = [answer.json()["run"] for answer in answers if answer.status_code == 202]
		self.assertEqual((len(set(taken)), self.started(workflow)), (1, 1))
		self.assertEqual(
			len(taken), 12, [answer.text[:200] for answer in answers if answer.status_code != 202]
		)

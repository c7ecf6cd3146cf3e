"""Webhooks: signed deliveries of other systems, replays, forgeries, and floods."""

import json
from typing import Any

from dogansystem.engine.errors import DefinitionError, InputError
from dogansystem.tests.contract.home import PERSON, output, proves, step
from dogansystem.tests.contract.started import Started
from dogansystem.tests.recorded import NAMES, recorded
from dogansystem.triggers import webhook
from dogansystem.triggers.signatures import MAX_BODY, Refused, Request, signed

SECRET = "s3cret-of-the-contract"
MINUTE = 60.0


class WebhookContract(Started):
	"""Signed deliveries of other systems."""

	def hook(self, name: str, credential: str = "contract-hook", **keys: Any) -> str:
		"""A workflow with a webhook."""
		if credential == "contract-hook":
			self.keep_credential(credential, type="hmac", secret=SECRET)
		trigger = {"on": "webhook", "credential": credential, **keys}
		return self.save(name, [step("a", params={"got": "{{ trigger.body }}"})], triggers=[trigger])

	def request(
		self,
		body: bytes = b'{"id": 1}',
		delivery: str = "d-1",
		secret: str = SECRET,
		age: float = 0.0,
		**headers: str,
	) -> Request:
		stamp = str(int(self.site.now() - age))
		signs = {
			"content-type": "application/json",
			"x-dogan-timestamp": stamp,
			"x-dogan-delivery": delivery,
			"x-dogan-signature": signed(secret, stamp, delivery, body),
		}
		return Request(body, signs | {name.replace("_", "-"): value for name, value in headers.items()})

	def receive(self, workflow: str, request: Request | None = None) -> str | None:
		run = webhook.receive(self.site, workflow, request or self.request())
		self.site.database.commit()
		return run

	def refused(self, workflow: str, request: Request | None = None) -> str:
		"""Why a delivery is refused. It must have started nothing."""
		with self.assertRaises(Refused) as caught:
			self.receive(workflow, request)
		self.site.database.rollback()
		return str(caught.exception)

	@proves("a POST to the workflow's own address with a valid signature arrives")
	def test_a_signed_delivery_starts_a_run(self):
		workflow = self.hook("contract-hooked")
		run = self.receive(workflow, self.request(b'{"id": 7}'))
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual(output(found, "a"), {"got": {"id": 7}})
		self.assertEqual(found["started_by"], PERSON)
		self.assertEqual(self.runs(workflow)[0]["cause"], "webhook")

	@proves("`trigger.body`, `trigger.headers` (those listed in the trigger), `trigger.query`")
	def test_the_run_has_body_listed_headers_and_query(self):
		workflow = self.hook("contract-hook-data", headers=["X-Shop", "X-Missing"])
		request = self.request(x_shop="north", x_other="hidden")
		run = self.receive(workflow, Request(request.body, request.headers, {"page": "2"}))
		self.assertEqual(
			self.trigger_of(run),
			{
				"on": "webhook",
				"body": {"id": 1},
				"headers": {"X-Shop": "north", "X-Missing": None},
				"query": {"page": "2"},
				"delivery": "d-1",
			},
		)

	@proves("A delivery id that came before answers with the same run.")
	def test_a_delivery_that_comes_again_has_the_first_run(self):
		workflow = self.hook("contract-hook-again")
		first = self.receive(workflow)
		self.assertEqual(self.receive(workflow, self.request(b'{"id": 2}')), first)
		self.assertNotEqual(self.receive(workflow, self.request(delivery="D-1")), first)
		self.assertEqual(len(self.runs(workflow)), 2)

	def test_it_has_the_first_run_even_if_it_is_not_wanted_any_more(self):
		workflow = self.hook("contract-hook-if-later", **{"if": "{{ trigger.body.id == 1 }}"})
		first = self.receive(workflow)
		self.assertEqual(self.receive(workflow, self.request(b'{"id": 2}')), first)

	def test_the_key_says_which_deliveries_are_the_same(self):
		workflow = self.hook("contract-hook-key", key="{{ trigger.body.id }}")
		first = self.receive(workflow, self.request(delivery="d-1"))
		self.assertEqual(self.receive(workflow, self.request(delivery="d-2")), first)
		self.assertNotEqual(self.receive(workflow, self.request(b'{"id": 2}', delivery="d-2")), first)

	def test_a_key_that_cannot_be_rendered_leaves_a_failed_run(self):
		workflow = self.hook("contract-hook-bad-key", key="{{ trigger.body.nothing.there }}")
		self.receive(workflow)
		(run,) = self.runs(workflow)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("nothing", run["error"])

	def test_if_says_whether_a_delivery_starts_a_run(self):
		workflow = self.hook("contract-hook-if", **{"if": "{{ trigger.body.id == 1 }}"})
		self.assertIsNone(self.receive(workflow, self.request(b'{"id": 2}', delivery="d-2")))
		self.assertIsNotNone(self.receive(workflow))
		self.assertEqual(len(self.runs(workflow)), 1)

	@proves(
		"Refused without a trace of why to the sender: wrong signature, older than 5 minutes, body over 1 MB"
	)
	def test_forged_stale_and_large_deliveries_are_refused_and_start_nothing(self):
		workflow = self.hook("contract-hook-forged")
		right = self.request()
		forged = {
			"another secret": self.request(secret="guessed"),
			"another body": Request(right.body + b" ", right.headers),
			"no signature": Request(right.body, {}),
			"stale": self.request(age=5 * MINUTE + 2),
			"from the future": self.request(age=-5 * MINUTE - 2),
			"large": self.request(b'"' + b"x" * MAX_BODY + b'"'),
		}
		for what, request in forged.items():
			with self.subTest(what):
				self.refused(workflow, request)
		self.assertEqual(self.runs(workflow), [])
		self.assertIsNotNone(self.receive(workflow, self.request(age=5 * MINUTE - 2)))

	def test_a_delivery_replayed_after_five_minutes_is_refused(self):
		workflow = self.hook("contract-hook-replayed")
		recorded_one = self.request()
		self.receive(workflow, recorded_one)
		self.advance(5 * MINUTE + 2)
		self.refused(workflow, recorded_one)

	def test_the_secret_of_another_workflow_signs_nothing_here(self):
		self.keep_credential("contract-other-hook", type="hmac", secret="another-secret")
		mine, theirs = self.hook("contract-mine"), self.hook("contract-theirs", "contract-other-hook")
		self.refused(mine, self.request(secret="another-secret"))
		self.refused(theirs, self.request())
		self.assertIsNotNone(self.receive(theirs, self.request(secret="another-secret")))

	def test_what_has_no_webhook_refuses_as_what_is_forged(self):
		disabled = self.hook("contract-hook-off")
		self.enable(disabled, False)
		without = self.save("contract-no-hook", [step("a")])
		for workflow in (disabled, without, "contract-not-there", "", "../x", "ä" * 500):
			with self.subTest(workflow):
				self.refused(workflow)
		self.assertEqual(self.runs(disabled), [])

	def test_a_credential_that_signs_requests_signs_no_webhook(self):
		self.keep_credential("contract-bearer", type="bearer", token=SECRET)
		self.refused(self.hook("contract-hook-bearer", "contract-bearer"))

	@proves("429 above the credential's rate")
	def test_above_its_rate_a_credential_is_told_when_to_come_again(self):
		self.keep_credential("contract-slow", type="hmac", secret=SECRET, rate="3/h")
		workflow = self.hook("contract-hook-flood", "contract-slow")
		for number in range(3):
			self.receive(workflow, self.request(delivery=f"d-{number}"))
		for number in range(3, 50):
			with self.assertRaises(webhook.TooMany) as caught:
				self.receive(workflow, self.request(delivery=f"d-{number}"))
			self.site.database.rollback()
			self.assertTrue(0 < caught.exception.seconds <= 3600)
		self.assertEqual(len(self.runs(workflow)), 3)

	def test_forged_deliveries_do_not_use_up_the_rate(self):
		self.keep_credential("contract-slow-2", type="hmac", secret=SECRET, rate="2/h")
		workflow = self.hook("contract-hook-forged-flood", "contract-slow-2")
		for _ in range(20):
			self.refused(workflow, self.request(secret="guessed"))
		self.assertIsNotNone(self.receive(workflow))

	@proves("are presets of the credential")
	def test_recorded_deliveries_of_known_senders_start_runs(self):
		for name in NAMES:
			delivery = recorded(name)
			self.keep_credential(f"contract-{name}", **delivery["secret"])
			workflow = self.hook(f"contract-from-{name}", f"contract-{name}")
			headers = {key.lower(): value for key, value in delivery["headers"].items()}
			request = Request(delivery["body"].encode(), headers)
			self.advance(delivery["sent_at"] - self.site.now() if name == "stripe" else 0.0)
			with self.subTest(name):
				run = self.receive(workflow, request)
				self.assertEqual(self.trigger_of(run)["body"], json.loads(delivery["body"]))
				self.assertEqual(self.receive(workflow, request), run)
				self.refused(workflow, Request(request.body.replace(b"7", b"8"), headers))

	@proves("(a header compared in constant time)")
	def test_a_token_starts_a_run_and_is_not_shown_in_it(self):
		self.keep_credential(
			"contract-token", type="token", header="X-Gitlab-Token", secret="t0ken-of-gitlab"
		)
		workflow = self.hook(
			"contract-hook-token", "contract-token", headers=["X-Gitlab-Token", "X-Gitlab-Event"]
		)
		headers = {"x-gitlab-token": "t0ken-of-gitlab", "x-gitlab-event": "Push Hook"}
		run = self.receive(workflow, Request(b"", headers))
		self.assertEqual(
			self.trigger_of(run)["headers"], {"X-Gitlab-Token": None, "X-Gitlab-Event": "Push Hook"}
		)
		self.refused(workflow, Request(b"", {"x-gitlab-token": "t0ken-of-gitlaB"}))

	def test_signed_bodies_that_cannot_be_read_are_refused_with_the_reason(self):
		workflow = self.hook("contract-hook-unreadable")
		for body in (b"{", b'{"a": NaN}', b'{"a": 1, "a": 2}', b'{"a": "\\ud800"}', b"[" * 5000):
			with self.subTest(body[:20]), self.assertRaises(Exception) as caught:
				self.receive(workflow, self.request(body))
			self.site.database.rollback()
			self.assertNotIsInstance(caught.exception, Refused)
		with self.assertRaisesRegex(InputError, "gzip"):
			self.receive(workflow, self.request(content_encoding="gzip"))
		self.assertEqual(self.runs(workflow), [])

	def test_a_body_is_no_template(self):
		workflow = self.hook("contract-hook-template")
		run = self.receive(workflow, self.request(b'{"id": "{{ 7 * 7 }}{% for x in y %}"}'))
		self.drain()
		self.assertEqual(output(self.run_of(run), "a"), {"got": {"id": "{{ 7 * 7 }}{% for x in y %}"}})

	def test_headers_that_sign_cannot_be_kept(self):
		for name in ("Authorization", "X-Dogan-Signature", "Cookie", "stripe-signature"):
			with self.subTest(name), self.assertRaisesRegex(DefinitionError, "signs deliveries"):
				self.hook("contract-hook-secret", headers=[name])

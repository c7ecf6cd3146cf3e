"""What starts runs from outside, and by the ends of others: webhooks, mails, runs."""

import json
from typing import Any

from dogansystem.engine.errors import DefinitionError, InputError
from dogansystem.tests.contract.home import PERSON, Home, fails, output, proves, step
from dogansystem.tests.recorded import NAMES, recorded
from dogansystem.triggers import webhook
from dogansystem.triggers.email import MOST
from dogansystem.triggers.signatures import MAX_BODY, Refused, Request, signed

SECRET = "s3cret-of-the-contract"
MINUTE = 60.0


class Started(Home):
	"""Workflows of these tests, and their runs."""

	def runs(self, workflow: str) -> list[dict[str, Any]]:
		"""The runs of a workflow, the oldest first, with their steps."""
		self.site.database.rollback()
		found = [
			self.orchestrator.get_run(each["run"]) for each in self.orchestrator.list_runs(workflow, limit=50)
		]
		self.site.database.rollback()
		return found[::-1]

	def trigger_of(self, run: str) -> dict[str, Any]:
		"""What a run was started with."""
		query = "SELECT trigger_data FROM `tabDogan Workflow Run` WHERE name = %s"
		((text,),) = self.site.database.sql(query, (run,))
		self.site.database.rollback()
		found: dict[str, Any] = json.loads(text)
		return found

	def enable(self, workflow: str, enabled: bool) -> None:
		self.orchestrator.set_workflow_enabled(workflow, enabled)
		self.site.database.commit()


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


MAIL = {
	"doctype": "Communication",
	"communication_type": "Communication",
	"communication_medium": "Email",
	"sent_or_received": "Received",
	"content": "contract mail",
	"recipients": "orders@example.com",
}


class EmailContract(Started):
	"""Mails that a site receives."""

	def on_mail(self, name: str, **keys: Any) -> str:
		subject = keys.pop("subject", f"{name} *")
		trigger = {"on": "email", "subject": subject, **keys}
		return self.save(name, [step("a", params={"of": "{{ doc.subject }}"})], triggers=[trigger])

	def mail(self, subject: str, sender: str = "amy@example.com", **values: Any) -> str:
		with self.site.acting_as("Administrator"):
			document = self.site.documents.create(
				"Communication", {**MAIL, "subject": subject, "sender": sender, **values}
			)
		return str(document["name"])

	@proves("a matching mail is received as a Communication")
	def test_a_mail_starts_a_run_in_the_transaction_that_keeps_it(self):
		workflow = self.on_mail("contract-mailed")
		self.mail("contract-mailed rolled back")
		self.site.database.rollback()
		self.assertEqual(self.runs(workflow), [])
		name = self.mail("contract-mailed 7")
		self.site.database.commit()
		self.drain()
		(run,) = self.runs(workflow)
		self.assertEqual((run["status"], run["cause"]), ("Succeeded", "email"))
		self.assertEqual(run["document"], {"doctype": "Communication", "name": name})
		self.assertEqual(output(run, "a"), {"of": "contract-mailed 7"})
		about = self.trigger_of(run["run"])
		self.assertEqual((about["sender"], about["subject"]), ("amy@example.com", "contract-mailed 7"))
		self.assertEqual(about["attachments"], [])
		self.enable(workflow, False)

	@proves("`account`, `subject`, `from` (both patterns with `*`), `if`")
	def test_patterns_and_if_say_which_mails(self):
		workflow = self.on_mail(
			"contract-patterns",
			subject="contract [Order] *?",
			**{"from": "*@Shop.example.com", "if": "{{ 'skip' not in doc.subject }}"},
		)
		right = "contract [order] 7?"
		self.mail(right, "amy@shop.example.com")
		for subject, sender in (
			("contract [Order] 7", "amy@shop.example.com"),
			("Re: contract [Order] 7?", "amy@shop.example.com"),
			("contract O 7?", "amy@shop.example.com"),
			(right, "amy@shop.example.com.evil.example"),
			(right, "amy@example.com"),
			("contract [Order] skip?", "amy@shop.example.com"),
		):
			self.mail(subject, sender)
		self.site.database.commit()
		self.assertEqual([self.trigger_of(run["run"])["subject"] for run in self.runs(workflow)], [right])
		self.enable(workflow, False)

	def test_only_mails_that_were_received_count(self):
		workflow = self.on_mail("contract-received")
		self.mail("contract-received 1", sent_or_received="Sent")
		self.mail("contract-received 2", communication_medium="Phone")
		self.site.database.commit()
		self.assertEqual(self.runs(workflow), [])
		self.enable(workflow, False)

	def test_a_mail_that_was_kept_twice_starts_one_run(self):
		workflow = self.on_mail("contract-twice")
		self.mail("contract-twice 1", message_id="twice@example.com")
		self.site.database.commit()
		self.mail("contract-twice 1", message_id="twice@example.com")
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), 1)
		self.enable(workflow, False)

	def test_two_programs_that_answer_each_other_come_to_an_end(self):
		self.let_mail_out()
		answer = step(
			"a", "email.send", params={"to": "{{ doc.sender }}", "subject": "Thanks", "message": "…"}
		)
		trigger = {"on": "email", "subject": "contract-loop *"}
		workflow = self.save("contract-loop", [answer], triggers=[trigger])
		for number in range(3 * MOST):
			self.mail(f"contract-loop {number}", "robot@shop.example.com")
			self.site.database.commit()
			self.drain()
		self.assertEqual(len(self.runs(workflow)), MOST)
		self.enable(workflow, False)

	def test_who_writes_much_and_gets_no_answer_is_heard(self):
		workflow = self.on_mail("contract-much")
		for number in range(2 * MOST):
			self.mail(f"contract-much {number}", "orders@shop.example.com")
		self.site.database.commit()
		self.assertEqual(len(self.runs(workflow)), 2 * MOST)
		self.enable(workflow, False)

	def test_a_pattern_of_many_stars_takes_no_time(self):
		workflow = self.on_mail("contract-stars", subject="*a" * 60 + "b")
		self.mail("a" * 130)
		self.site.database.commit()
		self.assertEqual(self.runs(workflow), [])
		self.enable(workflow, False)


class RunTriggerContract(Started):
	"""The error workflow."""

	def on_end(self, name: str, **keys: Any) -> str:
		steps = [step("a", params={"of": "{{ trigger.run }}"})]
		return self.save(name, steps, triggers=[{"on": "run", **keys}])

	def settle(self) -> None:
		"""Work until nothing follows from what has ended."""
		for _ in range(3):
			self.drain()

	@proves(
		"a run of another workflow ends so: the error workflow.",
		"`trigger.run` is that run, with `error`, `step`.",
	)
	def test_a_failed_run_starts_the_error_workflow_once(self):
		watched = self.save("contract-watched", [step("a"), fails("b")])
		errors = self.on_end("contract-errors", workflow=watched)
		run = self.start(watched)
		self.settle()
		(found,) = self.runs(errors)
		self.assertEqual((found["status"], found["cause"], found["started_by"]), ("Succeeded", "run", PERSON))
		about = output(found, "a")["of"]
		self.assertEqual((about["name"], about["workflow"], about["status"]), (run, watched, "Failed"))
		self.assertEqual((about["step"], about["error_type"]), ("b", "CheckFailed"))
		self.assertIn("b says no", about["error"])
		self.tick()
		self.settle()
		self.assertEqual(len(self.runs(errors)), 1)
		self.enable(errors, False)

	@proves("`status` (list, default Failed)")
	def test_only_ends_that_are_named_count(self):
		watched = self.save(
			"contract-watched-ends", [step("a", "flow.wait", params={"for": "{{ input.seconds }}s"})]
		)
		failed = self.on_end("contract-on-failed", workflow=watched)
		others = self.on_end("contract-on-others", workflow=watched, status=["Succeeded", "Cancelled"])
		self.start(watched, {"seconds": 0})
		cancelled = self.start(watched, {"seconds": 900})
		self.settle()
		self.act("cancel", cancelled)
		self.settle()
		self.assertEqual(self.runs(failed), [])
		ends = [output(run, "a")["of"]["status"] for run in self.runs(others)]
		self.assertEqual(sorted(ends), ["Cancelled", "Succeeded"])
		for workflow in (failed, others):
			self.enable(workflow, False)

	@proves("`workflow` (a name or `*`)", "A run that was started by `run` never starts another one by it")
	def test_a_star_means_all_others_and_no_end_goes_round(self):
		one = self.save("contract-all-errors", [fails("a")], triggers=[{"on": "run", "workflow": "*"}])
		two = self.save("contract-all-errors-2", [fails("a")], triggers=[{"on": "run", "workflow": "*"}])
		watched = self.save("contract-watched-by-all", [fails("a")])
		self.start(watched)
		self.settle()
		self.settle()
		self.assertEqual([len(self.runs(each)) for each in (one, two)], [1, 1])
		self.start(one)  # by hand: the other one hears of it, it itself does not
		self.settle()
		self.assertEqual([len(self.runs(each)) for each in (one, two)], [2, 2])
		for workflow in (one, two):
			self.enable(workflow, False)

	def test_if_decides_and_a_broken_one_leaves_a_failed_run(self):
		watched = self.save("contract-watched-if", [fails("a")])
		never = self.on_end("contract-end-if", workflow=watched, **{"if": "{{ trigger.run.step == 'z' }}"})
		broken = self.on_end(
			"contract-end-broken", workflow=watched, **{"if": "{{ trigger.run.nothing.there }}"}
		)
		self.start(watched)
		self.settle()
		self.assertEqual(self.runs(never), [])
		self.assertEqual([run["status"] for run in self.runs(broken)], ["Failed"])
		for workflow in (never, broken):
			self.enable(workflow, False)

	def test_each_end_counts_also_that_of_a_retry(self):
		watched = self.save("contract-watched-again", [fails("a")])
		errors = self.on_end("contract-errors-again", workflow=watched)
		run = self.start(watched)
		self.settle()
		self.act("retry", run)
		self.settle()
		self.assertEqual(len(self.runs(errors)), 2)
		self.enable(errors, False)

	def test_a_run_that_could_not_start_counts(self):
		self.save(
			"contract-no-start", [step("a")], triggers=[{"on": "run", "workflow": "contract-no-start-2"}]
		)
		self.keep_credential("contract-hook", type="hmac", secret=SECRET)
		trigger = {"on": "webhook", "credential": "contract-hook", "if": "{{ trigger.body.nothing.there }}"}
		watched = self.save("contract-no-start-2", [step("a")], triggers=[trigger])
		webhook.deliver(self.site, watched, webhook.Delivery({"id": 1}))
		self.site.database.commit()
		self.settle()
		self.assertEqual(len(self.runs("contract-no-start")), 1)
		self.enable("contract-no-start", False)

	def test_a_disabled_one_hears_nothing_and_nothing_is_left(self):
		watched = self.save("contract-watched-deaf", [fails("a")])
		errors = self.on_end("contract-errors-deaf", workflow=watched)
		self.enable(errors, False)
		self.start(watched)
		self.settle()
		self.start(watched)
		self.settle()
		self.assertEqual(self.runs(errors), [])
		left = self.site.database.sql("SELECT COUNT(*) FROM dogan_timer WHERE kind = 'ended'")
		self.site.database.rollback()
		self.assertEqual(left[0][0], 0)

	def test_a_chain_of_ends_and_starts_comes_to_an_end(self):
		"""The error workflow starts the failing one again, by a document."""
		description = "contract chain of ends"
		watched = self.save(
			"contract-chain",
			[fails("a")],
			triggers=[{"on": "document", "doctype": "ToDo", "event": "created", "if": f"{{{{ doc.description == '{description}' }}}}"}],
		)  # fmt: skip
		make = step(
			"a", "document.create", params={"doctype": "ToDo", "values": {"description": description}}
		)
		errors = self.save("contract-chain-errors", [make], triggers=[{"on": "run", "workflow": watched}])
		self.start(watched)
		for _ in range(12):
			self.drain()
		self.assertLessEqual(len(self.runs(watched)), 9)
		self.assertLessEqual(len(self.runs(errors)), 9)
		self.enable(errors, False)
		self.enable(watched, False)

	def test_a_workflow_cannot_wait_for_its_own_ends(self):
		with self.assertRaisesRegex(DefinitionError, "itself"):
			self.on_end("contract-own-ends", workflow="contract-own-ends")
		with self.assertRaisesRegex(DefinitionError, "Failed"):
			self.on_end("contract-wrong-ends", workflow="*", status=["Fialed"])

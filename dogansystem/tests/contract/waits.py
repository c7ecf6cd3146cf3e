"""Waits for signals. workflow-format.md, semantics 13 and 14."""

from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.tests.contract.home import PERSON, Home, output, proves, row, states, step

HOUR = 3600
SIGNAL = "contract-paid"


def wait_for(step_id: str = "ask", **rest: Any) -> dict[str, Any]:
	"""A step that waits for a signal; `key` and `deadline` are its parameters."""
	params = {"signal": SIGNAL, **{key: rest.pop(key) for key in ("key", "deadline") if key in rest}}
	return step(step_id, "flow.wait_for", params=params, **rest)


class Waiting(Home):
	def settle(self) -> None:
		"""Work until nothing more happens at this moment."""
		while self.drain() + self.drain():
			pass

	def begin(self, steps: list[dict[str, Any]], **rest: Any) -> str:
		"""Save a workflow of these steps, start a run, and work until it rests."""
		given = rest.pop("given", None)
		name = f"contract-{self._testMethodName[5:45].replace('_', '-')}".strip("-").lower()
		run = self.start(self.save(rest.pop("name", name), steps, **rest), given)
		self.settle()
		return run

	def signal(self, *given: Any, **rest: Any) -> int:
		with self.site.acting_as("Administrator"):
			sent = self.orchestrator.signal(*given, **rest)
		self.site.database.commit()
		return sent


class SignalContract(Waiting):
	@proves(
		"Output the signal's data; branches `received`, `expired`.",
		"**`flow.wait_for`**: `signal`, [`key`], [`deadline`].",
		"A step may wait for a time, a signal",
		"A step that has branches has `branch`",
	)
	def test_a_signal_ends_the_wait_with_its_data(self):
		run = self.begin([wait_for(key="Q-1"), step("b", params={"was": "{{ steps.ask.output.amount }}"})])
		found = self.run_of(run)
		self.assertEqual(found["status"], "Waiting")
		self.assertEqual([(each["step"], each["signal"], each["key"], each["until"]) for each in found["waits"]], [("ask", SIGNAL, "Q-1", None)])  # fmt: skip
		self.signal(SIGNAL, "Q-1", {"amount": 5})
		self.settle()
		found = self.run_of(run)
		self.assertEqual((found["status"], found["waits"]), ("Succeeded", []))
		self.assertEqual((output(found, "ask"), row(found, "ask")["branch"]), ({"amount": 5}, "received"))
		self.assertEqual(output(found, "b"), {"was": 5})

	@proves("ends every step's wait for that name and key")
	def test_signals_of_another_name_or_key_do_not_end_it(self):
		run = self.begin([wait_for(key="Acme")])
		for name, key in ((SIGNAL, "acme"), (SIGNAL, "Acmé"), (SIGNAL, "Acme "), (SIGNAL, None), (SIGNAL.title(), "Acme"), (f"{SIGNAL}.", "Acme")):  # fmt: skip
			self.signal(name, key)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.signal(SIGNAL, "Acme")
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_number_is_the_same_key_as_its_text(self):
		run = self.begin([wait_for(key="{{ 7 }}")])
		self.signal(SIGNAL, "7")
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_chain_of_signals_that_start_each_other_ends_and_no_signal_is_left(self):
		steps = [step("again", "flow.signal", params={"signal": "contract.again"})]
		chain = self.save("contract-chain", steps, triggers=[{"on": "signal", "name": "contract.again"}])
		self.signal("contract.again")
		for _ in range(12):
			self.settle()
		runs = self.orchestrator.list_runs(workflow=chain, limit=50)
		self.assertEqual([run["status"] for run in runs], ["Succeeded"] * 9)  # depth 0 to 8
		self.site.database.rollback()  # a snapshot of its own
		left = self.site.database.sql(
			"SELECT COUNT(*) FROM dogan_signal WHERE state = 0 AND name = 'contract.again'"
		)
		self.assertEqual(left[0][0], 0)

	@proves(
		"[`deadline`]. Output the signal's data; branches `received`, `expired`.",
		"with what ends it and, perhaps, a deadline",
	)
	def test_a_deadline_that_passes_leads_to_expired(self):
		steps = [
			wait_for(deadline="1h"),
			step("yes", after=["ask.received"]),
			step("no", after=["ask.expired"]),
		]
		run = self.begin(steps)
		self.advance(HOUR + 1)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(states(found), {"ask": "Succeeded", "yes": "Skipped", "no": "Succeeded"})
		self.assertEqual((output(found, "ask"), row(found, "ask")["branch"]), (None, "expired"))

	@proves(
		"`signal(name, key, data)` ends every step's wait for that name and key that there is at that moment"
	)
	def test_one_signal_ends_the_waits_of_every_step_at_that_moment(self):
		steps = [wait_for("a", after=[]), wait_for("b", after=[])]
		first, second = self.begin(steps), self.begin(steps)
		self.signal(SIGNAL, data=1)
		self.settle()
		for run in (first, second):
			self.assertEqual(states(self.run_of(run)), {"a": "Succeeded", "b": "Succeeded"})

	@proves(
		"A step that begins to wait takes the oldest signal of its name and key that was sent since its run started",
		"an answer that comes before the question's step is not lost",
	)
	def test_an_answer_that_comes_before_the_question_is_not_lost(self):
		workflow = self.save("contract-early", [step("first"), wait_for()])
		self.signal(SIGNAL, data="before the run")
		self.settle()
		self.advance(1)
		run = self.start(workflow)
		self.signal(SIGNAL, data="early")
		self.signal(SIGNAL, data="second")
		self.settle()
		self.assertEqual(output(self.run_of(run), "ask"), "early")

	@proves("that was sent since its run started")
	def test_a_signal_from_before_the_run_does_not_count(self):
		self.signal(SIGNAL)
		self.settle()
		self.advance(1)
		self.assertEqual(self.run_of(self.begin([wait_for()]))["status"], "Waiting")

	@proves("that this run has not taken yet")
	def test_a_run_takes_a_signal_once_the_oldest_first(self):
		steps = [
			step("first", "flow.wait", params={"for": "1m"}),
			wait_for("a"),
			wait_for("b"),
			wait_for("c"),
		]
		run = self.begin(steps)
		for data in (1, 2):
			self.signal(SIGNAL, data=data)
		self.advance(61)
		self.settle()
		found = self.run_of(run)
		self.assertEqual((output(found, "a"), output(found, "b"), states(found)["c"]), (1, 2, "Waiting"))
		self.signal(SIGNAL, data=3)
		self.settle()
		self.assertEqual(output(self.run_of(run), "c"), 3)

	@proves(
		"a signal of that name is sent",
		"starts the workflows with such a trigger",
	)
	@proves("| `signal` | `name`, `if` | a signal of that name is sent |")
	def test_a_signal_starts_the_workflows_that_want_its_name_each_once(self):
		trigger = {"on": "signal", "name": SIGNAL, "if": "{{ trigger.data.n > 1 }}"}
		workflow = self.save(
			"contract-started", [step("a", params={"key": "{{ trigger.key }}"})], triggers=[trigger]
		)
		for n in (1, 2):
			with self.site.acting_as(PERSON):
				self.orchestrator.signal(SIGNAL, f"K{n}", {"n": n})
			self.site.database.commit()
		with self.site.acting_as(PERSON):
			self.orchestrator.signal(f"{SIGNAL}.other", data={"n": 5})
		self.site.database.commit()
		self.settle()
		self.site.database.rollback()
		(found,) = self.orchestrator.list_runs(workflow)
		found = self.run_of(found["run"])
		self.assertEqual(
			(found["status"], found["cause"], found["started_by"]), ("Succeeded", "signal", PERSON)
		)
		self.assertEqual(output(found, "a"), {"key": "K2"})

	def test_a_workflow_that_signals_itself_comes_to_an_end(self):
		send = step("send", "flow.signal", params={"signal": SIGNAL})
		workflow = self.save("contract-echo", [send], triggers=[{"on": "signal", "name": SIGNAL}])
		self.start(workflow)
		for _ in range(12):
			self.settle()
		self.site.database.rollback()
		self.assertEqual(len(self.orchestrator.list_runs(workflow)), 9)

	@proves("Whatever ends a wait ends it once: two signals")
	def test_of_two_signals_at_one_moment_one_ends_the_wait(self):
		run = self.begin([wait_for("a"), step("between"), wait_for("b"), wait_for("c")])
		for data in (1, 2):
			self.signal(SIGNAL, data=data)
		self.settle()
		found = self.run_of(run)
		self.assertEqual((output(found, "a"), output(found, "b"), states(found)["c"]), (1, 2, "Waiting"))
		self.assertEqual(row(found, "between")["attempts"], 1)

	@proves("`idempotency_key` as for runs.")
	def test_an_idempotency_key_sends_one_signal(self):
		first = self.signal(SIGNAL, idempotency_key="evt 1")
		self.assertEqual(self.signal(SIGNAL, idempotency_key="evt 1"), first)
		self.assertNotEqual(self.signal(SIGNAL, idempotency_key="EVT 1"), first)

	@proves("One transaction with the sender's changes.")
	def test_a_signal_that_is_rolled_back_was_never_sent(self):
		run = self.begin([wait_for()])
		self.orchestrator.signal(SIGNAL)
		self.site.database.rollback()
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Waiting")

	@proves("A wait in a paused run is ended as usual, and what follows starts when the run is resumed.")
	def test_a_wait_in_a_paused_run_ends_and_what_follows_starts_when_it_is_resumed(self):
		run = self.begin([wait_for(), step("b")])
		self.act("pause", run)
		self.signal(SIGNAL)
		self.settle()
		found = self.run_of(run)
		self.assertEqual((found["status"], states(found)), ("Paused", {"ask": "Succeeded", "b": "Ready"}))
		self.act("resume", run)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	@proves("A wait of a run that ends is dropped")
	def test_a_wait_of_a_run_that_ends_is_dropped(self):
		run = self.begin([wait_for()])
		self.act("cancel", run)
		self.signal(SIGNAL)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found), found["waits"]), ("Cancelled", {"ask": "Cancelled"}, [])
		)

	def test_items_wait_each_for_its_own(self):
		steps = [wait_for(for_each=["x", "y", "z"], max_parallel=2, key="{{ item }}"), step("b")]
		run = self.begin(steps)
		for key in ("y", "x", "z"):
			self.signal(SIGNAL, key, {"of": key})
			self.settle()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual(output(found, "ask"), [{"of": "x"}, {"of": "y"}, {"of": "z"}])

	def test_early_signals_for_more_items_than_may_be_open_reach_all(self):
		steps = [
			step("first", "flow.wait", params={"for": "1m"}),
			wait_for(for_each=[1, 2, 3, 4, 5], max_parallel=2, key="{{ item }}"),
		]
		run = self.begin(steps)
		for key in range(1, 6):
			self.signal(SIGNAL, key)
		self.advance(61)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	@proves("**`flow.signal`**: `signal`, [`key`], [`data`].")
	def test_a_step_sends_a_signal_with_its_other_effects(self):
		waiting = self.begin([wait_for(key="K")], name="contract-receiver")
		send = step(
			"send", "flow.signal", params={"signal": SIGNAL, "key": "K", "data": {"n": "{{ input.n }}"}}
		)
		self.begin([send], given={"n": 3}, name="contract-sender")
		self.settle()
		self.assertEqual(output(self.run_of(waiting), "ask"), {"n": 3})

	@proves("Retry from a step: that step, all after it")
	def test_a_retried_run_sends_its_signal_again(self):
		send = step("send", "flow.signal", params={"signal": SIGNAL, "key": "K"})
		sender = self.begin([send], name="contract-sender")
		self.settle()
		waiting = self.begin([wait_for(key="K")], name="contract-receiver")
		self.settle()
		self.orchestrator.retry_run(sender, "send")
		self.site.database.commit()
		self.settle()
		self.assertEqual(self.run_of(waiting)["status"], "Succeeded")

	def test_a_name_or_key_that_is_none_is_refused(self):
		for name, key in (("", None), ("a b", None), ("1st", None), ("x" * 101, None), (SIGNAL, {"a": 1}), (SIGNAL, True)):  # fmt: skip
			with self.subTest(name=name, key=key), self.assertRaises(InputError):
				self.orchestrator.signal(name, key)
		self.site.database.rollback()

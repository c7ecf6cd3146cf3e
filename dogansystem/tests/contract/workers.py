"""Workers: what they claim, what a dead one leaves, and the promise that effects happen once."""

from dogansystem.engine.outcomes import Done, Expanded, Failed, Outcome, Waits
from dogansystem.store import admission, leasing, names, processes, reads, runs, versions
from dogansystem.store.attempts import Attempt, finish
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.tests.contract.home import Home, proves, row, states, step
from dogansystem.worker import chores, failing, takeover
from dogansystem.worker.control import Control

CREATE = {"doctype": "ToDo", "values": {"description": "contract worker"}}


class WorkerContract(Home):
	def claim(self, control: Control, limit: int = 10, begin: bool = True) -> tuple[int, list[leasing.Lease]]:
		"""Claim as a process that will never finish."""

		def work(db):
			at = moment(self.site)
			process = processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", at)
			leases = claims.claim(db, process, "elsewhere:1", 0, limit, claims.Floor(number=0), at)
			if begin:
				for lease in leases:
					assert claims.begin(db, lease, at)
			return process, leases

		return control.run(work)

	@proves("0 to 9, 9 first")
	def test_urgent_steps_are_claimed_first(self):
		workflow = self.save(
			"contract-priority",
			[step("low", after=[], priority=1), step("high", after=[], priority=9), step("middle", after=[])],
		)
		run = self.start(workflow)
		control = Control(self.site)
		_, leases = self.claim(control, begin=False)
		mine = [each.step_run.split(".")[1] for each in leases if each.run == run]
		self.assertEqual(mine, ["high", "middle", "low"])
		control.close()
		self.lose_leases()
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_urgent_steps_starve_nobody(self):
		"""Of ten claims one takes what has waited longest: a step with n older ones is taken with the (n / limit + 1)th of these."""
		old = self.save("contract-patient", [step("old", priority=0)])
		urgent = self.save("contract-urgent", [step("now", priority=9)])
		first = self.start(old)
		control = Control(self.site)
		at = moment(self.site)
		process = control.run(lambda db: processes.register(db, "elsewhere", "space", 1, "elsewhere:1", at))
		floor, taken = claims.Floor(number=0), []
		for number in range(claims.FIRST_COME):
			for _ in range(3):
				self.start(urgent)  # more than are claimed: there is always something more urgent
			taken += control.run(
				lambda db, seq=2 * number: claims.claim(
					db, process, "elsewhere:1", seq, 2, floor, moment(self.site)
				)
			)
		runs = [each.run for each in taken]
		self.assertIn(first, runs)
		self.assertEqual(len(taken), 2 * claims.FIRST_COME)
		self.assertEqual(sum(self.run_of(run)["workflow"] == urgent for run in runs), len(taken) - 1)
		self.assertEqual(runs.index(first), len(taken) - 2)
		control.close()
		self.lose_leases()
		for _ in range(3):
			self.drain()

	@proves("A step killed with its worker is retried and counts as an attempt.")
	def test_a_step_killed_with_its_worker_is_retried_and_counts_as_an_attempt(self):
		run = self.start(
			self.save("contract-killed", [step("make", "document.create", params=CREATE), step("b")])
		)
		control = Control(self.site)
		self.claim(control)
		control.close()
		self.assertEqual(states(self.run_of(run))["make"], "Running")
		self.drain()
		self.assertEqual(states(self.run_of(run))["make"], "Running")
		self.lose_leases()
		self.finish_retries()
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "make")["attempts"]), ("Succeeded", 2))
		self.assertIsNone(row(found, "make")["error"])
		(lost,) = self.earlier_attempts(run, "make")
		self.assertEqual((lost["attempt"], lost["error_type"]), (1, "WorkerLost"))
		self.assertEqual(len(self.todos("contract worker")), 1)

	def test_a_step_that_was_claimed_and_not_begun_loses_no_attempt(self):
		run = self.start(self.save("contract-not-begun", [step("a")]))
		control = Control(self.site)
		self.claim(control, begin=False)
		control.close()
		self.lose_leases()
		self.drain()
		self.assertEqual(row(self.run_of(run), "a")["attempts"], 1)

	def test_a_step_that_kills_its_worker_every_time_fails_after_its_attempts(self):
		run = self.start(self.save("contract-poison", [step("a"), step("b")]))
		for _ in range(10):
			control = Control(self.site)
			self.claim(control)
			control.close()
			self.lose_leases()
			self.advance(3600)
			self.tick()
			if self.run_of(run)["status"] == "Failed":
				break
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "a")["attempts"]), ("Failed", 3))
		self.assertIn("WorkerLost", found["error"])

	def give_back_unstarted(self, run: str, what: str) -> None:
		"""Have a process begin the run's first step, pause or cancel the run, and have the process leave before it starts."""
		control = Control(self.site)
		process, _ = self.claim(control)
		self.act(what, run)
		control.run(lambda db: claims.unbegin_all(db, process))
		takeover.give_back(self.site, control, process)
		control.close()

	def test_a_step_given_back_after_its_run_was_cancelled_does_not_start(self):
		run = self.start(self.save("contract-back-cancelled", [step("a"), step("b")]))
		self.give_back_unstarted(run, "cancel")
		self.assertEqual(self.drain(), 0)
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found)), ("Cancelled", {"a": "Cancelled", "b": "Cancelled"})
		)

	@proves("Cancel: the same, then compensation if asked.")
	def test_a_step_given_back_after_its_run_was_cancelled_with_compensation_is_not_begun(self):
		undoes = {
			"action": "document.create",
			"params": {"doctype": "ToDo", "values": {"description": "contract back"}},
		}
		steps = [step("a", compensate=undoes), step("w", "flow.wait", params={"for": "1m"}), step("b")]
		run = self.start(self.save("contract-back-undone", steps))
		self.drain()
		self.advance(61)
		control = Control(self.site)
		chores.fire_timers(self.site, control)
		process, _ = self.claim(control)
		self.act("cancel", run, True)
		control.run(lambda db: claims.unbegin_all(db, process))  # handed over, and not started after all
		takeover.give_back(self.site, control, process)
		control.close()
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Cancelled")
		self.assertEqual(states(found), {"a": "Compensated", "w": "Succeeded", "b": "Cancelled"})
		self.assertEqual(len(self.todos("contract back")), 1)

	@proves("Pause: no further step starts, running ones finish.")
	@proves("Cancel: the same")
	def test_a_step_that_runs_finishes_in_a_run_that_is_paused_or_cancelled(self):
		for act, status, state in (("pause", "Paused", "Ready"), ("cancel", "Cancelled", "Cancelled")):
			run = self.start(self.save(f"contract-finishes-{act}", [step("a"), step("b")]))
			control = Control(self.site)
			lease = self.begin_one(control)
			self.act(act, run)
			self.finish_as(control, Done('{"x": 1}'), lease)
			control.close()
			found = self.run_of(run)
			self.assertEqual((found["status"], states(found)), (status, {"a": "Succeeded", "b": state}))
			self.assertEqual(self.drain(), 0)

	@proves("steps not started are Cancelled, steps running finish")
	def test_a_step_that_runs_finishes_in_a_run_that_has_failed(self):
		steps = [step("a", after=[]), step("b", after=[]), step("c", after=["a"])]
		run = self.start(self.save("contract-finishes-failed", steps))
		control = Control(self.site)
		_, (first, second) = self.claim(control)
		self.finish_as(control, Failed(("CheckFailed",), "no"), first)
		self.assertEqual(self.run_of(run)["status"], "Running")
		self.finish_as(control, Done("1"), second)
		control.close()
		found = self.run_of(run)
		failed, other = (each.step_run.split(".")[1] for each in (first, second))
		self.assertEqual((found["status"], found["error_step"]), ("Failed", failed))
		self.assertEqual((states(found)[failed], states(found)[other]), ("Failed", "Succeeded"))
		self.assertEqual(states(found)["c"], "Cancelled")

	def test_a_step_given_back_after_its_run_was_paused_waits_until_it_is_resumed(self):
		run = self.start(self.save("contract-back-paused", [step("a"), step("b")]))
		self.give_back_unstarted(run, "pause")
		self.assertEqual(self.drain(), 0)
		self.assertEqual((self.run_of(run)["status"], states(self.run_of(run))["a"]), ("Paused", "Ready"))
		self.act("resume", run)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_an_item_that_wants_to_wait_in_a_cancelled_run_lets_the_run_end(self):
		steps = [step("each", "flow.wait", for_each=[1, 2], max_parallel=1, params={"for": "1h"})]
		run = self.start(self.save("contract-cancelled-item", steps))
		control = Control(self.site)
		self.finish_as(control, Expanded(["1", "2"]))
		with_item = self.begin_one(control)
		self.act("cancel", run)
		self.finish_as(control, Waits(self.site.now() + 3600, "null"), with_item)
		control.close()
		self.assertEqual(self.drain(), 0)
		found = self.run_of(run)
		self.assertEqual(found["status"], "Cancelled")
		self.assertEqual({each["status"] for each in found["steps"]}, {"Cancelled"})

	def test_a_full_limit_cancels_a_run_of_an_older_version_whose_step_is_in_hand(self):
		limits = {"concurrent_runs": 1, "when_full": "replace"}
		workflow = self.save("contract-replace-version", [step("old"), step("then")], limits=limits)
		first = self.start(workflow)
		control = Control(self.site)
		control.run(lambda db: admission.admit(db, failing.definition_of(self.site, db), moment(self.site)))
		in_hand = self.begin_one(control)
		self.save(workflow, [step("new")], limits=limits)
		second = self.start(workflow)
		self.drain()
		self.finish_as(control, Done("null"), in_hand)
		control.close()
		self.drain()
		self.assertEqual(states(self.run_of(first)), {"old": "Succeeded", "then": "Cancelled"})
		self.assertEqual(self.run_of(second)["status"], "Succeeded")

	def begin_one(self, control: Control) -> leasing.Lease:
		_, (lease,) = self.claim(control)
		return lease

	def finish_as(self, control: Control, outcome: Outcome, lease: leasing.Lease | None = None) -> None:
		"""Have a process finish a step, and see to its items, as a drainer does."""
		lease = lease or self.begin_one(control)

		def work(db):
			at = moment(self.site)
			definition = versions.load(self.site, reads.version_of_run(db, lease.run), db)
			step_id, item = names.parts(lease.step_run)
			attempt = Attempt(lease, definition, definition.by_id[step_id], item, at, "elsewhere:1")
			finished = finish(db, attempt, outcome, at, stick=False, chance=0.5)
			assert finished
			return definition, step_id, finished

		definition, step_id, finished = control.run(work)
		if finished.check_items:
			control.run(lambda db: runs.close_items(db, lease.run, definition, step_id, moment(self.site)))

	def test_a_process_that_was_declared_dead_claims_nothing(self):
		self.save("contract-dead", [step("a")])
		control = Control(self.site)
		process, _ = self.claim(control, begin=False)
		self.lose_leases()
		self.start("contract-dead")
		at = moment(self.site)
		self.assertEqual(
			control.run(lambda db: claims.claim(db, process, "", 100, 10, claims.Floor(number=0), at)), []
		)
		self.assertFalse(control.run(lambda db: processes.beat(db, process, at, 0, 0)))
		control.close()
		self.drain()

	@proves('status["workflows"]["total"]')
	def test_the_status_counts_what_there_is(self):
		before = self.orchestrator.get_system_status()
		self.site.database.rollback()
		workflow = self.save("contract-status", [step("a"), step("b")])
		self.start(workflow)
		now = self.orchestrator.get_system_status()
		self.site.database.rollback()
		self.assertEqual(now["workflows"]["total"], before["workflows"]["total"] + 1)
		self.assertEqual(now["runs"]["Queued"], before["runs"]["Queued"] + 1)
		self.assertEqual(now["steps"]["total"], before["steps"]["total"] + 2)
		self.assertEqual(now["queue"]["ready"], before["queue"]["ready"] + 1)
		self.drain()
		after = self.orchestrator.get_system_status()
		self.site.database.rollback()
		self.assertEqual(after["runs"]["Succeeded"], before["runs"]["Succeeded"] + 1)
		self.assertEqual(after["queue"]["ready"], 0)
		self.assertEqual(after["workers"]["alive"], 0)

	def lose_leases(self) -> None:
		"""Let every process miss its beat for longer than a lease, and have the tick take over."""
		self.advance(self.site.settings().lease + 1)
		self.site.database.rollback()
		self.advance(60)
		self.tick()

	def finish_retries(self) -> None:
		for _ in range(3):
			self.advance(3600)
			self.drain()

"""What is done to runs: start, pause, resume, cancel, retry. workflow-format.md, semantics 8 and 10 to 12, and limits."""

from dogansystem.engine.errors import InputError, LimitReached, NotFound, WrongState
from dogansystem.tests.contract.home import PERSON, Home, fails, output, proves, row, states, step

WAIT = {"for": "1h"}


class RunContract(Home):
	@proves("A string that is one `{{ … }}` gives the value itself with its type; mixed text gives text.")
	def test_values_keep_their_type_through_a_single_expression(self):
		run = self.run_steps(
			[step("a", params={"list": "{{ input.list }}", "text": "n={{ input.number }}", "number": "{{ input.number }}"})],
			{"list": [1, {"x": None}], "number": 2.5},
		)  # fmt: skip
		self.assertEqual(output(run, "a"), {"list": [1, {"x": None}], "text": "n=2.5", "number": 2.5})

	@proves(
		"The run's output is rendered when it succeeds.",
		'output: {sent: "{{ steps.mail.output | length }}"}',
	)
	def test_the_output_is_rendered_when_the_run_succeeds(self):
		run = self.run_steps([step("a")], output={"was": "{{ steps.a.output.done }}", "by": "{{ user }}"})
		self.assertEqual(run["output"], {"was": "a", "by": PERSON})

	@proves("optional JSON Schema, checked when a run starts")
	def test_input_is_checked_against_the_schema(self):
		schema = {"type": "object", "required": ["number"], "properties": {"number": {"type": "integer"}}}
		workflow = self.save("contract-input", [step("a")], input=schema)
		with self.assertRaisesRegex(InputError, "number"):
			self.start(workflow, {"number": "many"})
		self.site.database.rollback()
		self.assertEqual(self.orchestrator.list_runs(workflow), [])

	@proves("`start_run` with an `idempotency_key` that was used returns the first run, whatever its state.")
	def test_an_idempotency_key_gives_the_first_run_again(self):
		workflow = self.save("contract-key", [fails("a")])
		first = self.start(workflow, idempotency_key="order 1")
		self.drain()
		self.assertEqual(self.start(workflow, idempotency_key="order 1"), first)
		self.assertNotEqual(self.start(workflow, idempotency_key="order 2"), first)

	def test_idempotency_keys_that_only_look_alike_are_different_keys(self):
		workflow = self.save("contract-alike", [step("a")])
		keys = ("evt 1aB", "evt 1ab", "evt 1AB", "evt 1áb", "evt 1ab ", " evt 1ab", "evt\t1ab", "evt 1ab\0", "evt 1ab\u200b", "x" * 200, "X" * 200)  # fmt: skip
		runs = [self.start(workflow, idempotency_key=key) for key in keys]
		self.assertEqual(len(set(runs)), len(keys))
		self.assertEqual([self.start(workflow, idempotency_key=key) for key in keys], runs)

	def test_an_idempotency_key_that_no_database_takes_is_refused(self):
		workflow = self.save("contract-half", [step("a")])
		with self.assertRaisesRegex(InputError, "half of a character"):
			self.start(workflow, idempotency_key="evt \ud800")
		self.site.database.rollback()
		self.assertEqual(self.orchestrator.list_runs(workflow), [])

	def test_nobody_keeps_a_schedule_from_starting_by_using_its_key_before(self):
		workflow = self.save(
			"contract-forestalled", [step("a")], triggers=[{"on": "schedule", "every": "1h"}]
		)
		due = self.site.database.sql("SELECT due_at FROM dogan_timer WHERE subject = %s", (workflow,))[0][0]
		self.site.database.rollback()
		for cause in ("api", "manual"):
			self.start(workflow, idempotency_key=f"schedule {due:.3f}", cause=cause)
		self.advance(3601)
		self.tick()
		self.site.database.rollback()
		causes = [run["cause"] for run in self.orchestrator.list_runs(workflow)]
		self.assertEqual(sorted(causes), ["api", "schedule"])

	def test_a_disabled_or_unknown_workflow_cannot_be_started(self):
		workflow = self.save("contract-disabled", [step("a")])
		self.orchestrator.set_workflow_enabled(workflow, False)
		self.site.database.commit()
		with self.assertRaisesRegex(WrongState, "enable it"):
			self.start(workflow)
		self.site.database.rollback()
		with self.assertRaisesRegex(NotFound, "no-such"):
			self.start("no-such")
		self.site.database.rollback()

	@proves(
		"Pause: no further step starts",
		"A wait in a paused run is ended as usual",
	)
	def test_a_paused_run_starts_nothing_until_it_is_resumed(self):
		run = self.start(self.save("contract-pause", [step("w", "flow.wait", params=WAIT), step("b")]))
		self.drain()
		self.act("pause", run)
		self.advance(3601)
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Paused")
		self.assertEqual(states(found), {"w": "Succeeded", "b": "Ready"})
		self.act("resume", run)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_run_paused_before_its_first_step_runs_once_resumed(self):
		run = self.start(self.save("contract-pause-first", [step("a"), step("b")]))
		self.act("pause", run)
		self.assertEqual(self.drain(), 0)
		self.act("resume", run)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_paused_for_each_goes_on_with_all_its_items(self):
		run = self.start(
			self.save(
				"contract-pause-items",
				[step("each", "flow.wait", for_each="{{ range(4) | list }}", max_parallel=2, params=WAIT)],
			)
		)
		self.drain()
		self.act("pause", run)
		self.advance(3601)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Paused")
		self.act("resume", run)
		self.drain()
		self.advance(3601)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	@proves("Cancel: the same")
	def test_a_cancelled_run_starts_nothing_more(self):
		run = self.start(self.save("contract-cancel", [step("w", "flow.wait", params=WAIT), step("b")]))
		self.drain()
		self.act("cancel", run)
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found)), ("Cancelled", {"w": "Cancelled", "b": "Cancelled"})
		)
		self.advance(3601)
		self.assertEqual(self.drain(), 0)
		with self.assertRaisesRegex(WrongState, "cancelled already"):
			self.act("cancel", run)
		self.site.database.rollback()

	def test_a_disabled_workflow_can_be_tried_by_hand(self):
		workflow = self.save("contract-tried", [step("a")])
		self.orchestrator.set_workflow_enabled(workflow, False)
		run = self.start(workflow, even_disabled=True)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def days_later(self, days: float) -> None:
		"""Let time pass, and the tick come."""
		self.advance(days * 86_400)
		self.tick()

	def exists(self, run: str) -> bool:
		self.site.database.rollback()
		rows = self.site.database.sql("SELECT 1 FROM `tabDogan Workflow Run` WHERE name = %s", (run,))
		steps = self.site.database.sql("SELECT 1 FROM `tabDogan Step Run` WHERE run = %s", (run,))
		self.site.database.rollback()
		self.assertEqual(bool(rows), bool(steps))
		return bool(rows)

	def test_finished_runs_are_deleted_after_their_days(self):
		self.set_settings(keep_finished_days=7, keep_failed_days=2)
		self.addCleanup(self.set_settings, keep_finished_days=0, keep_failed_days=0)
		succeeded = self.start(self.save("contract-purge", [step("a"), step("b")]))
		failed = self.start(self.save("contract-purge-failed", [fails("a")]))
		waiting = self.start(
			self.save("contract-purge-waiting", [step("w", "flow.wait", params={"for": "60d"})])
		)
		self.drain()
		self.days_later(1.9)
		self.assertTrue(self.exists(failed))
		self.days_later(0.2)
		self.assertEqual([self.exists(each) for each in (succeeded, failed, waiting)], [True, False, True])
		self.days_later(5)
		self.assertEqual([self.exists(each) for each in (succeeded, waiting)], [False, True])

	def test_runs_are_kept_for_ever_unless_the_settings_say_otherwise(self):
		run = self.start(self.save("contract-keep", [step("a")]))
		self.drain()
		self.days_later(10_000)
		self.assertTrue(self.exists(run))

	def test_a_run_is_kept_while_the_one_that_started_it_has_not_ended(self):
		self.set_settings(keep_finished_days=1)
		self.addCleanup(self.set_settings, keep_finished_days=0)
		parent = self.start(self.save("contract-parent", [step("w", "flow.wait", params={"for": "10d"})]))
		child = self.start(self.save("contract-child", [step("a")]))
		self.site.database.execute(
			"UPDATE `tabDogan Workflow Run` SET parent_run = %s WHERE name = %s", (parent, child)
		)
		self.site.database.commit()
		self.drain()
		self.days_later(5)
		self.assertTrue(self.exists(child))
		self.advance(5 * 86_400)
		self.drain()
		self.days_later(2)
		self.assertEqual([self.exists(each) for each in (parent, child)], [False, False])

	def test_the_status_is_right_when_runs_are_counted_retried_and_deleted(self):
		def finished() -> tuple[int, int]:
			status = self.orchestrator.get_system_status()
			self.site.database.rollback()
			return status["runs"]["Succeeded"], status["steps"]["Succeeded"]

		before = finished()
		run = self.start(self.save("contract-counted", [step("a"), step("b")]))
		self.drain()
		self.assertEqual(finished(), (before[0] + 1, before[1] + 2))
		self.days_later(0.1)  # the tick has counted it
		self.assertEqual(finished(), (before[0] + 1, before[1] + 2))
		self.act("retry", run, "b")
		self.assertEqual(finished(), (before[0], before[1] + 1))
		self.drain()
		self.days_later(0.1)
		self.assertEqual(finished(), (before[0] + 1, before[1] + 2))
		self.set_settings(keep_finished_days=1)
		self.addCleanup(self.set_settings, keep_finished_days=0)
		self.days_later(2)
		self.assertFalse(self.exists(run))
		self.assertEqual(finished(), before)

	@proves("unique on a site")
	def test_a_run_keeps_the_version_it_started_with(self):
		workflow = self.save("contract-version", [step("w", "flow.wait", params=WAIT), step("old")])
		run = self.start(workflow)
		self.drain()
		self.save(workflow, [step("new")])
		self.advance(3601)
		self.drain()
		found = self.run_of(run)
		self.assertEqual(states(found), {"w": "Succeeded", "old": "Succeeded"})
		later = self.start(workflow)
		self.drain()
		self.assertEqual(self.run_of(later)["version"], found["version"] + 1)

	def test_saving_the_same_definition_makes_no_new_version(self):
		workflow = self.save("contract-same", [step("a")])
		first = self.start(workflow)
		self.save(workflow, [step("a")])
		second = self.start(workflow)
		self.assertEqual(self.run_of(first)["version"], self.run_of(second)["version"])

	@proves("queue | skip | replace (cancel the oldest, start this)")
	def test_concurrent_runs_wait_for_room(self):
		workflow = self.save(
			"contract-limit", [step("w", "flow.wait", params=WAIT)], limits={"concurrent_runs": 1}
		)
		first, second = self.start(workflow), self.start(workflow)
		self.drain()
		self.assertEqual((self.run_of(first)["status"], self.run_of(second)["status"]), ("Waiting", "Queued"))
		self.advance(3601)
		self.drain()
		self.assertEqual(
			(self.run_of(first)["status"], self.run_of(second)["status"]), ("Succeeded", "Waiting")
		)

	@proves("concurrent_runs: 5 # 0: no limit")
	def test_without_a_number_there_is_no_limit(self):
		for number, limits in enumerate(({"concurrent_runs": 0}, {})):
			workflow = self.save(
				f"contract-unlimited-{number}", [step("w", "flow.wait", params=WAIT)], limits=limits
			)
			runs = [self.start(workflow) for _ in range(7)]
			self.drain()
			self.assertEqual({self.run_of(run)["status"] for run in runs}, {"Waiting"})

	@proves("optional: the limit holds for each value of the key")
	def test_the_limit_holds_for_each_value_of_its_key(self):
		workflow = self.save(
			"contract-limit-key",
			[step("w", "flow.wait", params=WAIT)],
			limits={"concurrent_runs": 1, "key": "{{ input.customer }}"},
		)
		runs = [self.start(workflow, {"customer": customer}) for customer in ("A", "B", "A")]
		self.drain()
		self.assertEqual([self.run_of(run)["status"] for run in runs], ["Waiting", "Waiting", "Queued"])

	@proves("queue | skip | replace (cancel the oldest, start this)")
	def test_a_full_limit_that_skips_starts_nothing_and_says_why(self):
		limits = {"concurrent_runs": 1, "when_full": "skip"}
		workflow = self.save("contract-limit-skip", [step("w", "flow.wait", params=WAIT)], limits=limits)
		self.start(workflow)
		self.drain()
		with self.assertRaisesRegex(LimitReached, "concurrent_runs is 1"):
			self.start(workflow)
		self.site.database.rollback()
		self.assertEqual(len(self.orchestrator.list_runs(workflow)), 1)

	@proves("queue | skip | replace (cancel the oldest, start this)")
	def test_a_full_limit_that_replaces_cancels_the_oldest(self):
		limits = {"concurrent_runs": 1, "when_full": "replace"}
		workflow = self.save("contract-limit-replace", [step("w", "flow.wait", params=WAIT)], limits=limits)
		first = self.start(workflow)
		self.drain()
		second = self.start(workflow)
		self.drain()
		self.assertEqual(
			(self.run_of(first)["status"], self.run_of(second)["status"]), ("Cancelled", "Waiting")
		)

	def test_a_run_over_its_run_timeout_fails(self):
		run = self.start(
			self.save("contract-timeout", [step("w", "flow.wait", params=WAIT)], limits={"run_timeout": "5m"})
		)
		self.drain()
		self.advance(301)
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], row(found, "w")["status"]), ("Failed", "Cancelled"))
		self.assertIn("Timeout", found["error"])

"""The control flow: workflow-format.md, semantics 1 to 5."""

from dogansystem.tests.contract.home import Home, fails, output, proves, row, states, step


class FlowContract(Home):
	@proves(
		"default: the step before it in the list",
		"A step becomes ready when every step in `after` is finished.",
	)
	def test_steps_run_one_after_the_other_in_the_list(self):
		run = self.run_steps(
			[step("a"), step("b", params={"before": "{{ steps.a.output.done }}"}), step("c")]
		)
		self.assertEqual(run["status"], "Succeeded")
		self.assertEqual(states(run), {"a": "Succeeded", "b": "Succeeded", "c": "Succeeded"})
		self.assertEqual(output(run, "b"), {"before": "a"})
		self.assertLessEqual(row(run, "a")["finished_at"], row(run, "b")["finished_at"])

	@proves(
		"[] : a starting step",
		"A step becomes ready when every step in `after` is finished.",
	)
	def test_a_join_waits_for_all_of_its_branches(self):
		run = self.run_steps(
			[step("a", after=[]), step("b", after=[]), step("both", after=["a", "b"], params={
				"got": "{{ steps.a.output.done }}{{ steps.b.output.done }}"})]
		)  # fmt: skip
		self.assertEqual(output(run, "both"), {"got": "ab"})

	@proves("With `join: any`, when the first is finished.")
	def test_join_any_starts_when_the_first_has_finished(self):
		run = self.start(
			self.save(
				"contract-join-any",
				[step("slow", "flow.wait", params={"for": "1h"}, after=[]), step("quick", after=[]),
				step("then", after=["slow", "quick"], join="any")],
			)
		)  # fmt: skip
		self.drain()
		found = self.run_of(run)
		self.assertEqual(states(found), {"slow": "Waiting", "quick": "Succeeded", "then": "Succeeded"})
		self.assertEqual(found["status"], "Waiting")
		self.advance(3601)
		self.drain()
		found = self.run_of(run)
		self.assertEqual(states(found)["then"], "Succeeded")
		self.assertEqual(row(found, "then")["attempts"], 1)
		self.assertEqual(found["status"], "Succeeded")

	@proves(
		"`if` false: Skipped, output `null`.",
		"`when: done`: always",
		"If none was taken, the step is skipped.",
	)
	def test_a_step_behind_skipped_steps_only_is_skipped_too(self):
		run = self.run_steps([{**step("a"), "if": "{{ false }}"}, step("b"), step("c", when="done")])
		self.assertEqual(states(run), {"a": "Skipped", "b": "Skipped", "c": "Succeeded"})
		self.assertIsNone(output(run, "a"))
		self.assertEqual(run["status"], "Succeeded")

	@proves("`when: succeeded`: at least one edge was taken and no step in `after` failed unhandled.")
	def test_a_step_runs_when_one_succeeded_and_another_was_skipped(self):
		run = self.run_steps(
			[{**step("a", after=[]), "if": "{{ 1 > 2 }}"}, step("b", after=[]), step("c", after=["a", "b"])]
		)
		self.assertEqual(states(run), {"a": "Skipped", "b": "Succeeded", "c": "Succeeded"})

	@proves(
		"`when: failed`: at least one failed; else skipped.",
		"succeeded (default) | failed | done",
	)
	def test_when_failed_runs_only_behind_a_failure(self):
		run = self.run_steps(
			[fails("a", after=[]), step("mend", after=["a"], when="failed"), step("fine", after=["a"]),
			step("ok", after=[]), step("never", after=["ok"], when="failed")]
		)  # fmt: skip
		self.assertEqual(
			states(run),
			{"a": "Failed", "mend": "Succeeded", "fine": "Skipped", "ok": "Succeeded", "never": "Skipped"},
		)
		self.assertEqual(run["status"], "Succeeded")

	@proves("An error while evaluating `if` fails the step.")
	def test_an_error_in_if_fails_the_step(self):
		run = self.run_steps([{**step("a"), "if": "{{ input.missing.path }}"}])
		self.assertEqual((run["status"], states(run)), ("Failed", {"a": "Failed"}))
		self.assertIn("input.missing", run["error"])

	@proves(
		"output is the list of outputs in the items' order",
		"A `for_each` step is listed once for itself (`index: null`) and once for each item.",
	)
	def test_for_each_gives_outputs_in_the_items_order(self):
		run = self.run_steps(
			[step("each", for_each="{{ input.numbers }}", max_parallel=3, params={"double": "{{ item * 2 }}", "at": "{{ index }}"})],
			{"numbers": [5, 6, 7, 8, 9]},
		)  # fmt: skip
		self.assertEqual(
			output(run, "each"),
			[{"double": 2 * number, "at": at} for at, number in enumerate([5, 6, 7, 8, 9])],
		)
		self.assertEqual([each["index"] for each in run["steps"]], [None, 0, 1, 2, 3, 4])

	@proves(
		"`null` for skipped ones",
		'if: "{{ item.contact_email }}" # for each item',
	)
	def test_for_each_skips_items_whose_if_is_false(self):
		run = self.run_steps(
			[
				{
					**step("each", for_each="{{ [1, 2, 3, 4] }}", params={"n": "{{ item }}"}),
					"if": "{{ item % 2 == 0 }}",
				}
			]
		)
		self.assertEqual(output(run, "each"), [None, {"n": 2}, None, {"n": 4}])
		self.assertEqual(row(run, "each", 0)["status"], "Skipped")

	@proves("An empty list succeeds with `[]`.")
	def test_for_each_over_nothing_succeeds_with_an_empty_list(self):
		run = self.run_steps([step("each", for_each="{{ [] }}"), step("then")])
		self.assertEqual(output(run, "each"), [])
		self.assertEqual(states(run), {"each": "Succeeded", "then": "Succeeded"})

	@proves("one step run for each item, in parallel up to `max_parallel`")
	def test_for_each_keeps_at_most_max_parallel_items_open(self):
		run = self.start(
			self.save(
				"contract-max-parallel",
				[
					step(
						"each",
						"flow.wait",
						for_each="{{ range(5) | list }}",
						max_parallel=2,
						params={"for": "1m"},
					)
				],
			)
		)
		self.drain()
		waiting = [each["status"] for each in self.run_of(run)["steps"] if each["index"] is not None]
		self.assertEqual(waiting.count("Waiting"), 2)
		self.assertEqual(waiting.count("Pending"), 3)
		for _ in range(3):
			self.advance(61)
			self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def test_a_failed_item_fails_the_step_and_cancels_the_items_not_begun(self):
		run = self.run_steps(
			[
				step(
					"each",
					"data.check",
					for_each="{{ [1, 0, 1, 1] }}",
					max_parallel=1,
					params={"that": "{{ item }}"},
				)
			]
		)
		self.assertEqual(run["status"], "Failed")
		items = [each["status"] for each in run["steps"] if each["index"] is not None]
		self.assertEqual(items, ["Succeeded", "Failed", "Cancelled", "Cancelled"])
		self.assertIn("item 1", run["error"])

	@proves("With `on_error: continue`, failed items give `null` and `steps.<id>.errors` lists them")
	def test_with_continue_failed_items_give_null_and_are_listed(self):
		run = self.run_steps(
			[
				step("each", "data.check", for_each="{{ [1, 0, 1] }}", on_error="continue", params={"that": "{{ item }}"}),
				step("tell", params={"failed": "{{ steps.each.errors | length }}", "first": "{{ steps.each.errors[0].index }}"}),
			]
		)  # fmt: skip
		self.assertEqual(output(run, "each"), [True, None, True])
		self.assertEqual(output(run, "tell"), {"failed": 1, "first": 1})
		self.assertEqual(run["status"], "Succeeded")

	def test_for_each_over_something_else_fails_with_what_it_was(self):
		run = self.run_steps([step("each", for_each="{{ 5 }}")])
		self.assertEqual(run["status"], "Failed")
		self.assertIn("int", run["error"])

	@proves("| `flow.stop` | [status: Succeeded], [message] | ends the run here |")
	def test_flow_stop_ends_the_run_here(self):
		run = self.run_steps([step("a"), step("halt", "flow.stop", params={"message": "enough"}), step("b")])
		self.assertEqual(run["status"], "Succeeded")
		self.assertEqual(states(run), {"a": "Succeeded", "halt": "Succeeded", "b": "Cancelled"})

	def test_flow_stop_can_fail_the_run_with_its_message(self):
		run = self.run_steps(
			[step("halt", "flow.stop", params={"status": "Failed", "message": "no budget"}), step("b")]
		)
		self.assertEqual(run["status"], "Failed")
		self.assertIn("no budget", run["error"])

	@proves(
		"A step may wait for a time",
		"A wait is a row with what ends it and, perhaps, a deadline; no worker holds it.",
		"| `flow.wait` | for or until | `{until}` |",
	)
	def test_a_wait_is_a_row_and_ends_in_time(self):
		run = self.start(
			self.save("contract-wait", [step("w", "flow.wait", params={"for": "10m"}), step("b")])
		)
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.assertEqual(self.orchestrator.get_system_status()["queue"]["in_hand"], 0)
		self.advance(599)
		self.drain()
		self.assertEqual(states(self.run_of(run)), {"w": "Waiting", "b": "Pending"})
		self.advance(2)
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertIn("until", output(found, "w"))

"""A finished run goes on: from where it failed or from a step, with its version or the one saved now. Semantics 12."""

from typing import Any

from dogansystem.engine.errors import InputError, WrongState
from dogansystem.tests.contract.home import Home, fails, output, proves, row, states, step


class RetryContract(Home):
	@proves("earlier outputs are kept")
	@proves("and what was Cancelled because of a failure run again; earlier outputs are kept.")
	def test_retry_goes_on_where_the_run_failed_and_keeps_earlier_outputs(self):
		workflow = self.save(
			"contract-retry-run",
			[
				step(
					"make",
					"document.create",
					params={"doctype": "ToDo", "values": {"description": "contract retry"}},
				),
				step("check", "data.check", params={"that": "{{ input.flag }}"}),
				step("b"),
			],
		)
		run = self.start(workflow, {"flag": False})
		self.drain()
		before = output(self.run_of(run), "make")
		self.assertEqual(sorted(self.act("retry", run)), ["b", "check"])
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		self.assertEqual(output(found, "make"), before)
		self.assertEqual(len(self.todos("contract retry")), 1)

	@proves("Retry from a step: that step, all after it")
	def test_retry_from_a_step_runs_it_and_all_after_it(self):
		run = self.start(
			self.save("contract-retry-from", [step("a"), step("b"), step("c"), step("aside", after=["a"])])
		)
		self.drain()
		self.assertEqual(sorted(self.act("retry", run, "b")), ["b", "c"])
		self.assertEqual(self.run_of(run)["status"], "Running")
		self.drain()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	def failed_then_saved(self, *steps: dict[str, Any], **rest: Any) -> str:
		"""A run of the steps a and b that failed at b, and the workflow saved anew with these steps."""
		workflow = self.save("contract-mended", [step("a"), fails("b")])
		run = self.start(workflow)
		self.drain()
		self.save(workflow, list(steps), **rest)
		return run

	@proves("Retry takes the version the run started with")
	def test_retry_goes_on_with_the_version_it_started_with_unless_asked(self):
		run = self.failed_then_saved(step("a"), step("b"))
		self.act("retry", run)
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], found["version"]), ("Failed", 1))

	@proves(
		"if asked (`version: current`), the one saved now",
		"the run says which",
	)
	def test_a_mended_workflow_rescues_a_failed_run(self):
		run = self.failed_then_saved(step("a"), step("b", params={"after": "{{ steps.a.output.done }}"}))
		before = row(self.run_of(run), "a")
		self.assertEqual(self.act("retry", run, None, "current"), ["b"])
		self.drain()
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], found["version"], output(found, "b")), ("Succeeded", 2, {"after": "a"})
		)
		self.assertEqual(row(found, "a"), before)

	def test_steps_that_are_new_in_the_saved_version_run_too(self):
		run = self.failed_then_saved(step("a"), step("between"), step("b"), step("last"))
		self.assertEqual(self.act("retry", run, None, "current"), ["b", "between", "last"])
		self.drain()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual([each["id"] for each in found["steps"]], ["a", "between", "b", "last"])

	def test_a_step_that_the_saved_version_no_longer_has_leaves_the_run(self):
		run = self.failed_then_saved(step("a"), step("instead"))
		self.act("retry", run, None, "current")
		self.drain()
		self.assertEqual(states(self.run_of(run)), {"a": "Succeeded", "instead": "Succeeded"})

	@proves("when its steps up to there are the same")
	def test_a_run_does_not_go_on_with_a_version_whose_kept_steps_are_different(self):
		run = self.failed_then_saved(step("a", params={"done": "otherwise"}), step("b"))
		with self.assertRaisesRegex(WrongState, "step 'a'.* is different there"):
			self.act("retry", run, None, "current")
		self.site.database.rollback()
		found = self.run_of(run)
		self.assertEqual((found["status"], found["version"]), ("Failed", 1))
		self.assertEqual(sorted(self.act("retry", run, "a", "current")), ["a", "b"])
		self.drain()
		found = self.run_of(run)
		self.assertEqual((found["status"], output(found, "a")), ("Succeeded", {"done": "otherwise"}))

	def test_the_steps_of_the_saved_version_act_as_its_user(self):
		other = "dogan-other@example.com"
		run = self.failed_then_saved(step("a"), step("b", params={"user": "{{ user }}"}), run_as=other)
		self.act("retry", run, None, "current")
		self.drain()
		self.assertEqual(output(self.run_of(run), "b"), {"user": other})

	def test_a_version_that_nobody_knows_is_refused(self):
		run = self.failed_then_saved(step("a"), step("b"))
		with self.assertRaisesRegex(InputError, "'newest' is not known"):
			self.act("retry", run, None, "newest")

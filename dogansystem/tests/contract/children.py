"""Runs that steps of other runs start. workflow-format.md, semantics 15."""

from typing import Any

from dogansystem.engine.errors import DefinitionError, NotFound
from dogansystem.tests.contract.home import fails, output, proves, row, states, step
from dogansystem.tests.contract.waits import SIGNAL, Waiting, wait_for


def child(step_id: str, workflow: str, **rest: Any) -> dict[str, Any]:
	"""A step that runs another workflow."""
	params = {"workflow": workflow, **{key: rest.pop(key) for key in ("input", "wait") if key in rest}}
	return step(step_id, "flow.run", params=params, **rest)


class ChildContract(Waiting):
	@proves(
		"`flow.run` starts a run of another workflow and waits for its end: its output is the step's output",
		"the child is listed on the parent and back",
		"| `flow.run` | workflow, [input], [wait: true] | the child's output, or `{run}` |",
		"A step may wait for a time, a signal, a decision, another run.",
	)
	def test_the_output_of_the_other_run_is_the_steps_output(self):
		self.save("contract-child", [step("a")], output={"twice": "{{ input.n * 2 }}"})
		run = self.begin([child("sub", "contract-child", input={"n": 21}), step("b")])
		found = self.run_of(run)
		self.assertEqual((found["status"], output(found, "sub")), ("Succeeded", {"twice": 42}))
		(below,) = found["children"]
		self.assertEqual(
			(below["workflow"], below["status"], below["step"]), ("contract-child", "Succeeded", "sub")
		)
		started = self.run_of(below["run"])
		self.assertEqual((started["cause"], found["parent"]), ("flow.run", None))
		parent = {"run": run, "workflow": found["workflow"], "step": "sub"}
		self.assertEqual(started["parent"], parent)

	@proves("its failure is the error `RunFailed` with the child's message")
	def test_its_failure_is_the_error_run_failed_with_its_message(self):
		self.save("contract-child-fails", [fails("a")])
		found = self.run_of(self.begin([child("sub", "contract-child-fails")]))
		self.assertEqual(found["status"], "Failed")
		self.assertIn("RunFailed", row(found, "sub")["error"])
		self.assertIn("a says no", row(found, "sub")["error"])

	@proves("`retry` starts a new child")
	def test_retry_starts_another_run(self):
		self.save("contract-child-again", [fails("a")])
		retry = {"attempts": 2, "delay": "10s"}
		run = self.begin([child("sub", "contract-child-again", retry=retry)])
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.advance(11)
		self.settle()
		found = self.run_of(run)
		self.assertEqual((found["status"], len(found["children"])), ("Failed", 2))

	def test_a_handled_failure_lets_the_run_go_on(self):
		self.save("contract-child-handled", [fails("a")])
		found = self.run_of(self.begin([child("sub", "contract-child-handled"), step("b", when="failed")]))
		self.assertEqual((found["status"], states(found)), ("Succeeded", {"sub": "Failed", "b": "Succeeded"}))

	@proves("`wait: false` only starts it.")
	def test_without_waiting_the_step_gives_the_run(self):
		self.save("contract-child-alone", [wait_for()])
		found = self.run_of(self.begin([child("sub", "contract-child-alone", wait=False)]))
		self.assertEqual(found["status"], "Succeeded")
		self.assertEqual(output(found, "sub"), {"run": found["children"][0]["run"]})

	@proves("Cancel and pause pass down, resume too.")
	def test_pause_resume_and_cancel_pass_down(self):
		self.save("contract-grandchild", [wait_for()])
		self.save("contract-child-deep", [child("sub", "contract-grandchild")])
		run = self.begin([child("sub", "contract-child-deep")])
		family = [run]
		while below := self.run_of(family[-1])["children"]:
			family.append(below[0]["run"])
		self.assertEqual(len(family), 3)
		for what, state in (("pause", "Paused"), ("resume", "Waiting"), ("cancel", "Cancelled")):
			self.act(what, run)
			self.settle()
			self.assertEqual([self.run_of(each)["status"] for each in family], [state] * 3, what)

	def test_items_wait_for_a_run_each(self):
		self.save("contract-child-item", [step("a")], output="{{ input.n + 1 }}")
		steps = [
			child("sub", "contract-child-item", input={"n": "{{ item }}"}, for_each=[1, 2, 3], max_parallel=2)
		]
		found = self.run_of(self.begin(steps))
		self.assertEqual((found["status"], output(found, "sub")), ("Succeeded", [2, 3, 4]))

	def test_items_whose_runs_fail_leave_the_others(self):
		checks = step("a", "data.check", params={"that": "{{ input.n != 2 }}"})
		self.save("contract-child-some", [checks], output="{{ input.n }}")
		sub = child(
			"sub", "contract-child-some", input={"n": "{{ item }}"}, for_each=[1, 2, 3], max_parallel=1
		)
		found = self.run_of(self.begin([{**sub, "on_error": "continue"}]))
		self.assertEqual((found["status"], output(found, "sub")), ("Succeeded", [1, None, 3]))

	def test_a_run_that_is_retried_reaches_the_step_with_its_new_end(self):
		self.save("contract-child-mended", [wait_for()])
		run = self.begin([child("sub", "contract-child-mended")])
		below = self.run_of(run)["children"][0]["run"]
		self.act("cancel", below)
		self.act("retry", below)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Waiting")
		self.signal(SIGNAL, data=1)
		self.settle()
		self.assertEqual(self.run_of(run)["status"], "Succeeded")

	@proves("Depth counts as in triggers.")
	def test_depth_counts(self):
		self.save("contract-endless", [child("sub", "contract-endless", **{"if": "{{ true }}"})])
		run = self.begin([child("sub", "contract-endless")])
		for _ in range(12):
			self.settle()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		self.assertIn("at most 8", row(found, "sub")["error"])

	@proves("A workflow that can reach itself without a condition is refused when saved.")
	def test_a_workflow_that_reaches_itself_without_a_condition_is_refused(self):
		self.save("contract-second", [step("a"), child("sub", "contract-first", **{"if": "{{ input.go }}"})])
		self.save("contract-first", [child("sub", "contract-second")])
		with self.assertRaisesRegex(DefinitionError, "by way of contract-first"):
			self.save("contract-second", [step("a"), child("sub", "contract-first")])
		self.site.database.rollback()
		with self.assertRaisesRegex(DefinitionError, "itself"):
			self.save("contract-itself", [child("sub", "contract-itself")])
		self.site.database.rollback()

	def test_a_workflow_that_is_not_there_is_an_error_of_the_step(self):
		found = self.run_of(self.begin([child("sub", "contract-no-such")]))
		self.assertEqual(found["status"], "Failed")
		self.assertIn(NotFound.__name__, row(found, "sub")["error"])

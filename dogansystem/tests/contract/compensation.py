"""Compensation. workflow-format.md, semantics 4."""

from typing import Any

from dogansystem.engine.errors import DefinitionError
from dogansystem.tests.contract.home import PERSON, fails, output, proves, row, states, step
from dogansystem.tests.contract.waits import Waiting

UNDONE = "contract undone"


def todo(text: str) -> dict[str, Any]:
	"""An action that leaves a ToDo."""
	return {
		"action": "document.create",
		"params": {"doctype": "ToDo", "values": {"description": f"contract {text}"}},
	}


def undo(text: str, **rest: Any) -> dict[str, Any]:
	"""What undoes a step: here it only leaves a trace."""
	return {**todo(f"undone {text}"), **rest}


def made(step_id: str, **rest: Any) -> dict[str, Any]:
	"""A step that can be undone."""
	return step(step_id, compensate=undo(step_id), **rest)


class CompensationContract(Waiting):
	def undone(self) -> list[str]:
		"""What was undone, in the order in which it was."""
		self.site.database.rollback()
		with self.site.acting_as(PERSON):
			filters = {"description": ["like", "contract undone %"]}
			found = self.site.documents.list("ToDo", filters, ["name", "description", "creation"], order_by="creation asc")  # fmt: skip
		self.site.database.rollback()
		return [each["description"].removeprefix(f"{UNDONE} ") for each in found]

	@proves(
		"then `compensate` actions run in reverse order of completion, one after another",
		"steps undone are Compensated",
		"Failed at the end with the error that caused it",
		"undoes this step if the run fails later",
	)
	def test_what_succeeded_is_undone_in_reverse_order_when_the_run_fails(self):
		run = self.begin([made("a"), made("b"), step("plain"), fails("c", compensate=undo("c"))])
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], found["error_step"], found["compensating"]), ("Failed", "c", False)
		)
		self.assertIn("c says no", found["error"])
		self.assertEqual(
			states(found), {"a": "Compensated", "b": "Compensated", "plain": "Succeeded", "c": "Failed"}
		)
		self.assertEqual(self.undone(), ["b", "a"])
		self.assertEqual(found["compensation_errors"], [])

	def test_a_run_that_succeeds_undoes_nothing(self):
		self.assertEqual(self.run_of(self.begin([made("a"), step("b")]))["status"], "Succeeded")
		self.assertEqual(self.undone(), [])

	def test_a_handled_failure_undoes_nothing(self):
		run = self.begin([made("a"), fails("b", on_error="continue")])
		self.assertEqual(self.run_of(run)["status"], "Succeeded")
		self.assertEqual(self.undone(), [])

	@proves("has steps.<id>.output and item in reach")
	def test_what_undoes_reads_the_output_of_its_step(self):
		values = {"doctype": "ToDo", "values": {"description": "contract undone {{ steps.a.output.done }} of {{ input.n }}"}}  # fmt: skip
		undoes = {"action": "document.create", "params": values}
		self.begin([step("a", compensate=undoes), fails("b")], given={"n": 7})
		self.assertEqual(self.undone(), ["a of 7"])

	@proves(
		"items of a `for_each` too",
		"has steps.<id>.output and item in reach",
	)
	def test_items_are_undone_each_with_its_item_and_output(self):
		text = "contract undone {{ item }}{{ index }}{{ steps.a.output.x }}"
		undoes = {"action": "document.create", "params": {"doctype": "ToDo", "values": {"description": text}}}
		steps = [
			step("a", for_each=["p", "q"], params={"x": "{{ item }}!"}, max_parallel=1, compensate=undoes),
			fails("b"),
		]
		found = self.run_of(self.begin(steps))
		self.assertEqual(self.undone(), ["q1q!", "p0p!"])
		self.assertEqual(row(found, "a")["status"], "Compensated")
		self.assertEqual(row(found, "a", 0)["status"], "Compensated")

	def test_the_items_of_a_step_that_failed_are_undone(self):
		undoes = {"action": "document.create", "params": {"doctype": "ToDo", "values": {"description": "contract undone {{ item }}"}}}  # fmt: skip
		steps = [
			step(
				"a",
				"data.check",
				for_each=[1, 2, 0],
				max_parallel=1,
				params={"that": "{{ item }}"},
				compensate=undoes,
			)
		]
		found = self.run_of(self.begin(steps))
		self.assertEqual((found["status"], row(found, "a")["status"]), ("Failed", "Failed"))
		self.assertEqual(self.undone(), ["2", "1"])

	@proves(
		"A compensation that fails for good leaves its step Succeeded, is kept in `compensation_errors`, and the others go on.",
		"a run that was compensated `compensation_errors`",
	)
	def test_a_compensation_that_fails_leaves_its_step_and_the_others_go_on(self):
		bad = {"action": "data.check", "params": {"that": False, "message": "cannot"}}
		run = self.begin([made("a"), step("b", compensate=bad), made("c"), fails("d")])
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		self.assertIn("d says no", found["error"])
		self.assertEqual(
			states(found), {"a": "Compensated", "b": "Succeeded", "c": "Compensated", "d": "Failed"}
		)
		((problem),) = found["compensation_errors"]
		self.assertEqual((problem["step"], problem["index"]), ("b", None))
		self.assertIn("cannot", problem["error"])
		self.assertEqual(self.undone(), ["c", "a"])

	@proves(
		"each with retries of its own",
		"The run is Running with `compensating: true` meanwhile",
	)
	def test_a_compensation_has_retries_of_its_own(self):
		action = "http.request"
		bad = {"action": action, "params": {"url": "http://127.0.0.1:9/"}, "retry": {"attempts": 3, "delay": "1m", "on": ["Exception", "ConnectionError", "DoganError", "NotAllowed", "ValidationError"]}}  # fmt: skip
		run = self.begin([made("a"), step("b", compensate=bad), fails("c")])
		found = self.run_of(run)
		self.assertEqual((found["status"], found["compensating"]), ("Running", True))
		self.assertEqual(self.undone(), [])
		for _ in range(4):
			self.advance(241)
			self.settle()
		found = self.run_of(run)
		self.assertEqual((found["status"], len(found["compensation_errors"])), ("Failed", 1))
		self.assertEqual(self.undone(), ["a"])
		self.assertEqual(len(self.earlier_attempts(run, "b.-1")), 2)

	def test_the_output_that_cannot_be_rendered_undoes_too(self):
		run = self.begin([made("a")], output="{{ steps.a.output.nothing }}")
		found = self.run_of(run)
		self.assertEqual((found["status"], states(found)), ("Failed", {"a": "Compensated"}))
		self.assertIn("output", found["error"])

	@proves("A step that was retried from compensates nothing twice.")
	def test_a_step_that_was_retried_from_compensates_nothing_twice(self):
		run = self.begin([made("a"), made("b"), fails("c")])
		self.assertEqual(self.undone(), ["b", "a"])
		self.act("retry", run, "c")
		self.settle()
		found = self.run_of(run)
		self.assertEqual(found["status"], "Failed")
		# What was undone has run again, and is undone once more for that.
		self.assertEqual(self.undone(), ["b", "a", "b", "a"])
		self.assertEqual(row(found, "a")["attempts"], 1)

	@proves(
		"Cancel asks whether to compensate (`compensate: true`).",
		"Cancel: the same, then compensation if asked.",
	)
	def test_cancel_undoes_only_if_asked_to(self):
		steps = [made("a"), step("w", "flow.wait", params={"for": "1h"})]
		run = self.begin(steps)
		self.act("cancel", run)
		self.settle()
		self.assertEqual((self.run_of(run)["status"], self.undone()), ("Cancelled", []))
		run = self.begin(steps)
		self.act("cancel", run, True)
		self.settle()
		found = self.run_of(run)
		self.assertEqual(
			(found["status"], states(found)), ("Cancelled", {"a": "Compensated", "w": "Cancelled"})
		)
		self.assertEqual(self.undone(), ["a"])

	def test_a_pause_holds_compensation_too(self):
		bad = {"action": "data.check", "params": {"that": False}, "retry": {"attempts": 2, "delay": "1m", "on": ["CheckFailed"]}}  # fmt: skip
		run = self.begin([made("a"), step("b", compensate=bad), fails("c")])
		self.act("pause", run)
		self.advance(120)
		self.settle()
		self.assertEqual((self.run_of(run)["status"], self.undone()), ("Paused", []))
		self.act("resume", run)
		self.settle()
		self.assertEqual((self.run_of(run)["status"], self.undone()), ("Failed", ["a"]))

	@proves("as the user of the step it undoes")
	def test_a_step_is_undone_as_the_user_that_it_had(self):
		with self.site.acting_as("Administrator"):
			self.orchestrator.register_agent("contract-undoer", PERSON)
		self.site.database.commit()
		undoes = {"action": "document.create", "params": {"doctype": "ToDo", "values": {"description": "contract undone by {{ user }}"}}}  # fmt: skip
		self.begin([step("a", agent="contract-undoer", compensate=undoes), fails("b")])
		self.assertEqual(self.undone(), [f"by {PERSON}"])

	def test_a_run_of_its_own_is_not_undone_with_the_parent(self):
		self.save("contract-undo-child", [made("a")])
		run = self.begin([step("sub", "flow.run", params={"workflow": "contract-undo-child"}), fails("b")])
		self.assertEqual((self.run_of(run)["status"], self.undone()), ("Failed", []))

	def test_what_cannot_undo_is_refused(self):
		for undoes, path in (
			({"action": "flow.wait", "params": {"for": "1h"}}, "steps[0].compensate.action"),
			({"action": "data.sett"}, "steps[0].compensate.action"),
			(
				{"action": "document.create", "params": {"doctyp": "ToDo"}},
				"steps[0].compensate.params.doctyp",
			),
			({"params": {}}, "steps[0].compensate.action"),
			({"action": "data.set", "params": {"x": "{{ steps.b.output }}"}}, "steps[0].compensate.params.x"),
		):
			with self.subTest(path=path, undoes=undoes):
				with self.assertRaises(DefinitionError) as caught:
					self.save("contract-refused", [step("a", compensate=undoes), step("b")])
				self.site.database.rollback()
				self.assertIn(path, {problem.path for problem in caught.exception.problems})

	def test_outputs_stay(self):
		found = self.run_of(self.begin([made("a"), fails("b")]))
		self.assertEqual(output(found, "a"), {"done": "a"})

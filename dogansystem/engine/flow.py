"""The control flow: which steps may start, which are skipped, and whether the run has ended.

Everything is decided from the definition and the states of the run's steps; nothing is remembered in between. So a
decision can be taken again at any time, by any process, and comes out the same.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.states import (
	CANCELLED,
	COMPENSATED,
	FAILED,
	PENDING,
	READY,
	SKIPPED,
	STEP_FINISHED,
	SUCCEEDED,
)


@dataclass(frozen=True, slots=True)
class Decision:
	"""What follows from the states of a run's steps.

	Attributes:
		ready: ids of pending steps that may start now, in order.
		skipped: ids of pending steps that will not run.
		ending: `Succeeded` or `Failed` when the run ends so, else None.
		failed_step: the step whose failure nobody handles.
	"""

	ready: tuple[str, ...] = ()
	skipped: tuple[str, ...] = ()
	ending: str | None = None
	failed_step: str | None = None


Branches = Mapping[str, str]  # the branch in which a step has ended, for those that have


def decide(definition: Definition, states: Mapping[str, str], branches: Branches) -> Decision:
	"""Decide how a run goes on, given the states of its steps by id, and the branches in which they ended.

	Steps may be left out whose states do not matter: none that is given waits for one of them. Whether the run has ended
	can then not be said.
	"""
	failed = unhandled_failure(definition, states)
	if failed:
		return Decision(ending=FAILED, failed_step=failed)
	after = dict(states)
	ready: list[str] = []
	skipped: list[str] = []
	# Of a run that is not known as a whole, no step waits for another one that is pending.
	known = definition.in_order if len(after) == len(definition.steps) else map(definition.by_id.get, states)
	for step in known:
		if step is None or after[step.id] != PENDING:
			continue
		state = state_of_pending(definition, step, after, branches)
		if state == READY:
			ready.append(step.id)
		elif state == SKIPPED:
			skipped.append(step.id)
		after[step.id] = state
	ended = len(after) == len(definition.steps) and all(state in STEP_FINISHED for state in after.values())
	return Decision(tuple(ready), tuple(skipped), SUCCEEDED if ended else None)


def unhandled_failure(definition: Definition, states: Mapping[str, str]) -> str | None:
	"""The first failed step that neither continues nor has a step that waits for its failure."""
	for step_id, state in states.items():
		if state == FAILED and not definition.handles_failure(step_id):
			return step_id
	return None


def state_of_pending(
	definition: Definition, step: Step, states: Mapping[str, str], branches: Branches
) -> str:
	"""`Ready`, `Skipped` or still `Pending` for a step that has not started."""
	if not step.after:
		return READY
	finished = [name for name in step.after if states[name] in STEP_FINISHED]
	all_finished = len(finished) == len(step.after)
	if not finished or (step.join == "all" and not all_finished):
		return PENDING
	if _wanted(definition, step, finished, states, branches):
		return READY
	# With `join: any` a later one of them may still be what the step waits for.
	return SKIPPED if all_finished else PENDING


def _wanted(
	definition: Definition,
	step: Step,
	finished: Iterable[str],
	states: Mapping[str, str],
	branches: Branches,
) -> bool:
	if step.when == "done":
		return True
	if step.when == "failed":
		return any(states[name] == FAILED for name in finished)
	return any(
		_went_through(definition, name, states[name]) and step.is_taken(name, branches.get(name))
		for name in finished
	)


def _went_through(definition: Definition, name: str, state: str) -> bool:
	"""Whether a finished step lets those behind it go on: `on_error: continue` means that its failure does."""
	return state == SUCCEEDED or (state == FAILED and definition.by_id[name].on_error == "continue")


def steps_after(definition: Definition, roots: Iterable[str]) -> set[str]:
	"""The ids of `roots` and of every step that waits for one of them, directly or not."""
	found = set(roots)
	for step in definition.in_order:
		if any(name in found for name in step.after):
			found.add(step.id)
	return found


def steps_to_retry(definition: Definition, states: Mapping[str, str], step: str | None = None) -> set[str]:
	"""The ids of the steps that run again: `step`, or else where the run came to its end, and all after it.

	What was cancelled runs again too, whatever was asked for, and so do a failure that nobody handles and what was undone:
	the run could not go on beside them. Source: workflow-format.md, semantics 12.
	"""
	roots = {
		name
		for name, state in states.items()
		if state in (CANCELLED, COMPENSATED) or (state == FAILED and not definition.handles_failure(name))
	}
	return steps_after(definition, roots | ({step} if step else set()))

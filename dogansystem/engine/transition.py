"""What follows when something happens to a run: one pure function, for every event and every caller.

The worker, the tick, people, the simulation and every trial of a workflow ask it. It reads nothing, writes nothing and
knows no clock; what it gives is data (`engine.changes`), which `store.changes` writes.
"""

from collections.abc import Callable, Sequence
from typing import Any

from dogansystem.engine import events, items, steered
from dogansystem.engine.attempted import attempted, result_of, state_of
from dogansystem.engine.changes import Changes, Result
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.draft import Draft
from dogansystem.engine.errors import Timeout
from dogansystem.engine.events import Event
from dogansystem.engine.outcomes import Done, Failed, Outcome, Skipped
from dogansystem.engine.retry import next_attempt
from dogansystem.engine.run_state import Items, RunState
from dogansystem.engine.states import (
	CANCELLED,
	COMPENSATED,
	FAILED,
	PAUSED,
	PENDING,
	READY,
	RUNNING,
	SUCCEEDED,
	WAITING,
)


def decide(run: RunState, event: Event) -> Changes:
	"""All that follows from `event`. Raises WrongState or NotFound where a person asks for what cannot be."""
	draft = Draft(run)
	_HANDLERS[type(event)](draft, event)
	return draft.changes()


def assumed(
	definition: Definition,
	run: str,
	step: Step,
	item: int,
	outcome: Outcome,
	items_at_most: int,
	is_child: bool = False,
) -> RunState | None:
	"""The run as it must be if it is under way (Running, not ending), as far as this outcome needs to know it.

	None: what follows depends on more. Nearly every attempt ends like this: it succeeded, and steps wait for it alone, or
	one starts with the first of several, or it was the last of a sequence, or an item whose siblings are open already. So
	nothing has to be read, and `decide` says the same as it would of the run under lock. `items_at_most`: items the step
	may have; 0: not known.
	"""
	if item < 0:
		return None
	if item:
		fits = isinstance(outcome, Done | Skipped) and 0 < items_at_most <= step.max_parallel
		return RunState(run, definition, RUNNING, items={step.id: Items()}) if fits else None
	if not isinstance(outcome, Done):
		return None
	followers = definition.followers[step.id]
	if not followers:
		others = {other.id: SUCCEEDED for other in definition.steps}
		is_last = definition.is_sequence and definition.output is None
		states = others | {step.id: RUNNING}
		return RunState(run, definition, RUNNING, states=states, is_child=is_child) if is_last else None
	if not all(_is_told(other, step, outcome.branch) for other in followers):
		return None
	contested = [other for other in followers if len(other.after) > 1]
	if len(contested) > 1 or not _is_all_that_follows(definition, step, followers, outcome.branch):
		return None
	states = {step.id: RUNNING} | {other.id: PENDING for other in followers}
	for name in (name for other in contested for name in other.after):
		states.setdefault(name, RUNNING)
	return RunState(run, definition, RUNNING, states=states)


def _is_told(other: Step, step: Step, branch: str | None) -> bool:
	"""Whether the end of `step` alone says what becomes of a step behind it.

	One that starts with the first of several may have been started by another of them: the writer looks (`is_contested`).
	"""
	if other.when == "failed" or other.is_limited:
		return False
	if other.after == (step.id,):
		return True
	return other.join == "any" and (other.when == "done" or other.is_taken(step.id, branch))


def _is_all_that_follows(
	definition: Definition, step: Step, followers: Sequence[Step], branch: str | None
) -> bool:
	"""Whether a step lets at least one go on, and what waits for those that are skipped waits for one of these as well."""
	taken = {other.id for other in followers if other.when == "done" or other.is_taken(step.id, branch)}
	behind = [last for other in followers if other.id not in taken for last in definition.followers[other.id]]
	return bool(taken) and all(
		(last.join == "all" or last.when != "done") and not taken.isdisjoint(last.after) for last in behind
	)


# Starting


def _started(draft: Draft, event: events.Started) -> None:
	draft.begin()


def _admitted(draft: Draft, event: events.Admitted) -> None:
	if _is_over(draft) or draft.status == PAUSED:
		return
	key = None if event.step is None else (event.step, event.item)
	draft.take(event.resource, event.number, key)
	if event.step is None:
		draft.begin_now()
		return
	assert event.agent is not None
	step = draft.definition.by_id[event.step]
	draft.set_step(step.id, event.item, READY, old=WAITING, agent=event.agent)
	draft.put_in_queue(step, event.item, event.attempt, event.agent)


def _refused(draft: Draft, event: events.Refused) -> None:
	if _is_over(draft) or draft.status == PAUSED:
		return
	if event.step is None:
		draft.end(CANCELLED, error_type=event.error_type, error=event.error)
		return
	result = Result(error_type=event.error_type, error=event.error)
	draft.set_step(event.step, event.item, FAILED, old=WAITING, result=result)
	if event.item:
		step = draft.definition.by_id[event.step]
		if step.on_error == "continue":
			draft.open_items(step)
		draft.note(check_items=True, is_broken=True)
	else:
		draft.go_on()


def _items_ended(draft: Draft, event: events.ItemsEnded) -> None:
	"""Complete a `for_each` step if its last item is finished; otherwise open what may be open and is not."""
	if draft.before.is_finished or draft.states.get(event.step) != RUNNING:
		return
	if draft.ending:
		draft.settle()
		return
	step, known = draft.definition.by_id[event.step], draft.before.items[event.step]
	if not known.counts:
		return  # not expanded yet
	if items.is_broken(step, known.counts):
		draft.cancel_items(step.id)
		assert draft.before.places is not None
		if any(place.begun and place.step == step.id for place in draft.before.places):
			return
	elif items.unfinished(known.counts):
		return draft.open_items(step)
	state, result = items.result_of(step, known.results)
	draft.set_step(step.id, 0, state, result=result)
	draft.go_on()


# Time


def _woken(draft: Draft, event: events.Woken) -> None:
	if draft.before.is_finished or draft.before.state != WAITING:
		return
	if event.item < 0 or not draft.ending:
		draft.show_running()
		step = draft.definition.step_of(event.step, event.item)
		draft.open([(step, event.item, draft.before.attempts + 1)], WAITING)


def _wait_ended(draft: Draft, event: events.WaitEnded) -> None:
	if _is_over(draft) or draft.before.state != WAITING:
		return
	draft.show_running()
	draft.note(signal=event.signal)
	step, outcome = draft.definition.by_id[event.step], event.outcome
	if step.is_in_parts:  # the next part looks by itself what its wait has come to
		return draft.open([(step, event.item, 1)], WAITING)
	result = result_of(outcome)
	if isinstance(outcome, Failed):
		delay = next_attempt(step.retry, draft.before.attempts, outcome.names, lambda: event.chance)
		if delay is not None:
			draft.set_step(step.id, event.item, WAITING, old=WAITING, result=result)
			draft.wait("retry", delay=delay, step=step.id, item=event.item)
			return draft.show_waiting()
	draft.set_step(step.id, event.item, state_of(outcome), old=WAITING, result=result)
	if not event.item:
		return draft.go_on()
	is_broken = isinstance(outcome, Failed) and step.on_error == "fail"
	if not is_broken:
		draft.open_items(step)
	draft.note(check_items=True, is_broken=is_broken)


def _timed_out(draft: Draft, event: events.TimedOut) -> None:
	if not _is_over(draft):
		limit = draft.definition.limits.run_timeout or 0
		message = f"The run took longer than its run_timeout of {limit:g} seconds."
		draft.end(FAILED, error_type=Timeout.__name__, error=message)


# Processes


def _lease_lost(draft: Draft, event: events.LeaseLost) -> None:
	"""What a process has claimed and not begun goes where the run's state wants it by now."""
	assert draft.before.places is not None
	if draft.before.is_finished:
		draft.leave(place for place in draft.before.places if not place.begun)
	elif draft.ending and not any(place.item < 0 for place in draft.before.places):
		draft.settle()  # what undoes its steps has not begun
	elif draft.status == PAUSED:
		draft.park(draft.before.places)
	else:
		for place in draft.before.places:
			if place.process == event.process and not place.begun:
				draft.return_to_queue(place)


def _broken(draft: Draft, event: events.Broken) -> None:
	if draft.compensating and not draft.before.is_finished:
		draft.leave(draft.before.places or ())
		draft.close(draft.ending)  # with the error that it has; nobody knows any more what undoes its steps
	elif not _is_over(draft):
		draft.end(FAILED, error_type=event.error_type, error=event.error)


# The end


def _rendered(draft: Draft, event: events.Rendered) -> None:
	failure = {"is_failure": True, "error_type": event.error_type, "error": event.error}
	if event.error_type is None:
		draft.close(SUCCEEDED, output=event.output)
	elif draft.compensates(FAILED):
		draft.begin_to_undo(FAILED, **failure)
	else:
		draft.close(FAILED, **failure)


def _undoing(draft: Draft, event: events.Undoing) -> None:
	if draft.before.undo:
		return draft.undo(draft.before.undo[0])
	for step in draft.before.undone:
		draft.set_step(step, 0, COMPENSATED)
	draft.close(draft.ending)


def _is_over(draft: Draft) -> bool:
	return draft.before.is_finished or bool(draft.ending)


_HANDLERS: dict[type, Callable[[Draft, Any], None]] = {
	events.Started: _started,
	events.Admitted: _admitted,
	events.Refused: _refused,
	events.Attempted: attempted,
	events.ItemsEnded: _items_ended,
	events.Woken: _woken,
	events.WaitEnded: _wait_ended,
	events.TimedOut: _timed_out,
	events.LeaseLost: _lease_lost,
	events.Broken: _broken,
	events.Rendered: _rendered,
	events.Paused: steered.paused,
	events.Resumed: steered.resumed,
	events.Cancelled: steered.cancelled,
	events.Undoing: _undoing,
	events.Retried: steered.retried,
}

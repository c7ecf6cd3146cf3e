"""What follows when an attempt of a step, or of an item of it, has come to an outcome."""

from dataclasses import replace
from typing import Any

from dogansystem.engine.changes import NEVER, Result, Successor
from dogansystem.engine.definition import Step
from dogansystem.engine.draft import Draft
from dogansystem.engine.errors import WrongState
from dogansystem.engine.events import Attempted
from dogansystem.engine.outcomes import (
	Continues,
	Done,
	Expanded,
	Failed,
	Outcome,
	Skipped,
	Stops,
	Waits,
	failed,
)
from dogansystem.engine.retry import next_attempt
from dogansystem.engine.run_state import undo_of
from dogansystem.engine.signals import RECEIVED
from dogansystem.engine.states import (
	CANCELLED,
	COMPENSATED,
	FAILED,
	PAUSED,
	PENDING,
	READY,
	RUNNING,
	SKIPPED,
	SUCCEEDED,
	WAITING,
)


def attempted(draft: Draft, event: Attempted) -> None:
	"""The handler of the event `Attempted`."""
	draft.end_lease((event.step, event.item))
	if event.agent and not _keeps_slot(draft, event):
		draft.free((event.step, event.item))
	if isinstance(event.outcome, Waits) and draft.before.signal and not draft.ending:
		# What it would wait for was there before.
		draft.note(signal=draft.before.signal.id)
		event = replace(event, outcome=Done(draft.before.signal.data, RECEIVED))
	step, outcome = draft.definition.step_of(event.step, event.item), event.outcome
	if isinstance(outcome, Waits) and outcome.kind == "decision" and draft.ending:
		draft.note(withdrawn=outcome.key)  # people were asked a moment ago, and no wait begins
	delay = None
	if isinstance(outcome, Failed):
		delay = next_attempt(step.retry, event.number, outcome.names, lambda: event.chance)
	if delay is not None and (event.item < 0 or not draft.ending):
		_try_again(draft, event, delay)
	elif event.item < 0:
		_undone(draft, event)
	elif isinstance(outcome, Continues) and not draft.ending:
		_go_on_with(draft, event, step, outcome)
	elif event.item:
		_item_attempted(draft, event, step)
	elif draft.ending:
		_attempted_in_ending_run(draft, event)
	elif isinstance(outcome, Expanded) and outcome.items:
		draft.set_step(step.id, 0, RUNNING, attempted=True)
		draft.expand(step, outcome.items)
	else:
		_step_attempted(draft, event)


def _keeps_slot(draft: Draft, event: Attempted) -> bool:
	"""Whether the next part of the step begins as soon as somebody claims it."""
	goes_on = isinstance(event.outcome, Continues) and event.outcome.until is None
	return goes_on and event.item >= 0 and draft.status != PAUSED and not draft.ending


def _go_on_with(draft: Draft, event: Attempted, step: Step, outcome: Continues) -> None:
	"""A part of a step, or of an item, is done; nobody holds it until the next one."""
	written: dict[str, Any] = {"old": RUNNING, "attempted": True, "begins_anew": True, "result": Result()}
	draft.set_step(step.id, event.item, state_of(outcome), **written)
	if outcome.until is not None:
		draft.wait("wait", due=outcome.until, step=step.id, item=event.item)
		if not event.item:
			draft.show_waiting()
	elif draft.status != PAUSED:
		draft.put_in_queue(step, event.item, 1, event.agent)


def _step_attempted(draft: Draft, event: Attempted) -> None:
	outcome = event.outcome
	draft.set_step(event.step, 0, state_of(outcome), attempted=True, **_written(draft, event))
	if isinstance(outcome, Waits):
		_wait(draft, event, outcome)
		draft.show_waiting()
	elif isinstance(outcome, Stops):
		failed = outcome.status == FAILED
		draft.end(
			outcome.status,
			error_type="Stopped" if failed else None,
			error=outcome.message or None,
			error_step=event.step if failed else None,
		)
	else:
		draft.go_on(stick=event.stick)


def _written(draft: Draft, event: Attempted) -> dict[str, Any]:
	begins_anew = isinstance(event.outcome, Waits) and draft.definition.by_id[event.step].is_in_parts
	return {"result": result_of(event.outcome), "begins_anew": begins_anew}


def _wait(draft: Draft, event: Attempted, outcome: Waits) -> None:
	due = NEVER if outcome.until is None else outcome.until
	draft.wait(outcome.kind, due=due, key=outcome.key, step=event.step, item=event.item, data=outcome.output)


def _try_again(draft: Draft, event: Attempted, delay: float) -> None:
	draft.set_step(
		event.step,
		event.item,
		WAITING,
		old=RUNNING,
		attempted=True,
		keeps_failure=True,
		result=result_of(event.outcome),
	)
	draft.wait("retry", delay=delay, step=event.step, item=event.item)
	draft.note(is_again=True)
	if not event.item:
		draft.show_waiting()


def _undone(draft: Draft, event: Attempted) -> None:
	"""What undoes a step has come to its end: the step is Compensated, or stays as it was."""
	outcome = event.outcome
	if isinstance(outcome, Waits | Continues | Stops | Expanded):
		outcome = failed(WrongState("What undoes a step can neither wait nor end the run."))
	state = state_of(outcome)
	draft.set_step(event.step, event.item, state, old=RUNNING, attempted=True, result=result_of(outcome))
	if state != FAILED:
		draft.set_step(event.step, undo_of(event.item), COMPENSATED, old=SUCCEEDED)
	draft.note(undoes=True)


def _attempted_in_ending_run(draft: Draft, event: Attempted) -> None:
	"""A step that was running when its run began to end: its result is kept, nothing follows."""
	outcome = event.outcome
	gives_up = isinstance(outcome, Waits | Continues) or (
		isinstance(outcome, Expanded) and bool(outcome.items)
	)
	state, result = (CANCELLED, Result()) if gives_up else (state_of(outcome), result_of(outcome))
	draft.set_step(event.step, 0, state, attempted=True, result=result)
	draft.settle()


def _item_attempted(draft: Draft, event: Attempted, step: Step) -> None:
	"""Write the outcome of one item, and open the next."""
	outcome = event.outcome
	waits = isinstance(outcome, Waits) and not draft.ending
	is_broken = isinstance(outcome, Failed) and step.on_error == "fail"
	state = CANCELLED if draft.ending and isinstance(outcome, Waits | Continues) else state_of(outcome)
	draft.set_step(step.id, event.item, state, old=RUNNING, attempted=True, **_written(draft, event))
	if isinstance(outcome, Waits) and waits:
		_wait(draft, event, outcome)
		return
	if draft.ending or draft.status == PAUSED or is_broken or not draft.before.items[step.id].pending:
		draft.note(check_items=True, is_broken=is_broken)
		return
	item, attempts, value = draft.before.items[step.id].pending[0]
	if event.stick and not step.is_limited:
		draft.set_step(step.id, item, RUNNING, old=PENDING, handed_over=True)
		draft.note(successor=Successor(step.id, item, attempts + 1, step.priority, value))
	else:
		draft.open([(step, item, attempts + 1)], PENDING)


def state_of(outcome: Outcome) -> str:
	"""The state in which an outcome leaves its step."""
	if isinstance(outcome, Failed):
		return FAILED
	if isinstance(outcome, Skipped):
		return SKIPPED
	if isinstance(outcome, Continues):
		return READY if outcome.until is None else WAITING
	return WAITING if isinstance(outcome, Waits) else SUCCEEDED


def result_of(outcome: Outcome) -> Result:
	"""What an outcome leaves on its step."""
	if isinstance(outcome, Failed):
		return Result(error_type=outcome.type, error=outcome.message, traceback=outcome.traceback)
	if isinstance(outcome, Done):
		return Result(outcome.output, branch=outcome.branch)
	if isinstance(outcome, Stops):
		return Result(outcome.output)
	return Result("[]" if isinstance(outcome, Expanded) else None)

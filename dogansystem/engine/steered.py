"""What people ask of a run: to pause, go on, end, or run again. Each refuses what cannot be, by WrongState or NotFound."""

from dogansystem.engine import events, flow
from dogansystem.engine.draft import Draft
from dogansystem.engine.errors import NotFound, WrongState
from dogansystem.engine.run_state import RunState
from dogansystem.engine.states import CANCELLED, FAILED, PAUSED, PENDING, QUEUED, RUNNING


def paused(draft: Draft, event: events.Paused) -> None:
	_must_be_unfinished(draft, "paused")
	if draft.status != PAUSED:
		assert draft.before.places is not None
		draft.park(draft.before.places)
		draft.set_run(PAUSED)


def resumed(draft: Draft, event: events.Resumed) -> None:
	_must_be_unfinished(draft, "resumed")
	run = draft.before
	if run.status != PAUSED:
		raise WrongState(f"Run {run.name} is {run.status}, not Paused: there is nothing to resume.")
	never_begun = all(state == PENDING for state in run.states.values())
	draft.set_run(QUEUED if never_begun else RUNNING)
	if draft.definition.limits.concurrent_runs and not draft.ending and not run.has_slot:
		draft.begin()  # it was paused while it waited for its workflow's limit
		return
	draft.queue_again(run.parked)
	for step in draft.definition.steps:
		if step.for_each is not None and draft.states[step.id] == RUNNING:
			draft.open_items(step)
	if not run.parked:
		draft.show_waiting()


def cancelled(draft: Draft, event: events.Cancelled) -> None:
	_must_be_unfinished(draft, "cancelled")
	if not draft.ending:
		if event.compensate and draft.compensates(FAILED):  # not where the version cannot be read
			draft.compensating = True
			draft.set_run(RUNNING if draft.status == PAUSED else draft.status, compensating=True)
		draft.end(CANCELLED)


def retried(draft: Draft, event: events.Retried) -> None:
	run = draft.before
	if not run.is_finished:
		raise WrongState(
			f"Run {run.name} is {run.status}: only a finished run can be retried. Cancel it first."
		)
	again = steps_to_retry(run, event)
	if event.definition is not None:
		_go_over(draft, event, again)
	draft.set_back(step for step in draft.states if step in again)
	draft.note(forgets_waits=True)
	draft.reopen(event.version, event.run_as, event.parameters)
	draft.begin()


def steps_to_retry(run: RunState, event: events.Retried) -> set[str]:
	"""The ids of the steps that run again. Raises NotFound or WrongState where there are none."""
	definition = event.definition or run.definition
	assert definition is not None
	if event.step is not None and event.step not in definition.by_id:
		raise NotFound(f"Run {run.name} has no step {event.step!r}. It has: {', '.join(definition.by_id)}.")
	states = {step.id: run.states.get(step.id, PENDING) for step in definition.steps}
	new = {step.id for step in definition.steps if step.id not in run.states}
	again = flow.steps_after(definition, flow.steps_to_retry(definition, states, event.step) | new)
	if not again:
		raise WrongState(
			f"Run {run.name} {run.status.lower()} with nothing to retry: name the step to start from."
		)
	return again


def _go_over(draft: Draft, event: events.Retried, again: set[str]) -> None:
	"""Go on with another version, whose steps are the same up to where the run goes on."""
	before, definition = draft.definition, event.definition
	assert definition is not None
	root = event.step if event.step in before.by_id else None
	free = again | flow.steps_to_retry(before, draft.states, root)
	for step in before.steps:
		if step.id not in free and definition.by_id.get(step.id) != step:
			raise WrongState(
				f"Run {draft.before.name} cannot go on with the version saved now: step {step.id!r}, which would not run"
				" again, is different there. Retry from that step, or with the version the run started with."
			)
	draft.go_over(definition)


def _must_be_unfinished(draft: Draft, what: str) -> None:
	if draft.before.is_finished:
		run = draft.before
		raise WrongState(f"Run {run.name} has {run.status.lower()} already: it cannot be {what}.")

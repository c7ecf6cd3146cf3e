"""Something happens to a run: it is locked, `engine.transition` decides, `store.changes` writes. The caller commits."""

import random
from collections.abc import Callable
from dataclasses import replace

from dogansystem.engine import events
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import DoganError, NotFound
from dogansystem.engine.events import Event
from dogansystem.engine.outcomes import Done, Failed
from dogansystem.engine.outputs import encode
from dogansystem.engine.run_state import RunState
from dogansystem.engine.signals import EXPIRED
from dogansystem.engine.states import PENDING, QUEUED
from dogansystem.engine.templates.render import render
from dogansystem.engine.transition import decide, steps_to_retry
from dogansystem.protocol import Database
from dogansystem.store import changes, children, context, dialect, history, names, parameters, run_state
from dogansystem.store.changes import claims, waits
from dogansystem.store.changes.fences import Attempt, Fence, WaitFence
from dogansystem.store.moment import Moment
from dogansystem.store.queue import Wait

DefinitionOf = Callable[[str], Definition]  # gives the definition a run goes by, by the run's name


def happen(
	db: Database, run: str, definition: Definition | None, event: Event, at: Moment, *, fence: Fence = None
) -> Changes | None:
	"""Write what follows from `event`. None: there is no such run, or the fence is lost; roll back.

	Raises WrongState or NotFound where a person asks for what cannot be.
	"""
	state = run_state.read(db, run, definition, event, at)
	return None if state is None else follow(db, state, event, at, fence=fence)


def follow(
	db: Database,
	state: RunState,
	event: Event,
	at: Moment,
	*,
	fence: Fence = None,
	attempt: Attempt | None = None,
) -> Changes | None:
	"""The same for a run that is locked and known."""
	made = decide(state, event)
	other = event.definition if isinstance(event, events.Retried) else None
	written = changes.write(db, state.name, made, at, fence=fence, attempt=attempt, definition=other)
	if written is changes.Written.FENCED:
		return None
	if made.renders_output:
		last = made.run or made.reopened
		ended = _end_with_output(db, replace(state, status=last.new if last else state.status), at)
		made = replace(made, run=ended.run, frees=(*made.frees, *ended.frees), renders_output=False)
		made = replace(made, undoes=ended.undoes)
	if made.undoes:
		undone = _undo_next(db, state, at)
		made = replace(made, frees=(*made.frees, *undone.frees), ready=(*made.ready, *undone.ready))
	return made


def _undo_next(db: Database, state: RunState, at: Moment) -> Changes:
	"""Let the next step be undone of a run in which nothing runs, or end it if none is left."""
	assert state.definition is not None
	locked = run_state.lock(db, state.name, state.definition)
	assert locked is not None
	made = decide(replace(run_state.with_undo(db, locked), places=()), events.Undoing())
	changes.write(db, state.name, made, at)
	return made


def _end_with_output(db: Database, state: RunState, at: Moment) -> Changes:
	assert state.definition is not None
	try:
		values = context.template_values(db, state.name, at)
		event = events.Rendered(encode(render(state.definition.output, values), "The run's output"))
	except DoganError as error:
		event = events.Rendered(error_type=type(error).__name__, error=f"output: {error}")
	made = decide(state, event)
	changes.write(db, state.name, made, at)
	return made


def begin(
	db: Database, run: str, definition: Definition, limit_key: str, at: Moment, broken: events.Broken | None
) -> None:
	"""A run that was just written starts, or with `broken` has failed to."""
	states = dict.fromkeys(definition.by_id, PENDING)
	state = RunState(run, definition, QUEUED, states=states, places=(), limit_key=limit_key)
	follow(db, state, broken or events.Started(), at)


# What people ask for


def pause(db: Database, run: str, definition: Definition | None, at: Moment) -> None:
	"""Start no further step of the run; what is running finishes. Raises NotFound or WrongState."""
	_ask(db, run, definition, events.Paused(), at)


def resume(db: Database, run: str, definition: Definition, at: Moment) -> None:
	"""Let a paused run go on where it stopped. Raises NotFound or WrongState."""
	_ask(db, run, definition, events.Resumed(), at)


def cancel(
	db: Database, run: str, definition: Definition | None, at: Moment, *, compensate: bool = False
) -> None:
	"""Start no further step and end the run as Cancelled; what is running finishes first. Raises NotFound or WrongState.

	`compensate`: undo before what it has done.
	"""
	_ask(db, run, definition, events.Cancelled(compensate), at)


def retry(
	db: Database,
	run: str,
	definition: Definition,
	at: Moment,
	step: str | None = None,
	current: tuple[Definition, str] | None = None,
) -> set[str]:
	"""Run `step` and all after it again, or else what failed, and what was cancelled; earlier outputs are kept.

	`current`: go on with this definition and version instead of those the run started with. Gives the ids of the steps
	that run again. Raises NotFound, WrongState, or InputError if that version has a parameter without a value.
	"""
	event = events.Retried(step)
	if current:
		# Whoever wrote this version may not be allowed to lend the user of the other one.
		data = context.load_runs(db, [run])[run]
		values = parameters.of_retry(db, current[0], data.parameters)
		run_as = current[0].run_as or data.started_by
		event = events.Retried(step, *current, run_as, parameters.as_column(values))
	state = run_state.read(db, run, definition, event, at)
	if state is None:
		raise NotFound(f"There is no run {run!r}.")
	history.uncount(db, [run])
	follow(db, state, event, at)
	return steps_to_retry(state, event)


def _ask(db: Database, run: str, definition: Definition | None, event: Event, at: Moment) -> None:
	if happen(db, run, definition, event, at) is None:
		raise NotFound(f"There is no run {run!r}.")


# What time and processes bring


def wake(db: Database, wait: Wait, definition: Definition, at: Moment) -> Changes | None:
	"""Do what a wait of a run asks for that is over. None: somebody else has done it."""
	if not wait.step_run:
		return happen(db, str(wait.run), definition, events.TimedOut(), at, fence=WaitFence(wait.id))
	step, item = names.parts(wait.step_run)
	if wait.kind == "retry":
		return happen(db, str(wait.run), definition, events.Woken(step, item), at, fence=WaitFence(wait.id))
	outcome = _outcome_of(db, wait)
	if outcome is None:  # it was woken for a run that somebody has retried since
		waits.put_off(db, wait.id)
		return None
	return end_wait(db, wait.id, str(wait.run), wait.step_run, outcome, definition, at)


def _outcome_of(db: Database, wait: Wait) -> Done | Failed | None:
	"""What a step comes to whose wait time, or the end of another run, has ended."""
	if wait.kind == "child":
		return children.outcome_of(db, str(wait.subject))
	return Done("null", EXPIRED) if wait.kind == "signal" else Done(wait.data or "null")


def end_wait(
	db: Database,
	wait: int,
	run: str,
	step_run: str,
	outcome: Done | Failed,
	definition: Definition,
	at: Moment,
	signal: int | None = None,
) -> Changes | None:
	"""End the wait of a step with what it comes to by that. None: it has ended already."""
	step, item = names.parts(step_run)
	event = events.WaitEnded(step, item, outcome, random.random(), signal)
	return happen(db, run, definition, event, at, fence=WaitFence(wait))


def give_back(db: Database, process: int, definition_of: DefinitionOf, at: Moment) -> int:
	"""Return what `process` has claimed and not begun; gives how many steps went back to the ready queue.

	Each run is locked first, as whoever pauses or cancels it does: its step is either seen by them or sees them.
	"""
	db.begin()
	claims.drop_orphans(db, process)
	rows = db.sql(
		"SELECT DISTINCT run FROM dogan_lease WHERE process = %s AND begun_at IS NULL ORDER BY run",
		(process,),
	)
	returned = 0
	for (run,) in rows:
		made = happen(db, run, definition_of(run), events.LeaseLost(process), at)
		returned += len(made.ready) if made else 0
	return returned


def close_items(
	db: Database, run: str, definition: Definition, step: str, at: Moment, *, is_broken: bool = True
) -> bool:
	"""Complete a `for_each` step if its last item is finished, or open items that nobody has opened; True when the run
	went on or ended by it.

	Called after the commit of an item that found no next one, in a transaction of its own: the last of them sees all
	others finished. The tick calls it too, for a process that died in between. `is_broken` False says that no item is
	known to have failed, so that a look at the last unfinished one is enough to see that it is too early.
	"""
	if not is_broken and _last_unfinished(db, run, step) not in (None, PENDING):
		return False
	made = happen(db, run, definition, events.ItemsEnded(step), at)
	if made is None:
		return False
	has_ended = bool(made.run and made.run.has_ended)
	has_opened = bool(made.ready or made.queued)
	return has_ended or has_opened or any(each.step == step and not each.item for each in made.steps)


def _last_unfinished(db: Database, run: str, step: str) -> str | None:
	"""The state of the last unfinished item. From the end, where those are that are opened last."""
	query = (
		"SELECT status FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item > 0"
		" AND status IN ('Pending', 'Ready', 'Running', 'Waiting') ORDER BY item DESC LIMIT 1"
	)
	row = dialect.first(db.sql(query, (run, step)))
	return str(row[0]) if row else None


def fail_unreadable(db: Database, run: str, error_type: str, error: str, at: Moment) -> bool:
	"""End a run as Failed whose version cannot be read. Whoever executes a step of it has lost its lease.

	False: it has ended already, or there is none.
	"""
	claims.unbegin_run(db, run)
	made = happen(db, run, None, events.Broken(error_type, error), at)
	return bool(made and made.run)

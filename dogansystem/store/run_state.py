"""Reading a run for a decision: under lock, and as much of it as the event needs.

Whoever changes more than one step of a run locks the run's row first. That is the one order of locks: run, lease, steps,
waits, queues, slots. Everything here is read with a lock: under REPEATABLE READ a plain SELECT shows the snapshot of the
transaction's first read, in which a sibling's result may be missing.
"""

from dataclasses import replace
from typing import Any

from dogansystem.engine import events, items
from dogansystem.engine.current import CHILD
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.events import Attempted, Event
from dogansystem.engine.outcomes import Continues, Failed, Stops, Waits
from dogansystem.engine.run_state import (
	LEASE,
	READY_QUEUE,
	WAIT_QUEUE,
	ItemResult,
	Items,
	Parked,
	Place,
	RunState,
	undo_of,
)
from dogansystem.engine.states import COMPENSATED, PAUSED, QUEUED, READY, RUNNING, SUCCEEDED, WAITING
from dogansystem.protocol import Database
from dogansystem.store import dialect, names, queue, signals
from dogansystem.store.changes import claims
from dogansystem.store.moment import Moment

# Events by which steps may lose their places.
_MOVES = (
	*(events.Refused, events.LeaseLost, events.ItemsEnded, events.Paused),
	*(events.Cancelled, events.TimedOut, events.Broken),
)


def read(db: Database, run: str, definition: Definition | None, event: Event, at: Moment) -> RunState | None:
	"""What `event` needs to know of a run; None if there is no such run any more."""
	db.begin()
	if isinstance(event, Attempted) and event.item > 0:
		return _for_item(db, run, definition, event)
	state = lock(db, run, definition)
	if state is None:
		return None
	if isinstance(event, Attempted | events.Refused) and state.status == QUEUED:
		# Its process died before it could say that the run is under way.
		claims.show_runs_running(db, [run], at)
		state = replace(state, status=RUNNING)
	may_end = (
		isinstance(event, Attempted)
		and event.item == 0
		and (state.ending or isinstance(event.outcome, Failed | Stops))
	)
	may_end = may_end or (isinstance(event, events.WaitEnded) and isinstance(event.outcome, Failed))
	if may_end or isinstance(event, _MOVES):
		state = replace(state, places=_places(db, run))
	state = _with_signal(db, state, event)
	more = _MORE.get(type(event))
	return more(db, state, event) if more else state


def lock(db: Database, run: str, definition: Definition | None) -> RunState | None:
	"""Lock a run and its steps, without items."""
	rows = db.sql(
		"SELECT r.status, r.ending, r.limit_key, r.cause, r.compensating, s.step, s.status, s.branch FROM `tabDogan Workflow Run` r"
		" JOIN `tabDogan Step Run` s ON s.run = r.name AND s.item = 0 WHERE r.name = %s ORDER BY s.position"
		+ dialect.for_update(db),
		(run,),
	)
	if not rows:
		return None
	status, ending, limit_key, cause, compensating = rows[0][:5]
	states = {row[5]: row[6] for row in rows}
	branches = {row[5]: row[7] for row in rows if row[7]}
	about: dict[str, Any] = {"limit_key": limit_key or "", "is_child": cause == CHILD}
	about["compensating"] = bool(compensating)
	return RunState(run, definition, status, ending or "", states, branches, **about)


def with_undo(db: Database, state: RunState) -> RunState:
	"""What has succeeded, can be undone and was not tried to be, the last to succeed first."""
	definition, run = state.definition, state.name
	assert definition is not None
	steps = [step.id for step in definition.steps if step.compensate]
	rows = db.sql(
		"SELECT step, item, status, finished_at FROM `tabDogan Step Run` WHERE run = %s"
		f" AND step IN ({dialect.marks(steps)})" + dialect.for_update(db),
		(run, *steps),
	)
	tried = {(step, undo_of(item)) for step, item, *_ in rows if item < 0}
	lists = {step.id for step in definition.steps if step.for_each is not None}
	places = {step.id: number for number, step in enumerate(definition.steps)}
	found = [
		(str(finished_at), places[step], item, step)
		for step, item, status, finished_at in rows
		if status == SUCCEEDED and (step, item) not in tried and (item > 0 if step in lists else item == 0)
	]
	kept = {step for step, item, status, _ in rows if item > 0 and status == SUCCEEDED}
	undone = {step for step, item, status, _ in rows if item > 0 and status == COMPENSATED} - kept
	return replace(
		state,
		undo=tuple((step, item) for _, _, item, step in sorted(found, reverse=True)),
		undone=tuple(step for step in sorted(undone) if state.states[step] == SUCCEEDED),
	)


def _with_signal(db: Database, state: RunState, event: Event) -> RunState:
	"""A signal that is there already when a step begins to wait for it."""
	outcome = event.outcome if isinstance(event, Attempted) else None
	if not (isinstance(outcome, Waits) and outcome.kind == "signal" and outcome.key):
		return state
	return replace(state, signal=signals.to_take(db, state.name, outcome.key))


def _places(db: Database, run: str) -> tuple[Place, ...]:
	"""Where the steps of a run stand, and the run itself."""
	suffix = " WHERE run = %s" + dialect.for_update(db)
	found = [
		Place(READY_QUEUE, (lane, number), *_parts(step_run), attempt, agent)
		for lane, number, step_run, attempt, agent in db.sql(
			f"SELECT lane, id, step_run, attempt, agent FROM dogan_ready{suffix}", (run,)
		)
	]
	found += [
		Place(WAIT_QUEUE, (number,), *_parts(step_run), attempt)
		for number, step_run, attempt in db.sql(
			f"SELECT id, step_run, attempt FROM dogan_line{suffix}", (run,)
		)
	]
	found += [
		Place(LEASE, (process, seq), *_parts(step_run), attempt, agent, process, begun_at is not None)
		for process, seq, step_run, attempt, agent, begun_at in db.sql(
			f"SELECT process, seq, step_run, attempt, agent, begun_at FROM dogan_lease{suffix}", (run,)
		)
	]
	return tuple(found)


def _parts(step_run: str | None) -> tuple[str | None, int]:
	return names.parts(step_run) if step_run else (None, 0)


# Items


def _of_run(db: Database) -> str:
	"""The step runs, for statements that lock those of one run."""
	return "`tabDogan Step Run`" + dialect.along(db, "dogan_run_item")


def _for_item(db: Database, run: str, definition: Definition | None, event: Attempted) -> RunState | None:
	"""Items do not lock their run: it would let one finish at a time. What changes a run waits for them."""
	rows = db.sql(
		"SELECT status, ending FROM `tabDogan Workflow Run` WHERE name = %s" + dialect.for_share(db), (run,)
	)
	if not rows:
		return None
	status, ending = rows[0]
	state = RunState(run, definition, status, ending or "", items={event.step: Items()})
	state = _with_signal(db, state, event)
	assert definition is not None
	is_broken = isinstance(event.outcome, Failed) and definition.by_id[event.step].on_error == "fail"
	waits = isinstance(event.outcome, Waits | Continues) and not state.signal
	if ending or status == PAUSED or is_broken or waits:
		return state
	return replace(state, items={event.step: Items(pending=_next_item(db, run, event))})


def _next_item(db: Database, run: str, event: Attempted) -> tuple[tuple[int, int, str | None], ...]:
	"""The next pending item that nobody else is opening. All pending ones come after those opened.

	A row that is locked may be left pending all the same: its transaction is rolled back, or had another reason to lock
	it. Whoever finds none therefore asks whether the step is complete (`ItemsEnded`), which opens what is left.
	"""
	rows = db.sql(
		"SELECT item, attempts, item_value FROM `tabDogan Step Run` WHERE run = %s AND item > %s AND step = %s"
		" AND status = 'Pending' ORDER BY item LIMIT 1" + dialect.for_update_skip_locked(db),
		(run, event.item, event.step),
	)
	return tuple(rows)


def _openable(db: Database, run: str, step: Step, leaving: int = 0) -> Items:
	"""How many items of a step are open, and the next ones that may be. `leaving`: of them, those that end now."""
	query = (
		"SELECT COUNT(*) FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item > 0"
		" AND status IN ('Ready', 'Running', 'Waiting')"
	)
	return _with_pending(db, run, step, Items(int(db.sql(query, (run, step.id))[0][0]) - leaving))


def _with_pending(db: Database, run: str, step: Step, known: Items) -> Items:
	"""With the next items that may start."""
	room = step.max_parallel - known.open
	if room <= 0:
		return known
	rows = db.sql(
		f"SELECT item, attempts, item_value FROM {_of_run(db)} WHERE run = %s AND step = %s AND {dialect.IS_ITEM}"
		" AND status = 'Pending' ORDER BY item LIMIT %s" + dialect.for_update(db),
		(run, step.id, room),
	)
	return replace(known, pending=tuple(rows))


def _with_counts(db: Database, state: RunState, event: events.ItemsEnded) -> RunState:
	key = (state.name, event.step)
	counts = db.sql(
		f"SELECT status, COUNT(*) FROM {_of_run(db)} WHERE run = %s AND step = %s AND {dialect.IS_ITEM}"
		" GROUP BY status" + dialect.for_share(db),
		key,
	)
	by_state: dict[str, int] = dict(counts)
	known = Items(sum(by_state.get(each, 0) for each in (READY, RUNNING, WAITING)), counts=by_state)
	assert state.definition is not None
	step = state.definition.by_id[event.step]
	if not items.is_broken(step, known.counts) and items.unfinished(known.counts):
		known = _with_pending(db, state.name, step, known)
	elif counts:
		rows = db.sql(
			f"SELECT item, status, output, error_type, error FROM {_of_run(db)}"
			f" WHERE run = %s AND step = %s AND {dialect.IS_ITEM} ORDER BY item" + dialect.for_share(db),
			key,
		)
		known = replace(known, results=tuple(ItemResult(*row) for row in rows))
	return replace(state, items={event.step: known})


# What else an event needs


def _woken(db: Database, state: RunState, event: events.Woken | events.WaitEnded) -> RunState:
	key = names.step_run(state.name, event.step, event.item)
	row = dialect.first(
		db.sql(
			"SELECT status, attempts FROM `tabDogan Step Run` WHERE name = %s" + dialect.for_update(db),
			(key,),
		)
	)
	if row is None:
		return state
	state = replace(state, state=row[0], attempts=int(row[1]))
	return _leaving(db, state, event) if isinstance(event, events.WaitEnded) else state


def _leaving(db: Database, state: RunState, event: events.WaitEnded | events.Refused) -> RunState:
	"""An item ends without an attempt: others may start."""
	if not (event.item and event.step and state.definition):
		return state
	step = state.definition.by_id[event.step]
	return replace(state, items={step.id: _openable(db, state.name, step, leaving=1)})


def _resumed(db: Database, state: RunState, event: events.Resumed) -> RunState:
	assert state.definition is not None
	parked = db.sql(
		"SELECT step, item, attempts FROM `tabDogan Step Run` WHERE run = %s AND status = 'Ready' ORDER BY position, item"
		+ dialect.for_update(db),
		(state.name,),
	)
	open_steps = [
		step
		for step in state.definition.steps
		if step.for_each is not None and state.states.get(step.id) == RUNNING
	]
	return replace(
		state,
		parked=tuple(Parked(*row) for row in parked),
		has_slot=queue.has_slot(db, state.name),
		items={step.id: _openable(db, state.name, step) for step in open_steps},
	)


_MORE: dict[type, Any] = {
	events.ItemsEnded: _with_counts,
	events.Woken: _woken,
	events.WaitEnded: _woken,
	events.Refused: _leaving,
	events.Resumed: _resumed,
}

"""`engine.changes.Changes` as statements, in the one order of locks: run, lease, steps, waits, queues, slots."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import dogansystem.store.changes.asked as asked
import dogansystem.store.changes.ends as ends
import dogansystem.store.changes.places as places
import dogansystem.store.changes.rows as rows
from dogansystem.engine.changes import Changes, RunChange, StepChange, Successor
from dogansystem.engine.definition import Definition
from dogansystem.engine.run_state import LEASE, READY_QUEUE, WAIT_QUEUE, Place
from dogansystem.engine.states import CANCELLED, COMPENSATED, PENDING, READY, STEP_FINISHED, WAITING
from dogansystem.protocol import Database, Statement
from dogansystem.store import dialect, names
from dogansystem.store.changes.combined import Plan
from dogansystem.store.changes.fences import Attempt, Fence, QueueFence, WaitFence
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.store.queue import lane

RUN, STEP_RUN = "tabDogan Workflow Run", "tabDogan Step Run"
UNDER_WAY = "status = 'Running' AND ending = ''"

_ROW_KEYS = {
	READY_QUEUE: ("dogan_ready", ("lane", "id")),
	WAIT_QUEUE: ("dogan_line", ("id",)),
	LEASE: ("dogan_lease", ("process", "seq")),
}


def plan(
	db: Database,
	run: str,
	changes: Changes,
	at: Moment,
	*,
	fence: Fence = None,
	attempt: Attempt | None = None,
	definition: Definition | None = None,
	guard: bool = False,
	behind: Lease | None = None,
) -> Plan:
	"""The statements for these changes.

	With `guard` the first ones find out whether the run is under way, as the changes assume, and whether a step that starts
	with the first of several has not started yet. `attempt` is what has ended; the lease `behind` it begins if nothing is
	handed over.
	"""
	made = Plan()
	if changes.reopened:
		made.add(_run_statements(run, changes.reopened, at, guard=False))
	if guard:
		made.guards.append(len(made.statements))
	made.add(_run_statements(run, changes.run, at, guard))
	contested = [
		each for each in changes.steps if guard and attempt and is_contested(attempt.definition, each)
	]
	for change in contested:
		key = names.step_run(run, change.step)
		made.guards.append(len(made.statements))
		values = _step_values(db, key, change, at, attempt)
		made.add([dialect.update_of(STEP_RUN, key, values, "status = 'Pending'", must=True)])
	if fence:
		made.fence = len(made.statements)
		made.add([_fence_statement(run, fence, changes.successor, at)])
	made.add(_leaving(place) for place in changes.leaves)
	_plan_steps(made, db, run, changes, at, attempt, definition, contested)
	places.plan_waits(made, db, run, changes, at)
	places.plan_queues(made, run, changes, at)
	if changes.run and changes.run.has_ended:
		made.add([ends.noting(run, changes.run.new, at)])
	if changes.counts_failures:
		made.add([ends.counting(run)])
	if behind and not changes.successor:
		made.begins = len(made.statements)
		made.add([beginning(behind, at)])
	return made


def is_contested(definition: Definition, change: StepChange) -> bool:
	"""Whether another step may have let this one start already, unless the run is locked."""
	step = definition.by_id[change.step]
	return change.old == PENDING and not change.item and step.join == "any" and len(step.after) > 1


# The run


def _run_statements(run: str, change: RunChange | None, at: Moment, guard: bool) -> Iterator[Statement]:
	if change:
		condition = UNDER_WAY if guard else ""
		yield dialect.update_of(RUN, run, _run_values(change, at), condition, must=guard)
	elif guard:
		# Whoever pauses, cancels or ends a run locks its row first, and waits until this transaction is over.
		yield Statement(f"SELECT 1 FROM `{RUN}` WHERE name = %s AND {UNDER_WAY}", (run,), asks=True)


def _run_values(change: RunChange, at: Moment) -> dict[str, Any]:
	values: dict[str, Any] = {"status": change.new, "ending": change.ending, "modified": at.text}
	if change.is_retry:
		cleared = ("output", "error", "error_type", "error_step", "finished_at")
		values |= dict.fromkeys(cleared) | {"compensating": 0, "failures": 0}
		if change.version:
			values |= {"version": change.version, "run_as": change.run_as, "parameters": change.parameters}
	if change.compensating is not None:
		values["compensating"] = int(change.compensating)
	if change.is_failure:
		values |= {
			"error_type": change.error_type,
			"error": change.error,
			"error_step": change.error_step,
		}
	if change.has_ended:
		values |= {"output": change.output, "finished_at": at.text}
	return values


# The fence


def _fence_statement(run: str, fence: Fence, successor: Successor | None, at: Moment) -> Statement:
	if isinstance(fence, WaitFence):
		return Statement("DELETE FROM dogan_timer WHERE id = %s", (fence.id,), must=True)
	if isinstance(fence, QueueFence):
		return Statement("DELETE FROM dogan_line WHERE id = %s", (fence.id,), must=True)
	assert fence is not None
	if successor is None:
		return Statement(
			"DELETE FROM dogan_lease WHERE process = %s AND seq = %s AND step_run = %s",
			(fence.process, fence.seq, fence.step_run),
			must=True,
		)
	return Statement(
		"UPDATE dogan_lease SET step_run = %s, lane = %s, attempt = %s, agent = NULL, begun_at = %s, ready_at = %s"
		" WHERE process = %s AND seq = %s AND step_run = %s",
		(
			names.step_run(run, successor.step, successor.item),
			lane(successor.priority),
			successor.attempt,
			at.seconds,
			at.seconds,
			fence.process,
			fence.seq,
			fence.step_run,
		),
		must=True,
	)


def beginning(lease: Lease, at: Moment) -> Statement:
	"""Note that the attempt of a lease starts now, so that it counts if the process dies."""
	return Statement(
		"UPDATE dogan_lease SET begun_at = %s WHERE process = %s AND seq = %s AND step_run = %s AND begun_at IS NULL",
		(at.seconds, lease.process, lease.seq, lease.step_run),
		must=True,
	)


def _leaving(place: Place) -> Statement:
	table, columns = _ROW_KEYS[place.table]
	where = " AND ".join(f"{column} = %s" for column in columns)
	return Statement(f"DELETE FROM {table} WHERE {where}", place.row)


# Steps and items


def _plan_steps(
	made: Plan,
	db: Database,
	run: str,
	changes: Changes,
	at: Moment,
	attempt: Attempt | None,
	definition: Definition | None,
	written: Sequence[StepChange],
) -> None:
	back = [change.step for change in changes.resets]
	if back or changes.old_steps:
		made.add(_without_items(run, [*back, *changes.old_steps]))
	for step in changes.old_steps:
		made.add([Statement(f"DELETE FROM `{STEP_RUN}` WHERE name = %s", (names.step_run(run, step),))])
	for values, keys in _grouped(db, run, changes.resets, at, None):
		made.add([dialect.update_of_many(db, STEP_RUN, keys, values)])
	new = changes.items.step if changes.items else None  # its items get their states with their rows
	known = [each for each in changes.steps if each not in written and not (each.item and each.step == new)]
	for values, keys in _grouped(db, run, known, at, attempt):
		made.add([dialect.update_of_many(db, STEP_RUN, keys, values)])
	for step in changes.cancelled_items:
		if changes.withdraws:
			made.add([asked.withdrawing(db, run, at, names.step_run(run, step) + ".")])
		made.add(_cancelling_items(run, step, at))
	if changes.undo:
		columns, undo = rows.of_undo(db, run, changes.undo, at)
		made.insert(STEP_RUN, columns, [undo])
	if changes.items and attempt:
		states = {change.item: change.new for change in changes.steps if change.item}
		columns, items = rows.of_items(run, attempt.definition, changes.items, states, at)
		made.insert(STEP_RUN, columns, items)
	if changes.reopened and changes.reopened.version and definition:
		made.add(_placing(run, definition))
		columns, steps = rows.of_steps(run, definition, changes.new_steps, at)
		made.insert(STEP_RUN, columns, steps)


def _placing(run: str, definition: Definition) -> Iterator[Statement]:
	"""Another version may have its steps in another order, or call them otherwise."""
	for position, step in enumerate(definition.steps):
		values = {"position": position, "title": step.title, "action": step.action}
		yield dialect.update_of(STEP_RUN, names.step_run(run, step.id), values)


def _grouped(
	db: Database, run: str, changes: Sequence[StepChange], at: Moment, attempt: Attempt | None
) -> list[tuple[dict[str, Any], list[str]]]:
	"""The changes as values and the names of the rows that get them, those that are alike together."""
	groups: list[tuple[dict[str, Any], list[str]]] = []
	if len(changes) < 3:  # the most usual end of an attempt: nothing to gain by a look at what is alike
		for change in changes:
			key = names.step_run(run, change.step, change.item)
			groups.append((_step_values(db, key, change, at, attempt), [key]))
		return groups
	alike: dict[tuple[Any, ...], list[str]] = {}
	for change in changes:
		key = names.step_run(run, change.step, change.item)
		values = _step_values(db, key, change, at, attempt)
		mark = tuple(values.items())
		if mark not in alike:
			alike[mark] = []
			groups.append((values, alike[mark]))
		alike[mark].append(key)
	return groups


def _step_values(
	db: Database, key: str, change: StepChange, at: Moment, attempt: Attempt | None
) -> dict[str, Any]:
	values: dict[str, Any] = {"status": change.new, "modified": at.text}
	if change.new == PENDING:
		return values | rows.UNTOUCHED
	if change.new == COMPENSATED:
		pass  # when it had finished says in which order it was undone
	elif change.new in STEP_FINISHED:
		values["finished_at"] = at.text
	elif change.new == READY or (change.new == WAITING and not change.attempted):
		values["ready_at"] = at.text
	if change.agent:
		values["agent"] = change.agent
	if change.handed_over and attempt:
		values |= {"ready_at": at.text, "started_at": at.text, "worker": attempt.worker}
	if change.attempted and attempt:
		values |= rows.of_attempt(attempt) | ({"attempts": 0} if change.begins_anew else {})
		values["finished_at"] = at.text if change.new in STEP_FINISHED else None
	if change.keeps_failure and attempt and change.result:
		values["earlier_attempts"] = rows.with_failure(db, key, attempt, change.result, at)
	if change.result:
		values |= _result_values(change)
		if change.result.traceback or (
			attempt and attempt.lease.attempt > 1
		):  # an earlier one has left its own
			values["traceback"] = change.result.traceback
	return values


def _result_values(change: StepChange) -> Mapping[str, Any]:
	result = change.result
	assert result is not None
	values = {"output": result.output, "error_type": result.error_type, "error": result.error}
	if result.errors is not None:
		values["errors"] = result.errors
	if result.branch is not None:
		values["branch"] = result.branch
	return values


def _without_items(run: str, steps: Sequence[str]) -> Iterator[Statement]:
	yield Statement(
		f"DELETE FROM `{STEP_RUN}` WHERE run = %s AND {dialect.IS_NO_STEP} AND step IN ({dialect.marks(steps)})",
		(run, *steps),
	)


def _cancelling_items(run: str, step: str, at: Moment) -> Iterator[Statement]:
	yield Statement(
		f"UPDATE `{STEP_RUN}` SET status = %s, finished_at = %s, modified = %s"
		f" WHERE run = %s AND step = %s AND {dialect.IS_ITEM} AND status IN ('Pending', 'Ready', 'Waiting')",
		(CANCELLED, at.text, at.text, run, step),
	)
	prefix = names.step_run(run, step) + "."
	# A reminder is no wait of a step: it has the step run of its approval as `data`.
	is_theirs = f"SUBSTR(CASE kind WHEN 'remind' THEN data ELSE step_run END, 1, {len(prefix)}) = %s"
	yield Statement(f"DELETE FROM dogan_timer WHERE run = %s AND {is_theirs}", (run, prefix))

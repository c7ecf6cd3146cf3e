"""Where steps rest and stand, as statements: waits, queues and slots."""

import dogansystem.store.changes.asked as asked
from dogansystem.engine.changes import Changes
from dogansystem.engine.run_state import Key
from dogansystem.protocol import Database, Statement
from dogansystem.store import names
from dogansystem.store.changes.combined import Plan
from dogansystem.store.moment import Moment
from dogansystem.store.queue import lane


def _taking(db: Database, run: str, signal: int) -> Statement:
	"""Two steps of a run may wait for one signal at the same time."""
	ignore = "INSERT IGNORE" if db.dialect == "mariadb" else "INSERT OR IGNORE"
	return Statement(f"{ignore} INTO dogan_taken (run, signal_id) VALUES (%s, %s)", (run, signal))


def plan_waits(made: Plan, db: Database, run: str, changes: Changes, at: Moment) -> None:
	"""Waits that begin and end, the signals that end them, and what nobody is asked any more."""
	if changes.withdrawn:
		made.add(asked.withdrawing_one(run, changes.withdrawn, at))
	if changes.forgets_waits:
		if changes.withdraws:
			made.add([asked.withdrawing(db, run, at)])
		made.add([Statement("DELETE FROM dogan_timer WHERE run = %s", (run,))])
	if changes.signal is not None:
		made.add([_taking(db, run, changes.signal)])
	if changes.ended_child:  # whoever waits for this run looks at it, in a transaction of its own
		query = "UPDATE dogan_timer SET due_at = %s WHERE subject = %s AND kind = 'child'"
		made.add([Statement(query, (at.seconds, run))])
	made.insert(
		"dogan_timer",
		"due_at, since, kind, run, step_run, subject, data",
		[
			(
				at.seconds + wait.delay if wait.due is None else wait.due,
				at.seconds,
				wait.kind,
				run,
				None if wait.step is None else names.step_run(run, wait.step, wait.item),
				wait.key,
				wait.data,
			)
			for wait in changes.waits
		],
	)


def plan_queues(made: Plan, run: str, changes: Changes, at: Moment) -> None:
	"""What waits for a slot, what is ready, and slots that are taken and given back."""
	made.insert(
		"dogan_line",
		"resource, lane, run, step_run, attempt, since",
		[
			(
				each.resource,
				lane(each.priority),
				run,
				_name(run, each.step, each.item),
				each.attempt,
				at.seconds,
			)
			for each in changes.queued
		],
	)
	made.insert(
		"dogan_ready",
		"lane, step_run, run, attempt, agent, ready_at",
		[
			(lane(each.priority), _name(run, each.step, each.item), run, each.attempt, each.agent, at.seconds)
			for each in changes.ready
		],
	)
	if changes.takes:
		slot = changes.takes
		values = (slot.resource, slot.number, _holder(run, slot.holder))
		made.insert("dogan_slot", "resource, number, holder", [values])
	made.add(
		Statement("DELETE FROM dogan_slot WHERE holder = %s", (_holder(run, key),)) for key in changes.frees
	)


def _name(run: str, step: str | None, item: int) -> str | None:
	return None if step is None else names.step_run(run, step, item)


def _holder(run: str, key: Key | None) -> str:
	return run if key is None else names.step_run(run, *key)

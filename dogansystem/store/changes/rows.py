"""Rows of runs, steps and items as they are inserted, and parts of them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.engine import rendered
from dogansystem.engine.changes import NewItems, Result
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.outputs import decode
from dogansystem.engine.run_state import Key, undo_of
from dogansystem.engine.states import PENDING, READY
from dogansystem.protocol import Database
from dogansystem.store import dialect, names
from dogansystem.store.changes.fences import Attempt
from dogansystem.store.moment import Moment

KEPT_FAILURES = 10  # of a step, the last ones

# Columns of a step run that has not been touched yet.
UNTOUCHED: dict[str, Any] = {
	"attempts": 0,
	**dict.fromkeys(
		(
			"agent",
			"worker",
			"started_at",
			"finished_at",
			"ready_at",
			"wait_until",
			"params",
			"output",
			"branch",
			"errors",
			"error",
			"error_type",
			"traceback",
			"earlier_attempts",
		)
	),
}
_STEP_COLUMNS = (
	"name, creation, modified, owner, modified_by, run, workflow, step, position, item, title, action, status"
)


def of_steps(
	run: str, definition: Definition, steps: Sequence[Step], at: Moment
) -> tuple[str, list[tuple[Any, ...]]]:
	"""The columns and rows of steps that wait for what comes before them."""
	places = {step.id: position for position, step in enumerate(definition.steps)}
	return _STEP_COLUMNS, [_row(run, definition, step, places[step.id], 0, at) for step in steps]


def of_items(
	run: str, definition: Definition, items: NewItems, states: Mapping[int, str], at: Moment
) -> tuple[str, list[tuple[Any, ...]]]:
	"""The columns and rows of the items of a `for_each` step; `states` of those that start at once."""
	step = definition.by_id[items.step]
	place = definition.steps.index(step)
	return f"{_STEP_COLUMNS}, ready_at, item_value", [
		(
			*_row(run, definition, step, place, number, at, states.get(number, PENDING)),
			at.text if number in states else None,
			value,
		)
		for number, value in enumerate(items.values, start=1)
	]


def of_undo(db: Database, run: str, key: Key, at: Moment) -> tuple[str, tuple[Any, ...]]:
	"""The columns and the row of the step run that undoes another one."""
	step, item = key
	columns = "workflow, step, position, title, action, agent, item_value"
	query = f"SELECT owner, {columns} FROM `tabDogan Step Run` WHERE name = %s" + dialect.for_update(db)
	((owner, *same),) = db.sql(query, (names.step_run(run, step, item),))
	number = undo_of(item)
	return (
		f"name, creation, modified, owner, modified_by, run, {columns}, item, status, ready_at",
		(
			names.step_run(run, step, number),
			at.text,
			at.text,
			owner,
			owner,
			run,
			*same,
			number,
			READY,
			at.text,
		),
	)


def _row(
	run: str,
	definition: Definition,
	step: Step,
	position: int,
	item: int,
	at: Moment,
	state: str = PENDING,
) -> tuple[Any, ...]:
	user, name = definition.run_as or "", names.step_run(run, step.id, item)
	about = (run, definition.name, step.id, position, item, step.title, step.action, state)
	return (name, at.text, at.text, user, user, *about)


def of_attempt(attempt: Attempt) -> dict[str, Any]:
	"""What is written of an attempt on its step run, whatever it has come to."""
	return {
		"attempts": attempt.lease.attempt,
		"started_at": attempt.started.text,
		"worker": attempt.worker,
		"agent": attempt.lease.agent,
		"params": attempt.params,
	}


def with_failure(db: Database, key: str, attempt: Attempt, result: Result, at: Moment) -> str:
	"""The kept failures of a step run with another one: the next attempt's result will take the place of this one's."""
	query = "SELECT earlier_attempts FROM `tabDogan Step Run` WHERE name = %s" + dialect.for_update(db)
	((text,),) = db.sql(query, (key,))
	failure = {
		"attempt": attempt.lease.attempt,
		"started_at": attempt.started.text,
		"finished_at": at.text,
		"agent": attempt.lease.agent,
		"worker": attempt.worker,
		"error_type": result.error_type,
		"error": result.error,
		"params": rendered.earlier(attempt.params),
	}
	return json.dumps([*(decode(text) or []), failure][-KEPT_FAILURES:], ensure_ascii=False)

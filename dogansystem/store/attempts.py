"""An attempt of a step, what it leads to, and how its result is written."""

import json
from dataclasses import dataclass

from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.outcomes import Done, Expanded, Failed, Outcome, Skipped, Stops, Waits
from dogansystem.engine.outputs import decode
from dogansystem.engine.states import FAILED, RUNNING, SKIPPED, SUCCEEDED, WAITING
from dogansystem.protocol import Database, Statement
from dogansystem.store import dialect, slots
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment

STEP_RUN = "tabDogan Step Run"
KEPT_FAILURES = 10  # of a step, the last ones


@dataclass(frozen=True, slots=True)
class Attempt:
	"""One attempt of a step, or of one item of it (`item` counts from 1; 0 is the step itself).

	Attributes:
		items: how many items the step has at most, if that is known, else 0.
	"""

	lease: Lease
	definition: Definition
	step: Step
	item: int
	started: Moment
	worker: str
	items: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
	"""What a finished attempt leads to.

	Attributes:
		successor: a step that the same process has in hand now, begun.
		item_value: JSON text of the successor's item, if it is one.
		opened: how many steps became ready for anybody.
		check_items: the `for_each` step may be complete: call `items.close` in a transaction of its own.
		broken: an item has failed, so that no further one starts.
		freed: a slot became free, or something stands in line: call `admission.admit`.
		again: the attempt failed, and there will be another one.
		begun: the lease `behind` this one, noted as begun in the same transaction.
		ended: the state in which the run has ended, if that was not told yet.
	"""

	successor: Lease | None = None
	item_value: str | None = None
	opened: int = 0
	check_items: bool = False
	broken: bool = False
	freed: bool = False
	again: bool = False
	begun: Lease | None = None
	ended: str | None = None


def write_result(
	db: Database,
	attempt: Attempt,
	outcome: Outcome,
	at: Moment,
	*,
	state: str | None = None,
	successor: Lease | None = None,
) -> None:
	"""Write the row of the step run, and show a step that was handed over as running."""
	statements = [result_of(attempt, outcome, at, state)]
	if successor:
		statements.append(running(attempt, successor, at))
	db.together(statements)


def keep_failure(db: Database, attempt: Attempt, outcome: Failed, at: Moment) -> None:
	"""Keep what made an attempt fail that will be followed by another one: that one's result takes its place."""
	key = attempt.lease.step_run
	query = f"SELECT earlier_attempts FROM `{STEP_RUN}` WHERE name = %s" + dialect.for_update(db)
	((text,),) = db.sql(query, (key,))
	failure = {
		"attempt": attempt.lease.attempt,
		"started_at": attempt.started.text,
		"finished_at": at.text,
		"agent": attempt.lease.agent,
		"worker": attempt.worker,
		"error_type": outcome.type,
		"error": outcome.message,
	}
	kept = json.dumps([*(decode(text) or []), failure][-KEPT_FAILURES:], ensure_ascii=False)
	db.together([dialect.update_of(STEP_RUN, key, {"earlier_attempts": kept})])


def running(attempt: Attempt, successor: Lease, at: Moment) -> Statement:
	"""Show a step that was handed over as running."""
	values = {"status": RUNNING, "ready_at": at.text, "started_at": at.text, "worker": attempt.worker}
	return dialect.update_of(STEP_RUN, successor.step_run, values)


def result_of(attempt: Attempt, outcome: Outcome, at: Moment, state: str | None = None) -> Statement:
	"""The row of a step run after an attempt: state, times, attempt, output or error."""
	state = state or state_of(outcome)
	output = outcome.output if isinstance(outcome, Done | Stops) else None
	if isinstance(outcome, Expanded):
		output = "[]"
	error_type, error = (outcome.type, outcome.message) if isinstance(outcome, Failed) else (None, None)
	traceback = outcome.traceback if isinstance(outcome, Failed) else None
	shown = {"traceback": traceback} if traceback or attempt.lease.attempt > 1 else {}
	return dialect.update_of(
		STEP_RUN,
		attempt.lease.step_run,
		{
			"status": state,
			"attempts": attempt.lease.attempt,
			"started_at": attempt.started.text,
			"finished_at": None if state == WAITING else at.text,
			"worker": attempt.worker,
			"agent": attempt.lease.agent,
			"output": output,
			"error_type": error_type,
			"error": error,
			"modified": at.text,
			**shown,
		},
	)


def state_of(outcome: Outcome) -> str:
	"""The state in which an outcome leaves its step."""
	if isinstance(outcome, Failed):
		return FAILED
	if isinstance(outcome, Skipped):
		return SKIPPED
	return WAITING if isinstance(outcome, Waits) else SUCCEEDED


def frees(db: Database, attempt: Attempt) -> bool:
	"""Give back the agent's slot. Whether somebody may be waiting for what the attempt held."""
	freed = bool(attempt.lease.agent and slots.release(db, [attempt.lease.step_run]))
	return freed or bool(attempt.definition.limits.concurrent_runs)

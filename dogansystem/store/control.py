"""What people do to a run: pause, resume, cancel, retry. Each locks the run and says so when its state does not allow it."""

from collections.abc import Collection

from dogansystem.engine import flow
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import NotFound, WrongState
from dogansystem.engine.states import CANCELLED, PAUSED, QUEUED, RUNNING
from dogansystem.protocol import Database
from dogansystem.store import dialect, history, items, names, queue, returns, runs, slots, start, timers
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun


def pause(db: Database, run_name: str, definition: Definition, at: Moment) -> None:
	"""Start no further step of the run; what is running finishes."""
	run = _lock_unfinished(db, run_name, definition, "paused")
	if run.status == PAUSED:
		return
	returns.park(db, run_name, at)
	_set_status(db, run, PAUSED, at)


def resume(db: Database, run_name: str, definition: Definition, at: Moment) -> None:
	"""Let a paused run go on where it stopped."""
	run = _lock_unfinished(db, run_name, definition, "resumed")
	if run.status != PAUSED:
		raise WrongState(f"Run {run_name} is {run.status}, not Paused: there is nothing to resume.")
	never_begun = all(state == "Pending" for state in run.states.values())
	_set_status(db, run, QUEUED if never_begun else RUNNING, at)
	if _needs_a_slot(db, run):
		_admit_again(db, run, at)
		return
	parked = db.sql(
		"SELECT step, item, attempts FROM `tabDogan Step Run` WHERE run = %s AND status = 'Ready' ORDER BY position, item"
		+ dialect.for_update(db),
		(run_name,),
	)
	queue.make_ready(
		db, run_name, [(definition.by_id[step], item, attempts + 1) for step, item, attempts in parked], at
	)
	for step in definition.steps:
		if step.for_each is not None and run.states[step.id] == RUNNING:
			items.open_items(db, run, step, at)
	if not parked:
		runs.show_waiting(db, run, at)


def cancel(db: Database, run_name: str, definition: Definition, at: Moment) -> None:
	"""Start no further step and end the run as Cancelled; what is running finishes first."""
	run = _lock_unfinished(db, run_name, definition, "cancelled")
	if run.ending:
		return
	runs.end(db, run, CANCELLED, at)


def retry(
	db: Database, run_name: str, definition: Definition, at: Moment, step: str | None = None
) -> set[str]:
	"""Run `step` and all after it again, or else what failed and was cancelled; earlier outputs are kept.

	Gives the ids of the steps that run again.
	"""
	run = runs.lock(db, run_name, definition)
	if run is None:
		raise NotFound(f"There is no run {run_name!r}.")
	if not run.is_finished:
		raise WrongState(
			f"Run {run_name} is {run.status}: only a finished run can be retried. Cancel it first."
		)
	if step is not None and step not in definition.by_id:
		raise NotFound(f"Run {run_name} has no step {step!r}. It has: {', '.join(definition.by_id)}.")
	again = flow.steps_to_retry(definition, run.states, step)
	if not again:
		raise WrongState(
			f"Run {run_name} {run.status.lower()} with nothing to retry: name the step to start from."
		)
	history.uncount(db, [run_name])
	_reset_steps(db, run, again, at)
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET status = %s, ending = '', output = NULL, error = NULL, error_type = NULL,"
		" error_step = NULL, finished_at = NULL, modified = %s WHERE name = %s",
		(RUNNING, at.text, run_name),
	)
	run.status, run.ending = RUNNING, ""
	_admit_again(db, run, at)
	return again


def _needs_a_slot(db: Database, run: LockedRun) -> bool:
	"""Whether the run has to stand in line for its workflow's limit: it was paused there, before or after a retry."""
	limited = bool(run.definition.limits.concurrent_runs)
	return limited and not run.ending and not slots.is_holder(db, run.name)


def _admit_again(db: Database, run: LockedRun, at: Moment) -> None:
	"""Let the steps start that may, or have the run wait for its workflow's limit first."""
	if run.definition.limits.concurrent_runs:
		key = db.sql("SELECT limit_key FROM `tabDogan Workflow Run` WHERE name = %s", (run.name,))[0][0]
		resource = start.resource_of_run(run.definition, key or "")
		queue.stand_in_line(db, resource, queue.lane(5), run.name, None, 1, at)
	else:
		start.open_run(db, run, at)


def _reset_steps(db: Database, run: LockedRun, steps: Collection[str], at: Moment) -> None:
	ids = [step for step in run.states if step in steps]
	db.execute(
		"DELETE FROM `tabDogan Step Run` WHERE run = %s AND item > 0 AND step IN ("
		+ dialect.marks(ids)
		+ ")",
		(run.name, *ids),
	)
	dialect.write_by_keys(
		db,
		"tabDogan Step Run",
		"status = 'Pending', attempts = 0, agent = NULL, worker = NULL, started_at = NULL, finished_at = NULL,"
		" ready_at = NULL, wait_until = NULL, output = NULL, errors = NULL, error = NULL, error_type = NULL,"
		" earlier_attempts = NULL, traceback = NULL, modified = %s",
		(at.text,),
		[names.step_run(run.name, step) for step in ids],
	)
	timers.remove_of_run(db, run.name)
	run.states.update(dict.fromkeys(ids, "Pending"))


def _lock_unfinished(db: Database, run_name: str, definition: Definition, what: str) -> LockedRun:
	run = runs.lock(db, run_name, definition)
	if run is None:
		raise NotFound(f"There is no run {run_name!r}.")
	if run.is_finished:
		raise WrongState(f"Run {run_name} has {run.status.lower()} already: it cannot be {what}.")
	return run


def _set_status(db: Database, run: LockedRun, status: str, at: Moment) -> None:
	run.status = status
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET status = %s, modified = %s WHERE name = %s",
		(status, at.text, run.name),
	)

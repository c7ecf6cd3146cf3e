"""What happens when a timer of a run is due. Each handler locks the run, takes the timer, and only then acts."""

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import Timeout
from dogansystem.engine.states import FAILED, RUNNING, SUCCEEDED, WAITING
from dogansystem.protocol import Database
from dogansystem.store import dialect, items, names, runs, timers
from dogansystem.store.attempts import Finished
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun
from dogansystem.store.timers import Timer

KINDS = ("retry", "wait", "run_timeout")


def wake(db: Database, timer: Timer, definition: Definition, at: Moment) -> Finished | None:
	"""Do what a run's timer asks for; the caller commits. None: nothing was there to do, roll back."""
	run = runs.lock(db, str(timer.run), definition)
	if not timers.take(db, timer):
		return None
	if run is None or run.is_finished or run.ending:
		return Finished()
	if timer.kind == "run_timeout":
		return _run_out_of_time(db, run, at)
	step_id, item = names.parts(str(timer.step_run))
	row = dialect.first(
		db.sql(
			"SELECT status, attempts FROM `tabDogan Step Run` WHERE name = %s" + dialect.for_update(db),
			(timer.step_run,),
		)
	)
	if row is None or row[0] != WAITING:
		return Finished()
	_show_running_again(db, run, at)
	if timer.kind == "retry":
		step = definition.by_id[step_id]
		runs.let_start(db, run, [(step, item, row[1] + 1)], at)
		return Finished(opened=1, freed=step.is_limited)
	return _wait_is_over(db, run, step_id, item, timer, at)


def _wait_is_over(
	db: Database, run: LockedRun, step_id: str, item: int, timer: Timer, at: Moment
) -> Finished:
	db.execute(
		"UPDATE `tabDogan Step Run` SET status = %s, output = %s, finished_at = %s, modified = %s WHERE name = %s",
		(SUCCEEDED, timer.data, at.text, at.text, timer.step_run),
	)
	if item:
		opened = items.open_items(db, run, run.definition.by_id[step_id], at)
		return Finished(opened=opened, check_items=True, freed=True)
	run.states[step_id] = SUCCEEDED
	return Finished(opened=runs.go_on(db, run, at), freed=True)


def _run_out_of_time(db: Database, run: LockedRun, at: Moment) -> Finished:
	limit = run.definition.limits.run_timeout or 0
	message = f"The run took longer than its run_timeout of {limit:g} seconds."
	runs.end(db, run, FAILED, at, error_type=Timeout.__name__, error=message)
	return Finished(freed=True)


def _show_running_again(db: Database, run: LockedRun, at: Moment) -> None:
	if run.status != WAITING:
		return
	run.status = RUNNING
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET status = %s, modified = %s WHERE name = %s",
		(RUNNING, at.text, run.name),
	)

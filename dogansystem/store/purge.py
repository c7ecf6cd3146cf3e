"""Deleting finished runs by state and age, some at a time; never one that something still waits for."""

from collections.abc import Sequence

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Database
from dogansystem.store import dialect, history
from dogansystem.store.changes import whole_runs

# A run is kept while the run that started it, or one that it has started, has not ended: they may ask for its output.
_WANTED = (
	"EXISTS (SELECT 1 FROM `tabDogan Workflow Run` p WHERE p.name = r.parent_run AND p.status NOT IN {finished})"
	" OR EXISTS (SELECT 1 FROM `tabDogan Workflow Run` c WHERE c.parent_run = r.name AND c.status NOT IN {finished})"
)


def purge(db: Database, state: str, before: str, limit: int) -> list[str]:
	"""Delete up to `limit` runs that ended in `state` before that moment (the text of a `Moment`), with their steps.

	Gives their names. The caller commits. One that somebody is retrying at this moment is left out.
	"""
	db.begin()
	found = [row[0] for row in db.sql(*candidates(db, state, before, limit))]
	runs = [run for run in found if _lock(db, run, state, before)]
	history.uncount(db, runs)
	for run in runs:
		whole_runs.delete_run(db, run)
	return runs


def of_workflow(db: Database, workflow: str, limit: int) -> list[str]:
	"""Delete up to `limit` finished runs of a workflow, whatever their age; gives their names. The caller commits."""
	db.begin()
	rows = db.sql(
		"SELECT name FROM `tabDogan Workflow Run` WHERE workflow = %s"
		f" AND status IN ({dialect.marks(tuple(RUN_FINISHED))}) LIMIT %s" + dialect.for_update(db),
		(workflow, *RUN_FINISHED, limit),
	)
	runs = [name for (name,) in rows]
	history.uncount(db, runs)
	for run in runs:
		whole_runs.delete_run(db, run)
	return runs


def candidates(db: Database, state: str, before: str, limit: int) -> tuple[str, Sequence[object]]:
	"""The statement that finds what may be deleted, the oldest first, and its values. A test keeps its EXPLAIN."""
	finished = "('" + "', '".join(sorted(RUN_FINISHED)) + "')"
	index = " FORCE INDEX (dogan_run_finished)" if db.dialect == "mariadb" else ""
	return (
		f"SELECT r.name FROM `tabDogan Workflow Run` r{index} WHERE r.status = %s AND r.finished_at < %s"
		f" AND NOT ({_WANTED.format(finished=finished)}) ORDER BY r.finished_at LIMIT %s",
		(state, before, limit),
	)


def _lock(db: Database, run: str, state: str, before: str) -> bool:
	return bool(
		db.sql(
			"SELECT 1 FROM `tabDogan Workflow Run` WHERE name = %s AND status = %s AND finished_at < %s"
			+ dialect.for_update_skip_locked(db),
			(run, state, before),
		)
	)

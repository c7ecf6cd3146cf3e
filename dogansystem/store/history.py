"""How many runs and step runs there are in each state, without walking over a history of millions; and deleting it.

A finished run hardly ever changes. The tick adds it, once, to the sums that `dogan_state` keeps, and marks its row as
`counted`; who retries or deletes it takes it out again in the same transaction. A question then adds the sums to what
is not counted yet, so its answer is exact at any moment, and a tick that never comes only makes it slower.
"""

from collections.abc import Sequence

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.changes import whole_runs

BATCH = 500  # runs counted in one transaction

# A run is kept while the run that started it, or one that it has started, has not ended: they may ask for its output.
_WANTED = (
	"EXISTS (SELECT 1 FROM `tabDogan Workflow Run` p WHERE p.name = r.parent_run AND p.status NOT IN {finished})"
	" OR EXISTS (SELECT 1 FROM `tabDogan Workflow Run` c WHERE c.parent_run = r.name AND c.status NOT IN {finished})"
)


def count_runs(db: Database) -> dict[str, int]:
	"""How many runs are in each state, those in none left out."""
	return _sums(
		db,
		"runs",
		"SELECT status AS state, COUNT(*) AS number FROM `tabDogan Workflow Run` WHERE counted = 0 GROUP BY status",
	)


def count_steps(db: Database) -> dict[str, int]:
	"""How many step runs are in each state, those in none left out."""
	return _sums(
		db,
		"steps",
		"SELECT s.status AS state, COUNT(*) AS number FROM `tabDogan Workflow Run` r"
		" JOIN `tabDogan Step Run` s ON s.run = r.name WHERE r.counted = 0 GROUP BY s.status",
	)


def _sums(db: Database, what: str, uncounted: str) -> dict[str, int]:
	# One statement, so that a run which is counted in between is in neither part twice.
	rows = db.sql(
		"SELECT state, SUM(number) FROM ("
		f"SELECT SUBSTR(name, {len(what) + 2}) AS state, value AS number FROM dogan_state WHERE name LIKE '{what} %%'"
		f" UNION ALL {uncounted}) AS parts GROUP BY state",
	)
	return {state: int(number) for state, number in rows if number}


def count(db: Database, limit: int = BATCH) -> int:
	"""Add up to `limit` finished runs to the sums; gives how many. The caller commits."""
	db.begin()
	states = tuple(sorted(RUN_FINISHED))
	rows = db.sql(
		f"SELECT name, status FROM `tabDogan Workflow Run` WHERE counted = 0 AND status IN ({dialect.marks(states)})"
		" LIMIT %s" + dialect.for_update_skip_locked(db),
		(*states, limit),
	)
	if not rows:
		return 0
	runs = [row[0] for row in rows]
	_add(db, runs, [row[1] for row in rows], 1)
	whole_runs.set_counted(db, runs, True)
	return len(runs)


def uncount(db: Database, runs: Sequence[str]) -> None:
	"""Take runs out of the sums, before they are retried or deleted. Their rows are locked by the caller."""
	if not runs:
		return
	rows = db.sql(
		f"SELECT name, status FROM `tabDogan Workflow Run` WHERE counted = 1 AND name IN ({dialect.marks(runs)})"
		+ dialect.for_update(db),
		runs,
	)
	if rows:
		counted = [row[0] for row in rows]
		_add(db, counted, [row[1] for row in rows], -1)
		whole_runs.set_counted(db, counted, False)


def _add(db: Database, runs: Sequence[str], states: Sequence[str], sign: int) -> None:
	changes: dict[str, int] = {}
	for state in states:
		changes[f"runs {state}"] = changes.get(f"runs {state}", 0) + sign
	rows = db.sql(
		f"SELECT status, COUNT(*) FROM `tabDogan Step Run`{dialect.along(db, 'dogan_run_item')}"
		f" WHERE run IN ({dialect.marks(runs)}) GROUP BY status" + dialect.for_share(db),
		runs,
	)
	changes |= {f"steps {state}": int(number) * sign for state, number in rows}
	# Always in this order: two who count do not wait for each other.
	for name, change in sorted(changes.items()):
		if not db.execute("UPDATE dogan_state SET value = value + %s WHERE name = %s", (change, name)):
			db.execute("INSERT INTO dogan_state (name, value) VALUES (%s, %s)", (name, change))


# Deleting


def purge(db: Database, state: str, before: str, limit: int) -> list[str]:
	"""Delete up to `limit` runs that ended in `state` before that moment (the text of a `Moment`), with their steps.

	Gives their names. The caller commits. One that somebody is retrying at this moment is left out.
	"""
	db.begin()
	found = [row[0] for row in db.sql(*candidates(db, state, before, limit))]
	return _delete(db, [run for run in found if _lock(db, run, state, before)])


def purge_workflow(db: Database, workflow: str, limit: int) -> list[str]:
	"""Delete up to `limit` finished runs of a workflow, whatever their age; gives their names. The caller commits."""
	db.begin()
	rows = db.sql(
		"SELECT name FROM `tabDogan Workflow Run` WHERE workflow = %s"
		f" AND status IN ({dialect.marks(tuple(RUN_FINISHED))}) LIMIT %s" + dialect.for_update(db),
		(workflow, *RUN_FINISHED, limit),
	)
	return _delete(db, [name for (name,) in rows])


def _delete(db: Database, runs: list[str]) -> list[str]:
	uncount(db, runs)
	for run in runs:
		whole_runs.delete_run(db, run)
	return runs


def candidates(db: Database, state: str, before: str, limit: int) -> tuple[str, Sequence[object]]:
	"""The statement that finds what may be deleted, the oldest first, and its values. A test keeps its EXPLAIN."""
	finished = "('" + "', '".join(sorted(RUN_FINISHED)) + "')"
	index = dialect.along(db, "dogan_run_finished")
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

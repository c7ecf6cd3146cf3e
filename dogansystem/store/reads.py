"""The questions: what a run looks like, which runs there are, how much there is of everything."""

from typing import Any

from dogansystem.engine.errors import NotFound
from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import decode
from dogansystem.engine.run_state import undo_of
from dogansystem.engine.states import RUN_FINISHED, RUN_STATES, STEP_STATES
from dogansystem.protocol import Database, Row
from dogansystem.store import dialect, history, names
from dogansystem.store.moment import as_text

_RUN = (
	"r.name, r.workflow, v.version, r.status, r.error_type, r.error, r.error_step, r.reference_doctype,"
	" r.reference_name, r.cause, r.queued_at, r.started_at, r.finished_at, r.failures"
)
_FROM = "`tabDogan Workflow Run` r LEFT JOIN `tabDogan Workflow Version` v ON v.name = r.version"


def run_as_json(db: Database, run: str) -> dict[str, Any]:
	"""A run with all its steps, as `dogansystem run --json` prints it. Raises NotFound."""
	return run_in_short(db, run) | {"steps": steps_as_json(db, run)}


def run_in_short(db: Database, run: str) -> dict[str, Any]:
	"""A run without its steps. Raises NotFound."""
	more = "r.input, r.output, r.started_by, r.compensating, r.parameters"
	row = dialect.first(db.sql(f"SELECT {_RUN}, {more} FROM {_FROM} WHERE r.name = %s", (run,)))
	if row is None:
		raise NotFound(f"There is no run {run!r}.")
	given, output, started_by, compensating, parameters = row[-5:]
	found = {"input": decode(given), "output": decode(output), "started_by": started_by}
	found |= {"compensating": bool(compensating), "compensation_errors": compensation_errors(db, run)}
	found |= {"parameters": decode(parameters) or {}}
	return _of_run(row) | found


def compensation_errors(db: Database, run: str) -> list[dict[str, Any]]:
	"""What could not be undone: step, index, error."""
	rows = db.sql(
		"SELECT step, item, error_type, error FROM `tabDogan Step Run`"
		" WHERE run = %s AND item < 0 AND status = 'Failed' ORDER BY finished_at",
		(run,),
	)
	return [
		{"step": step, "index": undo_of(item) - 1 if undo_of(item) else None, "error": as_error(*error)}
		for step, item, *error in rows
	]


def steps_as_json(db: Database, run: str) -> list[dict[str, Any]]:
	"""The steps of a run in the workflow's order, a `for_each` step's items behind it."""
	rows = db.sql(
		"SELECT step, item, status, attempts, agent, worker, started_at, finished_at, output, error_type, error, errors,"
		" title, action, branch, params FROM `tabDogan Step Run` WHERE run = %s AND item >= 0 ORDER BY position, item",
		(run,),
	)
	return [
		{
			"id": row[0],
			"index": row[1] - 1 if row[1] else None,
			"status": row[2],
			"attempts": row[3],
			"agent": row[4] or None,
			"worker": row[5] or None,
			"started_at": as_text(row[6]),
			"finished_at": as_text(row[7]),
			"params": decode(row[15]),
			"output": decode(row[8]),
			"branch": row[14] or None,
			"error": as_error(row[9], row[10]),
			"errors": decode(row[11]) or [],
			"title": row[12] or "",
			"action": row[13],
		}
		for row in rows
	]


def waits_as_json(db: Database, run: str) -> list[dict[str, Any]]:
	"""What the steps of a run wait for: step, index, kind, what ends it, and `until` when (epoch seconds)."""
	rows = db.sql(
		"SELECT step_run, kind, subject, data, due_at FROM dogan_timer WHERE run = %s AND step_run IS NOT NULL"
		" ORDER BY id",
		(run,),
	)
	found = []
	for step_run, kind, subject, data, due_at in rows:
		step, item = names.parts(step_run)
		about = decode(data) if kind == "signal" else {"run": subject} if kind == "child" else {}
		about = {"approval": subject} if kind == "decision" else about
		found.append(
			{"step": step, "index": item - 1 if item else None, "kind": kind, **about, "until": due_at}
		)
	return found


def list_runs(
	db: Database,
	*,
	workflow: str | None = None,
	status: str | None = None,
	reference: tuple[str, str] | None = None,
	limit: int = 20,
) -> list[dict[str, Any]]:
	"""The newest runs that fit, the newest first."""
	wanted = {"r.workflow": workflow, "r.status": status}
	if reference:
		wanted |= {"r.reference_doctype": reference[0], "r.reference_name": reference[1]}
	chosen = {column: value for column, value in wanted.items() if value is not None}
	where = " AND ".join(f"{column} = %s" for column in chosen) or "1 = 1"
	rows = db.sql(
		f"SELECT {_RUN} FROM {_FROM} WHERE {where} ORDER BY r.name DESC LIMIT %s", [*chosen.values(), limit]
	)
	return [_of_run(row) for row in rows]


def _of_run(row: Row) -> dict[str, Any]:
	return {
		"run": row[0],
		"workflow": row[1],
		"version": row[2],
		"status": row[3],
		"error": as_error(row[4], row[5]),
		"error_step": row[6],
		"document": {"doctype": row[7], "name": row[8]} if row[7] else None,
		"cause": row[9],
		"queued_at": as_text(row[10]),
		"started_at": as_text(row[11]),
		"finished_at": as_text(row[12]),
		"failures": int(row[13] or 0),
	}


def count_runs(db: Database) -> dict[str, int]:
	"""How many runs are in each state, and `total`."""
	return _with_total(RUN_STATES, history.count_runs(db))


def count_unfinished_runs(db: Database) -> dict[str, int]:
	"""How many runs are in each state that is not an end; those that have ended are not read for it."""
	unfinished = [state for state in RUN_STATES if state not in RUN_FINISHED]
	return dict(
		db.sql(
			"SELECT status, COUNT(*) FROM `tabDogan Workflow Run`"
			f" WHERE status IN ({dialect.marks(unfinished)}) GROUP BY status",
			unfinished,
		)
	)


def count_steps(db: Database) -> dict[str, int]:
	"""How many step runs are in each state, and `total`."""
	return _with_total(STEP_STATES, history.count_steps(db))


def count_workflows(db: Database) -> dict[str, int]:
	"""How many workflows there are and how many of them are enabled."""
	total, enabled = db.sql("SELECT COUNT(*), COALESCE(SUM(enabled), 0) FROM `tabDogan Workflow`")[0]
	return {"total": int(total), "enabled": int(enabled)}


def enabled_workflow(db: Database, workflow: str) -> tuple[str | None, bool] | None:
	"""The current version of a workflow and whether it is enabled; None if there is no such workflow."""
	row = dialect.first(
		db.sql("SELECT current_version, enabled FROM `tabDogan Workflow` WHERE name = %s", (workflow,))
	)
	return (row[0], bool(row[1])) if row else None


def enabled_workflows(db: Database) -> list[tuple[str, str]]:
	"""The names and current versions of the workflows that are enabled."""
	rows = db.sql(
		"SELECT name, current_version FROM `tabDogan Workflow` WHERE enabled = 1 AND current_version IS NOT NULL"
		" ORDER BY name"
	)
	return [(str(name), str(version)) for name, version in rows]


def workflow_names(db: Database) -> list[str]:
	"""The names of all workflows."""
	return [str(row[0]) for row in db.sql("SELECT name FROM `tabDogan Workflow` ORDER BY name")]


def status_of_run(db: Database, run: str) -> str | None:
	"""The state of a run, or None if there is no such run."""
	row = dialect.first(db.sql("SELECT status FROM `tabDogan Workflow Run` WHERE name = %s", (run,)))
	return str(row[0]) if row else None


def people_of_run(db: Database, run: str) -> list[str]:
	"""Who has started a run, and who owns its workflow."""
	rows = db.sql(
		"SELECT r.started_by, w.owner FROM `tabDogan Workflow Run` r LEFT JOIN `tabDogan Workflow` w ON w.name = r.workflow"
		" WHERE r.name = %s",
		(run,),
	)
	return [user for row in rows for user in row if user]


def items_at_most(db: Database, run: str) -> int:
	"""How many items any step of a run has: the end of an index, however many there are."""
	rows = db.sql("SELECT MAX(item) FROM `tabDogan Step Run` WHERE run = %s", (run,))
	return int(rows[0][0] or 0)


def version_of_run(db: Database, run: str) -> str:
	"""The version a run has started with. Raises NotFound."""
	row = dialect.first(db.sql("SELECT version FROM `tabDogan Workflow Run` WHERE name = %s", (run,)))
	if row is None:
		raise NotFound(f"There is no run {run!r}.")
	return str(row[0])


def _with_total(states: tuple[str, ...], found: dict[str, int]) -> dict[str, int]:
	return {"total": sum(found.values())} | {state: int(found.get(state, 0)) for state in states}

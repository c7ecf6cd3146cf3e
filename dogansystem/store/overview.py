"""What a page of a run shows of its steps: without their data, and of many items only how many are in which state."""

from typing import Any

from dogansystem.engine.errors import NotFound
from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import asks, dialect
from dogansystem.store.moment import as_text

SHOWN_CHARACTERS = 500  # of an item's value and output


def steps(db: Database, run: str) -> list[dict[str, Any]]:
	"""The steps of a run in the workflow's order; `items`: how many of a `for_each` step are in each state; `asked`: in short what
	it has asked an agent."""
	rows = db.sql(
		"SELECT step, title, action, status, attempts, agent, worker, started_at, finished_at, branch, error, error_type"
		" FROM `tabDogan Step Run` WHERE run = %s AND item = 0 ORDER BY position",
		(run,),
	)
	counts, asked = item_counts(db, run), asks.in_short(db, run)
	names = ("step", "title", "action", "status", "attempts", "agent", "worker", "started_at", "finished_at")
	return [
		dict(zip(names, (*row[:7], as_text(row[7]), as_text(row[8])), strict=True))
		| {"branch": row[9] or None, "error": as_error(row[11], row[10]), "items": counts.get(row[0], {})}
		| {"asked": asked.get(row[0])}
		for row in rows
	]


def item_counts(db: Database, run: str) -> dict[str, dict[str, int]]:
	"""How many items of each `for_each` step of a run are in each state."""
	found: dict[str, dict[str, int]] = {}
	for step, status, count in db.sql(
		"SELECT step, status, COUNT(*) FROM `tabDogan Step Run` WHERE run = %s AND item > 0 GROUP BY step, status",
		(run,),
	):
		found.setdefault(str(step), {})[str(status)] = int(count)
	return found


def step(db: Database, run: str, step: str) -> dict[str, Any]:
	"""A step's rendered parameters and output, its earlier attempts, and the errors of its items. Raises NotFound."""
	row = dialect.first(
		db.sql(
			"SELECT params, output, errors, earlier_attempts FROM `tabDogan Step Run` WHERE run = %s AND step = %s AND item = 0",
			(run, step),
		)
	)
	if row is None:
		raise NotFound(f"The run {run!r} has no step {step!r}.")
	return {
		"params": decode(row[0]),
		"output": decode(row[1]),
		"errors": decode(row[2]) or [],
		"earlier_attempts": decode(row[3]) or [],
	}


def items(
	db: Database, run: str, step: str, first: int = 0, count: int = 50, status: str | None = None
) -> list[dict[str, Any]]:
	"""A page of the items of a step, the failed ones first: `count` behind the `first` so many; of those in a state if one is
	named."""
	where, values = ("AND status = %s", (status,)) if status else ("", ())
	rows = db.sql(
		"SELECT item, status, attempts, item_value, output, error_type, error FROM `tabDogan Step Run`"
		f" WHERE run = %s AND step = %s AND item > 0 {where} ORDER BY status = 'Failed' DESC, item LIMIT %s OFFSET %s",
		(run, step, *values, count, first),
	)
	return [
		{
			"item": row[0],
			"status": row[1],
			"attempts": row[2],
			"item_value": (row[3] or "")[:SHOWN_CHARACTERS],
			"output": (row[4] or "")[:SHOWN_CHARACTERS],
			"error": as_error(row[5], row[6]),
		}
		for row in rows
	]

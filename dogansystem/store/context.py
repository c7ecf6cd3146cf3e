"""What templates can reach: a run's input, trigger, document and the outputs of its steps, read from their rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database
from dogansystem.store import dialect, names
from dogansystem.store.moment import Moment

_RUN_COLUMNS = (
	"name, workflow, version, status, cause, input, trigger_data, doc_values, run_as, started_by, depth,"
	" parameters, reference_doctype, reference_name"
)


@dataclass(slots=True)
class RunData:
	"""What does not change while a run goes on."""

	name: str
	workflow: str
	version: str
	status: str
	cause: str
	input: Any
	trigger: Any
	doc: Any
	run_as: str
	started_by: str
	depth: int
	reference: tuple[str, str] | None
	parameters: Mapping[str, Any] = field(default_factory=dict)


def load_runs(db: Database, runs: Collection[str]) -> dict[str, RunData]:
	"""The data of several runs by their names."""
	chosen = list(runs)
	rows = db.sql(
		f"SELECT {_RUN_COLUMNS} FROM `tabDogan Workflow Run` WHERE name IN ({dialect.marks(chosen)})", chosen
	)
	return {row[0]: _run_data(row) for row in rows}


def _run_data(row: tuple[Any, ...]) -> RunData:
	name, workflow, version, status, cause, given, trigger, doc, run_as, started_by, depth, *rest = row
	parameters, *reference = rest
	about = (reference[0], reference[1]) if all(reference) else None
	values = (decode(given), decode(trigger), decode(doc))
	people = (run_as, started_by)
	return RunData(
		name,
		workflow,
		version,
		status,
		cause,
		*values,
		*people,
		int(depth or 0),
		about,
		decode(parameters) or {},
	)


def load_steps(
	db: Database, run: str, only: Collection[str] | None = None, *, locked: bool = False
) -> dict[str, dict[str, Any]]:
	"""`steps` as templates see it: output, status, branch, error and errors of each step by id, or only of some.

	`locked` reads the newest rows, for a decision at the end of a transaction. An attempt reads without: a lock held
	while the action acts would keep the steps beside it from finishing.
	"""
	query = (
		"SELECT step, status, output, error_type, error, errors, branch FROM `tabDogan Step Run`"
		" WHERE run = %s AND item = 0"
	)
	values: list[Any] = [run]
	if only is not None:
		query += f" AND step IN ({dialect.marks(list(only))})"
		values += only
	rows = db.sql(query + (dialect.for_share(db) if locked else ""), values)
	return {
		row[0]: {
			"status": row[1],
			"output": decode(row[2]),
			"error": as_error(row[3], row[4]),
			"errors": decode(row[5]) or [],
			"branch": row[6] or None,
		}
		for row in rows
	}


def load_output(db: Database, run: str, step: str, item: int) -> Any:
	"""The output of an item."""
	query = "SELECT output FROM `tabDogan Step Run` WHERE name = %s"
	row = dialect.first(db.sql(query, (names.step_run(run, step, item),)))
	return decode(row[0]) if row else None


def values_of(
	data: RunData,
	steps: dict[str, dict[str, Any]],
	at: Moment,
	user: str,
	item: Any = None,
	index: int | None = None,
) -> dict[str, Any]:
	"""The names a template can use. Source: workflow-format.md, semantics 8."""
	now = datetime.fromisoformat(at.text)
	values = {
		"input": data.input,
		"trigger": data.trigger,
		"doc": data.doc,
		"parameters": data.parameters,
		"steps": steps,
		"run": {each: getattr(data, each) for each in ("name", "workflow", "cause", "started_by")},
		"now": now,
		"today": now.date(),
		"user": user,
	}
	if index is not None:
		values |= {"item": item, "index": index}
	return values


def template_values(db: Database, run: str, at: Moment) -> dict[str, Any]:
	"""The names that a run's own `output` can use."""
	data = load_runs(db, [run])[run]
	return values_of(data, load_steps(db, run, locked=True), at, data.run_as)

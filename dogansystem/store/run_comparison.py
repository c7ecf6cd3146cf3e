"""Two runs side by side, and a run that is run again with another input."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from dogansystem.engine import compared_runs
from dogansystem.engine.errors import NotFound, WrongState
from dogansystem.engine.outcomes import as_error
from dogansystem.engine.outputs import decode
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect
from dogansystem.store.moment import as_text

_RUN = (
	"r.workflow, r.status, v.version, r.input, r.parameters, r.output, r.error_type, r.error, r.reference_doctype,"
	" r.reference_name, r.started_at, r.finished_at"
)
_STEP = "step, title, action, status, branch, attempts, started_at, finished_at, params, output, error_type, error"


class RunsAgain:
	"""A part of `Orchestrator`."""

	site: Site

	def run_again(
		self,
		run: str,
		input: Any = None,
		*,
		document: Mapping[str, Any] | None = None,
		even_disabled: bool = False,
	) -> str:
		"""Start a new run, by the version saved now, in place of a finished one: with this input and about this document, for what
		the trigger of the first one brought. Gives the name of the new run, which keeps of which one it is.

		Raises WrongState if the run has not ended, and what `start_run` raises.
		"""
		was = as_it_was(self.site.database, run)
		if was["status"] not in RUN_FINISHED:
			raise WrongState(
				f"The run {run} is {was['status']}: wait for its end, or cancel it, before you run it again."
			)
		new: str = self.start_run(  # type: ignore[attr-defined]
			was["workflow"],
			input,
			document=document,
			cause="manual",
			trigger=was["trigger"],
			even_disabled=even_disabled,
			again_of=run,
		)
		return new

	def compare_runs(
		self, one: str, other: str, seen: Callable[[dict[str, Any]], dict[str, Any]] | None = None
	) -> dict[str, Any]:
		"""Two `runs` with their steps, and their `differences`, each with a `sentence`. Raises NotFound.

		`seen`: gives what a reader may see of a run.
		"""
		return side_by_side(self.site.database, one, other, seen)


def side_by_side(
	db: Database, one: str, other: str, seen: Callable[[dict[str, Any]], dict[str, Any]] | None = None
) -> dict[str, Any]:
	"""Two runs, each as `engine.compared_runs` takes it, and their `differences` with a `sentence` each. Raises NotFound."""
	runs = [_run(db, one), _run(db, other)]
	if seen:
		runs = [seen(each) for each in runs]
	found = [each.as_dict() for each in compared_runs.differences(*runs)]
	return {"runs": runs, "differences": found}


def _run(db: Database, run: str) -> dict[str, Any]:
	query = f"SELECT {_RUN} FROM `tabDogan Workflow Run` r LEFT JOIN `tabDogan Workflow Version` v ON v.name = r.version"
	row = dialect.first(db.sql(f"{query} WHERE r.name = %s", (run,)))
	if row is None:
		raise NotFound(f"There is no run {run!r}.")
	workflow, status, version, given, parameters, output, error_type, error, doctype, name, began, ended = row
	return {
		"run": run,
		"workflow": workflow,
		"status": status,
		"version": version,
		"input": decode(given),
		"parameters": decode(parameters) or {},
		"output": decode(output),
		"error": as_error(error_type, error),
		"document": f"{doctype} {name}" if doctype else None,
		"seconds": _seconds(began, ended),
		"steps": _steps(db, run),
	}


def _steps(db: Database, run: str) -> list[dict[str, Any]]:
	query = f"SELECT {_STEP} FROM `tabDogan Step Run` WHERE run = %s AND item = 0 ORDER BY position"
	items: dict[str, dict[str, int]] = {}
	counts = "SELECT step, status, COUNT(*) FROM `tabDogan Step Run` WHERE run = %s AND item > 0 GROUP BY step, status"
	for step, status, count in db.sql(counts, (run,)):
		items.setdefault(step, {})[status] = int(count)
	return [
		{
			"id": step,
			"title": title or "",
			"action": action,
			"status": status,
			"branch": branch or None,
			"attempts": attempts,
			"items": items.get(step, {}),
			"seconds": _seconds(began, ended),
			"params": decode(params),
			"output": decode(output),
			"error": as_error(error_type, error),
		}
		for (
			step,
			title,
			action,
			status,
			branch,
			attempts,
			began,
			ended,
			params,
			output,
			error_type,
			error,
		) in db.sql(query, (run,))
	]


def _seconds(began: Any, ended: Any) -> float | None:
	began, ended = as_text(began), as_text(ended)
	if not (began and ended):
		return None
	return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()


def as_it_was(db: Database, run: str) -> Mapping[str, Any]:
	"""What a run was started with: `workflow`, `status`, `input`, `trigger`, and `reference` (doctype and name, or None). Raises
	NotFound."""
	row = dialect.first(
		db.sql(
			"SELECT workflow, status, input, trigger_data, reference_doctype, reference_name"
			" FROM `tabDogan Workflow Run` WHERE name = %s",
			(run,),
		)
	)
	if row is None:
		raise NotFound(f"There is no run {run!r}.")
	return {
		"workflow": row[0],
		"status": row[1],
		"input": decode(row[2]),
		"trigger": decode(row[3]),
		"reference": (row[4], row[5]) if row[4] else None,
	}

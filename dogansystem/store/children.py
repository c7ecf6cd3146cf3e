"""Runs that steps of other runs have started. Source: workflow-format.md, semantics 15.

A step that waits for a run has a wait whose subject is that run's name. The end of the run makes that wait due, in the
same transaction and without a lock on the parent; whoever finds it due ends the step.
"""

from typing import Any

from dogansystem.engine.changes import NEVER
from dogansystem.engine.errors import RunFailed
from dogansystem.engine.outcomes import Done, Failed, as_error, failed
from dogansystem.engine.states import RUN_FINISHED, SUCCEEDED
from dogansystem.protocol import Database, Site
from dogansystem.store import approvals, dialect, reads
from dogansystem.store.moment import as_text


def outcome_of(db: Database, run: str) -> Done | Failed | None:
	"""What the step comes to that waits for this run; None: it has not ended."""
	row = dialect.first(
		db.sql(
			"SELECT workflow, status, output, error_type, error FROM `tabDogan Workflow Run` WHERE name = %s"
			+ dialect.for_share(db),
			(run,),
		)
	)
	if row is None:
		return failed(RunFailed(f"The run {run} was deleted before it ended."))
	workflow, status, output, error_type, error = row
	if status not in RUN_FINISHED:
		return None
	if status == SUCCEEDED:
		return Done(output or "null")
	reason = as_error(error_type, error)
	return failed(RunFailed(f"Run {run} of {workflow} {status.lower()}{f': {reason}' if reason else ''}"))


def under_way(db: Database, run: str) -> list[str]:
	"""The runs that steps of this run wait for and that have not ended, the newest first."""
	rows = db.sql(
		"SELECT c.name, c.status FROM dogan_timer w JOIN `tabDogan Workflow Run` c ON c.name = w.subject"
		" WHERE w.run = %s AND w.kind = 'child' ORDER BY c.name DESC",
		(run,),
	)
	return [row[0] for row in rows if row[1] not in RUN_FINISHED]


def of_run(db: Database, run: str) -> list[dict[str, str]]:
	"""The runs that a run has started by its steps, the oldest first: `run`, `workflow`, `status`, `step`."""
	rows = db.sql(
		"SELECT name, workflow, status, parent_step FROM `tabDogan Workflow Run` WHERE parent_run = %s ORDER BY name",
		(run,),
	)
	return [
		dict(zip(("run", "workflow", "status", "step"), (*row[:3], row[3] or ""), strict=True))
		for row in rows
	]


def with_family(site: Site, run: str) -> dict[str, Any]:
	"""A run with all its steps, what they wait for, and the runs that they have started. Raises NotFound."""
	db = site.database
	found = reads.run_as_json(db, run)
	waits = reads.waits_as_json(db, run)
	asked = {each.name: each for each in approvals.open_of_run(db, run)} if waits else {}
	for each in waits:
		if known := asked.get(each.get("approval", "")):
			people = [place.user for place in approvals.places(db, known) if place.is_asked]
			each |= {"subject": known.subject, "asked": people}
		until = each["until"]
		each["until"] = None if until >= NEVER else as_text(site.local_time(until))
	return found | {"waits": waits, "children": of_run(db, run)}

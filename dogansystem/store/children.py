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
from dogansystem.store import dialect, open_approvals, reads
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


def parent_of(db: Database, run: str) -> dict[str, str] | None:
	"""The run whose step has started this one: `run`, `workflow`, `step`."""
	row = dialect.first(
		db.sql(
			"SELECT p.name, p.workflow, r.parent_step FROM `tabDogan Workflow Run` r"
			" JOIN `tabDogan Workflow Run` p ON p.name = r.parent_run WHERE r.name = %s",
			(run,),
		)
	)
	return dict(zip(("run", "workflow", "step"), (*row[:2], row[2] or ""), strict=True)) if row else None


def with_family(site: Site, run: str) -> dict[str, Any]:
	"""A run with all its steps, what they wait for, the runs that they have started, and the one that has started it.

	Raises NotFound.
	"""
	db = site.database
	return reads.run_as_json(db, run) | {
		"waits": waits(site, run),
		"children": of_run(db, run),
		"parent": parent_of(db, run),
	}


def waits(site: Site, run: str) -> list[dict[str, Any]]:
	"""What the steps of a run wait for, as `reads.waits_as_json`; `until` is the site's time, or None: for ever.

	A wait for people has the `subject` and who is `asked`.
	"""
	found = reads.waits_as_json(site.database, run)
	of_people = any(each["kind"] == "decision" for each in found)
	asked = open_approvals.asked_of_run(site.database, run) if of_people else {}
	for each in found:
		each |= asked.get(each.get("approval", ""), {})
		until = each["until"]
		each["until"] = None if until >= NEVER else as_text(site.local_time(until))
	return found


def next_due(db: Database, run: str, *, people_until: float = NEVER, reminders: bool = False) -> float:
	"""When the next wait of a run, or of a run that it waits for, is over (epoch seconds); NEVER: no time ends any.

	What people or a signal end counts if its deadline comes before `people_until`. `reminders`: instead, when people are
	reminded next of what such a run asks.
	"""
	which = (
		"kind = 'remind'"
		if reminders
		else "kind <> 'remind' AND (kind NOT IN ('decision', 'signal') OR due_at < %s)"
	)
	query = f"SELECT MIN(due_at) FROM dogan_timer WHERE run = %s AND {which}"
	row = dialect.first(db.sql(query, (run,) if reminders else (run, people_until)))
	below = [
		next_due(db, child, people_until=people_until, reminders=reminders) for child in under_way(db, run)
	]
	return min([row[0] if row and row[0] is not None else NEVER, *below])

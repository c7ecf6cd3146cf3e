"""What nobody is asked any more, because the step that has asked does not wait any more, as statements."""

from typing import Any

from dogansystem.protocol import Database, Statement
from dogansystem.store import dialect
from dogansystem.store.moment import Moment

APPROVAL = "tabDogan Approval"
REASON = "The run has ended, or goes on without this."


def withdrawing(db: Database, run: str, at: Moment, prefix: str = "") -> Statement:
	"""Withdraw the approvals for which step runs of a run wait, those whose name begins with `prefix`.

	They are found by their waits: a look by the run would also lock the gaps in which other runs write theirs.
	"""
	values = _values(at)
	waits, more = "w.run = %s AND w.kind = 'decision'", [run]
	if prefix:
		waits += f" AND SUBSTR(w.step_run, 1, {len(prefix)}) = %s"
		more.append(prefix)
	assignments = ", ".join(f"{column} = %s" for column in values)
	if db.dialect == "mariadb":
		assignments = ", ".join(f"a.{column} = %s" for column in values)
		query = f"UPDATE dogan_timer w STRAIGHT_JOIN `{APPROVAL}` a ON a.name = w.subject SET {assignments} WHERE {waits}"
		return Statement(f"{query} AND a.status = 'Open'", [*values.values(), *more])
	query = f"UPDATE `{APPROVAL}` SET {assignments} WHERE status = 'Open'"
	return Statement(
		f"{query} AND name IN (SELECT w.subject FROM dogan_timer w WHERE {waits})", [*values.values(), *more]
	)


def withdrawing_one(run: str, approval: str, at: Moment) -> list[Statement]:
	"""Withdraw an approval for which no wait has begun, and its reminder."""
	reminder = "DELETE FROM dogan_timer WHERE run = %s AND kind = 'remind' AND subject = %s"
	return [
		dialect.update_of(APPROVAL, approval, _values(at), "status = 'Open'"),
		Statement(reminder, (run, approval)),
	]


def _values(at: Moment) -> dict[str, Any]:
	return {
		"status": "Cancelled",
		"settled_at": at.text,
		"reason": REASON,
		"next_reminder": None,
		"untold": 1,
		"modified": at.text,
	}

"""What an AI agent was asked and has used, in numbers. What is counted stands in an index: no row is read for it.

What a run has asked is deleted with the run; what was spent is kept by the day.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from dogansystem.engine.outcomes import as_error
from dogansystem.protocol import Database
from dogansystem.store import asks, dialect, spending


def ai_agents(db: Database) -> list[str]:
	"""The names of the AI agents."""
	return [
		str(row[0]) for row in db.sql("SELECT name FROM `tabDogan Agent` WHERE kind = 'AI' ORDER BY name")
	]


@dataclass(frozen=True, slots=True)
class Counted:
	"""Asks of one workflow that began in a span and are in one state."""

	state: str
	workflow: str
	asks: int
	tokens: int


def counts(db: Database, agent: str, since: float, until: float) -> list[Counted]:
	"""What an agent was asked from one moment to before another (epoch seconds)."""
	query = (
		"SELECT workflow, COUNT(*), SUM(tokens) FROM dogan_ask WHERE agent = %s AND state = %s AND began_at >= %s AND began_at < %s"
		" GROUP BY workflow"
	)
	return [
		Counted(state, str(workflow), int(number), int(tokens))
		for state in asks.STATES
		for workflow, number, tokens in db.sql(query, (agent, state, since, until))
	]


def failures(db: Database, agent: str, since: float) -> dict[str, int]:
	"""With which errors asks of an agent have ended that came to no answer."""
	query = (
		"SELECT COALESCE(s.error_type, ''), COUNT(*) FROM dogan_ask a JOIN `tabDogan Step Run` s ON s.name = a.step_run"
		f" WHERE a.agent = %s AND a.state IN ({dialect.marks(asks.UNANSWERED)}) AND a.began_at >= %s"
		f" AND {asks.STOPPED} GROUP BY s.error_type"
	)
	return {str(kind): int(count) for kind, count in db.sql(query, (agent, *asks.UNANSWERED, since))}


def workflows(db: Database, names: Collection[str]) -> dict[str, tuple[str, float]]:
	"""Of these workflows their titles, and how many minutes of people's work each saves."""
	if not names:
		return {}
	query = f"SELECT name, title, minutes_saved FROM `tabDogan Workflow` WHERE name IN ({dialect.marks(list(names))})"
	return {str(name): (title or name, float(minutes)) for name, title, minutes in db.sql(query, list(names))}


def decisions(db: Database, agent: str, user: str, since: str) -> dict[str, int]:
	"""How many calls of an agent people have let pass, refused, or not decided yet, by the status of their approvals.

	`user`: whom it acts as; `since`: local text.
	"""
	query = (
		"SELECT p.status, COUNT(*) FROM `tabDogan Approval` p WHERE p.asked_by = %s AND p.asked_at >= %s AND EXISTS"
		" (SELECT 1 FROM dogan_ask a WHERE a.step_run = p.step_run AND a.agent = %s) GROUP BY p.status"
	)
	return {str(status): int(count) for status, count in db.sql(query, (user, since, agent))}


def spent_since(db: Database, agent: str, day: str) -> dict[str, tuple[float, int]]:
	"""What an agent has spent on each day from this one on, and in how many requests."""
	query = "SELECT day, cost, requests FROM dogan_spending WHERE subject = %s AND day >= %s"
	rows = db.sql(query, (spending.of_agent(agent), day))
	return {str(name): (int(cost) / 1e9, int(requests)) for name, cost, requests in rows}


def latest(db: Database, agent: str, count: int) -> list[dict[str, Any]]:
	"""The newest asks of an agent: `run`, `workflow`, `step`, `state`, `error`, `began_at` (epoch seconds), `tokens`, `cost`."""
	newest = " UNION ALL ".join(
		[
			"SELECT id FROM (SELECT id FROM dogan_ask WHERE agent = %s AND state = %s ORDER BY began_at DESC LIMIT %s) s"
		]
		* len(asks.STATES)
	)
	rows = db.sql(
		"SELECT a.run, a.workflow, s.step, a.state, s.status, s.error_type, s.error, a.began_at, a.tokens, a.cost"
		f" FROM ({newest}) n JOIN dogan_ask a ON a.id = n.id LEFT JOIN `tabDogan Step Run` s ON s.name = a.step_run"
		" ORDER BY a.began_at DESC, a.id DESC LIMIT %s",
		(*(each for state in asks.STATES for each in (agent, state, count)), count),
	)
	return [
		{
			"run": row[0],
			"workflow": row[1],
			"step": row[2],
			"state": row[4] if row[3] in asks.UNANSWERED and row[4] else row[3],
			"error": as_error(row[5], row[6]) if row[3] in asks.UNANSWERED else None,
			"began_at": float(row[7]),
			"tokens": int(row[8]),
			"cost": int(row[9]) / 1e9,
		}
		for row in rows
	]


def spent_on(db: Database, agent: str | None, day: str) -> float:
	"""What an agent, or with None all of them, has spent of a day's budget."""
	subject = spending.SITE if agent is None else spending.of_agent(agent)
	return spending.spent(db, subject, day) / 1e9

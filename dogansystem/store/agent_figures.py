"""What an AI agent was asked and has used, in numbers. Each query reads an index and none of the rows behind it.

What a run has asked is deleted with the run; what was spent is kept by the day.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from dogansystem.engine.outcomes import as_error
from dogansystem.protocol import Database
from dogansystem.store import asks, spending

QUARTER = 900  # seconds: every timezone's day begins with one
FAILED = "Failed"  # of an ask that its step has given up


def ai_agents(db: Database) -> list[str]:
	"""The names of the AI agents."""
	return [
		str(row[0]) for row in db.sql("SELECT name FROM `tabDogan Agent` WHERE kind = 'AI' ORDER BY name")
	]


def outcomes(db: Database, agent: str, since: float) -> dict[str, int]:
	"""How many asks of an agent since a moment (epoch seconds) are answered, given up, failed, or open still."""
	found = {
		str(state): int(count)
		for state, count in db.sql(
			"SELECT state, COUNT(*) FROM dogan_ask WHERE agent = %s AND began_at >= %s GROUP BY state",
			(agent, since),
		)
	}
	failed = failures(db, agent, since)
	open_ones = max(0, found.get(asks.OPEN, 0) - sum(failed.values()))
	return {
		asks.ANSWERED: found.get(asks.ANSWERED, 0),
		asks.GAVE_UP: found.get(asks.GAVE_UP, 0),
		FAILED: sum(failed.values()),
		asks.OPEN: open_ones,
	}


def failures(db: Database, agent: str, since: float) -> dict[str, int]:
	"""With which errors asks of an agent have ended that came to no answer."""
	query = (
		"SELECT COALESCE(s.error_type, ''), COUNT(*) FROM dogan_ask a JOIN `tabDogan Step Run` s ON s.name = a.step_run"
		" WHERE a.agent = %s AND a.began_at >= %s AND a.state = %s AND s.status IN ('Failed', 'Cancelled', 'Skipped')"
		" GROUP BY s.error_type"
	)
	return {str(kind): int(count) for kind, count in db.sql(query, (agent, since, asks.OPEN))}


def by_workflow(db: Database, agent: str, since: float) -> list[dict[str, Any]]:
	"""Of each workflow: how many asks of an agent were `answered`, and how many minutes of people's work each saves."""
	query = (
		"SELECT f.workflow, f.answered, COALESCE(w.title, f.workflow), COALESCE(w.minutes_saved, 0) FROM"
		" (SELECT workflow, COUNT(*) AS answered FROM dogan_ask WHERE agent = %s AND began_at >= %s AND state = %s GROUP BY workflow) f"
		" LEFT JOIN `tabDogan Workflow` w ON w.name = f.workflow ORDER BY f.answered DESC, f.workflow"
	)
	return [
		{
			"workflow": workflow,
			"title": title or workflow,
			"answered": int(answered),
			"minutes": float(minutes),
		}
		for workflow, answered, title, minutes in db.sql(query, (agent, since, asks.ANSWERED))
	]


def decisions(db: Database, agent: str, user: str, since: str) -> dict[str, int]:
	"""How many calls of an agent people have let pass, refused, or not decided yet, by the status of their approvals.

	`user`: whom it acts as; `since`: local text.
	"""
	query = (
		"SELECT p.status, COUNT(*) FROM `tabDogan Approval` p WHERE p.asked_by = %s AND p.asked_at >= %s AND EXISTS"
		" (SELECT 1 FROM dogan_ask a WHERE a.step_run = p.step_run AND a.agent = %s) GROUP BY p.status"
	)
	return {str(status): int(count) for status, count in db.sql(query, (user, since, agent))}


def days(
	db: Database, agent: str, last: date, count: int, local: Callable[[float], datetime], since: float
) -> list[dict[str, Any]]:
	"""What an agent has used on each of `count` days up to the `last` one: `day`, `asks`, `tokens`, `requests`, and `cost` of its
	budget. `local`: a moment in the site's time; `since`: when the first day has begun (epoch seconds)."""
	wanted = [str(last - timedelta(days=back)) for back in range(count - 1, -1, -1)]
	found: dict[str, dict[str, Any]] = {
		day: {"day": day, "asks": 0, "tokens": 0, "requests": 0, "cost": 0.0} for day in wanted
	}
	rows = db.sql(
		f"SELECT FLOOR(began_at / {QUARTER}), COUNT(*), SUM(tokens) FROM dogan_ask WHERE agent = %s AND began_at >= %s"
		f" GROUP BY FLOOR(began_at / {QUARTER})",
		(agent, since),
	)
	for quarter, number, tokens in rows:
		day = found.get(str(local(float(quarter) * QUARTER).date()))
		if day:
			day["asks"] += int(number)
			day["tokens"] += int(tokens)
	spent = db.sql(
		"SELECT day, cost, requests FROM dogan_spending WHERE subject = %s AND day >= %s",
		(spending.of_agent(agent), wanted[0]),
	)
	for name, cost, requests in spent:
		if name in found:
			found[name] |= {"cost": int(cost) / 1e9, "requests": int(requests)}
	return list(found.values())


def latest(db: Database, agent: str, count: int) -> list[dict[str, Any]]:
	"""The newest asks of an agent: `run`, `workflow`, `step`, `state`, `error`, `began_at` (epoch seconds), `tokens`, `cost`."""
	rows = db.sql(
		"SELECT a.run, a.workflow, s.step, a.state, s.status, s.error_type, s.error, a.began_at, a.tokens, a.cost"
		" FROM (SELECT id FROM dogan_ask WHERE agent = %s ORDER BY began_at DESC LIMIT %s) n JOIN dogan_ask a ON a.id = n.id"
		" LEFT JOIN `tabDogan Step Run` s ON s.name = a.step_run ORDER BY a.began_at DESC, a.id DESC",
		(agent, count),
	)
	return [
		{
			"run": row[0],
			"workflow": row[1],
			"step": row[2],
			"state": row[4] if row[3] == asks.OPEN and row[4] else row[3],
			"error": as_error(row[5], row[6]) if row[3] == asks.OPEN else None,
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

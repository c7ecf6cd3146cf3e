"""The figures of AI agents: what was asked, decided and spent, beside what may be."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dogansystem.agents.ai import setup
from dogansystem.protocol import Site
from dogansystem.store import agent_figures, asks
from dogansystem.store.agent_figures import Counted
from dogansystem.store.moment import as_text

LATEST = 20  # asks that are listed
FAILED = "Failed"  # of an ask whose step has come to no answer


def of_agent(site: Site, name: str, days: int) -> dict[str, Any]:
	"""What an AI agent was asked, was let do, and has used in the last so many days, today included. Raises NotFound.

	`decisions` by the status of what people were asked; `minutes` of people's work that its answers have saved, as the authors of
	the `workflows` say; `days`, the last one today; `latest` asks.
	"""
	db, agent = site.database, setup.agent_of(site.database, name)
	today = site.local_time(site.now()).date()
	dates = [today - timedelta(days=back) for back in range(days - 1, -1, -1)]
	begins = [_begin(site, each) for each in (*dates, today + timedelta(days=1))]
	counted = [agent_figures.counts(db, name, *each) for each in itertools.pairwise(begins)]
	every = [each for day in counted for each in day]
	failures = agent_figures.failures(db, name, begins[0])
	workflows = _workflows(site, every)
	return {
		"agent": name,
		"user": agent.user,
		"model": agent.model,
		"tools": len(agent.tools),
		"outcomes": _outcomes(every, failures),
		"failures": failures,
		"decisions": agent_figures.decisions(db, name, agent.user, f"{dates[0]} 00:00:00"),
		"workflows": workflows,
		"minutes": sum(each["answered"] * each["minutes"] for each in workflows),
		"days": _days(site, name, dates, counted),
		"latest": [
			{**each, "began_at": as_text(site.local_time(each["began_at"]))}
			for each in agent_figures.latest(db, name, LATEST)
		],
		**of_today(site, name),
	}


def of_site_today(site: Site) -> dict[str, float]:
	"""What all AI agents have spent today, and what they may spend in a day."""
	day = str(site.local_time(site.now()).date())
	return {
		"site_spent": agent_figures.spent_on(site.database, None, day),
		"site_limit": float(site.settings().ai_cost_per_day),
	}


def of_today(site: Site, name: str) -> dict[str, float]:
	"""What an agent, and all of them, have spent today, and what they may spend in a day. Raises NotFound."""
	db, day = site.database, str(site.local_time(site.now()).date())
	return {
		"spent": agent_figures.spent_on(db, name, day),
		"limit": float(setup.agent_of(db, name).limits.cost_per_day),
		**of_site_today(site),
	}


def of_all(site: Site, days: int) -> list[dict[str, Any]]:
	"""Every AI agent with what it was asked in the last so many days, and what it has spent today."""
	db, until = site.database, site.now() + 1
	found = []
	for name in agent_figures.ai_agents(db):
		since = until - days * 86400
		counted = agent_figures.counts(db, name, since, until)
		outcomes = _outcomes(counted, agent_figures.failures(db, name, since))
		found.append({"agent": name, "outcomes": outcomes, **of_today(site, name)})
	return found


def _outcomes(counted: Sequence[Counted], failures: Mapping[str, int]) -> dict[str, int]:
	numbers = Counter({asks.ANSWERED: 0, asks.GAVE_UP: 0, FAILED: sum(failures.values()), asks.OPEN: 0})
	for each in counted:
		numbers[asks.OPEN if each.state in asks.UNANSWERED else each.state] += each.asks
	numbers[asks.OPEN] = max(0, numbers[asks.OPEN] - numbers[FAILED])
	return dict(numbers)


def _workflows(site: Site, counted: Sequence[Counted]) -> list[dict[str, Any]]:
	answered: Counter[str] = Counter()
	for each in counted:
		if each.state == asks.ANSWERED and each.workflow:
			answered[each.workflow] += each.asks
	known = agent_figures.workflows(site.database, answered.keys())
	return [
		{"workflow": name, "title": title, "answered": number, "minutes": minutes}
		for name, number in answered.most_common()
		for title, minutes in [known.get(name, (name, 0.0))]
	]


def _days(
	site: Site, name: str, dates: Sequence[date], counted: Sequence[Sequence[Counted]]
) -> list[dict[str, Any]]:
	spent = agent_figures.spent_since(site.database, name, str(dates[0]))
	found = []
	for day, numbers in zip(map(str, dates), counted, strict=True):
		cost, requests = spent.get(day, (0.0, 0))
		asked, tokens = sum(each.asks for each in numbers), sum(each.tokens for each in numbers)
		found.append({"day": day, "asks": asked, "tokens": tokens, "requests": requests, "cost": cost})
	return found


def _begin(site: Site, day: date) -> float:
	"""When a day has begun (epoch seconds), also where clocks were set to another time since."""
	now, local = site.now(), datetime.combine(day, datetime.min.time())
	found = now - (site.local_time(now) - local).total_seconds()
	return found + (local - site.local_time(found)).total_seconds()

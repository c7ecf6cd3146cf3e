"""The figures of AI agents: what was asked, decided and spent, beside what may be."""

from datetime import datetime, timedelta
from typing import Any

from dogansystem.agents.ai import setup
from dogansystem.protocol import Site
from dogansystem.store import agent_figures
from dogansystem.store.moment import as_text

LATEST = 20  # asks that are listed


def of_agent(site: Site, name: str, days: int) -> dict[str, Any]:
	"""What an AI agent was asked, was let do, and has used in the last so many days, today included. Raises NotFound.

	`decisions` by the status of what people were asked; `minutes` of people's work that its answers have saved, as the authors of
	the `workflows` say; `days`, the last one today; `latest` asks.
	"""
	db, agent = site.database, setup.agent_of(site.database, name)
	today = site.local_time(site.now()).date()
	first = datetime.combine(today - timedelta(days=days - 1), datetime.min.time())
	since = _seconds(site, first)
	workflows = agent_figures.by_workflow(db, name, since)
	return {
		"agent": name,
		"user": agent.user,
		"model": agent.model,
		"tools": len(agent.tools),
		"outcomes": agent_figures.outcomes(db, name, since),
		"failures": agent_figures.failures(db, name, since),
		"decisions": agent_figures.decisions(db, name, agent.user, as_text(first) or ""),
		"workflows": workflows,
		"minutes": sum(each["answered"] * each["minutes"] for each in workflows),
		"days": agent_figures.days(db, name, today, days, site.local_time, since),
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
	since = site.now() - days * 86400
	return [
		{
			"agent": name,
			"outcomes": agent_figures.outcomes(site.database, name, since),
			**of_today(site, name),
		}
		for name in agent_figures.ai_agents(site.database)
	]


def _seconds(site: Site, local: datetime) -> float:
	"""The moment (epoch seconds) of a local time, also where clocks were set to another time since."""
	now = site.now()
	found = now - (site.local_time(now) - local).total_seconds()
	return found + (local - site.local_time(found)).total_seconds()

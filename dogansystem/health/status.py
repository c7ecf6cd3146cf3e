"""The numbers of a site, all true at the moment they are read. `get_system_status` gives them everywhere."""

from dataclasses import asdict
from typing import Any

from dogansystem import __version__
from dogansystem.health import checks, nodes, throughput
from dogansystem.protocol import Database, Settings, Site
from dogansystem.store import agents, kept, processes, queue, reads
from dogansystem.store.figures import SITE, Figures
from dogansystem.store.moment import as_text


def system_status(site: Site, settings: Settings) -> dict[str, Any]:
	"""Agents, workflows, runs and steps with their totals; the queue; the last tick and what is wrong; workers wanted, alive
	and busy; nodes; what got done in the last minute and hour, and how long it waited and took."""
	db = site.database
	now = site.now()
	ready, in_hand, oldest = queue.depth(db)
	registered, at_work = processes.every(db), queue.processes_at_work(db)
	beat = checks.pulse(site)
	return {
		"site": site.name,
		"version": __version__,
		"time": as_text(site.local_time(now)),
		"agents": _agents(agents.every(db), settings),
		"workflows": reads.count_workflows(db),
		"runs": reads.count_runs(db),
		"steps": reads.count_steps(db),
		"queue": {
			"ready": ready,
			"in_hand": in_hand,
			"waiting_for_a_slot": int(db.sql("SELECT COUNT(*) FROM dogan_line")[0][0]),
			"timers": int(db.sql("SELECT COUNT(*) FROM dogan_timer")[0][0]),
			"timers_overdue": beat.overdue,
			"oldest_overdue_seconds": round(beat.oldest_overdue, 3) if beat.overdue else None,
			"oldest_ready_seconds": round(max(0.0, now - oldest), 3) if oldest is not None else None,
		},
		"tick": {
			"last": as_text(site.local_time(beat.tick_at)) if beat.tick_at else None,
			"last_seconds": None if beat.tick_age is None else round(beat.tick_age, 3),
		},
		"problems": [asdict(each) for each in checks.problems(site)],
		"workers": _workers(site, registered, at_work, settings, now),
		"nodes": nodes.every(site, registered, at_work, settings.lease),
		"throughput": _throughput(db, now),
		"caches": _caches(site),
	}


def _caches(site: Site) -> dict[str, dict[str, Any]]:
	"""How often what was worked out before was found again: in the process that asked, or in what the site shares."""
	found = {}
	for name, counts in kept.counts(site).items():
		asked = sum(counts.values())
		hits = counts[kept.PROCESS] + counts[kept.SHARED]
		found[name] = {"asked": asked, **counts, "hit_rate": round(hits / asked, 4) if asked else None}
	return found


def _throughput(db: Database, now: float) -> dict[str, Any]:
	spans = {"last_minute": throughput.MINUTE, "last_hour": throughput.HOUR}
	return {
		name: throughput.summary(throughput.window(db, now, seconds).get((SITE, ""), Figures()), seconds)
		for name, seconds in spans.items()
	}


def _agents(every: list[dict[str, Any]], settings: Settings) -> dict[str, Any]:
	return {
		"total": len(every),
		"enabled": sum(each["enabled"] for each in every),
		"busy": sum(each["busy"] > 0 for each in every),
		"limit": settings.max_agents,
	}


def _workers(
	site: Site, every: list[processes.Process], at_work: set[int], settings: Settings, now: float
) -> dict[str, Any]:
	alive = [each for each in every if each.id > 0 and now - each.beat_at < settings.lease]
	nodes: dict[str, dict[str, int]] = {}
	for each in alive:
		node = nodes.setdefault(each.node, {"alive": 0, "busy": 0, "steps": 0})
		node["alive"] += 1
		node["busy"] += each.id in at_work
		node["steps"] += each.steps
	return {
		"wanted": settings.num_workers,
		"alive": len(alive),
		"busy": sum(node["busy"] for node in nodes.values()),
		"listening": sum(site.listening().values()),
		"nodes": nodes,
	}

"""The numbers that Prometheus collects. They are read from the small tables: history is never counted for a scrape."""

from dogansystem import __version__
from dogansystem.engine.states import FAILED, RUN_FINISHED, RUN_STATES, SKIPPED, SUCCEEDED
from dogansystem.health import nodes
from dogansystem.health.exposition import Family, text
from dogansystem.protocol import Database, Settings, Site
from dogansystem.store import (
	agents,
	figures,
	kept,
	levels,
	priorities,
	processes,
	queue,
	reads,
	samples,
	state,
)
from dogansystem.store.figures import AGENT, NODE, PRIORITY, SITE, WORKFLOW, Figures, Table

FINISHED = (SUCCEEDED, FAILED, SKIPPED)


def metrics(site: Site, settings: Settings) -> str:
	"""All of a site's metrics in Prometheus' text format."""
	db, now = site.database, site.now()
	found, totals = levels.read(db, now), samples.totals(db)
	return text(
		[
			_info(site.name),
			*_queue(found),
			_runs(db),
			*_workers(site, settings),
			*_agents(db, found, settings),
			_clock("tick", "When the tick last acted.", db),
			_clock("sample", "When figures were last added up.", db),
			_caches(site),
			*_counters(totals),
			*_times(totals),
		]
	)


def _info(site: str) -> Family:
	family = Family("dogansystem_info", "gauge", "The app's version, and the site's name; always 1.")
	family.set(1, version=__version__, site=site)
	return family


def _queue(found: Table) -> list[Family]:
	ready = Family("dogansystem_steps_ready", "gauge", "Steps that any worker may begin with.")
	for lane in range(priorities.LANES):
		priority = str(priorities.priority(lane))
		ready.set(_level(found, PRIORITY, priority, "ready"), priority=priority)
	named = (
		("steps_in_hand", "in_hand", "Steps that a worker has taken."),
		("steps_waiting_for_slot", "waiting_for_a_slot", "Runs and steps that wait for a limit or an agent."),
		("timers", "timers", "Waits, retries, schedules and timeouts to come."),
		("oldest_ready_age_seconds", "oldest_ready_seconds", "How long the oldest ready step has been waiting."),
	)  # fmt: skip
	families = [ready]
	for name, level, what in named:
		family = Family(f"dogansystem_{name}", "gauge", what)
		family.set(_level(found, SITE, "", level))
		families.append(family)
	return families


def _runs(db: Database) -> Family:
	family = Family("dogansystem_runs", "gauge", "Runs that have not ended, by state.")
	counts = reads.count_unfinished_runs(db)
	for each in RUN_STATES:
		if each not in RUN_FINISHED:
			family.set(counts.get(each, 0), state=each.lower())
	return family


def _workers(site: Site, settings: Settings) -> list[Family]:
	wanted = Family("dogansystem_workers_wanted", "gauge", "Workers that one node may have at a time.")
	alive = Family("dogansystem_workers_alive", "gauge", "Workers that were heard of within the lease.")
	busy = Family("dogansystem_workers_busy", "gauge", "Workers that have a step in hand.")
	up = Family("dogansystem_node_up", "gauge", "0: the node's workers stopped without leaving.")
	beat = Family("dogansystem_node_last_beat_timestamp_seconds", "gauge", "When a node was last heard of.")
	wanted.set(settings.num_workers)
	db = site.database
	every = nodes.every(site, processes.every(db), queue.processes_at_work(db), settings.lease)
	for name, node in every.items():
		alive.set(node["alive"], node=name)
		busy.set(node["busy"], node=name)
		up.set(node["state"] != nodes.LOST, node=name)
		if node["last_beat_seconds"] is not None:
			beat.set(round(site.now() - node["last_beat_seconds"], 3), node=name)
	return [wanted, alive, busy, up, beat]


def _agents(db: Database, found: Table, settings: Settings) -> list[Family]:
	enabled = Family("dogansystem_agents_enabled", "gauge", "Agents that take steps.")
	limit = Family("dogansystem_agents_limit", "gauge", "Agents that may be enabled at a time.")
	capacity = Family("dogansystem_agent_capacity", "gauge", "Steps that an agent may have at a time.")
	busy = Family("dogansystem_agent_steps_in_hand", "gauge", "Steps that an agent has.")
	waiting = Family(
		"dogansystem_agent_steps_waiting", "gauge", "Steps that wait for this agent to have room."
	)
	workflows = Family("dogansystem_workflows_enabled", "gauge", "Workflows whose triggers start runs.")
	every = [each for each in agents.every(db) if each["enabled"]]
	enabled.set(len(every))
	limit.set(settings.max_agents)
	workflows.set(reads.count_workflows(db)["enabled"])
	for each in every:
		name = str(each["name"])
		capacity.set(float(str(each["capacity"])), agent=name)
		busy.set(_level(found, AGENT, name, "busy"), agent=name)
		waiting.set(_level(found, AGENT, name, "waiting"), agent=name)
	return [enabled, limit, capacity, busy, waiting, workflows]


def _clock(name: str, what: str, db: Database) -> Family:
	family = Family(f"dogansystem_{name}_timestamp_seconds", "gauge", what)
	family.set(state.value(db, name))
	return family


def _caches(site: Site) -> Family:
	family = Family(
		"dogansystem_cache_lookups_total",
		"counter",
		"Lookups of what was worked out before, by where it was found; built: nowhere.",
	)
	for name, counts in kept.counts(site).items():
		for where, number in counts.items():
			family.set(number, cache=name, found=where)
	return family


def _counters(totals: Table) -> list[Family]:
	"""Each subject has families of its own: what is summed over one of them counts nothing twice."""
	families = []
	for prefix, kind in (("", WORKFLOW), ("node_", NODE), ("agent_", AGENT)):
		finished = Family(
			f"dogansystem_{prefix}steps_finished_total",
			"counter",
			f"Steps that workers finished, by {kind} and outcome.",
		)
		for (of, name), measured in sorted(totals.items(), key=lambda item: item[0]):
			for outcome in FINISHED if of == kind else ():
				finished.set(measured.outcomes.get(outcome, 0), **{kind: name, "outcome": outcome.lower()})
		families.append(finished)
	retried = Family(
		"dogansystem_steps_retried_total", "counter", "Attempts that failed and are tried again."
	)
	lost = Family("dogansystem_steps_lost_total", "counter", "Attempts whose worker died, by node.")
	for (kind, name), measured in sorted(totals.items(), key=lambda item: item[0]):
		if kind == WORKFLOW:
			retried.set(measured.outcomes.get(figures.RETRIED, 0), workflow=name)
		elif kind == NODE:
			lost.set(measured.outcomes.get(figures.LOST, 0), node=name)
	return [*families, retried, lost]


def _times(totals: Table) -> list[Family]:
	wait = Family("dogansystem_step_wait_seconds", "histogram", "How long steps stood ready, by priority.")
	run = Family("dogansystem_step_run_seconds", "histogram", "How long attempts took, by workflow.")
	for (kind, name), measured in sorted(totals.items(), key=lambda item: item[0]):
		if kind == PRIORITY:
			wait.observe(measured.wait, priority=name)
		elif kind == WORKFLOW:
			run.observe(measured.run, workflow=name)
	return [wait, run]


def _level(found: Table, kind: str, name: str, level: str) -> float:
	levels_of = found.get((kind, name), Figures()).levels
	return levels_of[level].highest if level in levels_of else 0

"""Taking evidence: everything that advice rests on, read within some seconds.

The counters of the database say nothing by themselves; what they do between two readings does. So this takes `seconds`,
looks at queue, workers and running statements meanwhile, and disturbs nobody: a few small queries a second.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from dogansystem.health import nodes as node_states
from dogansystem.health import throughput
from dogansystem.protocol import Database, Settings, Site
from dogansystem.scaling import database_server
from dogansystem.scaling.evidence import Evidence, Line, Load, Machine, Queue, Redis, Steps, Workers
from dogansystem.scaling.simulation.times import variation
from dogansystem.store import agents, figures, processes, queue, samples
from dogansystem.store.figures import SITE, WORKFLOW, Figures

SECONDS = 3.0  # to look for, unless somebody says otherwise
LOOKS = 30  # at running statements within that time
EVERY_FIFTH = 5  # of them also at the queue and the workers
FEW = 20  # attempts in the last minute, below which the last hour is looked at
DAY = 86_400.0  # seconds
TOO_MANY = (1040, 1203, 1226)
_OF_A_MACHINE = ("cores", "memory_total", "memory_available", "cpu_busy")
_OF_REDIS = {  # the fields of `Redis`, with the name in its INFO
	"used_memory": "used_memory",
	"maxmemory": "maxmemory",
	"policy": "maxmemory_policy",
	"evicted": "evicted_keys",
	"rejected": "rejected_connections",
	"clients": "connected_clients",
	"max_clients": "maxclients",
	"ping_seconds": "ping_seconds",
	"problem": "problem",
}


def take(site: Site, settings: Settings, seconds: float = SECONDS) -> Evidence:
	"""Look for some seconds and say what there was. Uses a connection of its own, so it ends nobody's transaction.

	Where the server has no connection left for it, that is the finding: the caller's connection then has to do.
	"""
	try:
		db = site.open_control()
		db.sql("SELECT 1")
	except Exception as error:
		if not is_refused(error):
			raise
		# The caller's connection only looks: the transaction is the caller's.
		given = site.database
		borrowed = SimpleNamespace(dialect=given.dialect, sql=given.sql, rollback=lambda: None)
		return _take(site, settings, cast(Database, borrowed), seconds, refused=True)
	try:
		return _take(site, settings, db, seconds, refused=False)
	finally:
		db.rollback()
		db.close()


def is_refused(error: BaseException) -> bool:
	"""Whether MariaDB has no connection left (1040), or none for this user (1203, 1226)."""
	errors = (error, error.__context__)
	return any(each is not None and bool(each.args) and each.args[0] in TOO_MANY for each in errors)


def _take(site: Site, settings: Settings, db: Database, seconds: float, refused: bool) -> Evidence:
	watch = database_server.Watch(db) if db.dialect == "mariadb" else None
	seen = _look_for(site, db, watch, seconds)
	server = watch.end(may_write=not refused) if watch else None
	if server and refused:
		server = replace(server, refused=max(server.refused, 1))
	now, around, totals = site.now(), site.surroundings(), samples.totals(db).items()
	return Evidence(
		site=site.name,
		at=round(now, 3),
		seconds=seconds,
		dialect=db.dialect,
		queue=Queue(
			seen["ready"], seen["oldest_ready_seconds"], seen["waiting_for_a_slot"], _wait_queues(db)
		),
		workers=Workers(
			settings.num_workers, seen["alive"], seen["busy"], dict(around.listening), around.queue
		),
		recent=_recent(db, now),
		load=_load(db, now),
		machines=_machines(site, db, settings),
		database=server,
		redis=tuple(_redis(role, info) for role, info in around.redis.items()),
		web_threads=around.web_threads,
		agents_enabled=sum(bool(each["enabled"]) for each in agents.every(db)),
		agents_limit=settings.max_agents,
		workflows={name: steps_of(each, 0.0) for (kind, name), each in totals if kind == WORKFLOW},
	)


def _look_for(
	site: Site, db: Database, watch: database_server.Watch | None, seconds: float
) -> dict[str, float]:
	"""How full everything was, by name: the means of some looks."""
	seen = Figures()
	for number in range(LOOKS + 1 if seconds else 1):
		time.sleep(seconds / LOOKS if number else 0.0)
		if watch:
			watch.look()
		if number % EVERY_FIFTH == 0:
			seen.add(samples.levels(db, site.now())[SITE, ""])
			db.rollback()
	return {name: round(level.mean, 3) for name, level in seen.levels.items()}


def _wait_queues(db: Database) -> tuple[Line, ...]:
	"""The wait queues with something in them, the longest first."""
	known = [each for each in agents.every(db) if each["enabled"]]
	held: dict[str, int] = dict(db.sql("SELECT resource, COUNT(*) FROM dogan_slot GROUP BY resource"))
	rows = db.sql("SELECT resource, COUNT(*) FROM dogan_line GROUP BY resource ORDER BY COUNT(*) DESC")
	return tuple(_wait_queue(resource, int(waiting), known, held) for resource, waiting in rows)


def _wait_queue(resource: str, waiting: int, known: list[dict[str, Any]], held: Mapping[str, int]) -> Line:
	kind, _, name = resource.partition(":")
	if kind == "workflow":  # its limit is in the definition that each run has started with
		return Line(resource, waiting, int(held.get(resource, 0)), None)
	able = [
		each
		for each in known
		if (each["name"] == name if kind == "agent" else name.split(":")[0] in each["capabilities"])
	]
	busy, capacity = (sum(int(each[part]) for each in able) for part in ("busy", "capacity"))
	return Line(resource, waiting, busy, capacity)


def _recent(db: Database, now: float) -> Steps:
	"""The last minute, or the last hour where that had too little."""
	for seconds in (throughput.MINUTE, throughput.HOUR):
		found = throughput.window(db, now, seconds).get((SITE, ""), Figures())
		if found.executed >= FEW:
			break
	return steps_of(found, seconds)


def steps_of(measured: Figures, seconds: float) -> Steps:
	"""What attempts within a span came to, and what one took."""
	count, costs = max(measured.run.count, 1), measured.costs
	return Steps(
		seconds=seconds,
		count=measured.executed,
		run=measured.run.sum / count,
		run_p95=measured.run.quantile(0.95),
		run_variation=round(variation(measured.run), 3),
		wait_p95=measured.wait.quantile(0.95),
		cpu=costs.get(figures.CPU, 0.0) / count,
		database=costs.get(figures.DATABASE, 0.0) / count,
		conflicts=costs.get(figures.CONFLICTS, 0.0) / count,
	)


def _load(db: Database, now: float) -> Load:
	"""The last day by minute. It is as long as there is something of it."""
	minute = throughput.window(db, now, throughput.MINUTE).get((SITE, ""), Figures())
	rate = minute.executed / throughput.MINUTE
	day = samples.read(db, samples.MINUTE, now - DAY, (SITE,))
	if not day:
		return Load(peak=round(rate, 3), mean=round(rate, 3))
	seconds, whole = max(now - day[0][0], samples.MINUTE), Figures()
	for _, _, each in day:
		whole.add(each)
	busy = whole.levels.get("busy")
	return Load(
		peak=round(max(rate, *(each.executed / samples.MINUTE for _, _, each in day)), 3),
		mean=round((whole.executed + minute.executed) / seconds, 3),
		busy=round(busy.mean, 3) if busy else 0.0,
		hours=round(seconds / 3600, 2),
	)


def _machines(site: Site, db: Database, settings: Settings) -> tuple[Machine, ...]:
	states = node_states.every(site, processes.every(db), queue.processes_at_work(db), settings.lease)
	return tuple(
		Machine(
			name,
			str(state["state"]),
			int(state["alive"]),
			**{part: state["machine"].get(part) for part in _OF_A_MACHINE},
		)
		for name, state in states.items()
	)


def _redis(role: str, info: Mapping[str, Any]) -> Redis:
	return Redis(role, **{field: info[name] for field, name in _OF_REDIS.items() if name in info})

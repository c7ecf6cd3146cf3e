"""Taking evidence: everything that advice rests on, read within some seconds.

The counters of the database say nothing by themselves; what they do between two readings does. So this takes `seconds`,
looks at queue, workers and running statements meanwhile, and disturbs nobody: a few small queries a second.
"""

import statistics
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from dogansystem.health import nodes as node_states
from dogansystem.health import throughput
from dogansystem.protocol import Database, Settings, Site
from dogansystem.scaling import database_server
from dogansystem.scaling.evidence import Evidence, Line, Load, Machine, Queue, Redis, Steps, Workers
from dogansystem.scaling.simulation.times import variation
from dogansystem.store import agents, figures, nodes, processes, queue, samples
from dogansystem.store.figures import SITE, WORKFLOW, Figures

SECONDS = 3.0  # to look for, unless somebody says otherwise
LOOKS = 30  # at running statements within that time
EVERY_FIFTH = 5  # of them also at the queue and the workers
FEW = 20  # attempts in the last minute, below which the last hour is looked at
DAY = 86_400.0  # seconds
TOO_MANY = (1040, 1203, 1226)
_SAID = ("cores", "memory_total", "memory_available", "load", "cpu_busy")


def take(site: Site, settings: Settings, seconds: float = SECONDS) -> Evidence:
	"""Look for some seconds and say what there was. Uses a connection of its own, so it ends nobody's transaction.

	Where the server has no connection left for it, that is the finding: the caller's connection then has to do.
	"""
	db, refused = _connect(site)
	try:
		return _take(site, settings, db, seconds, refused)
	finally:
		if not refused:
			db.rollback()
			db.close()


class _Borrowed:
	"""The caller's connection, which only looks and ends no transaction."""

	def __init__(self, db: Database) -> None:
		self.dialect, self.sql = db.dialect, db.sql

	def rollback(self) -> None:
		"""Nothing: the transaction is the caller's."""


def _connect(site: Site) -> tuple[Database, bool]:
	"""A connection, and whether it is only borrowed because another one was refused."""
	try:
		db = site.open_control()
		db.sql("SELECT 1")
		return db, False
	except Exception as error:
		if not is_refused(error):
			raise
		return cast(Database, _Borrowed(site.database)), True


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
	now, around = site.now(), site.surroundings()
	recent = _recent(db, now)
	registered, at_work = processes.every(db), queue.processes_at_work(db)
	every_node = node_states.every(site, registered, at_work, settings.lease)
	return Evidence(
		site=site.name,
		at=round(now, 3),
		seconds=seconds,
		dialect=db.dialect,
		queue=_queue(db, seen),
		workers=Workers(
			wanted=settings.num_workers,
			alive=_mean(seen, "alive"),
			busy=_mean(seen, "busy"),
			listening=dict(around.listening),
			queue=around.queue,
		),
		recent=recent,
		load=_load(db, now),
		machines=_machines(db, every_node, now),
		database=server,
		redis=tuple(_redis(role, info) for role, info in around.redis.items()),
		web_threads=around.web_threads,
		agents_enabled=sum(bool(each["enabled"]) for each in agents.every(db)),
		agents_limit=settings.max_agents,
		workflows=_workflows(db),
	)


def _look_for(
	site: Site, db: Database, watch: database_server.Watch | None, seconds: float
) -> list[Mapping[str, float]]:
	seen = []
	for number in range(LOOKS + 1 if seconds else 1):
		time.sleep(seconds / LOOKS if number else 0.0)
		if watch:
			watch.look()
		if number % EVERY_FIFTH == 0:
			seen.append(_levels(site, db))
	return seen


def _levels(site: Site, db: Database) -> Mapping[str, float]:
	"""How full queue and workers are at this moment. A ring that is on its way is no wait: workers are counted first."""
	alive = db.sql("SELECT COUNT(*) FROM dogan_process WHERE id > 0")[0][0]
	busy = len(queue.processes_at_work(db))
	ready, _, oldest = queue.depth(db)
	in_line = db.sql("SELECT COUNT(*) FROM dogan_line")[0][0]
	db.rollback()
	waits = max(0.0, site.now() - oldest) if oldest is not None else 0.0
	return {"alive": int(alive), "busy": busy, "ready": ready, "oldest": waits, "in_line": int(in_line)}


def _mean(seen: list[Mapping[str, float]], name: str) -> float:
	return round(statistics.fmean(each[name] for each in seen), 3)


def _queue(db: Database, seen: list[Mapping[str, float]]) -> Queue:
	return Queue(
		ready=_mean(seen, "ready"),
		oldest_ready_seconds=_mean(seen, "oldest"),
		in_line=_mean(seen, "in_line"),
		timers=int(db.sql("SELECT COUNT(*) FROM dogan_timer")[0][0]),
		lines=_wait_queues(db),
	)


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
	count = measured.run.count
	each = {name: measured.costs.get(name, 0.0) / max(count, 1) for name in (figures.CPU, figures.DATABASE)}
	return Steps(
		seconds=seconds,
		count=measured.executed,
		failed=measured.outcomes.get("Failed", 0) + measured.outcomes.get(figures.RETRIED, 0),
		lost=measured.outcomes.get(figures.LOST, 0),
		run=measured.run.sum / count if count else 0.0,
		run_p50=measured.run.quantile(0.5),
		run_p95=measured.run.quantile(0.95),
		run_variation=round(variation(measured.run), 3),
		wait_p50=measured.wait.quantile(0.5),
		wait_p95=measured.wait.quantile(0.95),
		cpu=each[figures.CPU],
		database=each[figures.DATABASE],
		conflicts=measured.costs.get(figures.CONFLICTS, 0.0) / max(count, 1),
	)


def _load(db: Database, now: float) -> Load:
	"""The last day by minute. It is as long as there is something of it."""
	minute = throughput.window(db, now, throughput.MINUTE).get((SITE, ""), Figures())
	rate = minute.executed / throughput.MINUTE
	day = samples.read(db, samples.MINUTE, now - DAY, (SITE,))
	if not day:
		return Load(now=round(rate, 3), peak=round(rate, 3), mean=round(rate, 3))
	seconds = max(now - day[0][0], samples.MINUTE)
	levels = [each.levels["busy"] for _, _, each in day if "busy" in each.levels]
	looks = sum(level.count for level in levels)
	executed = [each.executed for _, _, each in day]
	return Load(
		now=round(rate, 3),
		peak=round(max(rate, max(executed) / samples.MINUTE), 3),
		mean=round((sum(executed) + minute.executed) / seconds, 3),
		busy=round(sum(level.sum for level in levels) / looks, 3) if looks else 0.0,
		hours=round(seconds / 3600, 2),
	)


def _machines(db: Database, states: Mapping[str, Mapping[str, Any]], now: float) -> tuple[Machine, ...]:
	known = {each.name: each for each in nodes.every(db)}
	found = []
	for name, state in states.items():
		node = known.get(name)
		said = {part: value for part, value in node.machine.items() if part in _SAID} if node else {}
		age = round(now - node.machine_at, 1) if node and node.machine_at else None
		found.append(Machine(name, str(state["state"]), int(state["alive"]), **said, age=age))
	return tuple(found)


def _redis(role: str, info: Mapping[str, Any]) -> Redis:
	if info.get("problem"):
		return Redis(role, problem=str(info["problem"]))
	return Redis(
		role=role,
		used_memory=float(info.get("used_memory", 0)),
		maxmemory=float(info.get("maxmemory", 0)),
		policy=str(info.get("maxmemory_policy", "")),
		ping_seconds=round(float(info.get("ping_seconds", 0)), 6),
		version=str(info.get("redis_version", "")),
		evicted=int(info.get("evicted_keys", 0)),
		rejected=int(info.get("rejected_connections", 0)),
		clients=int(info.get("connected_clients", 0)),
		max_clients=int(info.get("maxclients", 0)),
	)


def _workflows(db: Database) -> dict[str, Steps]:
	"""Each workflow's steps since the beginning: one row each, however long the history."""
	totals = samples.totals(db).items()
	return {name: steps_of(each, 0.0) for (kind, name), each in totals if kind == WORKFLOW}

"""What the database server and Redis should be set to, and why: from their real variables and what they hold.

Sources: innodb_buffer_pool_size of 60 to 70 % of what is available to the database, and the memory that web and workers
take beside it (150 MB for a web worker): Frappe's cloud sizes its servers so. max_connections: a web thread has one
connection, a worker two (docs/scaling.md).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence, Machine, Redis, Server
from dogansystem.scaling.expectation import Size
from dogansystem.scaling.fit import connections_needed
from dogansystem.scaling.orders import rounded
from dogansystem.scaling.words import percent, seconds, size, some
from dogansystem.scaling.worker_room import MEMORY, SPARE

POOL_SHARE, POOL_MOST = 0.65, 0.7  # of the memory that is available to the database
ROOM_TO_GROW = 1.3  # times what the tables have now
WEB_MEMORY = 150_000_000  # bytes of a web worker
SYSTEM_MEMORY = 1_000_000_000  # bytes for the system, Redis and what else runs on a machine with everything
LEAST_POOL = 128 * 1024**2  # MariaDB's default
STEP = 128 * 1024**2  # a pool is resized in chunks of this
GOOD_HIT_RATE = 0.99
SLOW_COMMIT = 0.02  # seconds: a disk that flushes takes less, even a spinning one with a cache
SLOW_PING = 0.005  # seconds
KEEPALIVE, KEEPALIVE_INTERVAL, KEEPALIVE_TRIES = 60, 10, 6  # seconds, seconds, times
NEARLY_FULL = 0.8  # of Redis' maxmemory or connections


@dataclass(frozen=True, slots=True)
class Finding:
	"""A setting and what to do about it. `advised` None: it may stay as it is. `section` of the configuration file."""

	setting: str
	now: str
	advised: str | None
	why: str
	section: str = ""


def database(evidence: Evidence, then: Size, memory: float | None = None) -> list[Finding]:
	"""The settings of MariaDB for a number of workers. `memory`: bytes of its machine, where that is not one of the nodes."""
	server = evidence.database
	if server is None:
		return []
	return [
		_pool(evidence, server, then, memory),
		_connections(evidence, server, then),
		*_durability(server),
		*_log_buffer(server),
		*_keepalive(server, then),
	]


def redis(evidence: Evidence) -> list[Finding]:
	"""The settings of the queue's and the cache's Redis."""
	return [finding for server in evidence.redis for finding in _redis(server)]


def snippet(findings: list[Finding]) -> str:
	"""The lines for the configuration files, each section once; empty if nothing has to change."""
	sections: dict[str, list[str]] = {}
	for each in findings:
		if each.advised is not None and each.section:
			sign = " " if each.section.startswith("#") else " = "
			sections.setdefault(each.section, []).append(f"{each.setting}{sign}{each.advised}")
	return "\n".join(f"{section}\n" + "\n".join(lines) for section, lines in sections.items())


# The buffer pool


def memory_for_database(evidence: Evidence, then: Size, memory: float | None) -> tuple[float, str] | None:
	"""Bytes that the database may use, and how they come about; None if its machine is not known."""
	if memory:
		return memory, f"its machine has {size(memory)}"
	machine = _machine_of(evidence)
	if machine is None or not machine.memory_total:
		return None
	workers = then.workers * MEMORY
	web = evidence.web_threads * WEB_MEMORY
	left = machine.memory_total - SYSTEM_MEMORY - workers - web
	why = (
		f"{machine.name} has {size(machine.memory_total)}, of which {some(then.workers, 'worker')} take {size(workers)},"
		+ (f" {some(evidence.web_threads, 'web worker')} {size(web)}" if web else "")
		+ f" and the system {size(SYSTEM_MEMORY)}"
	)
	return max(left, machine.memory_total / 4), why


def _machine_of(evidence: Evidence) -> Machine | None:
	host = evidence.database.hostname if evidence.database else ""
	return next((each for each in evidence.machines if each.name == host), None)


def _pool(evidence: Evidence, server: Server, then: Size, memory: float | None) -> Finding:
	name, now = "innodb_buffer_pool_size", server.buffer_pool
	available = memory_for_database(evidence, then, memory)
	wanted = max(server.working_set * ROOM_TO_GROW, LEAST_POOL)
	most = available[0] * POOL_SHARE if available else math.inf
	facts = (
		f"The tables and indexes of this site have {size(server.working_set)}; {percent(server.hit_rate_ever)} of the pages"
		f" asked for were in memory since the server started."
	)
	if available and now > available[0] * POOL_MOST:
		chosen = _chunks(most)
		return Finding(
			name,
			size(now),
			_megabytes(chosen),
			f"It is more than 70 % of what the database can have: {available[1]}.",
			"[mysqld]",
		)
	if server.working_set <= now and server.hit_rate_ever >= GOOD_HIT_RATE and not server.wait_free:
		return Finding(name, size(now), None, f"It is enough. {facts}")
	if server.working_set <= now and not _reads_disk(server):
		return Finding(name, size(now), None, f"It is enough: all of it fits. {facts}")
	chosen = _chunks(min(max(wanted, now * 2 if server.working_set <= now else 0), most))
	if chosen <= now:
		return Finding(
			name, size(now), None, f"It is as large as this machine allows ({available[1] if available else ''}). {facts}"
			" More memory would help."
		)  # fmt: skip
	limit = (
		f" 65 % of what the database can have would be {size(most)}: {available[1]}."
		if available
		else " How much memory the database's machine has is not known: enter it in Dogan Settings. Stay below 65 % of it."
	)
	return Finding(name, size(now), _megabytes(chosen), f"{facts}{limit}", "[mysqld]")


def _reads_disk(server: Server) -> bool:
	return server.wait_free > 0 or server.miss_rate > 1 - GOOD_HIT_RATE


def _chunks(number: float) -> int:
	return max(LEAST_POOL, int(number // STEP) * STEP if number > STEP else LEAST_POOL)


def _megabytes(number: int) -> str:
	return f"{number // 1024**2}M"


# The other settings


def _connections(evidence: Evidence, server: Server, then: Size) -> Finding:
	needed = connections_needed(evidence, then)
	web = f", {evidence.web_threads} web workers" if evidence.web_threads else ""
	why = (
		f"{some(then.nodes, 'node')} with {some(then.workers, 'worker')} of two connections each{web}, the scheduler and"
		f" {percent(SPARE)} to spare need {needed}. At most {server.connections_highest} were open"
		+ (f"; {server.refused_ever:,} were refused." if server.refused_ever else ", none was refused.")
	)
	needed = max(needed, math.ceil(server.connections_highest / (1 - SPARE)) if server.refused_ever else 0)
	if needed <= server.max_connections and not (
		server.refused or server.connections >= server.max_connections
	):
		return Finding("max_connections", str(server.max_connections), None, f"It is enough. {why}")
	advised = max(rounded(needed), rounded(server.max_connections + 1))
	return Finding("max_connections", str(server.max_connections), str(advised), why, "[mysqld]")


def _durability(server: Server) -> Iterator[Finding]:
	name = "innodb_flush_log_at_trx_commit"
	speed = (
		f" A small transaction takes {seconds(server.commit_seconds)} with its commit."
		if server.commit_seconds
		else ""
	)
	if server.flush != 1:
		yield Finding(
			name, str(server.flush), "1",
			"Otherwise a crash loses steps that counted as done, and their effects outside happen twice.", "[mysqld]",
		)  # fmt: skip
	elif server.commit_seconds > SLOW_COMMIT:
		yield Finding(
			name,
			"1",
			None,
			f"The disk is slow to flush: a faster one, or one with a protected cache, helps.{speed}",
		)
	else:
		yield Finding(name, "1", None, f"No step that was done gets lost in a crash.{speed}")


def _log_buffer(server: Server) -> Iterator[Finding]:
	if server.log_waits:
		yield Finding(
			"innodb_log_buffer_size",
			"too small",
			"64M",
			f"Transactions waited for room in it {server.log_waits} times.",
			"[mysqld]",
		)


def _keepalive(server: Server, then: Size) -> Iterator[Finding]:
	"""A machine without power says no goodbye. What its workers had locked is freed by whoever takes over from them; what
	its web processes had, only by the server."""
	if then.nodes < 2 or server.keepalive != 0:
		return
	why = (
		"A web node that loses power while it saves leaves its locks with MariaDB until MariaDB asks for it, by Linux's"
		" default after two hours."
	)
	yield Finding("tcp_keepalive_time", "0, the system's", str(KEEPALIVE), why, "[mysqld]")
	yield Finding(
		"tcp_keepalive_interval",
		"the system's",
		str(KEEPALIVE_INTERVAL),
		"Seconds between two questions.",
		"[mysqld]",
	)
	yield Finding(
		"tcp_keepalive_probes",
		"the system's",
		str(KEEPALIVE_TRIES),
		"Questions without an answer.",
		"[mysqld]",
	)


# Redis


def _redis(server: Redis) -> Iterator[Finding]:
	name = f"Redis of the {server.role}"
	section = f"# {name}: its configuration file, or CONFIG SET"
	if server.problem:
		yield Finding(
			name,
			"no answer",
			"running",
			f"{server.problem}. Steps start up to a minute late without it; none gets lost.",
		)
		return
	if server.role == "queue" and server.policy != "noeviction":
		why = "Otherwise it throws jobs away when its memory is full."
		yield Finding(
			"maxmemory-policy",
			server.policy,
			"noeviction",
			f"{why} It has evicted {server.evicted:,} keys.",
			section,
		)
	if server.role == "cache" and server.maxmemory and server.policy == "noeviction":
		why = "A cache that is full and throws nothing away fails to write."
		yield Finding("maxmemory-policy", server.policy, "allkeys-lru", why, section)
	yield _memory(server, name, section)
	if server.max_clients and (server.rejected or server.clients > NEARLY_FULL * server.max_clients):
		yield Finding(
			"maxclients", str(server.max_clients), str(server.max_clients * 2),
			f"{server.clients} are connected, {server.rejected:,} were rejected.", section,
		)  # fmt: skip
	if server.ping_seconds > SLOW_PING:
		yield Finding(
			name, f"answers in {seconds(server.ping_seconds)}", "less than 1 ms",
			"It is far away, or swaps, or something asks it for much at a time (SLOWLOG GET).",
		)  # fmt: skip


def _memory(server: Redis, name: str, section: str) -> Finding:
	used = size(server.used_memory)
	if not server.maxmemory:
		return Finding(name, f"{used}, no limit", None, f"It answers in {seconds(server.ping_seconds)}.")
	share = server.used_memory / server.maxmemory
	if server.role == "queue" and share > NEARLY_FULL:
		advised = _megabytes(_chunks(server.maxmemory * 2))
		return Finding(
			"maxmemory", size(server.maxmemory), advised, f"{used} are used: {percent(share)}.", section
		)
	return Finding(
		name, f"{used} of {size(server.maxmemory)}", None,
		f"It answers in {seconds(server.ping_seconds)}; {server.evicted:,} keys were evicted.",
	)  # fmt: skip

"""What the database server and Redis should be set to, and why: from their real variables and what they hold.

Sources: innodb_buffer_pool_size of 60 to 70% of what is available to the database, and the memory that web and workers
take beside it (150 MB for a web worker): Frappe's cloud sizes its servers so. max_connections: a web thread has one
connection, a worker two (docs/scaling.md).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence, Redis, Server
from dogansystem.scaling.sizing import MEMORY, SPARE, Size, connections_needed
from dogansystem.scaling.words import percent, seconds, size, some

POOL_SHARE, POOL_MOST = 0.65, 0.7  # of the memory that is available to the database
ROOM_TO_GROW = 1.3  # times what the tables have now
WEB_MEMORY = 150_000_000  # bytes of a web worker
SYSTEM_MEMORY = 1_000_000_000  # bytes for the system, Redis and what else runs on a machine with everything
CHUNK = 128 * 1024**2  # MariaDB's default pool, and what a pool is resized in
GOOD_HIT_RATE = 0.99
SLOW_COMMIT = 0.02  # seconds: a disk that flushes takes less, even a spinning one with a cache
SLOW_PING = 0.005  # seconds
NEARLY_FULL = 0.8  # of Redis' maxmemory or connections
MYSQLD, POOL = "[mysqld]", "innodb_buffer_pool_size"
KEEPALIVE = {"tcp_keepalive_time": "60", "tcp_keepalive_interval": "10", "tcp_keepalive_probes": "6"}


@dataclass(frozen=True, slots=True)
class Finding:
	"""A setting and what to do about it. `advised` None: it may stay as it is. `section` of the configuration file."""

	setting: str
	now: str
	advised: str | None
	why: str
	section: str = MYSQLD


def snippet(findings: list[Finding]) -> str:
	"""The lines for the configuration files, each section once; empty if nothing has to change."""
	sections: dict[str, list[str]] = {}
	for each in findings:
		if each.advised is not None and each.section:
			sign = " = " if each.section == MYSQLD else " "
			sections.setdefault(each.section, []).append(f"{each.setting}{sign}{each.advised}")
	return "\n".join(f"{section}\n" + "\n".join(lines) for section, lines in sections.items())


def database(evidence: Evidence, then: Size, memory: float | None = None) -> list[Finding]:
	"""The settings of MariaDB for a number of workers. `memory`: bytes of its machine, where that is not one of the nodes."""
	server = evidence.database
	if server is None:
		return []
	found = [_pool(evidence, server, then, memory), _connections(evidence, server, then), _flush(server)]
	if then.nodes > 1 and server.keepalive == 0:
		# What a worker without power had locked is freed by the takeover; what a web process had, only by the server.
		silent = "A web node that loses power while it saves leaves its locks with MariaDB until MariaDB asks for it"
		whys = (
			f"{silent}, by Linux's default after two hours.",
			"Seconds between two questions.",
			"Questions.",
		)
		advised = zip(KEEPALIVE.items(), whys, strict=True)
		found += [Finding(name, "the system's", value, why) for (name, value), why in advised]
	return found


def _pool(evidence: Evidence, server: Server, then: Size, memory: float | None) -> Finding:
	now, tables, hits = server.buffer_pool, server.working_set, server.hit_rate_ever
	there, how = _memory_for_database(evidence, server, then, memory)
	facts = (
		f"The tables and indexes of this site have {size(tables)}; {percent(hits)} of the pages asked for were in memory"
		f" since the server started. {how}"
	)
	if now > there * POOL_MOST:
		why = f"It is more than 70% of what the database can have. {how}"
		return Finding(POOL, size(now), _megabytes(there * POOL_SHARE), why)
	is_held, waits = tables <= now, server.wait_free > 0
	if is_held and not waits and (hits >= GOOD_HIT_RATE or server.miss_rate <= 1 - GOOD_HIT_RATE):
		return Finding(POOL, size(now), None, f"It is enough. {facts}")
	wanted = max(tables * ROOM_TO_GROW, now * 2 if is_held else 0)
	advised = _megabytes(min(wanted, there * POOL_SHARE))
	if int(advised[:-1]) * 1024**2 <= now:
		return Finding(
			POOL, size(now), None, f"It is as large as this machine allows. {facts} More memory would help."
		)
	return Finding(POOL, size(now), advised, facts)


def _memory_for_database(
	evidence: Evidence, server: Server, then: Size, memory: float | None
) -> tuple[float, str]:
	"""Bytes that the database may use, and how they come about; without end if its machine is not known."""
	if memory:
		return memory, f"Its machine has {size(memory)}: stay below 65% of it."
	machine = next((each for each in evidence.machines if each.name == server.hostname), None)
	if machine is None or not machine.memory_total:
		return math.inf, (
			"How much memory the database's machine has is not known: enter it in Dogan Settings. Stay below 65% of it."
		)
	workers, web = then.workers * MEMORY, evidence.web_threads * WEB_MEMORY
	left = max(machine.memory_total - SYSTEM_MEMORY - workers - web, machine.memory_total / 4)
	return left, (
		f"{machine.name} has {size(machine.memory_total)}, of which {some(then.workers, 'worker')} take {size(workers)},"
		f" {some(evidence.web_threads, 'web worker')} {size(web)} and the system {size(SYSTEM_MEMORY)}: 65% of what is"
		f" left are {size(left * POOL_SHARE)}."
	)


def _connections(evidence: Evidence, server: Server, then: Size) -> Finding:
	name, needed, now = "max_connections", connections_needed(evidence, then), server.max_connections
	why = (
		f"{some(then.nodes, 'node')} with {some(then.workers, 'worker')} of two connections each,"
		f" {some(evidence.web_threads, 'web worker')}, the scheduler and {percent(SPARE)} to spare need {needed}. At most"
		f" {server.connections_highest} were open; {server.refused_ever:,} were refused."
	)
	if server.refused_ever:
		needed = max(needed, math.ceil(server.connections_highest / (1 - SPARE)))
	if needed <= now and not (server.refused or server.connections >= now):
		return Finding(name, str(now), None, f"It is enough. {why}")
	return Finding(name, str(now), str(math.ceil(max(needed, now + 1) / 50) * 50), why)


def _flush(server: Server) -> Finding:
	name, took = "innodb_flush_log_at_trx_commit", seconds(server.commit_seconds)
	if server.flush != 1:
		why = "Otherwise a crash loses steps that counted as done, and their effects outside happen twice."
		return Finding(name, str(server.flush), "1", why)
	why = "No step that was done gets lost in a crash."
	if server.commit_seconds > SLOW_COMMIT:
		why = "The disk is slow to flush: a faster one, or one with a protected cache, helps."
	return Finding(name, "1", None, f"{why} A small transaction takes {took} with its commit.")


def redis(evidence: Evidence) -> list[Finding]:
	"""The settings of the queue's and the cache's Redis."""
	return [finding for server in evidence.redis for finding in _redis(server)]


def _redis(server: Redis) -> Iterator[Finding]:
	name, used = f"Redis of the {server.role}", size(server.used_memory)
	section = f"# {name}: its configuration file, or CONFIG SET"
	if server.problem:
		why = f"{server.problem}. Steps start up to a minute late without it; none gets lost."
		yield Finding(name, "no answer", "running", why, "")
		return
	limit = f"of {size(server.maxmemory)}" if server.maxmemory else "without a limit"
	answers = f"It answers in {seconds(server.ping_seconds)}"
	if server.ping_seconds > SLOW_PING:
		answers += ": it is far away, or swaps, or something asks it for much at a time (SLOWLOG GET)"
	yield Finding(name, f"{used} {limit}", None, f"{answers}; {server.evicted:,} keys were evicted.", "")
	is_queue, clients = server.role == "queue", server.max_clients
	is_full = server.used_memory > NEARLY_FULL * (server.maxmemory or math.inf)
	crowded = clients and (server.rejected or server.clients > NEARLY_FULL * clients)
	if is_queue and server.policy != "noeviction":
		why = "Otherwise it throws jobs away when its memory is full."
		yield Finding("maxmemory-policy", server.policy, "noeviction", why, section)
	if not is_queue and server.maxmemory and server.policy == "noeviction":
		why = "A cache that is full and throws nothing away fails to write."
		yield Finding("maxmemory-policy", server.policy, "allkeys-lru", why, section)
	if is_queue and is_full:
		advised = _megabytes(server.maxmemory * 2)
		yield Finding("maxmemory", size(server.maxmemory), advised, f"{used} are used.", section)
	if crowded:
		why = f"{server.clients} are connected, {server.rejected:,} were rejected."
		yield Finding("maxclients", str(clients), str(clients * 2), why, section)


def _megabytes(number: float) -> str:
	"""A size in whole chunks, one at least."""
	return f"{max(1, int(number // CHUNK)) * 128}M"

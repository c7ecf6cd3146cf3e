"""What the database server and Redis should be set to, and why: from their real variables and what they hold.

Sources: innodb_buffer_pool_size of 60 to 70 % of what is available to the database, and the memory that web and workers
take beside it (150 MB for a web worker): Frappe's cloud sizes its servers so. max_connections: a web thread has one
connection, a worker two (docs/scaling.md).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence, Redis, Server
from dogansystem.scaling.orders import rounded
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
KEEPALIVE = {  # setting: seconds or times, and why
	"tcp_keepalive_time": (
		60,
		"A web node that loses power while it saves leaves its locks with MariaDB until MariaDB asks for it, by Linux's"
		" default after two hours.",
	),
	"tcp_keepalive_interval": (10, "Seconds between two questions."),
	"tcp_keepalive_probes": (6, "Questions without an answer."),
}


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
	found = [_pool(evidence, server, then, memory), _connections(evidence, server, then), _flush(server)]
	if server.log_waits:
		why = f"Transactions waited for room in it {server.log_waits} times."
		found.append(Finding("innodb_log_buffer_size", "too small", "64M", why, MYSQLD))
	if then.nodes > 1 and server.keepalive == 0:
		# What a worker without power had locked is freed by the takeover; what a web process had, only by the server.
		found += [
			Finding(name, "the system's", str(value), why, MYSQLD) for name, (value, why) in KEEPALIVE.items()
		]
	return found


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


def _memory_for_database(
	evidence: Evidence, server: Server, then: Size, memory: float | None
) -> tuple[float, str] | None:
	"""Bytes that the database may use, and how they come about; None if its machine is not known."""
	if memory:
		return memory, f"its machine has {size(memory)}"
	machine = next((each for each in evidence.machines if each.name == server.hostname), None)
	if machine is None or not machine.memory_total:
		return None
	workers, web = then.workers * MEMORY, evidence.web_threads * WEB_MEMORY
	why = (
		f"{machine.name} has {size(machine.memory_total)}, of which {some(then.workers, 'worker')} take {size(workers)},"
		+ (f" {some(evidence.web_threads, 'web worker')} {size(web)}" if web else "")
		+ f" and the system {size(SYSTEM_MEMORY)}"
	)
	return max(machine.memory_total - SYSTEM_MEMORY - workers - web, machine.memory_total / 4), why


def _pool(evidence: Evidence, server: Server, then: Size, memory: float | None) -> Finding:
	now, is_held = server.buffer_pool, server.working_set <= server.buffer_pool
	bytes_there, how = _memory_for_database(evidence, server, then, memory) or (math.inf, "")
	most = bytes_there * POOL_SHARE
	facts = (
		f"The tables and indexes of this site have {size(server.working_set)}; {percent(server.hit_rate_ever)} of the pages"
		f" asked for were in memory since the server started."
	)
	if now > bytes_there * POOL_MOST:
		why = f"It is more than 70 % of what the database can have: {how}."
		return Finding(POOL, size(now), _megabytes(_chunks(most)), why, MYSQLD)
	reads_disk = server.wait_free > 0 or server.miss_rate > 1 - GOOD_HIT_RATE
	if is_held and server.hit_rate_ever >= GOOD_HIT_RATE and not server.wait_free:
		return Finding(POOL, size(now), None, f"It is enough. {facts}")
	if is_held and not reads_disk:
		return Finding(POOL, size(now), None, f"It is enough: all of it fits. {facts}")
	wanted = max(server.working_set * ROOM_TO_GROW, CHUNK, now * 2 if is_held else 0)
	chosen = _chunks(min(wanted, most))
	if chosen <= now:
		why = f"It is as large as this machine allows ({how}). {facts} More memory would help."
		return Finding(POOL, size(now), None, why)
	limit = (
		f" 65 % of what the database can have would be {size(most)}: {how}."
		if how
		else " How much memory the database's machine has is not known: enter it in Dogan Settings. Stay below 65 % of it."
	)
	return Finding(POOL, size(now), _megabytes(chosen), f"{facts}{limit}", MYSQLD)


def _chunks(number: float) -> int:
	return max(CHUNK, int(number // CHUNK) * CHUNK)


def _megabytes(number: int) -> str:
	return f"{number // 1024**2}M"


def _connections(evidence: Evidence, server: Server, then: Size) -> Finding:
	name, needed, now = "max_connections", connections_needed(evidence, then), server.max_connections
	web = f", {evidence.web_threads} web workers" if evidence.web_threads else ""
	refused = f"; {server.refused_ever:,} were refused." if server.refused_ever else ", none was refused."
	why = (
		f"{some(then.nodes, 'node')} with {some(then.workers, 'worker')} of two connections each{web}, the scheduler and"
		f" {percent(SPARE)} to spare need {needed}. At most {server.connections_highest} were open{refused}"
	)
	if server.refused_ever:
		needed = max(needed, math.ceil(server.connections_highest / (1 - SPARE)))
	if needed <= now and not (server.refused or server.connections >= now):
		return Finding(name, str(now), None, f"It is enough. {why}")
	return Finding(name, str(now), str(max(rounded(needed), rounded(now + 1))), why, MYSQLD)


def _flush(server: Server) -> Finding:
	name, took = "innodb_flush_log_at_trx_commit", seconds(server.commit_seconds)
	if server.flush != 1:
		why = "Otherwise a crash loses steps that counted as done, and their effects outside happen twice."
		return Finding(name, str(server.flush), "1", why, MYSQLD)
	why = "No step that was done gets lost in a crash."
	if server.commit_seconds > SLOW_COMMIT:
		why = "The disk is slow to flush: a faster one, or one with a protected cache, helps."
	said = f" A small transaction takes {took} with its commit." if server.commit_seconds else ""
	return Finding(name, "1", None, why + said)


def _redis(server: Redis) -> Iterator[Finding]:
	name, policy = f"Redis of the {server.role}", "maxmemory-policy"
	section = f"# {name}: its configuration file, or CONFIG SET"
	if server.problem:
		why = f"{server.problem}. Steps start up to a minute late without it; none gets lost."
		yield Finding(name, "no answer", "running", why)
		return
	if server.role == "queue" and server.policy != "noeviction":
		why = (
			f"Otherwise it throws jobs away when its memory is full. It has evicted {server.evicted:,} keys."
		)
		yield Finding(policy, server.policy, "noeviction", why, section)
	if server.role == "cache" and server.maxmemory and server.policy == "noeviction":
		why = "A cache that is full and throws nothing away fails to write."
		yield Finding(policy, server.policy, "allkeys-lru", why, section)
	yield _memory(server, name, section)
	if server.max_clients and (server.rejected or server.clients > NEARLY_FULL * server.max_clients):
		why = f"{server.clients} are connected, {server.rejected:,} were rejected."
		yield Finding("maxclients", str(server.max_clients), str(server.max_clients * 2), why, section)
	if server.ping_seconds > SLOW_PING:
		why = "It is far away, or swaps, or something asks it for much at a time (SLOWLOG GET)."
		yield Finding(name, f"answers in {seconds(server.ping_seconds)}", "less than 1 ms", why)


def _memory(server: Redis, name: str, section: str) -> Finding:
	used, answers = size(server.used_memory), f"It answers in {seconds(server.ping_seconds)}"
	if not server.maxmemory:
		return Finding(name, f"{used}, no limit", None, f"{answers}.")
	share = server.used_memory / server.maxmemory
	if server.role == "queue" and share > NEARLY_FULL:
		advised, why = _megabytes(_chunks(server.maxmemory * 2)), f"{used} are used: {percent(share)}."
		return Finding("maxmemory", size(server.maxmemory), advised, why, section)
	why = f"{answers}; {server.evicted:,} keys were evicted."
	return Finding(name, f"{used} of {size(server.maxmemory)}", None, why)

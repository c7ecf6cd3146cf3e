"""What holds work up now: exactly one thing, with the numbers that say so and what to do about it."""

from collections.abc import Callable
from dataclasses import dataclass

from dogansystem.scaling import proof
from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.shares import (
	CONFLICTS,
	CPU_SHARE,
	DATABASE_SHARE,
	LOCK_SHARE,
	MACHINE_BUSY,
	MACHINE_SHARE,
	MISSES,
	MISSES_PER_SECOND,
	PATIENCE,
	POOL_SHARE,
	WARM,
	Shares,
	shares_of,
)

IDLE, WORKERS, CPU, DATABASE = "idle", "workers", "cpu", "database"
LOCKS, POOL, CONNECTIONS, CAPACITY = "locks", "buffer_pool", "connections", "capacity"

TITLES = {
	IDLE: "Idle: nothing waits",
	WORKERS: "Starved of workers",
	CPU: "CPU bound",
	DATABASE: "Database bound",
	LOCKS: "Lock bound",
	POOL: "Small buffer pool",
	CONNECTIONS: "Too few connections",
	CAPACITY: "Capacity reached",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
	"""The bottleneck: its `name` for programs, `title`, the sentences that prove it, and what to do."""

	name: str
	title: str
	evidence: tuple[str, ...]
	remedy: str
	shares: Shares


def diagnose(evidence: Evidence) -> Diagnosis:
	"""Name the bottleneck. The order matters: what is refused or not let in never becomes a worker's time."""
	shares = shares_of(evidence)
	for name, applies, says in _RULES:
		if applies(evidence, shares):
			sentences, remedy = says(evidence, shares)
			title = TITLES[name] if name != CAPACITY else proof.capacity_title(evidence.queue.lines[0])
			return Diagnosis(name, title, tuple(sentences), remedy, shares)
	raise AssertionError("the last rule always applies")


def _are_connections_short(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	return server is not None and (server.refused > 0 or server.connections >= server.max_connections)


def _is_capacity_reached(evidence: Evidence, shares: Shares) -> bool:
	queue = evidence.queue
	workers_keep_up = queue.oldest_ready_seconds <= PATIENCE
	return bool(queue.lines) and queue.in_line >= 1 and (workers_keep_up or queue.in_line >= queue.ready)


def _is_idle(evidence: Evidence, shares: Shares) -> bool:
	queue = evidence.queue
	return queue.oldest_ready_seconds <= PATIENCE and queue.in_line < 1


def _are_locks_in_the_way(evidence: Evidence, shares: Shares) -> bool:
	many = evidence.recent.conflicts >= CONFLICTS
	return many or (shares.locks >= LOCK_SHARE and shares.locks >= shares.database)


def _is_pool_small(evidence: Evidence, shares: Shares) -> bool:
	server = evidence.database
	if server is None or shares.database < POOL_SHARE:
		return False
	reads_disk = server.miss_rate >= MISSES and server.disk_reads / server.seconds >= MISSES_PER_SECOND
	is_full = server.working_set > server.buffer_pool or server.wait_free > 0 or server.uptime > WARM
	return reads_disk and is_full


def _is_database_busy(evidence: Evidence, shares: Shares) -> bool:
	return shares.database >= DATABASE_SHARE


def _is_cpu_short(evidence: Evidence, shares: Shares) -> bool:
	if shares.cores >= CPU_SHARE:
		return True
	return shares.cores >= MACHINE_SHARE and _busiest(evidence) >= MACHINE_BUSY


def _always(evidence: Evidence, shares: Shares) -> bool:
	return True


_RULES: tuple[
	tuple[str, Callable[[Evidence, Shares], bool], Callable[[Evidence, Shares], proof.Said]], ...
] = (
	(CONNECTIONS, _are_connections_short, proof.connections),
	(CAPACITY, _is_capacity_reached, proof.capacity),
	(IDLE, _is_idle, proof.idle),
	(LOCKS, _are_locks_in_the_way, proof.locks),
	(POOL, _is_pool_small, proof.pool),
	(DATABASE, _is_database_busy, proof.database),
	(CPU, _is_cpu_short, proof.cpu),
	(WORKERS, _always, proof.workers),
)


def _busiest(evidence: Evidence) -> float:
	return max((each.cpu_busy or 0.0 for each in evidence.nodes if each.alive), default=0.0)

"""How many workers fit, how many are needed, and how many steps per second they can do.

Three ceilings, of which the lowest holds (the bounds of operational analysis: Lazowska et al., Quantitative System
Performance, 1984, chapter 5): each worker has one step at a time; a step needs processor time; and it keeps the one
database busy. All three from measured means, so it is known as well as those are.
"""

import math
from dataclasses import dataclass

from dogansystem.scaling.bottleneck import POOL_SHARE, shares_of
from dogansystem.scaling.evidence import Evidence, Machine
from dogansystem.scaling.queueing import Queue, servers_for

MAX_WORKERS = 256  # on one node: more processes than any machine has use for
MEMORY = 100_000_000  # bytes that a worker with a job takes: 80 to 100 MB measured on a bench with ERPNext
CONNECTIONS = 2  # to the database, of a worker with a job: the site's own, and one for claims and heartbeats
SPARE = 0.1  # of max_connections, for backups, people, and the reconnecting of all at once
FREE = 0.8  # of the memory that is available: the rest stays for files and moments of more
USABLE = 0.85  # of the processors: the rest is for the web, the scheduler, and moments of more
DATABASE_USABLE = 0.7  # of what the database could do if its cores did nothing else
TRANSACTIONS = 2  # small ones that a step comes to, claim included
ENOUGH = 20  # attempts, below which nothing is said about times
UTILISATION = 0.7  # of the workers at the busiest minute, above which waits grow steeply
DAY = 86_400.0  # seconds: a wait that is longer has no end
WAIT = 1.0  # seconds that 95% of the steps may stand ready

WORKERS, PROCESSORS, DATABASE = "workers", "processors", "database"


@dataclass(frozen=True, slots=True)
class Size:
	"""So many workers on each of so many nodes with so many cores each; 0 cores: not known."""

	workers: int
	nodes: int
	cores: float

	@property
	def in_all(self) -> int:
		"""Workers on all nodes."""
		return self.workers * self.nodes


@dataclass(frozen=True, slots=True)
class Expected:
	"""What a size can do: steps per second, and which of the ceilings that is. None: too little was measured to tell.

	`wait`: the seconds within which 95% of the steps begin; None: not known, or longer and longer.
	"""

	per_second: float | None
	limit: str
	wait: float | None = None


def expect(evidence: Evidence, size: Size, arrivals: float = math.inf) -> Expected:
	"""What that size does with steps such as those that were measured, when so many arrive per second."""
	recent, database = evidence.recent, database_ceiling(evidence)
	if recent.count < ENOUGH or not recent.run:
		return Expected(None, "")
	ceilings = {WORKERS: size.in_all / recent.run}
	if size.cores and recent.cpu:
		ceilings[PROCESSORS] = size.cores * size.nodes * USABLE / recent.cpu
	if database:
		ceilings[DATABASE] = database
	limit = min(ceilings, key=lambda name: ceilings[name])
	wait = math.inf
	if math.isfinite(arrivals):
		servers = max(size.in_all, 1)
		wait = Queue(arrivals, recent.run, servers, service_variation=recent.run_variation).wait(0.95)
	return Expected(ceilings[limit], limit, wait if wait < DAY else None)


def database_ceiling(evidence: Evidence) -> float | None:
	"""The steps per second that the one database can carry: an estimate, at least what it has been seen to do."""
	each, host = database_time(evidence), evidence.database.hostname if evidence.database else ""
	if not each:
		return None
	known = {machine.name: machine.cores or 0.0 for machine in evidence.machines}
	# Where its machine is none of the nodes, it is taken to have as many cores as the largest of them.
	cores = known.get(host) or max(known.values(), default=0.0) or 1.0
	return max(DATABASE_USABLE * cores / each, evidence.load.peak)


def database_time(evidence: Evidence) -> float:
	"""The seconds that a step keeps the database busy.

	What writing its result waits for the database is measured with every attempt, but on a machine that is short of
	processors that is waiting for those; a step is one or two small transactions, and those were timed by themselves.
	Statements of the steps themselves show only where they take much of the time.
	"""
	recent, server, share = evidence.recent, evidence.database, shares_of(evidence).database
	writing = recent.database
	if server and server.commit_seconds:
		writing = min(writing, TRANSACTIONS * server.commit_seconds)
	return max(writing, share * recent.run if share >= POOL_SHARE else 0.0)


def workers_for(evidence: Evidence, load: float) -> int:
	"""How many workers do so many steps per second with a reserve and hardly a wait."""
	run = evidence.recent.run
	if not (run and load):
		return 1
	queue = Queue(load, run, 1, service_variation=evidence.recent.run_variation)
	return max(servers_for(queue, WAIT), math.ceil(load * run / UTILISATION))


# How many fit


def present(evidence: Evidence) -> Size:
	"""Workers per node, nodes, and cores per node as they are."""
	nodes = max(len(_worker_nodes(evidence)), 1)
	there = evidence.workers_there or evidence.workers.wanted * nodes
	cores = [each.cores for each in _worker_nodes(evidence) if each.cores]
	return Size(max(1, math.ceil(there / nodes)), nodes, round(sum(cores) / len(cores), 2) if cores else 0.0)


def by_memory(evidence: Evidence) -> int | None:
	"""How many workers each node has room for in memory, those that it has included; None: not known."""
	free = [each.memory_available for each in _worker_nodes(evidence) if each.memory_available is not None]
	return present(evidence).workers + int(min(free) * FREE / MEMORY) if free else None


def by_processor(evidence: Evidence) -> int | None:
	"""How many workers each node has processors for, if all are busy with steps as measured; None: not known."""
	recent, size = evidence.recent, present(evidence)
	if not (recent.run and recent.cpu and size.cores):
		return None
	return max(1, int(size.cores * USABLE / (recent.cpu / recent.run)))


def connections_needed(evidence: Evidence, size: Size) -> int:
	"""Connections that this many workers, the web and the scheduler open at most, with some to spare."""
	each = evidence.web_threads + CONNECTIONS * size.workers
	return math.ceil((each * size.nodes + 1) / (1 - SPARE))


def _worker_nodes(evidence: Evidence) -> tuple[Machine, ...]:
	"""The nodes whose workers listen or live; those that rest if none does."""
	listening = evidence.workers.listening
	at_work = tuple(each for each in evidence.nodes if each.alive or each.name in listening)
	return at_work or evidence.nodes


# Whether a number has room, asked before workers are started


@dataclass(frozen=True, slots=True)
class Room:
	"""What a node and the database have.

	Attributes:
		memory: bytes that are free for new processes on this node; None: not known.
		alive: workers of the queue that this node has already.
		max_connections: what the database allows.
		other_connections: those in use that are not of workers of ours.
		nodes: how many nodes have workers, this one among them.
	"""

	memory: int | None
	alive: int
	max_connections: int
	other_connections: int
	nodes: int = 1


def why_not(workers: int, room: Room) -> list[str]:
	"""Why `workers` on each node have no room: each reason with the figures and what to do. Empty: they have."""
	found, more = [], workers - room.alive
	if room.memory is not None and more * MEMORY > room.memory:
		found.append(
			f"{workers} workers have no room in memory: {more} more take up to {more * MEMORY // 1_000_000} MB, and"
			f" {room.memory // 1_000_000} MB are free. Take {room.alive + room.memory // MEMORY} or fewer, a machine with"
			" more memory, or another node."
		)
	needed = room.other_connections + workers * room.nodes * CONNECTIONS
	if needed > room.max_connections * (1 - SPARE):
		to_set = -int(-needed / (1 - SPARE) // 10) * 10
		found.append(
			f"{workers} workers on each of {room.nodes} nodes have no room among the database's connections: with"
			f" {room.other_connections} in use by others, {needed} are needed, and max_connections is"
			f" {room.max_connections}. Set `max_connections = {to_set}` under [mysqld] in MariaDB's configuration, or take"
			" fewer."
		)
	return found

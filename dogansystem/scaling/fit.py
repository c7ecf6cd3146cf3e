"""What fits on a machine: workers in memory and on processors, connections in the database."""

import math

from dogansystem.scaling.evidence import Evidence, Machine
from dogansystem.scaling.expectation import USABLE, Size
from dogansystem.scaling.worker_room import CONNECTIONS, MEMORY, SPARE

FREE = 0.8  # of the memory that is available: the rest stays for files and moments of more


def present(evidence: Evidence) -> Size:
	"""Workers per node, nodes, and cores per node as they are."""
	nodes = max(len(_worker_nodes(evidence)), 1)
	there = evidence.workers_there or evidence.workers.wanted * nodes
	cores = [each.cores for each in _worker_nodes(evidence) if each.cores]
	return Size(max(1, math.ceil(there / nodes)), nodes, round(sum(cores) / len(cores), 2) if cores else 0.0)


def by_memory(evidence: Evidence) -> int | None:
	"""How many workers each node has room for in memory, those that it has included; None: not known."""
	free = [each.memory_available for each in _worker_nodes(evidence) if each.memory_available is not None]
	if not free:
		return None
	return present(evidence).workers + int(min(free) * FREE / MEMORY)


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

"""How many steps per second a number of workers on some machines can do, and what is the limit.

Three ceilings, of which the lowest holds (the bounds of operational analysis: Lazowska et al., Quantitative System
Performance, 1984, chapter 5): each worker has one step at a time; a step needs processor time; and it keeps the one
database busy. All three from measured means, so it is known as well as those are.
"""

from dataclasses import dataclass

from dogansystem.scaling.evidence import Evidence
from dogansystem.scaling.queueing import Queue
from dogansystem.scaling.shares import POOL_SHARE, shares_of

USABLE = 0.85  # of the processors: the rest is for the web, the scheduler, and moments of more
DATABASE_USABLE = 0.7  # of what the database could do if its cores did nothing else
TRANSACTIONS = 2  # small ones that a step comes to, claim included
ENOUGH = 20  # attempts, below which nothing is said about times

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
	"""Steps per second, and which of the ceilings it is. None: too little was measured to tell."""

	per_second: float | None
	limit: str
	ceilings: dict[str, float]


def expect(evidence: Evidence, size: Size) -> Expected:
	"""The capacity of that size with steps such as those that were measured."""
	recent = evidence.recent
	if recent.count < ENOUGH or not recent.run:
		return Expected(None, "", {})
	ceilings = {WORKERS: size.in_all / recent.run}
	if size.cores and recent.cpu:
		ceilings[PROCESSORS] = size.cores * size.nodes * USABLE / recent.cpu
	database = database_ceiling(evidence)
	if database:
		ceilings[DATABASE] = database
	limit = min(ceilings, key=lambda name: ceilings[name])
	return Expected(ceilings[limit], limit, ceilings)


def database_ceiling(evidence: Evidence) -> float | None:
	"""The steps per second that the one database can carry: an estimate, at least what it has been seen to do."""
	each = database_time(evidence)
	if not each:
		return None
	return max(DATABASE_USABLE * database_cores(evidence) / each, evidence.load.peak)


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


def database_cores(evidence: Evidence) -> float:
	"""The cores of the database's machine; where it is none of the nodes, as many as the largest of them has."""
	host = evidence.database.hostname if evidence.database else ""
	known = {each.name: each.cores or 0.0 for each in evidence.machines}
	return known.get(host) or max(known.values(), default=0.0) or 1.0


def wait_p95(evidence: Evidence, size: Size, arrivals: float) -> float:
	"""The seconds within which 95 % of the steps would begin, if so many arrive per second."""
	queue = Queue(
		arrivals, evidence.recent.run, max(size.in_all, 1), service_variation=evidence.recent.run_variation
	)
	return queue.wait(0.95)

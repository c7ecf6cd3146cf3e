"""What the work runs on: nodes with workers and cores, one database, and what a step costs beside what its action does.

The numbers of the machine were measured with `./script/benchmark` on a small one: a faster one does better, and `Machine`
says so. The pace of the workers is `worker`'s own.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.protocol import Settings
from dogansystem.worker.heartbeat import INTERVAL as HEARTBEAT_INTERVAL

MAX_WORKERS = 100_000
FULL = 0.95  # of the database's time that heartbeats may take; what is left crawls, as it would
PRIORITIES = 10


@dataclass(frozen=True, slots=True)
class Machine:
	"""What things cost, in seconds.

	The defaults: one drainer did 1,055 steps/s on a site, two 1,843, four 2,212, eight 2,409, with 50 to a claim. A
	database that takes one commit after another, 0.40 ms each, and 0.55 ms of the worker's own time give 1,050, 1,790,
	2,310 and 2,480.

	Attributes:
		step: processor time of a worker for a step, beside what the action does.
		claim: processor time of a worker for a claim and what is read with it.
		commit: time the database needs for one commit, during which no other commits.
		claim_commits: how many commits a claim is.
		chores: processor time of a worker for a look at timers, wait queues and other processes.
		admit: time of a worker for the head of a wait queue: to see that it must wait, or to let it in.
		look: time of the database for a look into an empty queue.
		ring: from a ring to a claim, when a worker listens.
		call: from a ring to a claim, when an RQ job has to start first.
	"""

	step: float = 0.00055
	claim: float = 0.002
	commit: float = 0.0004
	claim_commits: int = 2
	chores: float = 0.001
	admit: float = 0.0025
	look: float = 0.00005
	ring: float = 0.002
	call: float = 0.05


@dataclass(frozen=True, slots=True)
class Outages:
	"""Nodes that die: each after `every` seconds on average, and is back `down` seconds later."""

	every: float
	down: float


@dataclass(frozen=True, slots=True)
class System:
	"""One configuration. Raises InputError for numbers that mean nothing.

	Attributes:
		nodes: machines with workers.
		workers: of each node.
		cores: of each node; 0: as many as are wanted.
		look_every: seconds between two looks of an idle worker into the queue, where nobody rings for it; 0: they are rung.
		linger: seconds that an idle worker listens before it leaves.
		price: of a node, per hour, in whatever money.
	"""

	nodes: int = 1
	workers: int = 10
	cores: int = 0
	machine: Machine = Machine()
	look_every: float = 0.0
	lease: float = Settings().lease
	linger: float = Settings().linger
	outages: Outages | None = None
	price: float | None = None

	def __post_init__(self) -> None:
		for name in ("nodes", "workers"):
			if getattr(self, name) < 1:
				raise InputError(f"{name} is {getattr(self, name)}: give 1 or more.")
		if self.all_workers > MAX_WORKERS:
			raise InputError(
				f"{self.nodes} nodes of {self.workers} workers are more than {MAX_WORKERS:,} workers: give fewer."
			)
		if self.cores < 0:
			raise InputError(f"cores is {self.cores}: give 1 or more, or 0 for as many as are wanted.")

	@property
	def all_workers(self) -> int:
		"""Of all nodes."""
		return self.nodes * self.workers

	@property
	def background(self) -> float:
		"""The share of the database's time that goes into heartbeats, and into looks where nobody rings."""
		looks = self.machine.look / self.look_every if self.look_every else 0.0
		return self.all_workers * (self.machine.commit / HEARTBEAT_INTERVAL + looks)


class Timeline:
	"""The future as a heap of events. `now` is in seconds since the simulation began; it jumps from event to event."""

	__slots__ = ("_count", "_heap", "handled", "now")

	def __init__(self) -> None:
		self.now = 0.0
		self.handled = self._count = 0
		self._heap: list[tuple[float, int, Callable[[Any], object], Any]] = []

	def at(self, time: float, what: Callable[[Any], object], about: Any = None) -> None:
		"""Let something happen at a time; what is planned for the same moment happens in the order of planning."""
		self._count += 1
		heappush(self._heap, (time, self._count, what, about))

	def run(self, until: float) -> None:
		"""Let everything happen that is planned for before `until`, and what follows from it."""
		while self._heap and self._heap[0][0] < until:
			self.now, _, what, about = heappop(self._heap)
			self.handled += 1
			what(about)
		self.now = until


class Cores:
	"""The processors of a node, `used` for so many seconds. Bursts are served in order, each by the core that is free first."""

	__slots__ = ("_free_at", "used")

	def __init__(self, number: int) -> None:
		self._free_at = [0.0] * number
		self.used = 0.0

	def burst(self, now: float, seconds: float) -> float:
		"""When a burst that is asked for now is done."""
		self.used += seconds
		if not self._free_at:
			return now + seconds
		done = max(self._free_at[0], now) + seconds
		heapreplace(self._free_at, done)
		return done


class Commits:
	"""The database: one commit after another. Heartbeats and looks of all workers take their share of it beforehand."""

	__slots__ = ("_commit", "_free_at", "_share", "used")

	def __init__(self, system: System) -> None:
		self.used = 0.0  # seconds, beside the background
		self._free_at = 0.0
		self._commit, self._share = system.machine.commit, 1 - min(system.background, FULL)

	def commit(self, now: float, count: int = 1) -> float:
		"""When so many commits that are asked for now are done."""
		self.used += self._commit * count
		self._free_at = max(self._free_at, now) + self._commit * count / self._share
		return self._free_at


class ReadyQueue:
	"""What may be claimed: all of the highest priority before the first of the next."""

	__slots__ = ("_of_priority", "count")

	def __init__(self) -> None:
		self.count = 0
		self._of_priority: tuple[deque[Any], ...] = tuple(deque() for _ in range(PRIORITIES))

	def put(self, task: Any) -> None:
		"""At the end of its priority."""
		self._of_priority[task.step.priority].append(task)
		self.count += 1

	def take(self, limit: int) -> list[Any]:
		"""Up to `limit`, the highest priority first. What nobody wants any more leaves the queue on the way."""
		found: list[Any] = []
		for tasks in reversed(self._of_priority) if self.count else ():
			while tasks:
				task = tasks.popleft()
				self.count -= 1
				if task.is_wanted:
					found.append(task)
					if len(found) == limit:
						return found
		return found

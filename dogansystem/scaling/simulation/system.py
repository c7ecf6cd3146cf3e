"""What the work runs on: nodes with workers and cores, one database, and what a step costs beside what its action does.

The numbers of the machine were measured with `./script/benchmark` on a small one: a faster one does better, and `Machine`
says so. The pace of the workers is `worker`'s own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from heapq import heappop, heappush, heapreplace
from itertools import count
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.protocol import Settings
from dogansystem.worker.drainer import LOOK_INTERVAL
from dogansystem.worker.heartbeat import INTERVAL as HEARTBEAT_INTERVAL

MAX_WORKERS = 100_000


@dataclass(frozen=True, slots=True)
class Machine:
	"""What things cost, in seconds.

	The defaults: one drainer did 1,055 steps/s on a site, two 1,843, four 2,212, eight 2,409, with 50 to a claim. A
	database that takes one commit after another, 0.40 ms each, and 0.55 ms of the worker's own time give 1,050, 1,790,
	2,310 and 2,480.
	"""

	step: float = 0.00055  # of a worker's processor, for a step, beside what the action does
	claim: float = 0.002  # the same for a claim and what is read with it
	commit: float = 0.0004  # of the database, which does one at a time
	claim_commits: int = 2  # that a claim is
	chores: float = 0.001  # of a worker's processor, for a look at timers, wait queues and other processes
	admit: float = 0.0025  # the same for the head of a wait queue: to see that it must wait, or to let it in
	ring: float = 0.002  # from a ring to a claim, when a worker listens; infinite: nobody hears it
	call: float = 0.05  # from a ring to a claim, when an RQ job has to start first


@dataclass(frozen=True, slots=True)
class Outages:
	"""Nodes that die: each after `every` seconds on average, and is back `down` seconds later."""

	every: float
	down: float


@dataclass(frozen=True, slots=True)
class System:
	"""One configuration. Raises InputError for numbers that mean nothing."""

	nodes: int = 1
	workers: int = 10  # of each node
	cores: int = 0  # of each node; 0: as many as are wanted
	machine: Machine = Machine()
	look_every: float = (
		LOOK_INTERVAL  # seconds between two looks of an idle worker into the queue, whatever was rung
	)
	lease: float = Settings().lease  # seconds after which what a dead worker had is taken over
	linger: float = Settings().linger  # seconds that an idle worker listens before it leaves
	outages: Outages | None = None
	price: float | None = None  # of a node, per hour, in whatever money

	def __post_init__(self) -> None:
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
	def heartbeats(self) -> float:
		"""The share of the database's time that goes into heartbeats."""
		return self.all_workers * self.machine.commit / HEARTBEAT_INTERVAL


class Clock:
	"""Virtual time: `now`, in seconds, jumps from one thing that is planned to the next."""

	def __init__(self) -> None:
		self.now = 0.0
		self._count = count()
		self._planned: list[tuple[float, int, Callable[..., object], tuple[Any, ...]]] = []

	def at(self, time: float, what: Callable[..., object], *about: Any) -> None:
		"""Let something happen at a time; what is planned for the same moment happens in the order of planning."""
		heappush(self._planned, (time, next(self._count), what, about))

	def run(self, until: float) -> None:
		"""Let everything happen that is planned for before `until`, and what follows from it."""
		while self._planned and self._planned[0][0] < until:
			self.now, _, what, about = heappop(self._planned)
			what(*about)
		self.now = until


class Servers:
	"""The cores of a node, or the database. Work is done in order, by the one that is free first.

	`speed`: how much of its time each has for it. `used`: seconds of work so far.
	"""

	def __init__(self, number: int, speed: float = 1.0) -> None:
		self._free_at, self._speed = [0.0] * number, speed
		self.used = 0.0

	def work(self, now: float, seconds: float) -> float:
		"""When work is done that is asked for now."""
		self.used += seconds
		done = max(self._free_at[0], now) + seconds / self._speed
		heapreplace(self._free_at, done)
		return done


class Queue:
	"""What waits for a worker or for a slot: the highest priority first, and then who came first."""

	def __init__(self) -> None:
		self._count = count()
		self._heap: list[tuple[int, int, Any]] = []

	def __len__(self) -> int:
		return len(self._heap)

	def put(self, waiter: Any) -> None:
		"""Let somebody wait."""
		heappush(self._heap, (-waiter.priority, next(self._count), waiter))

	def take(self) -> Any:
		"""Who is next, and waits no longer; None of nobody. Who is not wanted any more leaves on the way."""
		while self._heap:
			waiter = heappop(self._heap)[2]
			if waiter.is_wanted:
				return waiter
		return None

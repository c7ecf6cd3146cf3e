"""What executes: nodes with cores, the workers on them, and the one database that all of them commit to."""

from collections import deque
from heapq import heapreplace

from dogansystem.scaling.simulation.system import Machine
from dogansystem.scaling.simulation.tasks import Task

FULL = 0.95  # of the database's time that beats may take; what is left crawls, as it would


class Node:
	"""A machine. Bursts of processor time are served in order, each by the core that is free first."""

	__slots__ = ("_cores", "is_up", "number", "steps", "used", "workers")

	def __init__(self, number: int, cores: int) -> None:
		self.number = number
		self.is_up = True
		self.steps = 0
		self.used = 0.0  # seconds of processor time
		self.workers: list[Worker] = []
		self._cores = [0.0] * cores

	def cpu(self, now: float, seconds: float) -> float:
		"""When a burst that is asked for now is done."""
		self.used += seconds
		cores = self._cores
		if not cores:
			return now + seconds
		free = cores[0]
		done = (free if free > now else now) + seconds
		heapreplace(cores, done)
		return done

	def restart(self) -> None:
		"""Come back with nothing to do."""
		self.is_up = True
		self._cores = [0.0] * len(self._cores)


class Worker:
	"""A drainer: what it has in hand, and what it remembers between steps."""

	__slots__ = (
		"asked_at", "batch", "beat_phase", "began", "busy_since", "chain", "chores_at", "claimed_at", "extra", "idle_since", "is_gone", "node",
		"number", "outcome", "pace", "rang_at", "steps", "task",
	)  # fmt: skip

	def __init__(self, number: int, node: Node, beat_phase: float, now: float) -> None:
		self.number = number
		self.node = node
		self.beat_phase = beat_phase
		self.batch: deque[Task] = deque()
		self.task: Task | None = None
		self.outcome = 0
		self.pace: float | None = None  # seconds per step, a moving average
		self.chain = 0
		self.steps = 0
		self.extra = 0.0  # processor time it owes for chores
		self.asked_at = self.began = self.idle_since = self.busy_since = now
		self.chores_at = self.claimed_at = self.rang_at = float("-inf")
		self.is_gone = False  # its node died

	def take_next(self) -> Task | None:
		"""The next step of the batch that is still wanted."""
		while self.batch:
			task = self.batch.popleft()
			if task.is_wanted:
				return task
		return None


class Database:
	"""One commit after another. Beats and looks of all workers take their share of its time beforehand."""

	__slots__ = ("_commit", "_free_at", "background", "used")

	def __init__(self, machine: Machine, background: float) -> None:
		self.background = background
		self.used = 0.0  # seconds of its time, beside the background
		self._commit = machine.commit
		self._free_at = 0.0

	def commit(self, now: float, count: int = 1) -> float:
		"""When so many commits that are asked for now are done."""
		work = self._commit * count
		self.used += work
		free = self._free_at
		self._free_at = (free if free > now else now) + work / (1 - min(self.background, FULL))
		return self._free_at

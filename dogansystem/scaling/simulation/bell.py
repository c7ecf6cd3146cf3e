"""Nodes, the workers on them, and who wakes those that are idle."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from math import inf

from dogansystem.scaling.simulation.runs import Task
from dogansystem.scaling.simulation.system import Cores, System, Timeline

IDLE_INTERVAL = 1.0  # seconds that a drainer listens at most before it looks again, whatever was rung
TICK_INTERVAL = 60.0  # seconds; of the bench's scheduler
LISTENERS = 64  # idle workers that are asked who looks next: among more, the next one is as near


class Node:
	"""A machine with its workers."""

	def __init__(self, cores: int) -> None:
		self.cores = Cores(cores)
		self.workers: list[Worker] = []
		self.steps = 0
		self.is_up = True


class Worker:
	"""A drainer: what it has in hand, and what it remembers between steps."""

	__slots__ = ("batch", "chores_at", "heartbeat_at", "idle_since", "is_gone", "life", "node", "owed", "pace", "rang_at", "since", "task")  # fmt: skip

	def __init__(self, node: Node, heartbeat_at: float, now: float) -> None:
		self.node, self.heartbeat_at = node, heartbeat_at
		self.life: Iterator[float] = iter(())
		self.batch: deque[Task] = deque()
		self.task: Task | None = None
		self.pace: float | None = None  # seconds per step, a moving average
		self.owed = 0.0  # seconds of the processor for what it has done besides
		self.since = self.idle_since = now
		self.chores_at = self.rang_at = -inf
		self.is_gone = False  # its node died

	def next(self) -> Task | None:
		"""The next step of the batch that is still wanted."""
		while self.batch:
			if (task := self.batch.popleft()).is_wanted:
				return task
		return None


class Bell:
	"""Who wakes idle workers, and when: rings, or looks into the queue. On a bench an idle worker leaves after a while;
	then a ring starts a job that becomes one, and timers wait for the tick."""

	def __init__(
		self, system: System, timeline: Timeline, wake: Callable[[Worker], None],
		is_waiting: Callable[[], bool], is_due: Callable[[], bool],
	) -> None:  # fmt: skip
		self._system, self._timeline, self._wake = system, timeline, wake
		self._is_waiting, self._is_due = is_waiting, is_due
		self._idle: dict[Worker, None] = {}  # listening, in the order in which they began to
		self._away: dict[Worker, None] = {}  # left, because nothing came for long
		self._planned: set[object] = set()

	def listen(self, worker: Worker) -> None:
		"""Become idle."""
		self._idle[worker] = None
		if not self._system.look_every and self._system.linger < inf:
			self._timeline.at(
				self._timeline.now + self._system.linger, self._leave, (worker, worker.idle_since)
			)
		self.work_came()
		self.chores_came()

	def _leave(self, about: tuple[Worker, float]) -> None:
		worker, idle_since = about
		if worker in self._idle and worker.idle_since == idle_since:
			del self._idle[worker]
			self._away[worker] = None

	def forget(self, worker: Worker) -> None:
		"""Be gone, or busy."""
		self._idle.pop(worker, None)
		self._away.pop(worker, None)

	def ring(self) -> None:
		"""Wake one worker that listens, else call one that has left."""
		machine, now = self._system.machine, self._timeline.now
		if self._system.look_every:
			return
		if self._idle:
			self._call(next(iter(self._idle)), now + machine.ring)
		elif self._away and self.ring not in self._planned:
			self._planned.add(self.ring)
			self._timeline.at(now + machine.call, self._planned.discard, self.ring)
			self._call(next(iter(self._away)), now + machine.call)

	def _call(self, worker: Worker, at: float, for_chores: bool = False) -> None:
		self.forget(worker)
		if for_chores:
			worker.chores_at = -inf
		self._timeline.at(at, self._wake, worker)

	def work_came(self) -> None:
		"""Something may be ready: whoever looks next finds it, else the tick."""
		self._plan(self._is_waiting, self._system.look_every or IDLE_INTERVAL)

	def chores_came(self) -> None:
		"""A timer is due, or a slot may be free: whoever comes by next looks after it, else the tick."""
		self._plan(self._is_due, IDLE_INTERVAL)

	def _plan(self, wanted: Callable[[], bool], interval: float) -> None:
		if wanted in self._planned or not wanted():
			return
		now = self._timeline.now
		if self._idle:
			at, worker = min(
				(
					(now + interval - (now - each.idle_since) % interval, each)
					for each in islice(self._idle, LISTENERS)
				),
				key=lambda turn: turn[0],
			)
			self._timeline.at(at, self._look, (wanted, worker))
		elif self._away:
			self._timeline.at((now // TICK_INTERVAL + 1) * TICK_INTERVAL, self._look, (wanted, None))
		else:
			return
		self._planned.add(wanted)

	def _look(self, about: tuple[Callable[[], bool], Worker | None]) -> None:
		wanted, worker = about
		self._planned.discard(wanted)
		worker = worker or next(iter(self._away), None)
		if worker and (worker in self._idle or worker in self._away) and wanted():
			self._call(worker, self._timeline.now, wanted is self._is_due or worker in self._away)
		self.work_came()
		self.chores_came()

	def timer_is_due(self, put_at: float) -> None:
		"""A timer that was put then is due now. Who began to listen after that wakes for it at this very moment."""
		now = self._timeline.now
		for worker in islice(self._idle, LISTENERS):
			if now - (now - worker.idle_since) % IDLE_INTERVAL >= put_at:
				self._call(worker, now, for_chores=True)
				return
		self.chores_came()

"""Nodes, the workers on them, and the bell: who wakes those that are idle, and when."""

from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from math import inf

from dogansystem.scaling.simulation.runs import Task
from dogansystem.scaling.simulation.system import Clock, Servers, System
from dogansystem.worker.drainer import LOOK_INTERVAL

TICK_INTERVAL = 60.0  # seconds; of the bench's scheduler
LISTENERS = 64  # idle workers that are asked who looks next: among more, the next one is as near


class Node:
	"""A machine with its workers, which have brought so many attempts to an end."""

	def __init__(self, cores: int) -> None:
		self.cores, self.workers, self.steps = Servers(cores), list[Worker](), 0


class Worker:
	"""A drainer: what it has in hand, and what it remembers between steps."""

	def __init__(self, node: Node) -> None:
		self.node = node
		self.life: Iterator[float] = iter(())
		self.batch: deque[Task] = deque()
		self.task: Task | None = None
		self.pace: float | None = None  # seconds per step, a moving average
		self.owed = 0.0  # seconds of the processor for what it has done besides
		self.claimed_at = self.idle_since = 0.0
		self.chores_at = self.rang_at = -inf

	def next(self) -> Task | None:
		"""The next step of the batch that is still wanted."""
		while self.batch:
			if (task := self.batch.popleft()).is_wanted:
				return task
		return None


class Bell:
	"""Wakes an idle worker by a ring, or when it looks by itself. On a bench an idle worker leaves after a while; then a ring
	starts a job that becomes one, and everything else waits for the tick.

	`is_ready` says whether steps are ready, `is_due` whether there are chores.
	"""

	def __init__(
		self, system: System, clock: Clock, wake: Callable[[Worker], None],
		is_ready: Callable[[], bool], is_due: Callable[[], bool],
	) -> None:  # fmt: skip
		self._system, self._clock, self._wake = system, clock, wake
		self._is_ready, self._is_due = is_ready, is_due
		self._listening: dict[Worker, None] = {}  # in the order in which they began to
		self._away: dict[Worker, None] = {}
		self._called_until = 0.0
		self._look_at: dict[Callable[[], bool], float] = {}

	def listen(self, worker: Worker) -> None:
		"""Become idle."""
		self._listening[worker] = None
		self.look_later()

	def forget(self, worker: Worker) -> bool:
		"""Be busy, or gone; whether it was idle."""
		was_idle = worker in self._listening or worker in self._away
		self._listening.pop(worker, None)
		self._away.pop(worker, None)
		return was_idle

	def ring(self) -> None:
		"""Wake one worker that listens, else call one that has left."""
		machine, now = self._system.machine, self._clock.now
		if machine.ring == inf:
			return
		if worker := self._listener():
			worker.chores_at = now  # the step that it rings for comes first
			self._call(worker, now + machine.ring)
		elif self._away and now >= self._called_until:
			self._called_until = now + machine.call
			self._call(next(iter(self._away)), self._called_until)

	def timer_is_due(self) -> None:
		"""Who listens knows when the next timer is due, and wakes at this very moment."""
		if worker := self._listener():
			worker.chores_at = -inf
			self._call(worker, self._clock.now)
		self.look_later()

	def look_later(self) -> None:
		"""If there is anything to do, whoever looks next finds it, else the tick."""
		self._plan(self._is_ready, self._system.look_every)
		self._plan(self._is_due, LOOK_INTERVAL)

	def _plan(self, is_wanted: Callable[[], bool], interval: float) -> None:
		now = self._clock.now
		if self._look_at.get(is_wanted, inf) <= now + interval or not is_wanted():
			return
		if self._listener():
			worker = max(
				islice(self._listening, LISTENERS), key=lambda each: (now - each.idle_since) % interval
			)
			at = now + interval - (now - worker.idle_since) % interval
		elif self._away:
			worker, at = next(iter(self._away)), (now // TICK_INTERVAL + 1) * TICK_INTERVAL
		else:
			return
		self._look_at[is_wanted] = at
		self._clock.at(at, self._look, is_wanted, worker)

	def _look(self, is_wanted: Callable[[], bool], worker: Worker) -> None:
		self._look_at.pop(is_wanted, None)
		if (worker in self._listening or worker in self._away) and is_wanted():
			if is_wanted is self._is_due:
				worker.chores_at = -inf
			self._call(worker, self._clock.now)
		self.look_later()

	def _call(self, worker: Worker, at: float) -> None:
		self.forget(worker)
		self._clock.at(at, self._wake, worker)

	def _listener(self) -> Worker | None:
		"""Who has listened for longest. Those who have done so for long enough leave."""
		while worker := next(iter(self._listening), None):
			if self._clock.now - worker.idle_since < self._system.linger:
				break
			self._away[worker] = None
			del self._listening[worker]
		return worker

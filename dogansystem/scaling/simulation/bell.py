"""Who wakes idle workers, and when: rings, as on a bench, or looks into the queue at intervals, as in a sandbox.

In both, an idle worker looks after timers and lines about once a second. On a bench it leaves when nobody has rung for a
while; then a ring starts a job that becomes one, and timers wait for the tick.
"""

from collections.abc import Callable
from typing import Protocol

from dogansystem.scaling.simulation.nodes import Worker
from dogansystem.scaling.simulation.rota import Rota
from dogansystem.scaling.simulation.system import IDLE_INTERVAL, LOOK_INTERVAL, TICK_INTERVAL, System
from dogansystem.scaling.simulation.timeline import Timeline


class Woken(Protocol):
	"""What an idle worker is woken to."""

	def wake(self, worker: Worker) -> None: ...
	def wake_for_chores(self, worker: Worker) -> None: ...


class Bell:
	"""Idle workers. `is_waiting` tells whether steps are ready, `is_due` whether timers or lines want somebody."""

	def __init__(
		self,
		system: System,
		timeline: Timeline,
		woken: Woken,
		is_waiting: Callable[[], bool],
		is_due: Callable[[], bool],
	) -> None:
		self._system, self._timeline, self._woken = system, timeline, woken
		self._is_waiting, self._is_due = is_waiting, is_due
		self._rings = system.has_doorbell
		self._idle: dict[int, Worker] = {}  # listening, in the order in which they began to
		self._away: dict[int, Worker] = {}  # left, because nothing came for long
		self._looks: Rota[Worker] = Rota(IDLE_INTERVAL if self._rings else LOOK_INTERVAL)
		self._chores: Rota[Worker] = Rota(IDLE_INTERVAL)
		self._look_planned = self._chores_planned = self._tick_planned = self._is_called = False

	# Listening

	def listen(self, worker: Worker) -> None:
		"""Become idle."""
		now = self._timeline.now
		self._idle[worker.number] = worker
		self._looks.join(worker, now)
		self._chores.join(worker, now)
		if self._rings:
			self._timeline.at(now + self._system.linger, self._leave, (worker, worker.idle_since))
		self.work_came()
		self.chores_came()

	def forget(self, worker: Worker) -> None:
		"""Be gone, or busy."""
		self._away.pop(worker.number, None)
		if self._idle.pop(worker.number, None):
			self._looks.leave(worker)
			self._chores.leave(worker)

	def _leave(self, about: tuple[Worker, float]) -> None:
		worker, idle_since = about
		if worker.number in self._idle and worker.idle_since == idle_since:
			self.forget(worker)
			self._away[worker.number] = worker

	# Rings

	def ring(self) -> None:
		"""Wake one worker that listens, else call one that has left."""
		if not self._rings:
			return
		machine, now = self._system.machine, self._timeline.now
		if self._idle:
			worker = next(iter(self._idle.values()))
			self.forget(worker)
			self._timeline.at(now + machine.ring, self._woken.wake, worker)
		elif self._away and not self._is_called:
			worker = next(iter(self._away.values()))
			self.forget(worker)
			self._is_called = True
			self._timeline.at(now + machine.call, self._come, worker)

	def _come(self, worker: Worker) -> None:
		self._is_called = False
		self._woken.wake(worker)

	# Looks

	def work_came(self) -> None:
		"""Something may be ready: whoever looks next finds it."""
		if self._look_planned or not self._is_waiting():
			return
		if self._looks:
			self._look_planned = True
			at, worker = self._looks.next(self._timeline.now)
			self._timeline.at(at, self._look, worker)
		else:
			self._want_tick()

	def _look(self, worker: Worker) -> None:
		self._look_planned = False
		if worker.number in self._idle and self._is_waiting():
			self.forget(worker)
			self._woken.wake(worker)
		self.work_came()

	# Chores

	def timer_is_due(self, put_at: float) -> None:
		"""A timer that was put then is due now. Who began to listen after that wakes for it at this very moment."""
		if self._chores:
			last, worker = self._chores.latest(self._timeline.now)
			if last >= put_at:
				self.forget(worker)
				self._woken.wake_for_chores(worker)
				return
		self.chores_came()

	def chores_came(self) -> None:
		"""A timer is due, or somebody stands in line: who comes by next looks after it, else the tick."""
		if self._chores_planned or not self._is_due():
			return
		if self._chores:
			self._chores_planned = True
			at, worker = self._chores.next(self._timeline.now)
			self._timeline.at(at, self._come_by, worker)
		else:
			self._want_tick()

	def _come_by(self, worker: Worker) -> None:
		self._chores_planned = False
		if worker.number in self._idle and self._is_due():
			self.forget(worker)
			self._woken.wake_for_chores(worker)
		self.chores_came()

	# The tick

	def _want_tick(self) -> None:
		"""Workers that have left do not notice anything: the scheduler's next tick does."""
		if self._away and not self._tick_planned:
			self._tick_planned = True
			at = (self._timeline.now // TICK_INTERVAL + 1) * TICK_INTERVAL
			self._timeline.at(at, self._tick)

	def _tick(self, _: object) -> None:
		self._tick_planned = False
		if self._away and (self._is_waiting() or self._is_due()):
			worker = next(iter(self._away.values()))
			self.forget(worker)
			self._woken.wake_for_chores(worker)

"""Simulate one configuration."""

from random import Random

from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation.bell import Node
from dogansystem.scaling.simulation.result import Record, Result, result_of
from dogansystem.scaling.simulation.runs import Runs, Timer
from dogansystem.scaling.simulation.system import Commits, System, Timeline
from dogansystem.scaling.simulation.workers import Workers
from dogansystem.scaling.simulation.workload import Workload

WARM_UP = 0.1  # of the time, in which nothing is written down: everybody begins with nothing to do


def simulate(workload: Workload, system: System, seconds: float, seed: int = 1) -> Result:
	"""What so many seconds of this load do to this system. The same seed gives the same arrivals to every system.

	Raises InputError.
	"""
	if not seconds > 0:
		raise InputError(f"{seconds} is no time to simulate: give more than 0 seconds.")
	return Simulation(workload, system, seconds, seed).run()


class Simulation:
	"""Everything that takes part, put together."""

	def __init__(self, workload: Workload, system: System, seconds: float, seed: int) -> None:
		self._system, self._seconds, self._backlog = system, seconds, workload.backlog
		# One source of chance for each, so that one more worker does not change when runs start.
		arrivals, services, chance, self._fate = (Random(seed + number) for number in range(4))
		self._timeline, self._record, self._commits = Timeline(), Record(), Commits(system)
		self.runs = Runs(
			workload, self._timeline, self._record, chance, self._put_timer, system.machine.admit
		)
		self._workers = Workers(
			system, self._timeline, self._record, self.runs, self._commits, chance, services
		)
		self._arrivals = workload.arrivals.times(arrivals)

	def run(self) -> Result:
		"""Begin, let the time pass, and add up."""
		nodes = self._workers.nodes
		for node in nodes:
			self._workers.come(node)
			self._plan_death(node)
		for _ in range(self._backlog):
			self.runs.start()
		self._plan_arrival()
		self._timeline.run(WARM_UP * self._seconds)
		self._record.reset(self._timeline.now)
		self._commits.used = 0.0
		for node in nodes:
			node.steps, node.cores.used = 0, 0.0
		self._timeline.run(self._seconds)
		for worker in (each for node in nodes for each in node.workers if each.task and not each.is_gone):
			self._record.worked(worker.since, self._seconds)
		return result_of(
			self._system,
			self._record,
			self._seconds * (1 - WARM_UP),
			[node.steps for node in nodes],
			self._commits.used,
			sum(node.cores.used for node in nodes),
			self.runs.queue.count + self.runs.slots.length,
			self._timeline.handled,
		)

	def _plan_arrival(self) -> None:
		at = next(self._arrivals, None)
		if at is not None and at < self._seconds:
			self._timeline.at(at, self._arrive)

	def _arrive(self, _: object) -> None:
		self._commits.commit(self._timeline.now)
		self.runs.start()
		self._workers.bell.ring()
		self._workers.bell.work_came()
		self._workers.bell.chores_came()
		self._plan_arrival()

	def _put_timer(self, delay: float, timer: Timer) -> None:
		self._timeline.at(self._timeline.now + delay, self._timer_is_due, timer)

	def _timer_is_due(self, timer: Timer) -> None:
		self._workers.due.append(timer)
		self._workers.bell.timer_is_due(timer.put_at)

	def _plan_death(self, node: Node) -> None:
		if self._system.outages:
			delay = self._fate.expovariate(1 / self._system.outages.every)
			self._timeline.at(self._timeline.now + delay, self._die, node)

	def _die(self, node: Node) -> None:
		self._workers.die(node)
		if self._system.outages:
			self._timeline.at(self._timeline.now + self._system.outages.down, self._come_back, node)

	def _come_back(self, node: Node) -> None:
		node.is_up = True
		self._workers.come(node)
		self._plan_death(node)

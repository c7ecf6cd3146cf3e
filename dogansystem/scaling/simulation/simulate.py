"""Simulate one configuration, or several with the same arrivals."""

from collections.abc import Iterator
from random import Random

from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation.bell import Bell
from dogansystem.scaling.simulation.drainers import Drainers
from dogansystem.scaling.simulation.nodes import Database, Node
from dogansystem.scaling.simulation.plan import Plan
from dogansystem.scaling.simulation.record import Record
from dogansystem.scaling.simulation.result import Result
from dogansystem.scaling.simulation.runs import Runs, Timer
from dogansystem.scaling.simulation.system import System
from dogansystem.scaling.simulation.tasks import LANES
from dogansystem.scaling.simulation.timeline import Timeline
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
		self._workload, self._system, self._seconds = workload, system, seconds
		# One source of chance for each, so that one more worker does not change when runs start.
		arrivals, services, self._chance, self._fate = (Random(seed + number) for number in range(4))
		self._timeline = Timeline()
		self._record = Record(WARM_UP * seconds, seconds, LANES)
		self._database = Database(system.machine, system.background)
		plan = Plan(workload, services)
		self._drainers = Drainers(system, self._timeline, self._record, self._database, self._chance)
		self.runs = Runs(
			plan, self._timeline, self._record, self._chance.random, self._put_timer, system.machine.admit
		)
		self._bell = Bell(system, self._timeline, self._drainers, self._is_waiting, self._is_due)
		self._drainers.attach(self.runs, self._bell)
		self._arrivals: Iterator[float] = workload.arrivals.times(arrivals)

	def run(self) -> Result:
		"""Begin, let the time pass, and add up."""
		for node in self._drainers.nodes:
			self._drainers.come(node)
			if self._system.outages:
				self._plan_death(node)
		for _ in range(self._workload.backlog):
			self.runs.start()
		self._plan_arrival()
		self._timeline.run(self._record.first)
		before = self._progress()
		self._timeline.run(self._seconds)
		return self._result(before)

	# Arrivals, timers, outages

	def _plan_arrival(self) -> None:
		at = next(self._arrivals, None)
		if at is not None and at < self._seconds:
			self._timeline.at(at, self._arrive)

	def _arrive(self, _: object) -> None:
		self._database.commit(self._timeline.now)
		self.runs.start()
		self._bell.ring()
		self._bell.work_came()
		self._bell.chores_came()
		self._plan_arrival()

	def _put_timer(self, delay: float, timer: Timer) -> None:
		self._timeline.at(self._timeline.now + delay, self._timer_is_due, timer)

	def _timer_is_due(self, timer: Timer) -> None:
		self._drainers.due.append(timer)
		self._bell.timer_is_due(timer.put_at)

	def _plan_death(self, node: Node) -> None:
		outages = self._system.outages
		if outages:
			self._timeline.at(self._timeline.now + self._fate.expovariate(1 / outages.every), self._die, node)

	def _die(self, node: Node) -> None:
		outages = self._system.outages
		if outages:
			self._drainers.die(node)
			self._timeline.at(self._timeline.now + outages.down, self._come_back, node)

	def _come_back(self, node: Node) -> None:
		node.restart()
		self._drainers.come(node)
		self._plan_death(node)

	def _is_waiting(self) -> bool:
		return self.runs.queue.count > 0

	def _is_due(self) -> bool:
		return bool(self._drainers.due) or self.runs.lines.has_room

	# Adding up

	def _progress(self) -> tuple[float, float]:
		return self._database.used, sum(node.used for node in self._drainers.nodes)

	def _backlog(self) -> int:
		return self.runs.queue.count + self.runs.lines.length

	def _result(self, before: tuple[float, float]) -> Result:
		for node in self._drainers.nodes:
			for worker in node.workers:
				if worker.task or worker.batch:
					self._record.worked(worker.busy_since, self._seconds)
		database, cpu = before
		used = self._progress()
		return Result.of(
			self._workload,
			self._system,
			self._record,
			node_steps=[node.steps for node in self._drainers.nodes],
			database=(used[0] - database) / self._record.seconds + self._system.background,
			cpu=(used[1] - cpu) / self._record.seconds,
			backlog=self._backlog(),
			events=self._timeline.handled,
		)

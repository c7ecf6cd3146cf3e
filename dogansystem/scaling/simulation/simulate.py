"""Simulate one configuration: runs start, workers do what `worker.drainer` has them do, nodes die and come back.

A worker's life is a generator that yields the time at which it goes on.
"""

from collections.abc import Callable, Generator, Iterator
from functools import partial
from math import inf
from random import Random
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.engine.outcomes import Failed, Outcome
from dogansystem.engine.retry import WORKER_LOST
from dogansystem.scaling.simulation.nodes import Bell, Node, Worker
from dogansystem.scaling.simulation.result import Record, figures
from dogansystem.scaling.simulation.runs import Runs, Task
from dogansystem.scaling.simulation.system import Clock, Outages, Servers, System
from dogansystem.scaling.simulation.workload import Workload
from dogansystem.worker.batch import HOLD
from dogansystem.worker.drainer import BATCH_SECONDS, CHORES_INTERVAL, MAX_BATCH, MAX_CHAIN, RING_INTERVAL
from dogansystem.worker.heartbeat import INTERVAL as HEARTBEAT_INTERVAL
from dogansystem.worker.heartbeat import PATIENCE
from dogansystem.worker.takeover import SILENT

WARM_UP = 0.1  # of the time, in which nothing is written down: everybody begins with nothing to do
FULL = 0.95  # of the database's time that heartbeats may take; what is left crawls, as it would
STARTS = 0.2  # seconds within which the workers of a node begin, one after another
LOST = Failed((WORKER_LOST,), "its node died")


def simulate(workload: Workload, system: System, seconds: float, seed: int = 1) -> dict[str, Any]:
	"""What so many seconds of this load do to this system. The same seed gives the same arrivals to every system.

	Raises InputError.
	"""
	if not seconds > 0:
		raise InputError(f"{seconds} is no time to simulate: give more than 0 seconds.")
	return Simulation(workload, system, seed).run(seconds)


class Simulation:
	"""A system under a load."""

	def __init__(self, workload: Workload, system: System, seed: int) -> None:
		self._workload, self._system, self._machine = workload, system, system.machine
		# One source of chance for each, so that one more worker does not change when runs start.
		arrivals, self._services, self._chance, self._fate = (Random(seed + number) for number in range(4))
		self._arrivals = workload.arrivals.times(arrivals)
		self._clock, self._record = Clock(), Record()
		self._nodes = [Node(system.cores or system.workers) for _ in range(system.nodes)]
		self._database = Servers(1, 1 - min(system.heartbeats, FULL))
		self._bell = Bell(system, self._clock, self._wake, self._is_ready, self._has_chores)
		self._due: list[Callable[[], None]] = []
		self.runs = Runs(workload, self._clock, self._record, self._chance, self._is_due)

	def run(self, seconds: float) -> dict[str, Any]:
		"""Begin, let the time pass, and add up."""
		for node in self._nodes:
			self._come(node)
		for _ in range(self._workload.backlog):
			self.runs.start()
		self._clock.at(next(self._arrivals, inf), self._arrive)
		self._clock.run(WARM_UP * seconds)
		self._forget()
		self._clock.run(seconds)
		self._record.work(seconds)
		steps, cpu = [node.steps for node in self._nodes], sum(node.cores.used for node in self._nodes)
		backlog = len(self.runs.queue) + sum(self.runs.waiting)
		counted = (1 - WARM_UP) * seconds
		return figures(self._system, self._record, counted, steps, self._database.used, cpu, backlog)

	def _forget(self) -> None:
		self._record.reset(self._clock.now)
		self._database.used = 0.0
		for node in self._nodes:
			node.steps, node.cores.used = 0, 0.0

	# What happens to the system

	def _arrive(self) -> None:
		self._commit()
		self.runs.start()
		self._bell.ring()
		self._bell.look_later()
		self._clock.at(next(self._arrivals, inf), self._arrive)

	def _come(self, node: Node) -> None:
		"""Let the workers of a node begin, each a little after the other."""
		now, outages = self._clock.now, self._system.outages
		node.workers = [Worker(node) for _ in range(self._system.workers)]
		self._record.work(now, len(node.workers))
		for worker in node.workers:
			worker.life = self._life(worker)
			self._clock.at(now + self._chance.random() * STARTS, self._go_on, worker)
		if outages:
			self._clock.at(now + self._fate.expovariate(1 / outages.every), self._die, node, outages)

	def _die(self, node: Node, outages: Outages) -> None:
		"""Stop all workers of a node. What they had in hand is taken over when their leases have run out."""
		now = self._clock.now
		for worker in node.workers:
			worker.life = iter(())
			self._record.work(now, self._bell.forget(worker) - 1)
			silent = self._system.lease * SILENT - self._chance.random() * HEARTBEAT_INTERVAL
			self._clock.at(now + silent, self._is_due, partial(self._take_over, worker))
		self._clock.at(now + outages.down, self._come, node)

	def _take_over(self, worker: Worker) -> None:
		if task := worker.task:
			self._record.lost += 1
			_, changes = self.runs.finish(task, LOST, False, self._clock.now)
			if changes.check_items:
				self.runs.close(task.run, task.step)
		self._give_back(worker)

	def _is_due(self, chore: Callable[[], None]) -> None:
		self._due.append(chore)
		self._bell.timer_is_due()

	def _is_ready(self) -> bool:
		return bool(self.runs.queue)

	def _has_chores(self) -> bool:
		return bool(self._due or self.runs.waiting)

	# What a worker does

	def _go_on(self, worker: Worker) -> None:
		if (at := next(worker.life, inf)) < inf:
			self._clock.at(at, self._go_on, worker)

	def _wake(self, worker: Worker) -> None:
		"""Have a worker that was idle look again; one that had left is a fresh drainer by now."""
		if self._clock.now - worker.idle_since > self._system.linger:
			worker.pace = None
		self._record.work(self._clock.now, 1)
		self._go_on(worker)

	def _life(self, worker: Worker) -> Iterator[float]:
		while True:
			if self._clock.now - worker.chores_at > CHORES_INTERVAL:
				self._do_chores(worker)
			if self._claim(worker):
				yield from self._work_off(worker)
				continue
			worker.owed += self._machine.chores
			yield self._pay(worker, self._commit())
			if not (self._has_chores() and self._do_chores(worker)):
				worker.idle_since = self._clock.now
				self._record.work(self._clock.now, -1)
				self._bell.listen(worker)
				yield inf  # the bell wakes it

	def _claim(self, worker: Worker) -> bool:
		limit = max(1, int(min(MAX_BATCH, BATCH_SECONDS / worker.pace))) if worker.pace else 1
		while len(worker.batch) < limit and (task := self.runs.queue.take()):
			worker.batch.append(task)
		if len(worker.batch) == limit:
			self._ring_for_help(worker)
		worker.claimed_at = self._clock.now
		self._begin(worker, worker.next())
		return worker.task is not None

	def _begin(self, worker: Worker, task: Task | None) -> None:
		worker.task = task
		if task:
			self.runs.begin(task)

	def _work_off(self, worker: Worker) -> Iterator[float]:
		"""Execute a batch that was claimed, and what follows from it."""
		yield self._commit(self._machine.claim_commits)
		worker.owed += self._machine.claim
		chain = 1
		while task := worker.task:
			worker.owed += self._machine.step
			ready = self._pay(worker, self._clock.now)
			began = ready - self._machine.step
			if began >= self._record.first:
				self._record.waits[task.priority].append(max(0.0, began - task.ready_at))
			outcome = yield from self._act(worker, task, began, ready)
			asked_at = self._clock.now
			yield self._commit()
			took = self._clock.now - began
			worker.pace = took if worker.pace is None else worker.pace + (took - worker.pace) / 8
			chain = chain + 1 if self._finish(worker, task, outcome, asked_at, chain < MAX_CHAIN) else 1
			if worker.batch and self._clock.now - worker.claimed_at > HOLD:
				worker.claimed_at = self._clock.now
				if not self.runs.queue:  # others may have nothing to do
					self._give_back(worker)
					self._ring_for_help(worker)

	def _act(self, worker: Worker, task: Task, began: float, ready: float) -> Generator[float, None, Outcome]:
		"""Let the action of an attempt take its time, from `ready` on; gives how it comes out."""
		step = self._workload.definition.by_id[task.step]
		outcome, wait, cpu = self._workload.attempt(step, task.item, self._chance, self._services)
		beat = PATIENCE + self._chance.random() * HEARTBEAT_INTERVAL
		if worker.batch and wait > beat:  # what is behind it goes back
			yield began + beat
			self._give_back(worker)
		yield ready + wait
		if cpu:
			yield worker.node.cores.work(self._clock.now, cpu)
		return outcome

	def _finish(self, worker: Worker, task: Task, outcome: Outcome, asked_at: float, stick: bool) -> bool:
		"""End an attempt and begin the next one; whether that one follows from it."""
		worker.node.steps += 1
		successor, changes = self.runs.finish(task, outcome, stick, asked_at)
		self._begin(worker, successor or worker.next())
		if changes.check_items:
			self.runs.close(task.run, task.step)
		if changes.calls_admission or changes.check_items:
			self._admit(worker)
		if len(changes.ready) > 1 or (changes.ready and successor):
			self._ring_for_help(worker)
		self._bell.look_later()
		return successor is not None

	def _ring_for_help(self, worker: Worker) -> None:
		if self._clock.now - worker.rang_at > RING_INTERVAL:
			worker.rang_at = self._clock.now
			self._bell.ring()

	def _give_back(self, worker: Worker) -> None:
		while task := worker.next():
			self.runs.queue.put(task)
		self._commit()
		self._bell.look_later()

	def _do_chores(self, worker: Worker) -> int:
		"""Do what is due, let in who waits for a slot; gives how many things happened."""
		worker.chores_at = self._clock.now
		worker.owed += self._machine.chores
		due, self._due = self._due, []
		for chore in due:
			self._commit()
			chore()
		return len(due) + self._admit(worker)

	def _admit(self, worker: Worker) -> int:
		if not self.runs.waiting:
			return 0
		admitted = self.runs.admit(self._machine.admit)
		worker.owed += self._machine.admit * (admitted + len(self.runs.waiting))
		self._commit(admitted)
		return admitted

	# What it costs

	def _commit(self, count: int = 1) -> float:
		"""When so many commits that are asked for now are done."""
		return self._database.work(self._clock.now, count * self._machine.commit)

	def _pay(self, worker: Worker, since: float) -> float:
		"""When a worker's processor has done what it owes. Never twice the same, or workers would march in step."""
		owed, worker.owed = worker.owed, 0.0
		return worker.node.cores.work(since, owed * (0.5 + self._chance.random()))

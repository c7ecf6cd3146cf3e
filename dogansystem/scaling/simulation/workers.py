"""What simulated workers do, as `worker.drainer` has it: claim a batch, execute one step after another, stay with a run,
look after timers and wait queues, listen. A worker's life is a generator that yields the time at which it goes on."""

from collections import deque
from collections.abc import Generator, Iterator
from math import ceil, inf
from random import Random

from dogansystem.engine.outcomes import Done, Failed, Outcome
from dogansystem.scaling.simulation.bell import Bell, Node, Worker
from dogansystem.scaling.simulation.result import Record
from dogansystem.scaling.simulation.runs import LOST, Runs, Task, Timer, opened
from dogansystem.scaling.simulation.system import Commits, System, Timeline
from dogansystem.worker.batch import HOLD
from dogansystem.worker.chores import SILENT
from dogansystem.worker.drainer import BATCH_SECONDS, CHORES_INTERVAL, MAX_BATCH, MAX_CHAIN, RING_INTERVAL
from dogansystem.worker.heartbeat import INTERVAL as HEARTBEAT_INTERVAL
from dogansystem.worker.heartbeat import PATIENCE

STARTS = 0.2  # seconds within which the workers of a node begin, one after another


class Workers:
	"""All workers of a system."""

	def __init__(
		self, system: System, timeline: Timeline, record: Record, runs: Runs, commits: Commits, chance: Random, services: Random
	) -> None:  # fmt: skip
		self._system, self._machine, self._timeline, self._record = system, system.machine, timeline, record
		self._runs, self._commits, self._chance, self._services = runs, commits, chance, services
		self.due: deque[Timer] = deque()
		self.nodes = [Node(system.cores) for _ in range(system.nodes)]
		self.bell = Bell(system, timeline, self._wake, self._is_waiting, self._is_due)

	def _is_waiting(self) -> bool:
		return self._runs.queue.count > 0

	def _is_due(self) -> bool:
		return bool(self.due) or self._runs.slots.has_room

	def come(self, node: Node) -> None:
		"""Let the workers of a node begin, each a little after the other."""
		now, node.workers = self._timeline.now, []
		for _ in range(self._system.workers):
			worker = Worker(node, self._chance.random() * HEARTBEAT_INTERVAL, now)
			worker.life = self._life(worker)
			node.workers.append(worker)
			self._timeline.at(now + self._chance.random() * STARTS, self._go_on, worker)

	def _go_on(self, worker: Worker) -> None:
		if not worker.is_gone and (at := next(worker.life)) < inf:
			self._timeline.at(at, self._go_on, worker)

	def _wake(self, worker: Worker) -> None:
		"""Have a worker that was idle look again; one that had left is a fresh drainer by now."""
		if self._timeline.now - worker.idle_since > self._system.linger:
			worker.pace = None
		worker.since = self._timeline.now
		self._go_on(worker)

	def _life(self, worker: Worker) -> Iterator[float]:
		while True:
			if self._timeline.now - worker.chores_at > CHORES_INTERVAL:
				self._do_chores(worker)
			pace = worker.pace
			limit = 1 if pace is None else max(1, min(MAX_BATCH, int(BATCH_SECONDS / max(pace, 1e-9))))
			batch = self._runs.queue.take(limit)
			if batch:
				yield from self._work_off(worker, batch, limit)
				continue
			worker.owed += self._machine.chores
			yield worker.node.cores.burst(self._commits.commit(self._timeline.now), self._owed(worker))
			if not self._do_chores(worker):
				worker.idle_since = self._timeline.now
				self._record.worked(worker.since, worker.idle_since)
				self.bell.listen(worker)
				yield inf  # the bell wakes it

	def _work_off(self, worker: Worker, batch: list[Task], limit: int) -> Iterator[float]:
		claimed_at = self._timeline.now
		worker.task, worker.batch = batch[0], deque(batch[1:])
		self._runs.begin(batch[0])
		if len(batch) == limit:
			self._ring_for_help(worker)
		yield self._commits.commit(claimed_at, self._machine.claim_commits)
		worker.owed += self._machine.claim
		chain = 1
		while worker.task:
			outcome, began = yield from self._attempt(worker, worker.task)
			asked_at = self._timeline.now
			yield self._commits.commit(asked_at)
			is_successor = self._finish(worker, worker.task, outcome, began, asked_at, chain < MAX_CHAIN)
			chain = chain + 1 if is_successor else 1
			if worker.batch and self._timeline.now - claimed_at > HOLD:
				claimed_at = self._timeline.now
				if not self._runs.queue.count:  # others may have nothing to do
					self._give_back(worker)
					self._ring_for_help(worker)

	def _attempt(self, worker: Worker, task: Task) -> Generator[float, None, tuple[Outcome, float]]:
		"""Let an attempt take its time; gives how it comes out and when it began."""
		step = task.step
		worker.owed += self._machine.step
		ready = worker.node.cores.burst(self._timeline.now, self._owed(worker))
		began = ready - self._machine.step
		self._record.waited(step.priority, began, began - task.ready_at)
		outcome = step.outcome(task.item, self._chance)
		acts = isinstance(outcome, Done | Failed)
		service = step.wait.draw(self._services) if acts else 0.0
		if service > (step.step.timeout or inf):
			outcome, service = step.fails, step.step.timeout or 0.0
		if service > PATIENCE and worker.batch:
			self._plan_return(worker, task, began)
		yield ready + service
		if acts and step.cpu.mean:
			yield worker.node.cores.burst(self._timeline.now, step.cpu.draw(self._services))
		return outcome, began

	def _finish(
		self, worker: Worker, task: Task, outcome: Outcome, began: float, asked_at: float, stick: bool
	) -> bool:
		"""End an attempt and begin the next one; whether that one follows from it."""
		now, runs = self._timeline.now, self._runs
		worker.node.steps += 1
		took = now - began
		worker.pace = took if worker.pace is None else worker.pace + (took - worker.pace) / 8
		runs.at = asked_at
		successor, changes = runs.finish(task, outcome, stick)
		ready, frees = opened(changes), changes.calls_admission
		worker.task = successor or worker.next()
		if worker.task:
			runs.begin(worker.task)
		runs.at = now
		if changes.check_items:
			ready += runs.close(task)
		if frees:
			self._admit(worker)
		if frees or ready:
			self.bell.work_came()
		if ready + bool(successor and (ready or frees)) > 1:
			self._ring_for_help(worker)
		return successor is not None

	def _do_chores(self, worker: Worker) -> int:
		"""Fire what is due, let in who waits for a slot; gives how many things happened."""
		worker.chores_at = self._timeline.now
		worker.owed += self._machine.chores
		happened = len(self.due)
		while self.due:
			self._commits.commit(self._timeline.now)
			self._runs.wake(self.due.popleft())
		return happened + self._admit(worker)

	def _admit(self, worker: Worker) -> int:
		slots = self._runs.slots
		if not slots.queues:
			return 0
		admitted = slots.admit()
		worker.owed += self._machine.admit * (admitted + slots.queues)
		if admitted:
			self._commits.commit(self._timeline.now, admitted)
			self.bell.work_came()
		return admitted

	def _ring_for_help(self, worker: Worker) -> None:
		if self._timeline.now - worker.rang_at > RING_INTERVAL:
			worker.rang_at = self._timeline.now
			self.bell.ring()

	def _owed(self, worker: Worker) -> float:
		"""Processor time for what it has done besides. Never twice the same, or workers would march in step."""
		owed, worker.owed = worker.owed, 0.0
		return owed * (0.5 + self._chance.random())

	# Giving back, and dying

	def _plan_return(self, worker: Worker, task: Task, began: float) -> None:
		"""At the first heartbeat after the step has lasted too long, what is claimed behind it goes back."""
		beats = ceil((began + PATIENCE - worker.heartbeat_at) / HEARTBEAT_INTERVAL)
		at = max(worker.heartbeat_at + beats * HEARTBEAT_INTERVAL, self._timeline.now)
		self._timeline.at(at, lambda _: self._give_back(worker) if worker.task is task else None)

	def _give_back(self, worker: Worker) -> None:
		while task := worker.next():
			self._runs.queue.put(task)
		self._commits.commit(self._timeline.now)
		self.bell.work_came()

	def die(self, node: Node) -> None:
		"""All workers of a node stop. What they had in hand is taken over when their leases have run out."""
		now = self._timeline.now
		node.is_up = False
		for worker in node.workers:
			self.bell.forget(worker)
			worker.is_gone = True
			since_heartbeat = (now - worker.heartbeat_at) % HEARTBEAT_INTERVAL
			self._timeline.at(now + self._system.lease * SILENT - since_heartbeat, self._take_over, worker)
			if worker.task:
				self._record.worked(worker.since, now)

	def _take_over(self, worker: Worker) -> None:
		"""Others notice in their chores."""
		now = self._timeline.now
		if not any(node.is_up for node in self.nodes):
			self._timeline.at(now + CHORES_INTERVAL, self._take_over, worker)
			return
		task, worker.task = worker.task, None
		self._runs.at = now
		if task:
			self._record.lost += 1
			if self._runs.finish(task, LOST, stick=False)[1].check_items:
				self._runs.close(task)
		if worker.batch:
			self._give_back(worker)
		self.bell.chores_came()
		self.bell.work_came()

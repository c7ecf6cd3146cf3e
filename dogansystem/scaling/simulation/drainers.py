"""What workers do: claim a batch, execute one step after another, stay with a run, look after timers, listen.

As `worker.drainer` has it. A step is three moments: it begins, its transaction begins to commit, it is committed.
"""

from collections import deque
from math import ceil
from random import Random

from dogansystem.scaling.simulation.bell import Bell
from dogansystem.scaling.simulation.nodes import Database, Node, Worker
from dogansystem.scaling.simulation.record import Record
from dogansystem.scaling.simulation.runs import (
	DONE,
	EXPANDS,
	FAILS,
	LOST,
	SKIPS,
	SLEEPS,
	STOPS,
	Runs,
	Timer,
)
from dogansystem.scaling.simulation.system import (
	BATCH_SECONDS,
	BEAT_INTERVAL,
	CHORES_INTERVAL,
	HOLD,
	MAX_BATCH,
	MAX_CHAIN,
	PATIENCE,
	RING_INTERVAL,
	SILENT,
	System,
)
from dogansystem.scaling.simulation.tasks import Task
from dogansystem.scaling.simulation.timeline import Timeline


class Drainers:
	"""All workers of a system."""

	def __init__(
		self, system: System, timeline: Timeline, record: Record, database: Database, chance: Random
	) -> None:
		self._system, self._machine = system, system.machine
		self._timeline, self._record, self._database = timeline, record, database
		self._chance = chance
		self._numbers = 0
		self.due: deque[Timer] = deque()
		self.nodes = [Node(number, system.cores) for number in range(system.nodes)]

	def attach(self, runs: Runs, bell: Bell) -> None:
		"""Know what they work for, and who wakes them."""
		self._runs, self._queue, self._bell = runs, runs.queue, bell

	def come(self, node: Node) -> None:
		"""Let the workers of a node begin, each a little after the other."""
		now = self._timeline.now
		node.workers = []
		for _ in range(self._system.workers):
			self._numbers += 1
			worker = Worker(self._numbers, node, self._chance.random() * BEAT_INTERVAL, now)
			node.workers.append(worker)
			self._timeline.at(now + self._chance.random() * 0.2, self.look, worker)

	# Claiming

	def look(self, worker: Worker) -> None:
		"""Claim what is ready, or become idle."""
		if worker.is_gone:
			return
		now = self._timeline.now
		if now - worker.chores_at > CHORES_INTERVAL:
			self._do_chores(worker)
		limit = (
			1 if worker.pace is None else max(1, min(MAX_BATCH, int(BATCH_SECONDS / (worker.pace or 1e-9))))
		)
		batch = self._queue.take(limit)
		if not batch:
			worker.extra += self._machine.chores
			done = worker.node.cpu(self._database.commit(now), self._owed(worker))
			self._timeline.at(done, self._become_idle, worker)
			return
		worker.task, worker.claimed_at = batch[0], now
		self._runs.begin(batch[0])
		worker.batch.extend(batch[1:])
		if len(batch) == limit:
			self._ring_for_help(worker)
		done = self._database.commit(now, self._machine.claim_commits)
		self._timeline.at(done, self._begin_batch, worker)

	def _become_idle(self, worker: Worker) -> None:
		if worker.is_gone:
			return
		if self._do_chores(worker):
			self.look(worker)
			return
		now = self._timeline.now
		self._record.worked(worker.busy_since, now)
		worker.idle_since = now
		self._bell.listen(worker)

	def wake(self, worker: Worker) -> None:
		"""Have a worker that was idle look again."""
		if worker.is_gone:
			return
		now = self._timeline.now
		worker.busy_since = now
		if now - worker.idle_since > self._system.linger:
			worker.pace = None  # it is a fresh drainer by now
		self.look(worker)

	def wake_for_chores(self, worker: Worker) -> None:
		"""Have a worker that was idle look after timers and lines, and then into the queue."""
		worker.chores_at = float("-inf")
		self.wake(worker)

	def _do_chores(self, worker: Worker) -> int:
		"""Fire what is due, let in who stands in line; gives how many things happened."""
		worker.chores_at = self._timeline.now
		worker.extra += self._machine.chores
		happened = len(self.due)
		while self.due:
			self._database.commit(self._timeline.now)
			self._runs.wake(self.due.popleft())
		return happened + self._admit(worker)

	def _admit(self, worker: Worker) -> int:
		lines = self._runs.lines
		if not lines.count:
			return 0
		admitted = lines.admit()
		worker.extra += self._machine.admit * (admitted + lines.count)
		if admitted:
			self._database.commit(self._timeline.now, admitted)
			self._bell.work_came()
		return admitted

	def _ring_for_help(self, worker: Worker) -> None:
		now = self._timeline.now
		if now - worker.rang_at > RING_INTERVAL:
			worker.rang_at = now
			self._bell.ring()

	# Executing

	def _begin_batch(self, worker: Worker) -> None:
		task = worker.task
		if worker.is_gone or task is None:
			return
		worker.extra += self._machine.claim
		worker.chain = 1
		self._begin(worker, task)

	def _begin(self, worker: Worker, task: Task) -> None:
		"""Execute a step whose beginning is noted already, in the transaction before."""
		now, step, machine = self._timeline.now, task.step, self._machine
		worker.extra += machine.step
		ready = worker.node.cpu(now, self._owed(worker))
		worker.task = task
		worker.began = began = ready - machine.step
		self._record.waited(step.lane, began, began - task.ready_at)
		if step.is_for_each and not task.item:
			worker.outcome, service = EXPANDS, 0.0
		elif step.is_simple:
			worker.outcome, service = DONE, step.wait()
		else:
			worker.outcome = self._outcome(task)
			service = step.wait() if worker.outcome == DONE or worker.outcome == FAILS else 0.0
		if service > step.timeout:
			worker.outcome, service = FAILS, step.timeout
		if service > PATIENCE and worker.batch:
			self._plan_return(worker, began)
		has_cpu = step.cpu and worker.outcome in (DONE, FAILS)
		self._timeline.at(ready + service, self._compute if has_cpu else self._commit, worker)

	def _outcome(self, task: Task) -> int:
		"""How an attempt will come out."""
		step = task.step
		if step.skipped and self._chance.random() < step.skipped:
			return SKIPS
		if step.failing and self._chance.random() < step.failing:
			return FAILS
		if step.ends:
			return STOPS
		return SLEEPS if step.sleep else DONE

	def _compute(self, worker: Worker) -> None:
		task = worker.task
		if worker.is_gone or task is None or task.step.cpu is None:
			return
		done = worker.node.cpu(self._timeline.now, task.step.cpu())
		self._timeline.at(done, self._commit, worker)

	def _commit(self, worker: Worker) -> None:
		if not worker.is_gone:
			worker.asked_at = now = self._timeline.now
			self._timeline.at(self._database.commit(now), self._finish, worker)

	def _finish(self, worker: Worker) -> None:
		task = worker.task
		if worker.is_gone or task is None:
			return
		now = self._timeline.now
		worker.task = None
		worker.steps += 1
		if now >= self._record.first:
			worker.node.steps += 1
		took, pace = now - worker.began, worker.pace
		worker.pace = took if pace is None else pace + (took - pace) / 8
		self._runs.at = worker.asked_at
		successor, opened, frees, may_close = self._runs.finish(
			task, worker.outcome, worker.chain < MAX_CHAIN
		)
		worker.chain = worker.chain + 1 if successor else 1
		following = successor or worker.take_next()
		if following:
			self._runs.begin(following)
		self._runs.at = now
		if may_close:
			opened += self._runs.close(task)
		if worker.batch and now - worker.claimed_at > HOLD:
			self._share(worker)
		if frees or opened:
			self._follow_up(worker, opened + bool(successor), frees)
		if following:
			self._begin(worker, following)
		else:
			self.look(worker)

	def _follow_up(self, worker: Worker, opened: int, frees: bool) -> None:
		"""See to what has become ready or free beside the step that the worker goes on with."""
		if frees:
			self._admit(worker)
		self._bell.work_came()
		if opened > 1:
			self._ring_for_help(worker)

	def _owed(self, worker: Worker) -> float:
		"""Processor time for what it has done besides. Never twice the same, or workers would march in step."""
		owed, worker.extra = worker.extra, 0.0
		return owed * (0.5 + self._chance.random())

	# Giving back

	def _plan_return(self, worker: Worker, began: float) -> None:
		"""At the first beat after the step has lasted too long, what is claimed behind it goes back."""
		beats = ceil((began + PATIENCE - worker.beat_phase) / BEAT_INTERVAL)
		at = worker.beat_phase + beats * BEAT_INTERVAL
		self._timeline.at(max(at, self._timeline.now), self._return_batch, (worker, worker.task))

	def _return_batch(self, about: tuple[Worker, Task]) -> None:
		worker, task = about
		if worker.task is task and worker.batch:
			self._give_back(worker)

	def _share(self, worker: Worker) -> None:
		"""What is left of a batch that took longer than thought goes back, unless others have enough to do anyway."""
		worker.claimed_at = self._timeline.now
		if not self._queue.count:
			self._give_back(worker)
			self._ring_for_help(worker)

	def _give_back(self, worker: Worker) -> None:
		while task := worker.take_next():
			self._queue.put(task)
		self._database.commit(self._timeline.now)
		self._bell.work_came()

	# Nodes that die

	def die(self, node: Node) -> None:
		"""All workers of a node stop. What they had in hand is taken over when their leases have run out."""
		now = self._timeline.now
		node.is_up = False
		for worker in node.workers:
			self._bell.forget(worker)
			worker.is_gone = True
			since_beat = (now - worker.beat_phase) % BEAT_INTERVAL
			self._timeline.at(now + self._system.lease * SILENT - since_beat, self._take_over, worker)
			if worker.task or worker.batch:
				self._record.worked(worker.busy_since, now)

	def _take_over(self, worker: Worker) -> None:
		"""Others notice in their chores, at intervals of half a second to a second."""
		if not any(node.is_up for node in self.nodes):
			self._timeline.at(self._timeline.now + CHORES_INTERVAL, self._take_over, worker)
			return
		task, worker.task = worker.task, None
		self._runs.at = self._timeline.now
		if task:
			self._record.lost += self._timeline.now >= self._record.first
			if self._runs.finish(task, LOST, stick=False).may_close:
				self._runs.close(task)
		if worker.batch:
			self._give_back(worker)
		self._bell.chores_came()
		self._bell.work_came()

"""How simulated runs go on. What follows from the states of a run's steps, and when a failure is tried again, is decided
by the engine (`flow`, `retry`); runs of one workflow meet the same states again and again, so each decision is kept."""

from collections.abc import Callable
from random import Random
from typing import Final

from dogansystem.engine import flow, states
from dogansystem.engine.retry import WORKER_LOST, next_attempt
from dogansystem.scaling.simulation.result import Record
from dogansystem.scaling.simulation.slots import Slots
from dogansystem.scaling.simulation.system import ReadyQueue, Timeline
from dogansystem.scaling.simulation.tasks import (
	EXPANDS,
	FAILS,
	LOST,
	SKIPS,
	SLEEPS,
	STOPS,
	Finished,
	Items,
	PlannedStep,
	Run,
	Task,
	Timer,
)  # fmt: skip
from dogansystem.scaling.simulation.workload import Workload

_STATE_AFTER: Final = {SKIPS: states.SKIPPED, FAILS: states.FAILED, LOST: states.FAILED}
MAX_REMEMBERED = 200_000  # decisions; a workflow with many steps side by side has more states than fit


class Runs:
	"""All runs of one workload. `put_timer` is called with the seconds until a timer is due.

	`at` is the moment from which what becomes ready is ready: when its transaction began to commit, a little before now.
	`admit`: seconds between an agent's time of taking a step and the moment from which others see that.
	"""

	def __init__(
		self, workload: Workload, timeline: Timeline, record: Record, chance: Random,
		put_timer: Callable[[float, Timer], None], admit: float,
	) -> None:  # fmt: skip
		self._definition, self._limits = workload.definition, workload.definition.limits
		self._steps = {step.id: PlannedStep(step, workload) for step in workload.definition.steps}
		self._timeline, self._record, self._chance = timeline, record, chance
		self._put_timer, self._admit = put_timer, admit
		self._decisions: dict[tuple[str, ...], flow.Decision] = {}
		self._started = 0
		self.queue = ReadyQueue()
		self.slots = Slots(workload, self._let_in, lambda run: self.end(run, states.CANCELLED))
		self.at = 0.0

	# Beginning

	def start(self) -> None:
		"""Start a run: its first steps are ready, or it waits for the limit of its workflow."""
		self._started += 1
		run = Run(self._started, dict.fromkeys(self._steps, states.PENDING), self._timeline.now)
		self._record.started += 1
		if not self._limits.concurrent_runs:
			self._let_in(run)
		elif not self.slots.wait(run):
			self._record.refused += 1

	def _let_in(self, waiter: Task | Run) -> None:
		self.at = self._timeline.now
		if isinstance(waiter, Task):
			waiter.ready_at = self.at - self._admit
			self.queue.put(waiter)
			return
		if self._limits.run_timeout:
			self._timeline.at(self.at + self._limits.run_timeout, self._out_of_time, waiter)
		self._go_on(waiter)

	def _out_of_time(self, run: Run) -> None:
		if not run.ending:
			self.end(run, states.FAILED)

	def _make_ready(self, run: Run, step: PlannedStep, item: int = 0, attempt: int = 1) -> None:
		task = Task(run, step, item, attempt, self.at)
		if step.resource is None:
			self.queue.put(task)
		else:
			self.slots.wait(task)

	def begin(self, task: Task) -> None:
		"""Note that a worker executes it."""
		task.is_begun = True
		task.run.running += 1
		if task.item:
			task.run.items[task.step.id].running += 1

	# Going on

	def _decide(self, run: Run) -> flow.Decision:
		key = tuple(run.states.values())
		found = self._decisions.get(key)
		if found is None:
			if len(self._decisions) >= MAX_REMEMBERED:
				self._decisions.clear()
			found = self._decisions[key] = flow.decide(self._definition, run.states)
		return found

	def _go_on(self, run: Run, stick: Task | None = None) -> tuple[Task | None, int]:
		"""Do what follows from the states of a run's steps; gives how many became ready. With `stick`, the first step that
		needs no agent is handed to whoever has done that one."""
		decision = self._decide(run)
		successor, opened = None, 0
		for name in decision.skipped:
			run.states[name] = states.SKIPPED
		for name in decision.ready:
			run.states[name] = states.RUNNING  # ready, running or waiting: what follows is the same
			step = self._steps[name]
			if stick and not successor and step.resource is None and not decision.ending:
				successor = Task(run, step, 0, 1, self.at)
			else:
				self._make_ready(run, step)
				opened += 1
		if decision.ending:
			self.end(run, decision.ending)
		return successor, opened

	def finish(self, task: Task, outcome: int, stick: bool) -> Finished:
		"""What follows from how an attempt came out."""
		run, step = task.run, task.step
		run.running -= 1
		if task.item:
			run.items[step.id].running -= 1
		if outcome in (FAILS, LOST) and not run.ending:
			names = (WORKER_LOST,) if outcome == LOST else step.errors
			delay = next_attempt(step.step.retry, task.attempt, names, self._chance.random)
			if delay is not None:
				self._record.retries += 1
				self._put_timer(delay, Timer(self._timeline.now, task, task.attempt + 1))
				return Finished(frees=self.slots.release(task))
		self._record.steps += 1
		frees = self.slots.release(task) or bool(self._limits.concurrent_runs)
		if run.ending:
			self._settle(run)
			return Finished(frees=True)
		if outcome == SLEEPS:
			self._put_timer(step.sleep or 0.0, Timer(self._timeline.now, task, 0))
			return Finished(frees=frees)
		if task.item:
			return self._finish_item(task, outcome, stick, frees)
		return self._finish_step(task, outcome, stick, frees)

	def _finish_step(self, task: Task, outcome: int, stick: bool, frees: bool) -> Finished:
		run, step = task.run, task.step
		if outcome == EXPANDS and step.items:
			run.items[step.id] = Items(step.items)
			return Finished(opened=self._open_items(run, step), frees=frees or step.resource is not None)
		run.states[step.id] = _STATE_AFTER.get(outcome, states.SUCCEEDED)
		if outcome == STOPS:
			self.end(run, step.ends or states.SUCCEEDED)
			return Finished(frees=frees)
		successor, opened = self._go_on(run, task if stick else None)
		return Finished(successor, opened, frees or bool(opened and self.slots.length))

	# Items

	def _open_items(self, run: Run, step: PlannedStep) -> int:
		items = run.items[step.id]
		opened = max(0, min(items.pending, step.step.max_parallel - items.open))
		for _ in range(opened):
			self._make_ready(run, step, self._next_number(items))
		return opened

	def _next_number(self, items: Items) -> int:
		items.pending -= 1
		items.open += 1
		items.number += 1
		return items.number

	def _finish_item(self, task: Task, outcome: int, stick: bool, frees: bool) -> Finished:
		run, step = task.run, task.step
		items = run.items[step.id]
		items.open -= 1
		items.has_failed |= outcome in (FAILS, LOST)
		if not items.pending or (outcome in (FAILS, LOST) and not step.goes_on):
			return Finished(frees=frees, may_close=True)
		number = self._next_number(items)
		if stick and step.resource is None:
			return Finished(Task(run, step, number, 1, self.at))
		self._make_ready(run, step, number)
		return Finished(opened=1, frees=frees or step.resource is not None)

	def close(self, task: Task) -> int:
		"""Complete a `for_each` step if its last item is finished; gives how many steps became ready."""
		run, step = task.run, task.step
		items = run.items[step.id]
		if run.ending or run.states[step.id] != states.RUNNING:
			return 0
		if items.has_failed and not step.goes_on:
			items.is_broken, items.pending = True, 0
			self._release(run, step)
		if items.running or (items.open and not items.is_broken):
			return 0
		run.states[step.id] = states.FAILED if items.is_broken else states.SUCCEEDED
		return self._go_on(run)[1]

	def _release(self, run: Run, step: PlannedStep | None = None) -> None:
		"""What has an agent and will not begin any more gives it back."""
		for task in [each for each in run.holding if not each.is_begun and step in (None, each.step)]:
			self.slots.release(task)

	# Waking and ending

	def wake(self, timer: Timer) -> None:
		"""Do what a timer is there for."""
		self.at, task = self._timeline.now, timer.task
		run, step = task.run, task.step
		if not task.is_wanted:
			return
		if timer.attempt:
			self._make_ready(run, step, task.item, timer.attempt)
		elif task.item:
			run.items[step.id].open -= 1
			if not self._open_items(run, step):
				self.close(task)
		else:
			run.states[step.id] = states.SUCCEEDED
			self._go_on(run)

	def end(self, run: Run, status: str) -> None:
		"""Bring a run to its end: nothing more of it starts; what is running finishes first."""
		run.ending = status
		self._release(run)
		self._settle(run)

	def _settle(self, run: Run) -> None:
		if not run.running and not run.is_over:
			run.is_over = True
			self.slots.release(run)
			self._record.ended(self._timeline.now, run.started_at, str(run.ending))

"""How runs go on: what starts, what a finished attempt leads to, how a run ends. As `store.start`, `finish`, `items`,
`wake` and `runs` have it, with the decisions of `engine.flow`."""

from collections.abc import Callable
from typing import Final, NamedTuple

from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.scaling.simulation.lines import Lines
from dogansystem.scaling.simulation.plan import (
	HAS_FAILED,
	HAS_SUCCEEDED,
	IS_BUSY,
	IS_SKIPPED,
	Plan,
	PlannedStep,
)
from dogansystem.scaling.simulation.record import Record
from dogansystem.scaling.simulation.tasks import Items, ReadyQueue, Run, Task
from dogansystem.scaling.simulation.timeline import Timeline

# How an attempt comes out.
DONE: Final = 0
SKIPS: Final = 1
FAILS: Final = 2
LOST: Final = 3
SLEEPS: Final = 4
STOPS: Final = 5
EXPANDS: Final = 6

_STATE_AFTER = {
	DONE: HAS_SUCCEEDED,
	SKIPS: IS_SKIPPED,
	FAILS: HAS_FAILED,
	LOST: HAS_FAILED,
	EXPANDS: HAS_SUCCEEDED,
}


class Finished(NamedTuple):
	"""What a finished attempt leads to: a step for the same worker, steps for anybody, room for somebody, and maybe the
	end of a `for_each`: then `close` has to be called, after the worker has begun its next step."""

	successor: Task | None = None
	opened: int = 0
	frees: bool = False
	may_close: bool = False


class Timer(NamedTuple):
	"""Something that shall happen to a step that waits: the next attempt, or (attempt 0) the end of its wait."""

	put_at: float
	task: Task
	attempt: int


NOTHING: Final = Finished()


class Runs:
	"""All runs of one workload. `put_timer` is called with the seconds until a timer is due.

	`at` is the moment from which what becomes ready is ready: when its transaction began to commit, a little before now.
	"""

	def __init__(
		self,
		plan: Plan,
		timeline: Timeline,
		record: Record,
		chance: Callable[[], float],
		put_timer: Callable[[float, Timer], None],
		admit: float,
	) -> None:
		"""`admit`: seconds between an agent's time of taking a step and the moment from which others see that."""
		self.queue = ReadyQueue()
		self.lines = Lines(plan, self._let_in, self._open, lambda run: self.end(run, CANCELLED))
		self._plan, self._timeline, self._record = plan, timeline, record
		self._chance, self._put_timer, self._admit = chance, put_timer, admit
		self._limits = plan.definition.limits
		self._started = 0
		self.at = 0.0

	# Beginning

	def start(self) -> None:
		"""Start a run: its first steps are ready, or it stands in line."""
		now = self._timeline.now
		self._started += 1
		run = Run(self._started, self._plan.begins, now, self._started % self._plan.workload.keys)
		self._record.started(now)
		if not self._limits.concurrent_runs:
			self._open(run)
		elif not self.lines.stand_run(run):
			self._record.refused(now)

	def _open(self, run: Run) -> None:
		self.at = self._timeline.now
		if self._limits.run_timeout:
			self._timeline.at(self._timeline.now + self._limits.run_timeout, self._out_of_time, run)
		self.go_on(run)

	def _out_of_time(self, run: Run) -> None:
		if not run.is_over and not run.ending:
			self.end(run, FAILED)

	def _let_in(self, task: Task) -> None:
		task.ready_at = self._timeline.now - self._admit
		self.queue.put(task)

	def _make_ready(self, run: Run, step: PlannedStep, item: int, attempt: int) -> None:
		task = Task(run, step, item, attempt, self.at)
		if step.resource is None:
			self.queue.put(task)
		else:
			self.lines.stand(task)

	def begin(self, task: Task) -> None:
		"""Note that a worker executes it."""
		task.is_begun = True
		task.run.running += 1
		if task.item:
			task.run.items[task.step.position].running += 1

	# Going on

	def go_on(self, run: Run) -> int:
		"""Do what follows from the states of a run's steps; gives how many steps became ready."""
		return self._apply(run, None)[1]

	def _apply(self, run: Run, stick: Task | None) -> tuple[Task | None, int]:
		"""Do what follows; with `stick`, the first step that anybody may do is handed to whoever has done that one."""
		ready, skipped, ending = _parts(self._plan, run)
		states, steps = run.states, self._plan.steps
		successor, opened = None, 0
		for number in skipped:
			states[number] = IS_SKIPPED
		for number in ready:
			states[number] = IS_BUSY
			step = steps[number]
			if stick and not successor and step.resource is None and not ending:
				successor = Task(run, step, 0, 1, self.at)
			else:
				self._make_ready(run, step, 0, 1)
				opened += 1
		if ending == FAILED:
			self.end(run, FAILED)
		elif ending:
			self._finalize(run, ending)
		return successor, opened

	def finish(self, task: Task, outcome: int, stick: bool) -> Finished:
		"""What follows from how an attempt came out."""
		run = task.run
		run.running -= 1
		if task.item:
			run.items[task.step.position].running -= 1
		if (outcome == FAILS or outcome == LOST) and not run.ending and self._is_retried(task, outcome):
			return Finished(frees=self.lines.release(task))
		self._record.finished(self._timeline.now)
		frees = self.lines.release(task) or bool(self._limits.concurrent_runs)
		if run.ending:
			self._settle(run)
			return Finished(frees=True)
		if outcome == SLEEPS:
			self._put_timer(task.step.sleep or 0.0, Timer(self._timeline.now, task, 0))
			return Finished(frees=frees)
		if task.item:
			return self._finish_item(task, outcome, stick, frees)
		return self._finish_step(task, outcome, stick, frees)

	def _is_retried(self, task: Task, outcome: int) -> bool:
		delay = task.step.delay_after(task.attempt, outcome == LOST, self._chance)
		if delay is None:
			return False
		self._record.retried(self._timeline.now)
		self._put_timer(delay, Timer(self._timeline.now, task, task.attempt + 1))
		return True

	def _finish_step(self, task: Task, outcome: int, stick: bool, frees: bool) -> Finished:
		run, step = task.run, task.step
		if outcome == EXPANDS and step.items:
			run.items[step.position] = Items(step.items)
			return Finished(opened=self._open_items(run, step), frees=frees or step.resource is not None)
		if outcome == STOPS:
			run.states[step.position] = HAS_SUCCEEDED
			self.end(run, step.ends or SUCCEEDED)
			return Finished(frees=frees)
		run.states[step.position] = _STATE_AFTER[outcome]
		successor, opened = self._apply(run, task if stick else None)
		return Finished(successor, opened, frees or bool(opened and self.lines.length))

	# Items

	def _open_items(self, run: Run, step: PlannedStep) -> int:
		items = run.items[step.position]
		opened = min(items.pending, step.max_parallel - items.open)
		for _ in range(opened):
			self._make_ready(run, step, self._next_number(items), 1)
		return max(0, opened)

	def _next_number(self, items: Items) -> int:
		items.pending -= 1
		items.open += 1
		items.number += 1
		return items.number

	def _finish_item(self, task: Task, outcome: int, stick: bool, frees: bool) -> Finished:
		run, step = task.run, task.step
		items = run.items[step.position]
		items.open -= 1
		if outcome == FAILS or outcome == LOST:
			items.has_failed = True
			if not step.goes_on_after_failure:
				return Finished(frees=frees, may_close=True)
		if items.pending:
			number = self._next_number(items)
			if stick and step.resource is None:
				return Finished(Task(run, step, number, 1, self.at))
			self._make_ready(run, step, number, 1)
			return Finished(opened=1, frees=frees or step.resource is not None)
		return Finished(frees=frees, may_close=True)

	def close(self, task: Task) -> int:
		"""Complete a `for_each` step if its last item is finished; gives how many steps became ready."""
		run, step = task.run, task.step
		items = run.items[step.position]
		if run.ending or run.states[step.position] != IS_BUSY:
			return 0
		if items.has_failed and not step.goes_on_after_failure:
			items.is_broken, items.pending = True, 0
			self._release_items(run, step)
		if items.running or (items.open and not items.is_broken):
			return 0
		run.states[step.position] = HAS_FAILED if items.is_broken else HAS_SUCCEEDED
		return self.go_on(run)

	def _release_items(self, run: Run, step: PlannedStep) -> None:
		"""Items that have an agent and will not begin any more give it back."""
		for task in [each for each in run.holding if each.step is step and each.item and not each.is_begun]:
			self.lines.release(task)

	# Waking and ending

	def wake(self, timer: Timer) -> None:
		"""Do what a timer is there for."""
		self.at, task = self._timeline.now, timer.task
		run, step = task.run, task.step
		if run.ending or run.is_over or not task.is_wanted:
			return
		if timer.attempt:
			self._make_ready(run, step, task.item, timer.attempt)
		elif task.item:
			items = run.items[step.position]
			items.open -= 1
			if not self._open_items(run, step):
				self.close(task)
		else:
			run.states[step.position] = HAS_SUCCEEDED
			self.go_on(run)

	def end(self, run: Run, status: str) -> None:
		"""Bring a run to its end: nothing more of it starts; what is running finishes first."""
		run.ending = status
		for task in [each for each in run.holding if not each.is_begun]:
			self.lines.release(task)
		self._settle(run)

	def _settle(self, run: Run) -> None:
		if not run.running and not run.is_over:
			self._finalize(run, run.ending or CANCELLED)

	def _finalize(self, run: Run, status: str) -> None:
		run.is_over, run.ending = True, status
		if self._limits.concurrent_runs:
			self.lines.release_run(run)
		self._record.ended(self._timeline.now, run.started_at, status)


def _parts(plan: Plan, run: Run) -> tuple[tuple[int, ...], tuple[int, ...], str | None]:
	found = plan.next(run.states)
	return found.ready, found.skipped, found.ending

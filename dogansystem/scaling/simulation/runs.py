"""How simulated runs go on: everything that happens to one is an event of the engine, and what follows is what
`engine.transition` says. Runs of one workflow meet the same states again and again, so most answers are kept."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any, NamedTuple

from dogansystem.engine import events
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import DEFAULT_PRIORITY, Step
from dogansystem.engine.outcomes import Done, Expanded, Failed, Outcome, Skipped, Stops, Waits
from dogansystem.engine.retry import WORKER_LOST
from dogansystem.engine.run_state import LEASE, READY_QUEUE, ItemResult, Key, Place, RunState
from dogansystem.engine.run_state import Items as ItemsState
from dogansystem.engine.states import (
	FAILED,
	PENDING,
	QUEUED,
	RUN_FINISHED,
	RUNNING,
	STEP_FINISHED,
	SUCCEEDED,
	WAITING,
)
from dogansystem.engine.transition import decide
from dogansystem.scaling.simulation.result import Record
from dogansystem.scaling.simulation.slots import Slots
from dogansystem.scaling.simulation.system import ReadyQueue, Timeline
from dogansystem.scaling.simulation.workload import Workload, sleep_of

NOTHING = "null"  # the output of everything
LOST = Failed((WORKER_LOST,), "its node died")
MAX_REMEMBERED = 200_000  # answers; a workflow with many steps side by side has more states than fit


class PlannedStep:
	"""A step with what its attempts ask for, looked up once."""

	def __init__(self, step: Step, workload: Workload) -> None:
		self.step, self.id, self.priority = step, step.id, step.priority
		service = workload.service_of(step)
		self.wait, self.cpu = service.wait, service.cpu
		self.resource = step.agent or step.capability
		self.fails = Failed(step.retry.on or ("SimulatedError",), "it was said to fail")
		self._failing, self._skipped = workload.failing.get(step.id, 0.0), workload.skipped.get(step.id, 0.0)
		self._expands = Expanded((NOTHING,) * workload.items_of(step)) if step.for_each is not None else None
		self._done: Outcome = Done(NOTHING)
		if step.action == "flow.stop":
			self._done = Stops(str(step.params.get("status", SUCCEEDED)), "", NOTHING)
		elif sleep := sleep_of(step):
			self._done = Waits(sleep, NOTHING)  # from the end of the attempt

	def outcome(self, item: int, chance: Random) -> Outcome:
		"""How an attempt will come out."""
		if self._expands and not item:
			return self._expands
		if self._skipped and chance.random() < self._skipped:
			return Skipped()
		return self.fails if self._failing and chance.random() < self._failing else self._done


@dataclass(eq=False, slots=True)
class Items:
	"""How many items of one `for_each` step have not begun (`pending`), are `open`, and have failed; and how many there are."""

	pending: int
	number: int
	open: int = 0
	failed: int = 0

	def state(self, at_most: int) -> ItemsState:
		"""As the engine wants to know it."""
		first = self.number - self.pending + 1
		pending = tuple((first + each, 0, None) for each in range(min(self.pending, at_most)))
		result = ItemResult(1, FAILED if self.failed else SUCCEEDED)
		counts = {PENDING: self.pending, RUNNING: self.open, FAILED: self.failed}
		return ItemsState(self.open, pending, counts, (result,))

	def change(self, old: str, new: str) -> None:
		"""One of them goes from one state to another."""
		self.pending -= old == PENDING
		self.open += (old == PENDING) - (new in STEP_FINISHED)
		self.failed += new == FAILED


@dataclass(eq=False, slots=True)
class Run:
	"""One run: the state of each step by its id, and what stands in a queue or is in a worker's hand (`tasks`)."""

	number: int
	states: dict[str, str]
	started_at: float
	status: str = QUEUED
	ending: str = ""
	items: dict[str, Items] = field(default_factory=dict)
	tasks: dict[Key, "Task"] = field(default_factory=dict)
	waits: dict[Key, int] = field(default_factory=dict)  # attempts so far
	slot: str | None = None
	resource: None = None
	priority: int = DEFAULT_PRIORITY
	is_wanted: bool = True


@dataclass(eq=False, slots=True)
class Task:
	"""A step of a run, or one item of it (from 1), that can be executed, unless it is not wanted any more."""

	run: Run
	step: PlannedStep
	item: int
	attempt: int
	ready_at: float
	slot: str | None = None
	is_begun: bool = False
	is_wanted: bool = True

	@property
	def resource(self) -> str | None:
		"""Whose slot it needs."""
		return self.step.resource

	@property
	def priority(self) -> int:
		"""9 first."""
		return self.step.priority


class Timer(NamedTuple):
	"""Something that is due for a step that waits: `retry`, or the end of a `wait`."""

	put_at: float
	run: Run
	kind: str
	key: Key


class Runs:
	"""All runs of one workload. `put_timer` is called with the seconds until a timer is due.

	`at` is the moment from which what becomes ready is ready: when its transaction began to commit, a little before now.
	`admit`: seconds between an agent's time of taking a step and the moment from which others see that.
	"""

	def __init__(
		self, workload: Workload, timeline: Timeline, record: Record, chance: Random,
		put_timer: Callable[[float, Timer], None], admit: float,
	) -> None:  # fmt: skip
		self._definition = replace(workload.definition, output=None)  # nothing is rendered here
		self._steps = {step.id: PlannedStep(step, workload) for step in workload.definition.steps}
		self._timeline, self._record, self._chance = timeline, record, chance
		self._put_timer, self._admit = put_timer, admit
		self._known: dict[Any, Changes] = {}
		self._started = 0
		self.queue = ReadyQueue()
		self.slots = Slots(workload, self._let_in, lambda run: self._happens(run, events.Cancelled()))
		self.at = 0.0

	def start(self) -> None:
		"""Start a run: its first steps are ready, or it waits for the limit of its workflow."""
		self._started += 1
		self._record.started += 1
		self.at = self._timeline.now
		run = Run(self._started, dict.fromkeys(self._steps, PENDING), self._timeline.now)
		self._happens(run, events.Started())

	def begin(self, task: Task) -> None:
		"""Note that a worker executes it."""
		task.is_begun = True
		task.run.status = RUNNING
		if not task.item:
			task.run.states[task.step.id] = RUNNING

	def finish(self, task: Task, outcome: Outcome, stick: bool) -> tuple[Task | None, Changes]:
		"""What follows from how an attempt came out: a step for the same worker, and what else has changed.

		With `check_items`, `close` has to be called after the worker has begun its next step.
		"""
		run, key = task.run, (task.step.id, task.item)
		del run.tasks[key]
		chance = self._chance.random() if isinstance(outcome, Failed) else 0.0
		event = events.Attempted(*key, task.attempt, outcome, task.slot, chance, stick)
		self.slots.release(task)
		changes = self._happens(run, event, task.attempt)
		self._record.retries += changes.is_again
		self._record.steps += not changes.is_again
		after = changes.successor
		return (self._task(run, after.step, after.item, after.attempt) if after else None), changes

	def close(self, task: Task) -> int:
		"""Complete a `for_each` step if its last item is finished; gives how many steps became ready."""
		return opened(self._happens(task.run, events.ItemsEnded(task.step.id)))

	def wake(self, timer: Timer) -> None:
		"""Do what a timer is there for."""
		self.at, run = self._timeline.now, timer.run
		attempts = run.waits.pop(timer.key, None)
		if attempts is None:
			return
		step, item = timer.key
		ends = item > 0 and timer.kind == "wait"
		if ends:
			run.items[step].open -= 1  # another one may take its place
		changes = self._happens(run, events.Woken(timer.kind, step, item, NOTHING), attempts)
		if ends:
			run.items[step].open += 1  # its end is among the changes
		if changes.check_items:
			self._happens(run, events.ItemsEnded(step))

	def _let_in(self, waiter: Task | Run) -> None:
		self.at, name = self._timeline.now, waiter.slot or ""
		if isinstance(waiter, Run):
			self._happens(waiter, events.Admitted(name, 0))
		else:
			key = (waiter.step.id, waiter.item)
			self._happens(waiter.run, events.Admitted(name, 0, *key, waiter.attempt, name))

	def _happens(self, run: Run, event: events.Event, attempts: int = 0) -> Changes:
		"""Let something happen to a run, with all that follows from it."""
		changes = self._decided(run, event, attempts)
		self._write(run, changes, attempts)
		return changes

	def _decided(self, run: Run, event: events.Event, attempts: int) -> Changes:
		failed = isinstance(event, events.Attempted) and isinstance(event.outcome, Failed)
		if failed or run.items:
			return decide(self._state(run, attempts), event)
		places = tuple((key, task.is_begun) for key, task in run.tasks.items())
		known = (run.status, run.ending, tuple(run.states.values()), places, event, attempts)
		if known not in self._known:
			if len(self._known) >= MAX_REMEMBERED:
				self._known.clear()
			self._known[known] = decide(self._state(run, attempts), event)
		return self._known[known]

	def _state(self, run: Run, attempts: int) -> RunState:
		places = tuple(
			Place(LEASE if task.is_begun else READY_QUEUE, (), step, item, begun=task.is_begun)
			for (step, item), task in run.tasks.items()
		)
		items = {step: each.state(self._steps[step].step.max_parallel) for step, each in run.items.items()}
		return RunState(
			str(run.number), self._definition, run.status, run.ending, run.states, places, items, WAITING, attempts
		)  # fmt: skip

	def _write(self, run: Run, changes: Changes, attempts: int) -> None:
		if changes.items:
			number = len(changes.items.values)
			run.items[changes.items.step] = Items(number, number)
		for change in changes.steps:
			if change.item:
				run.items[change.step].change(change.old, change.new)
			else:
				run.states[change.step] = change.new
		for place in changes.leaves:
			if place.key and (task := run.tasks.pop(place.key, None)):
				task.is_wanted = False
				self.slots.release(task)
		for step in changes.cancelled_items:
			_cancel_items(run, step)
		if changes.forgets_waits:
			run.waits.clear()
		if changes.run:
			run.status, run.ending = changes.run.new, changes.run.ending
			if run.status in RUN_FINISHED:
				self._record.ended(self._timeline.now, run.started_at, run.status)
				self.slots.release(run)
		self._move_on(run, changes, attempts)

	def _move_on(self, run: Run, changes: Changes, attempts: int) -> None:
		"""Put what is ready, or waits, where it is found again."""
		now = self._timeline.now
		for each in changes.ready:
			task = run.tasks.get((each.step, each.item))
			if task:  # it has waited for a slot
				task.ready_at = self.at - self._admit
			self.queue.put(task or self._task(run, each.step, each.item, each.attempt))
		for waiter in changes.queued:
			task = self._task(run, waiter.step, waiter.item, waiter.attempt) if waiter.step else None
			if not self.slots.wait(task or run):
				self._record.refused += 1
		for wait in changes.waits:
			if wait.step is None:
				self._timeline.at(now + wait.delay, lambda run: self._happens(run, events.TimedOut()), run)
			else:
				key = (wait.step, wait.item)
				run.waits[key] = attempts
				self._put_timer(wait.due or wait.delay, Timer(now, run, wait.kind, key))

	def _task(self, run: Run, step: str, item: int, attempt: int) -> Task:
		task = run.tasks[step, item] = Task(run, self._steps[step], item, attempt, self.at)
		return task


def opened(changes: Changes) -> int:
	"""How many steps became ready, or wait for a slot."""
	return len(changes.ready) + len(changes.queued)


def _cancel_items(run: Run, step: str) -> None:
	if step in run.items:  # not if it was not expanded yet
		begun = sum(task.item > 0 and task.step.id == step for task in run.tasks.values())
		run.items[step].pending, run.items[step].open = 0, begun
	for key in [each for each in run.waits if each[0] == step and each[1]]:
		del run.waits[key]

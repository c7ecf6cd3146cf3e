"""How simulated runs go on: everything that happens to one is an event of the engine, and what follows is what
`engine.transition` says. Runs of one workflow meet the same states again and again, so most answers are kept."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from random import Random
from types import MappingProxyType

from dogansystem.engine import events
from dogansystem.engine.changes import Changes, Queued, Ready, StepChange, Successor, Wait
from dogansystem.engine.limits import resource_of_run, resource_of_step
from dogansystem.engine.outcomes import Done, Failed, Outcome
from dogansystem.engine.run_state import LEASE, READY_QUEUE, ItemResult, Items, Key, Place, RunState
from dogansystem.engine.states import (
	FAILED,
	PENDING,
	QUEUED,
	RUNNING,
	STEP_FINISHED,
	SUCCEEDED,
	WAITING,
)
from dogansystem.engine.transition import decide
from dogansystem.scaling.simulation.result import Record
from dogansystem.scaling.simulation.system import Clock, Queue
from dogansystem.scaling.simulation.workload import NO_OUTPUT, Workload, first_branch

MAX_REMEMBERED = 200_000  # answers; a workflow with many steps side by side has more states than fit


@dataclass(eq=False, slots=True)
class Run:
	"""One run. Items of a `for_each` step are counted: those PENDING, those that are open (RUNNING), and the finished.

	`tasks`: what of it stands in a queue or is in a worker's hand. `waits`: what rests until a timer is due, with its
	attempts so far. `slots`: those it holds, by holder; None is the run.
	"""

	states: dict[str, str]
	started_at: float
	status: str = QUEUED
	ending: str = ""
	items: dict[str, Counter[str]] = field(default_factory=dict)
	tasks: dict[Key, "Task"] = field(default_factory=dict)
	waits: dict[Key, int] = field(default_factory=dict)
	slots: dict[Key | None, str] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Task:
	"""A step of a run, or one item of it (from 1), that waits for a slot or a worker, or that one executes.

	Without a `step` the run itself waits for the limit of its workflow.
	"""

	run: Run
	step: str
	item: int
	attempt: int
	priority: int
	ready_at: float
	is_begun: bool = False
	is_wanted: bool = True

	@property
	def key(self) -> Key | None:
		"""What holds its slot; None is the run."""
		return (self.step, self.item) if self.step else None


class Runs:
	"""All runs of one workload, and who waits for a worker (`queue`), for an agent or for the workflow's limit.

	`is_due` is called when a timer is, with what is to be done then.
	"""

	def __init__(
		self, workload: Workload, clock: Clock, record: Record, chance: Random,
		is_due: Callable[[Callable[[], None]], None],
	) -> None:  # fmt: skip
		self._definition = replace(workload.definition, output=None)  # nothing is rendered here
		self._clock, self._record, self._chance, self._is_due = clock, record, chance, is_due
		self._remembered = lru_cache(MAX_REMEMBERED)(self._decide)
		self.queue = Queue()
		limit = resource_of_run(self._definition.name, "")
		self._room = {limit: {limit: self._definition.limits.concurrent_runs}}
		self._room |= {resource_of_step(step): workload.room_for(step) for step in self._definition.steps}
		self._wait_queues = {resource: Queue() for resource in self._room}
		self._used: Counter[str] = Counter()  # slots, by name

	@property
	def waiting(self) -> list[int]:
		"""How many wait for a slot, for each resource that anybody waits for."""
		return [len(queue) for queue in self._wait_queues.values() if queue]

	def start(self) -> None:
		"""Start a run: its first steps are ready, or it waits for the limit of its workflow."""
		self._record.started += 1
		self._happens(Run(dict.fromkeys(self._definition.by_id, PENDING), self._clock.now), events.Started())

	def begin(self, task: Task) -> None:
		"""Note that a worker executes it."""
		task.is_begun, task.run.status = True, RUNNING
		if task.step and not task.item:
			task.run.states[task.step] = RUNNING

	def finish(self, task: Task, outcome: Outcome, stick: bool, at: float) -> tuple[Task | None, Changes]:
		"""What follows from how an attempt came out: a step for the same worker, and what else has changed.

		`at`: when its transaction began to commit, a little before now; what became ready by it is ready from then on.
		With `check_items`, `close` has to be called after the worker has begun its next step.
		"""
		run, step, item = task.run, task.step, task.item
		del run.tasks[step, item]
		chance = self._chance.random() if isinstance(outcome, Failed) else 0.0
		agent = run.slots.get((step, item))
		event = events.Attempted(step, item, task.attempt, outcome, agent, chance, stick)
		changes = self._happens(run, event, task.attempt, at)
		self._record.retries += changes.is_again
		self._record.steps += not changes.is_again
		return (self._task(run, changes.successor, at) if changes.successor else None), changes

	def close(self, run: Run, step: str) -> None:
		"""Complete a `for_each` step if its last item is finished."""
		self._happens(run, events.ItemsEnded(step))

	def admit(self, seconds: float) -> int:
		"""Let in who waits for a slot and gets one; gives how many. Each is seen so many seconds after it is ready."""
		admitted = 0
		for resource, queue in self._wait_queues.items():
			while queue and (slot := self._idlest(resource)):
				if task := queue.take():
					self._used[slot] += 1
					task.run.slots[task.key] = slot
					event = events.Admitted(slot, 0, task.step or None, task.item, task.attempt, slot)
					self._happens(task.run, event, at=self._clock.now - seconds)
					admitted += 1
		return admitted

	def _idlest(self, resource: str) -> str | None:
		free = (name for name, room in self._room[resource].items() if self._used[name] < room)
		return min(free, key=self._used.__getitem__, default=None)

	def _wake(self, run: Run, kind: str, step: str, item: int) -> None:
		attempts = run.waits.pop((step, item), None)
		if attempts is not None:  # it is still wanted
			retries = kind == "retry"
			event = events.Woken(step, item) if retries else events.WaitEnded(step, item, self._done(step))
			changes = self._happens(run, event, attempts)
			if changes.check_items:
				self.close(run, step)

	def _done(self, step: str) -> Done:
		return Done(NO_OUTPUT, first_branch(self._definition, step))

	# Deciding

	def _happens(self, run: Run, event: events.Event, attempts: int = 0, at: float | None = None) -> Changes:
		"""Let something happen to a run, with all that follows from it."""
		places = tuple((*key, task.is_begun) for key, task in run.tasks.items())
		known = (event, attempts, run.status, run.ending, tuple(run.states.values()), places)
		if run.items or (isinstance(event, events.Attempted) and event.chance):
			makes_room = isinstance(event, events.WaitEnded)
			items = {step: self._items(step, counts, makes_room) for step, counts in run.items.items()}
			changes = self._decide(*known, items)
		else:
			changes = self._remembered(*known)
		self._write(run, changes, attempts, self._clock.now if at is None else at)
		return changes

	def _decide(
		self, event: events.Event, attempts: int, status: str, ending: str, states: tuple[str, ...],
		places: tuple[tuple[str, int, bool], ...], items: Mapping[str, Items] = MappingProxyType({}),
	) -> Changes:  # fmt: skip
		found = tuple(
			Place(LEASE if begun else READY_QUEUE, (), step, item, begun=begun)
			for step, item, begun in places
		)
		by_step = dict(zip(self._definition.by_id, states, strict=True))
		return decide(
			RunState("", self._definition, status, ending, by_step, {}, found, items, WAITING, attempts),
			event,
		)

	def _items(self, step: str, counts: Counter[str], makes_room: bool) -> Items:
		"""The items as the engine wants to know them, or once one of them has made room."""
		opened = counts[RUNNING] - makes_room
		free = max(1, self._definition.by_id[step].max_parallel - opened)
		first = counts.total() - counts[PENDING] + 1
		pending = tuple((first + number, 0, None) for number in range(min(counts[PENDING], free)))
		return Items(opened, pending, counts, (ItemResult(1, FAILED if counts[FAILED] else SUCCEEDED),))

	# Writing down what follows

	def _write(self, run: Run, changes: Changes, attempts: int, at: float) -> None:
		if changes.items:
			run.items[changes.items.step] = Counter({PENDING: len(changes.items.values)})
		for change in changes.steps:
			if change.item:
				_count(run.items[change.step], change)
			else:
				run.states[change.step] = change.new
		for place in changes.leaves:
			if place.key in run.tasks:
				run.tasks.pop(place.key).is_wanted = False
		for step in changes.cancelled_items:
			_cancel_items(run, step)
		if changes.forgets_waits:
			run.waits.clear()
		for holder in changes.frees:
			if slot := run.slots.pop(holder, None):
				self._used[slot] -= 1
		if changes.run:
			run.status, run.ending = changes.run.new, changes.run.ending
			self._record.run_is(run.status, self._clock.now - run.started_at)
		for each in changes.ready:
			self.queue.put(self._task(run, each, at))
		for waiter in changes.queued:
			self._wait_queues[waiter.resource].put(self._task(run, waiter, at))
		for wait in changes.waits:
			self._rest(run, wait, attempts)

	def _task(self, run: Run, change: Ready | Queued | Successor, at: float) -> Task:
		task = Task(run, change.step or "", change.item, change.attempt, change.priority, at)
		if task.key:
			run.tasks[task.key] = task
		return task

	def _rest(self, run: Run, wait: Wait, attempts: int) -> None:
		at = self._clock.now + (wait.due or wait.delay)
		if wait.step is None:
			self._clock.at(at, self._happens, run, events.TimedOut())
		else:
			run.waits[wait.step, wait.item] = attempts
			wake = partial(self._wake, run, wait.kind, wait.step, wait.item)
			self._clock.at(at, self._is_due, wake)


def _count(items: Counter[str], change: StepChange) -> None:
	"""One of them goes from one state to another."""
	items[PENDING] -= change.old == PENDING
	items[RUNNING] += (change.old == PENDING) - (change.new in STEP_FINISHED)
	if change.new in STEP_FINISHED:
		items[change.new] += 1


def _cancel_items(run: Run, step: str) -> None:
	"""Of items that were made already, those that have not begun are no longer wanted."""
	if step in run.items:
		run.items[step][PENDING] = 0
		run.items[step][RUNNING] = sum(task.item > 0 and task.step == step for task in run.tasks.values())
	run.waits = {key: attempts for key, attempts in run.waits.items() if key[0] != step or not key[1]}

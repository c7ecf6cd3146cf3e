"""How simulated runs go on. What follows from the states of a run's steps, and when a failure is tried again, is decided
by the engine (`flow`, `retry`); runs of one workflow meet the same states again and again, so each decision is kept."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random
from typing import Final, NamedTuple

from dogansystem.engine import flow, states
from dogansystem.engine.definition import Step
from dogansystem.engine.retry import WORKER_LOST, next_attempt
from dogansystem.scaling.simulation.result import Record
from dogansystem.scaling.simulation.system import ReadyQueue, Timeline
from dogansystem.scaling.simulation.workload import Agent, Service, Workload, sleep_of

# How an attempt comes out.
DONE, SKIPS, FAILS, LOST, SLEEPS, STOPS, EXPANDS = range(7)
_STATE_AFTER: Final = {SKIPS: states.SKIPPED, FAILS: states.FAILED, LOST: states.FAILED}
MAX_REMEMBERED = 200_000  # decisions; a workflow with many steps side by side has more states than fit
RUNS_PRIORITY = 5  # of a run that waits for its workflow's limit


@dataclass(eq=False, slots=True)
class Items:
	"""The items of one `for_each` step of a run: `open` are ready, running or waiting, `running` in a worker's hand."""

	pending: int
	number: int = 0  # of the one opened last
	open: int = 0
	running: int = 0
	has_failed: bool = False
	is_broken: bool = False  # one has failed, so that no further one starts


@dataclass(eq=False, slots=True)
class Run:
	"""One run: the state of each step by its id, and how many attempts are `running`."""

	number: int
	states: dict[str, str]
	started_at: float
	running: int = 0
	ending: str | None = None
	is_over: bool = False
	items: dict[str, Items] = field(default_factory=dict)
	holding: set["Task"] = field(default_factory=set)  # those that have an agent's slot
	slot: str | None = None

	@property
	def is_wanted(self) -> bool:
		"""Whether it may still begin."""
		return not self.ending


class PlannedStep:
	"""A step with what its attempts ask for, looked up once."""

	def __init__(self, step: Step, workload: Workload) -> None:
		self.step, self.id, self.priority = step, step.id, step.priority
		service: Service = workload.service_of(step)
		self.wait, self.cpu = service.wait, service.cpu
		self.items = workload.items_of(step) if step.for_each is not None else 0
		self.failing = workload.failing.get(step.id, 0.0)
		self.skipped = workload.skipped.get(step.id, 0.0)
		self.sleep = sleep_of(step)
		self.ends = str(step.params.get("status", states.SUCCEEDED)) if step.action == "flow.stop" else None
		self.resource = step.agent or step.capability
		self.goes_on = step.on_error == "continue"
		self.errors = step.retry.on or ("SimulatedError",)

	def outcome(self, item: int, chance: Random) -> int:
		"""How an attempt will come out."""
		if self.step.for_each is not None and not item:
			return EXPANDS
		if self.skipped and chance.random() < self.skipped:
			return SKIPS
		if self.failing and chance.random() < self.failing:
			return FAILS
		return STOPS if self.ends else SLEEPS if self.sleep else DONE


@dataclass(eq=False, slots=True)
class Task:
	"""A step of a run, or one item of it (from 1), that can be executed."""

	run: Run
	step: PlannedStep
	item: int
	attempt: int
	ready_at: float
	slot: str | None = None
	is_begun: bool = False

	@property
	def is_wanted(self) -> bool:
		"""Whether it may still begin: its run is not ending, and no other item of its step has failed."""
		return not self.run.ending and not (self.item and self.run.items[self.step.id].is_broken)


class Finished(NamedTuple):
	"""What a finished attempt leads to: a step for the same worker, steps for anybody, room for somebody, and maybe the
	end of a `for_each`: then `close` has to be called, after the worker has begun its next step."""

	successor: Task | None = None
	opened: int = 0
	frees: bool = False
	may_close: bool = False


class Timer(NamedTuple):
	"""Something that is due for a step that waits: the next attempt, or (attempt 0) the end of its wait."""

	put_at: float
	task: Task
	attempt: int


class Slots:
	"""Wait queues before agents, and before the workflow's limit of runs. `let_in` is called with who got a slot."""

	def __init__(self, workload: Workload, let_in: Callable[[Task | Run], None], end: Callable[[Run], None]):
		self._limits, self._let_in, self._end = workload.definition.limits, let_in, end
		self._room = {
			step.agent or step.capability or "": _room(step, workload) for step in workload.definition.steps
		}
		self._room[None] = {"runs": self._limits.concurrent_runs}  # type: ignore[index]
		self._waiting: dict[str | None, list[tuple[int, int, Task | Run]]] = {}
		self._used: Counter[str] = Counter()
		self._running: dict[int, Run] = {}
		self._count = 0

	@property
	def length(self) -> int:
		"""How many wait, for whatever it is."""
		return sum(map(len, self._waiting.values()))

	@property
	def queues(self) -> int:
		"""How many wait queues have anybody in them."""
		return len(self._waiting)

	@property
	def has_room(self) -> bool:
		"""Whether somebody who waits could come in."""
		return any(self._free(resource) or self._may_replace(resource) for resource in self._waiting)

	def wait(self, waiter: Task | Run) -> bool:
		"""Wait for a slot. False: the limit of runs is full, and the workflow then wants no run."""
		is_run = isinstance(waiter, Run)
		resource = None if is_run else waiter.step.resource  # type: ignore[union-attr]
		if is_run and self._limits.when_full == "skip":
			if self._used["runs"] + len(self._waiting.get(None, ())) >= self._limits.concurrent_runs:
				return False
		priority = RUNS_PRIORITY if is_run else waiter.step.priority  # type: ignore[union-attr]
		self._count += 1
		heappush(self._waiting.setdefault(resource, []), (-priority, self._count, waiter))
		return True

	def admit(self) -> int:
		"""Let in as many as there is room for; gives how many came in."""
		return sum(self._admit(resource) for resource in list(self._waiting))

	def _admit(self, resource: str | None) -> int:
		queue, admitted = self._waiting[resource], 0
		while queue and (not queue[0][2].is_wanted or self._take(resource, queue[0][2])):
			heappop(queue)
			admitted += 1
		if not queue:
			del self._waiting[resource]
		return admitted

	def _take(self, resource: str | None, waiter: Task | Run) -> bool:
		if not self._free(resource) and self._may_replace(resource):
			self._end(next(iter(self._running.values())))
		free = self._free(resource)
		if not free:
			return False
		waiter.slot = min(free, key=self._used.__getitem__)
		self._used[waiter.slot] += 1
		if isinstance(waiter, Run):
			self._running[waiter.number] = waiter
		else:
			waiter.run.holding.add(waiter)
		self._let_in(waiter)
		return True

	def release(self, holder: Task | Run) -> bool:
		"""Give back a slot; whether there was one."""
		if holder.slot is None:
			return False
		self._used[holder.slot] -= 1
		holder.slot = None
		if isinstance(holder, Run):
			del self._running[holder.number]
		else:
			holder.run.holding.discard(holder)
		return True

	def _free(self, resource: str | None) -> list[str]:
		return [name for name, room in self._room[resource].items() if self._used[name] < room]  # type: ignore[index]

	def _may_replace(self, resource: str | None) -> bool:
		is_replaced = resource is None and self._limits.when_full == "replace"
		return is_replaced and not any(each.ending for each in self._running.values())


def _room(step: Step, workload: Workload) -> dict[str, int]:
	"""Who can do a step, and how many at a time; a capability that nobody is said to have is somebody's."""
	if step.agent:
		return {step.agent: workload.agents.get(step.agent, Agent()).capacity}
	able = {
		name: each.capacity for name, each in workload.agents.items() if step.capability in each.capabilities
	}
	return able or {f"capability {step.capability}": 1}


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

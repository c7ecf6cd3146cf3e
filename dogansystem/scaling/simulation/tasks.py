"""What moves through the simulation: runs, and the steps and items of runs that can be executed."""

from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from dogansystem.engine import states
from dogansystem.engine.definition import Step
from dogansystem.scaling.simulation.workload import Service, Workload, sleep_of

# How an attempt comes out.
DONE, SKIPS, FAILS, LOST, SLEEPS, STOPS, EXPANDS = range(7)


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

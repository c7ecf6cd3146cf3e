"""What is asked of a system: a workflow, how often it starts, and what its steps take and need; given, or measured."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random

from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.engine.outcomes import Done, Expanded, Failed, Outcome, Skipped, Stops, Waits
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.protocol import Database
from dogansystem.scaling.simulation.times import NOTHING, Times
from dogansystem.store import agents, samples
from dogansystem.store.figures import RETRIED, WORKFLOW, Figures

NO_OUTPUT = "null"  # what everything gives
DEFAULT_ITEMS = 10  # of a `for_each` whose list is only known when a run is under way
DAY = 86_400  # seconds of samples that are looked at, by minute


def first_branch(definition: Definition, step: str) -> str | None:
	"""The branch that a step takes here, if others wait for its branches: the first one that any of them names."""
	named = (name for other in definition.followers[step] for name in other.branches.get(step, ()))
	return next(named, None)


@dataclass(frozen=True, slots=True)
class Service:
	"""What an attempt takes: processor time of its node, and time in which it only waits for something elsewhere."""

	wait: Times = NOTHING
	cpu: Times = NOTHING


@dataclass(frozen=True, slots=True)
class Agent:
	"""Who takes steps, so many at a time."""

	capacity: int = 1
	capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
	"""When runs start: `rate` per second, by chance (Poisson) or on the clock.

	`by_minute`: rates per second, minute by minute, over and over; `rate` is then their mean.
	"""

	rate: float
	is_regular: bool = False
	by_minute: tuple[float, ...] = ()

	def times(self, chance: Random) -> Iterator[float]:
		"""Seconds at which runs start, without end. A rate that changes is the highest one, thinned out."""
		highest, at = max(self.by_minute, default=self.rate), 0.0
		while highest:
			at += 1 / highest if self.is_regular else chance.expovariate(highest)
			rate = self.by_minute[int(at // 60) % len(self.by_minute)] if self.by_minute else highest
			if rate == highest or chance.random() * highest < rate:
				yield at


@dataclass(frozen=True, slots=True)
class Workload:
	"""One workflow under a load: what its steps take and need, by their ids. Raises InputError for one that is not there."""

	definition: Definition
	arrivals: Arrivals
	service: Service = Service()  # of steps that are not in `of_step`
	of_step: Mapping[str, Service] = field(default_factory=dict)
	items: Mapping[str, int] = field(default_factory=dict)  # else those of the definition, else DEFAULT_ITEMS
	failing: Mapping[str, float] = field(default_factory=dict)  # share of the attempts
	skipped: Mapping[str, float] = field(default_factory=dict)  # share of the runs: its `if` is false
	agents: Mapping[str, Agent] = field(
		default_factory=dict
	)  # by name; who is not here takes one step at a time
	backlog: int = 0  # runs that wait at the beginning

	def __post_init__(self) -> None:
		if self.backlog < 0:
			raise InputError(f"backlog is {self.backlog}: give 0 or more.")
		known = self.definition.by_id
		for step in (*self.of_step, *self.items, *self.failing, *self.skipped):
			if step not in known:
				raise InputError(
					f"Workflow {self.definition.name} has no step {step!r}; it has {', '.join(known)}."
				)

	def attempt(
		self, step: Step, item: int, chance: Random, services: Random
	) -> tuple[Outcome, float, float]:
		"""How an attempt comes out, for how many seconds it waits, and how many it then needs of the processor."""
		outcome = self._outcome(step, item, chance)
		# `flow` steps decide and wait without a worker: they take nothing.
		default = Service() if step.action.startswith("flow.") else self.service
		service = self.of_step.get(step.id, default)
		if not isinstance(outcome, Done | Failed):
			return outcome, 0.0, 0.0
		wait, cpu = service.wait.draw(services), service.cpu.draw(services)
		if step.timeout and wait > step.timeout:
			return _failure(step), step.timeout, cpu
		return outcome, wait, cpu

	def _outcome(self, step: Step, item: int, chance: Random) -> Outcome:
		if step.for_each is not None and not item:
			return Expanded((NO_OUTPUT,) * self.items_of(step))
		if chance.random() < self.skipped.get(step.id, 0.0):
			return Skipped()
		if chance.random() < self.failing.get(step.id, 0.0):
			return _failure(step)
		if step.action == "flow.stop":
			return Stops(str(step.params.get("status", SUCCEEDED)), "", NO_OUTPUT)
		sleep = _sleep_of(step)
		branch = first_branch(self.definition, step.id)
		return Waits(sleep, NO_OUTPUT) if sleep else Done(NO_OUTPUT, branch)

	def room_for(self, step: Step) -> dict[str, int]:
		"""Who may do this step, and how many at a time. A capability that nobody is said to have is somebody's."""
		if step.agent:
			return {step.agent: self.agents.get(step.agent, Agent()).capacity}
		able = {
			name: each.capacity for name, each in self.agents.items() if step.capability in each.capabilities
		}
		return able or {f"capability {step.capability}": 1}

	def items_of(self, step: Step) -> int:
		"""How many items a `for_each` step has."""
		given = len(step.for_each) if isinstance(step.for_each, list | tuple) else DEFAULT_ITEMS
		return self.items.get(step.id, given)

	@property
	def attempts(self) -> float:
		"""How many attempts a run has on average, if all its steps are executed."""
		total = 0.0
		for step in self.definition.steps:
			tries = sum(self.failing.get(step.id, 0.0) ** number for number in range(step.retry.attempts))
			total += tries if step.for_each is None else 1 + self.items_of(step) * tries
		return total


def _failure(step: Step) -> Failed:
	"""An error that this step's retry, if it has one, is there for."""
	return Failed(step.retry.on or ("SimulatedError",), "it was said to fail")


def _sleep_of(step: Step) -> float:
	"""Seconds from the end of the attempt that a `flow.wait` step waits as a row. 0: it does not, or only a run's data tells."""
	try:
		return parse_duration(step.params.get("for")) if step.action == "flow.wait" else 0.0
	except ValueError:
		return 0.0


@dataclass(frozen=True, slots=True)
class Measured:
	"""What a site has measured of a workflow: its attempts, how many of them came to their end in each minute, from the first
	with any to the last, and the agents of the site."""

	figures: Figures
	by_minute: tuple[int, ...]
	agents: Mapping[str, Agent]

	def failing(self, definition: Definition) -> dict[str, float]:
		"""The share of attempts that fail, for each step that does more than steer the run."""
		outcomes = self.figures.outcomes
		share = (outcomes.get(RETRIED, 0) + outcomes.get(FAILED, 0)) / max(1, self.figures.executed)
		return {step.id: share for step in definition.steps if not step.action.startswith("flow.") and share}

	def arrivals(self, workload: Workload) -> Arrivals:
		"""How often its runs started, minute by minute: the attempts, by how many one run has. Raises InputError."""
		if not self.by_minute:
			raise InputError(
				"There are no samples by minute yet: they are added up a minute later. Give --arrivals 50/s."
			)
		rates = tuple(count / 60 / workload.attempts for count in self.by_minute)
		return Arrivals(sum(rates) / len(rates), by_minute=rates)


def read(db: Database, workflow: str, now: float) -> Measured:
	"""What was measured within a day. Raises InputError when that is nothing."""
	minutes = {
		at: found for at, _, found in samples.read(db, samples.MINUTE, now - DAY, (WORKFLOW,), workflow)
	}
	figures = Figures()
	for found in (*minutes.values(), samples.fresh(db, now - DAY).get((WORKFLOW, workflow), Figures())):
		figures.add(found)
	if not figures.run.count:
		raise InputError(
			f"Nothing was measured of the workflow {workflow!r} within a day: run it first, or give --service."
		)
	counts = {at: found.executed for at, found in minutes.items() if found.executed}
	every = range(min(counts), max(counts) + 1, samples.MINUTE) if counts else ()
	known = {each["name"]: Agent(each["capacity"], tuple(each["capabilities"])) for each in agents.every(db) if each["enabled"]}  # fmt: skip
	return Measured(figures, tuple(counts.get(at, 0) for at in every), known)

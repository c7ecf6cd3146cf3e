"""What is asked of a system: a workflow, how often it starts, and what its steps take, give and need."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.scaling.simulation.distributions import NOTHING, Distribution

DEFAULT_ITEMS = 10  # of a `for_each` whose list is only known when a run is under way


@dataclass(frozen=True, slots=True)
class Service:
	"""What an attempt takes: processor time of its node, and time in which it only waits for something elsewhere."""

	wait: Distribution = NOTHING
	cpu: Distribution = NOTHING

	@property
	def mean(self) -> float:
		"""Seconds, both together."""
		return self.wait.mean + self.cpu.mean


@dataclass(frozen=True, slots=True)
class Agent:
	"""Who takes steps, so many at a time."""

	capacity: int = 1
	capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Arrivals:
	"""When runs start: `rate` per second, by chance (Poisson) or on the clock; or as often as in each minute of a day.

	Attributes:
		by_minute: rates per second, minute by minute, over and over; `rate` is then their mean.
	"""

	rate: float
	is_regular: bool = False
	by_minute: tuple[float, ...] = ()

	def times(self, chance: Random) -> Iterator[float]:
		"""Seconds at which runs start, without end."""
		if self.by_minute:
			yield from self._as_measured(chance)
		at = 0.0
		while self.rate:
			at += 1 / self.rate if self.is_regular else chance.expovariate(self.rate)
			yield at

	def _as_measured(self, chance: Random) -> Iterator[float]:
		"""A Poisson stream whose rate changes every minute: at the highest rate, thinned out."""
		highest, at = max(self.by_minute), 0.0
		while highest:
			at += chance.expovariate(highest)
			if chance.random() * highest < self.by_minute[int(at // 60) % len(self.by_minute)]:
				yield at


@dataclass(frozen=True, slots=True)
class Workload:
	"""One workflow under a load.

	Attributes:
		service: what a step takes; that of a step by its id comes before the one for all.
		items: of `for_each` steps by their id; else of the list in the definition, else `DEFAULT_ITEMS`.
		failing: the share of a step's attempts that fail, by its id.
		skipped: the share of a step's runs whose `if` is false, by its id.
		agents: by name. Who is named in the definition and not here has room for one step at a time.
		backlog: how many runs wait at the beginning.
		keys: how many values the key of `limits` has, each as often.

	Raises InputError for a step that is not there, shares that are none, and less than nothing.
	"""

	definition: Definition
	arrivals: Arrivals
	service: Service = Service()
	of_step: Mapping[str, Service] = field(default_factory=dict)
	items: Mapping[str, int] = field(default_factory=dict)
	failing: Mapping[str, float] = field(default_factory=dict)
	skipped: Mapping[str, float] = field(default_factory=dict)
	agents: Mapping[str, Agent] = field(default_factory=dict)
	backlog: int = 0
	keys: int = 1

	def __post_init__(self) -> None:
		for what, least in (("backlog", 0), ("keys", 1)):
			if getattr(self, what) < least:
				raise InputError(f"{what} is {getattr(self, what)}: give {least} or more.")
		for what, values in (
			("service", self.of_step),
			("items", self.items),
			("failing", self.failing),
			("skipped", self.skipped),
		):
			for step in values:
				self._check_step(what, step)
		for what, shares in (("failing", self.failing), ("skipped", self.skipped)):
			for step, share in shares.items():
				if not 0 <= share <= 1:
					raise InputError(f"{what} of step {step!r} is {share}: give a share from 0 to 1.")

	def _check_step(self, what: str, step: str) -> None:
		if step not in self.definition.by_id:
			known = ", ".join(self.definition.by_id)
			raise InputError(f"{what}: workflow {self.definition.name} has no step {step!r}; it has {known}.")

	def service_of(self, step: Step) -> Service:
		"""What an attempt of this step takes. `flow` steps decide and wait without a worker: they take nothing."""
		if step.id in self.of_step:
			return self.of_step[step.id]
		return Service() if step.action.startswith("flow.") else self.service

	def items_of(self, step: Step) -> int:
		"""How many items a `for_each` step has."""
		if step.id in self.items:
			return self.items[step.id]
		return len(step.for_each) if isinstance(step.for_each, list | tuple) else DEFAULT_ITEMS


def waits_for(step: Step) -> float | None:
	"""Seconds a `flow.wait` step waits as a row; None for other steps, and for a wait that only a run's data tells."""
	if step.action != "flow.wait":
		return None
	try:
		return parse_duration(step.params.get("for"))
	except ValueError:
		return None


def end_of(step: Step) -> str | None:
	"""The state in which a `flow.stop` step ends its run; None for other steps."""
	if step.action != "flow.stop":
		return None
	status: Any = step.params.get("status", "Succeeded")
	return str(status)

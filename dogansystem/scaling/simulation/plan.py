"""A workload made ready for many runs: what is asked at every step is looked up once, decisions are remembered.

What follows from the states of a run's steps is decided by `engine.flow`, and only by it. Runs of one workflow meet the
same states again and again, so each decision is taken once.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from dogansystem.engine import flow
from dogansystem.engine.definition import Definition, Retry, Step
from dogansystem.engine.retry import next_attempt
from dogansystem.engine.states import CANCELLED, FAILED, PENDING, RUNNING, SKIPPED, SUCCEEDED
from dogansystem.scaling.simulation.distributions import Draw
from dogansystem.scaling.simulation.workload import Workload, end_of, waits_for

# States of a step in one byte. Whether a step is ready, running or waiting makes no difference to what follows.
STATES = (PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED)
IS_PENDING, IS_BUSY, HAS_SUCCEEDED, HAS_FAILED, IS_SKIPPED, IS_CANCELLED = range(len(STATES))

MAX_REMEMBERED = 200_000  # decisions; a workflow with many steps side by side has more states than fit
LOST = ("WorkerLost",)


@dataclass(frozen=True, slots=True)
class Next:
	"""A decision in numbers: positions of steps instead of their ids."""

	ready: tuple[int, ...]
	skipped: tuple[int, ...]
	ending: str | None


@dataclass(frozen=True, slots=True, eq=False)
class PlannedStep:
	"""A step with everything that its attempts ask for.

	Attributes:
		position: in the definition.
		lane: 0 is the most urgent.
		resource: what it stands in line for, or None.
		wait, cpu: draw what an attempt takes.
		sleep: seconds that it waits as a row, or None.
		ends: the state in which it ends its run, or None.
	"""

	step: Step
	position: int
	lane: int
	resource: str | None
	wait: Draw
	cpu: Draw | None
	items: int
	failing: float
	skipped: float
	sleep: float | None
	ends: str | None
	timeout: float
	max_parallel: int
	goes_on_after_failure: bool
	is_for_each: bool
	is_simple: bool

	def delay_after(self, attempt: int, lost: bool, chance: Callable[[], float]) -> float | None:
		"""Seconds until the next attempt, or None when there is none: by the engine's own rule."""
		retry: Retry = self.step.retry
		names = LOST if lost else (retry.on or ("SimulatedError",))
		return next_attempt(retry, attempt, names, chance)


class Plan:
	"""A workload's steps, and what follows from their states."""

	def __init__(self, workload: Workload, chance: Random) -> None:
		"""`chance` is what service times are drawn from."""
		self.workload = workload
		self.definition: Definition = workload.definition
		self.steps = [
			self._planned(number, step, chance) for number, step in enumerate(self.definition.steps)
		]
		self.begins = bytes(len(self.steps))
		self._positions = {step.id: number for number, step in enumerate(self.definition.steps)}
		self._known: dict[bytes, Next] = {}

	def next(self, states: bytearray) -> Next:
		"""What follows from the states of a run's steps."""
		key = bytes(states)
		found = self._known.get(key)
		if found is None:
			if len(self._known) >= MAX_REMEMBERED:
				self._known.clear()
			found = self._known[key] = self._decide(key)
		return found

	def _decide(self, states: bytes) -> Next:
		by_id = {step.id: STATES[state] for step, state in zip(self.definition.steps, states, strict=True)}
		decision = flow.decide(self.definition, by_id)
		at = self._positions
		return Next(
			tuple(at[each] for each in decision.ready),
			tuple(at[each] for each in decision.skipped),
			decision.ending,
		)

	def _planned(self, number: int, step: Step, chance: Random) -> PlannedStep:
		workload = self.workload
		service = workload.service_of(step)
		failing, skipped = workload.failing.get(step.id, 0.0), workload.skipped.get(step.id, 0.0)
		sleep, ends = waits_for(step), end_of(step)
		return PlannedStep(
			step=step,
			position=number,
			lane=9 - step.priority,
			resource=_resource(step),
			wait=service.wait.drawing(chance),
			cpu=service.cpu.drawing(chance) if service.cpu.mean else None,
			items=workload.items_of(step) if step.for_each is not None else 0,
			failing=failing,
			skipped=skipped,
			sleep=sleep,
			ends=ends,
			timeout=step.timeout or float("inf"),
			max_parallel=step.max_parallel,
			goes_on_after_failure=step.on_error == "continue",
			is_for_each=step.for_each is not None,
			is_simple=not (failing or skipped or sleep or ends),
		)


def _resource(step: Step) -> str | None:
	if step.agent:
		return f"agent:{step.agent}"
	return f"capability:{step.capability}" if step.capability else None

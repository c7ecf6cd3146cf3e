"""How many workers a node shall have now: up at once, down slowly. Pure: what is known goes in, a number comes out.

The rule is that of deploy/kubernetes/keda/scaling.yaml, so that a bench and a cluster behave alike: one worker for each
step that runs, and one more for each 20 that are ready. Counting only what is ready would send workers away in the middle
of their steps.
"""

import math
from dataclasses import dataclass, replace

from dogansystem.engine.errors import InputError
from dogansystem.scaling.sizing import MAX_WORKERS

READY_STEPS = 20  # that one more worker is wanted for
GROWTH = 2.0  # times as many at most with one decision
SHRINKAGE = 0.25  # of the workers go at most with one decision
PACE = 60.0  # seconds between two decisions to have fewer
GAP = 120.0  # seconds between two looks after which nobody knows what was wanted meanwhile
TOLERANCE = (
	0.1  # of the workers: fewer are not worth a change, or a small wave would start and stop them all day
)


@dataclass(frozen=True, slots=True)
class Bounds:
	"""The least and the most workers of a node, and for how many seconds fewer have to be enough before some go."""

	floor: int = 2
	ceiling: int = 20
	cooldown: float = 300.0

	def __post_init__(self) -> None:
		"""Raises InputError."""
		if not 1 <= self.floor <= self.ceiling <= MAX_WORKERS:
			raise InputError(
				f"floor {self.floor} and ceiling {self.ceiling}: give 1 <= floor <= ceiling <= {MAX_WORKERS}."
				" With no worker on the queue, steps would go to the queue `long`."
			)
		if not 0 <= self.cooldown < math.inf:
			raise InputError(f"cooldown is {self.cooldown}: give seconds, 0 or more.")


@dataclass(frozen=True, slots=True)
class Demand:
	"""What there is to do on the whole site, and how many nodes share it."""

	running: int
	ready: int
	nodes: int = 1

	@property
	def workers(self) -> int:
		"""Workers that one node's share of it wants."""
		return math.ceil((self.running + math.ceil(self.ready / READY_STEPS)) / max(self.nodes, 1))


@dataclass(frozen=True, slots=True)
class Memory:
	"""What has to be remembered from one decision to the next. Times are seconds since 1970.

	Attributes:
		wanted: when how many workers were wanted, the oldest first, as far back as the cooldown goes.
		shrunk_at: when some were last sent away.
	"""

	wanted: tuple[tuple[float, int], ...] = ()
	shrunk_at: float = float("-inf")

	def with_look(self, now: float, wanted: int, cooldown: float) -> "Memory":
		"""With one more look, and without those that are too old to tell anything of the cooldown."""
		oldest = now - cooldown - GAP
		kept = [each for each in self.wanted if oldest <= each[0] <= now]
		while len(kept) > 1 and kept[1][0] <= now - cooldown:
			del kept[0]
		return replace(self, wanted=(*kept, (now, wanted)))

	def enough(self, now: float, cooldown: float) -> int | None:
		"""How many workers would have been enough all through the cooldown; None: nobody has looked for as long."""
		if self.wanted[0][0] > now - cooldown:
			return None
		return max(number for _, number in self.wanted)


@dataclass(frozen=True, slots=True)
class Decision:
	"""How many workers there shall be, and why, in words."""

	workers: int
	why: str


def decide(
	now: float, workers: int, demand: Demand, bounds: Bounds, memory: Memory
) -> tuple[Decision, Memory]:
	"""How many workers there shall be, given that there are `workers`; and what to remember."""
	wanted = min(max(demand.workers, bounds.floor), bounds.ceiling)
	memory = memory.with_look(now, wanted, bounds.cooldown)
	facts = f"{demand.running} running, {demand.ready} ready"
	if workers > bounds.ceiling:
		return Decision(bounds.ceiling, f"the ceiling is {bounds.ceiling}"), replace(memory, shrunk_at=now)
	if workers < wanted:
		return Decision(min(wanted, max(math.floor(workers * GROWTH), bounds.floor)), facts), memory
	enough = memory.enough(now, bounds.cooldown)
	if enough is None or not _is_worth_it(workers, enough, bounds.floor) or now - memory.shrunk_at < PACE:
		return Decision(workers, facts), memory
	fewer = max(enough, workers - max(1, math.floor(workers * SHRINKAGE)))
	why = f"{facts}; {enough} were enough for {bounds.cooldown:.0f} s"
	return Decision(fewer, why), replace(memory, shrunk_at=now)


def _is_worth_it(workers: int, enough: int, floor: int) -> bool:
	return enough < workers and (workers - enough > workers * TOLERANCE or enough == floor)

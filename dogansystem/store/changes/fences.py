"""What keeps two from writing what follows from one event: a row that only one of them can remove."""

from dataclasses import dataclass

from dogansystem.engine.definition import Definition, Step
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment


@dataclass(frozen=True, slots=True)
class WaitFence:
	"""The row of a wait that is over."""

	id: int


@dataclass(frozen=True, slots=True)
class QueueFence:
	"""The row of what waited for a slot."""

	id: int


Fence = Lease | WaitFence | QueueFence | None


@dataclass(frozen=True, slots=True)
class Attempt:
	"""One attempt of a step, or of one item of it (`item` counts from 1; 0 is the step itself).

	Attributes:
		is_child: whether a step of another run has started the run.
		items: how many items the step has at most, if that is known, else 0.
		params: the rendered parameters as they are kept, JSON text; None: it has not come so far.
	"""

	lease: Lease
	definition: Definition
	step: Step
	item: int
	started: Moment
	worker: str
	items: int = 0
	is_child: bool = False
	params: str | None = None

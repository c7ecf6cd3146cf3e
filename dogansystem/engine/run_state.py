"""What is known of a run when something happens to it. The store reads it, `engine.transition` decides from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from dogansystem.engine.definition import Definition
from dogansystem.engine.states import RUN_FINISHED

Key = tuple[str, int]  # a step's id and the item; items count from 1, 0 is the step itself


def undo_of(item: int) -> int:
	"""The item of the step run that undoes another one: below 0, so that no count of items meets it. And back."""
	return -item - 1


# The places in which a step, or a run, can stand. Each is a table of the store.
READY_QUEUE, WAIT_QUEUE, LEASE = "ready queue", "wait queue", "lease"


@dataclass(frozen=True, slots=True)
class Place:
	"""A row of a queue, or a lease.

	Attributes:
		row: the values of its key in its table.
		step: None where the run itself waits for its workflow's limit.
		process: who has the lease; None in the queues.
		begun: whether the process is executing it.
	"""

	table: str
	row: tuple[int, ...]
	step: str | None
	item: int = 0
	attempt: int = 1
	agent: str | None = None
	process: int | None = None
	begun: bool = False

	@property
	def key(self) -> Key | None:
		"""The step run that stands here."""
		return None if self.step is None else (self.step, self.item)


@dataclass(frozen=True, slots=True)
class ItemResult:
	"""A finished item: its state, output (JSON text) and error."""

	item: int
	state: str
	output: str | None = None
	error_type: str | None = None
	error: str | None = None


@dataclass(frozen=True, slots=True)
class Items:
	"""The items of a `for_each` step, as far as the event needs them.

	Attributes:
		open: how many are ready, running or waiting.
		pending: the next ones: item, attempts so far, value (JSON text).
		counts: how many there are in each state.
		results: all of them, once all are finished.
	"""

	open: int = 0
	pending: tuple[tuple[int, int, str | None], ...] = ()
	counts: Mapping[str, int] = field(default_factory=dict)
	results: tuple[ItemResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Signal:
	"""A signal that a run may take: its number, and its data as JSON text."""

	id: int
	data: str


@dataclass(frozen=True, slots=True)
class Parked:
	"""A step run that is Ready and stands in no queue, because its run is paused."""

	step: str
	item: int
	attempts: int


@dataclass(frozen=True, slots=True)
class RunState:
	"""A run under lock.

	Attributes:
		definition: None where its version cannot be read.
		ending: how the run is about to end, once what is running has finished; empty otherwise.
		states: of each step, without items. Steps whose state nobody has to know are left out.
		branches: in which the steps have ended, of those that have branches.
		places: where its steps stand; None: not read.
		items: of the `for_each` steps that the event is about.
		attempts: of the step run that the event is about, and `state` its state.
		compensating: whether what it has done is undone before it ends.
		undo: what is left to undo, the last to succeed first; `undone`: the `for_each` steps of
			which every item that had succeeded is Compensated.
		signal: one that came before the step that now begins to wait for it.
		is_child: whether a step of another run has started it.
		has_slot: whether it holds a slot of its workflow's limit, and `limit_key` the value of that limit's key.
	"""

	name: str
	definition: Definition | None
	status: str
	ending: str = ""
	states: Mapping[str, str] = field(default_factory=dict)
	branches: Mapping[str, str] = field(default_factory=dict)
	places: tuple[Place, ...] | None = None
	items: Mapping[str, Items] = field(default_factory=dict)
	state: str = ""
	attempts: int = 0
	parked: tuple[Parked, ...] = ()
	compensating: bool = False
	undo: tuple[Key, ...] = ()
	undone: tuple[str, ...] = ()
	signal: Signal | None = None
	is_child: bool = False
	has_slot: bool = False
	limit_key: str = ""

	@property
	def is_finished(self) -> bool:
		"""Whether nothing more will happen, unless somebody retries it."""
		return self.status in RUN_FINISHED

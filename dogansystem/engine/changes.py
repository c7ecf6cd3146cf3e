"""What is to be written when something has happened to a run: plain data that can be printed, compared and replayed.

`engine.transition` makes it, `store.changes` writes it.
"""

from dataclasses import dataclass

from dogansystem.engine.definition import Step
from dogansystem.engine.run_state import Key, Place

NEVER = 2.5e11  # seconds since 1970: the due time of a wait that no time ends


@dataclass(frozen=True, slots=True)
class Result:
	"""What is written on a step run beside its state. `errors` and `output` are JSON texts."""

	output: str | None = None
	error_type: str | None = None
	error: str | None = None
	errors: str | None = None
	traceback: str | None = None
	branch: str | None = None


@dataclass(frozen=True, slots=True)
class StepChange:
	"""A step run goes from one state to another.

	Attributes:
		old: the state it had. A change to the same state writes only what else is said here.
		attempted: an attempt has ended: its number, times, worker and agent are written.
		handed_over: the process that finished the step before goes on with it at once.
		keeps_failure: what made the attempt fail is kept, because another one will follow.
		begins_anew: attempts are counted from 1 again, because a part of the step is done.
	"""

	step: str
	item: int
	old: str
	new: str
	result: Result | None = None
	attempted: bool = False
	handed_over: bool = False
	keeps_failure: bool = False
	begins_anew: bool = False
	agent: str | None = None


@dataclass(frozen=True, slots=True)
class RunChange:
	"""A run goes from one state to another.

	Attributes:
		ending: how it is about to end, or has ended.
		is_failure: the error of the run is written.
		compensating: whether its steps are being undone; None: as before.
		has_ended: the time of its end and its output are written.
		is_retry: what an earlier end has left is cleared; `version` is the one it goes on with, if that is another,
			`run_as` the user that one's steps act as, and `parameters` the values of its parameters (JSON text).
	"""

	old: str
	new: str
	ending: str
	compensating: bool | None = None
	is_failure: bool = False
	error_type: str | None = None
	error: str | None = None
	error_step: str | None = None
	has_ended: bool = False
	output: str | None = None
	is_retry: bool = False
	version: str | None = None
	run_as: str | None = None
	parameters: str | None = None


@dataclass(frozen=True, slots=True)
class Successor:
	"""The step, or item, that the process of an attempt goes on with. `value` is the item's, as JSON text."""

	step: str
	item: int
	attempt: int
	priority: int
	value: str | None = None


@dataclass(frozen=True, slots=True)
class Ready:
	"""A step run may be claimed by anybody."""

	step: str
	item: int
	attempt: int
	priority: int
	agent: str | None = None


@dataclass(frozen=True, slots=True)
class Queued:
	"""A run (`step` None) or a step run waits for a slot of `resource`."""

	resource: str
	priority: int
	step: str | None = None
	item: int = 0
	attempt: int = 1


@dataclass(frozen=True, slots=True)
class Wait:
	"""A step run (`step` None: the run) rests until `due` (epoch seconds), or for `delay` seconds from now.

	`key` says what else may end the wait, as its kind has it.
	"""

	kind: str
	due: float | None = None
	delay: float = 0.0
	key: str | None = None
	step: str | None = None
	item: int = 0
	data: str | None = None


@dataclass(frozen=True, slots=True)
class Slot:
	"""Place `number` of what `resource` can hold. `holder` None: the run."""

	resource: str
	number: int
	holder: Key | None


@dataclass(frozen=True, slots=True)
class NewItems:
	"""The items of a `for_each` step, with their values as JSON texts."""

	step: str
	values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changes:
	"""All that follows from one event.

	Attributes:
		reopened: a finished run is Running again, before anything else happens to it.
		resets: steps that become as they were when the run started, before anything else happens to them.
		successor: what the process of the attempt goes on with, in place of its lease.
		leaves: rows of queues and leases that go.
		cancelled_items: of these steps, all items that have not begun are Cancelled, and their waits end.
		forgets_waits: no wait of the run is left.
		withdraws: nobody is asked any more for a decision for which the run, or one of `cancelled_items`, has waited.
			`withdrawn`: an approval for which no wait has begun.
		signal: the number of a signal that the run has taken.
		takes: a slot that is in use from now on. `frees`: who gives back what they hold; None is the run.
		new_steps: steps that another version of the workflow has brought. `old_steps`: that it does not have.
		check_items: the `for_each` step of the attempt may be complete. `is_broken`: one of its items has failed.
		is_again: the attempt has failed and there will be another one.
		ended_child: the run has ended, and a step of another one may wait for that.
		undo: a step run of its own begins, which undoes this one. `undoes`: nothing runs any more; undo what is left.
		counts_failures: the run has succeeded, and some of its steps may have failed: how many is written on it.
		renders_output: the run has succeeded once its output is rendered.
	"""

	reopened: RunChange | None = None
	run: RunChange | None = None
	resets: tuple[StepChange, ...] = ()
	steps: tuple[StepChange, ...] = ()
	successor: Successor | None = None
	ready: tuple[Ready, ...] = ()
	queued: tuple[Queued, ...] = ()
	waits: tuple[Wait, ...] = ()
	items: NewItems | None = None
	leaves: tuple[Place, ...] = ()
	cancelled_items: tuple[str, ...] = ()
	forgets_waits: bool = False
	withdraws: bool = False
	withdrawn: str | None = None
	undo: Key | None = None
	undoes: bool = False
	signal: int | None = None
	ended_child: bool = False
	counts_failures: bool = False
	takes: Slot | None = None
	frees: tuple[Key | None, ...] = ()
	new_steps: tuple[Step, ...] = ()
	old_steps: tuple[str, ...] = ()
	check_items: bool = False
	is_broken: bool = False
	is_again: bool = False
	renders_output: bool = False

	@property
	def calls_admission(self) -> bool:
		"""Whether a slot became free, or something began to wait for one."""
		return bool(self.frees or self.queued)

"""Everything that can happen to a run. `engine.transition.decide` says what follows from each."""

from dataclasses import dataclass

from dogansystem.engine.definition import Definition
from dogansystem.engine.outcomes import Done, Failed, Outcome


@dataclass(frozen=True, slots=True)
class Started:
	"""The run and its steps were written, all of them Pending."""


@dataclass(frozen=True, slots=True)
class Attempted:
	"""An attempt has come to an outcome.

	Attributes:
		number: which attempt it was, from 1.
		agent: whose slot it has.
		chance: a number from 0 to 1, for the jitter of a retry.
		stick: the process may go on with a step behind this one.
	"""

	step: str
	item: int
	number: int
	outcome: Outcome
	agent: str | None = None
	chance: float = 0.0
	stick: bool = False


@dataclass(frozen=True, slots=True)
class Woken:
	"""The pause between two attempts of a step is over."""

	step: str
	item: int


@dataclass(frozen=True, slots=True)
class WaitEnded:
	"""What a step waited for has come, or the time until which it waited.

	Attributes:
		outcome: what the step comes to by it.
		chance: as in `Attempted`.
		signal: the number of the signal that ends the wait; the run has taken it then.
	"""

	step: str
	item: int
	outcome: Done | Failed
	chance: float = 0.0
	signal: int | None = None


@dataclass(frozen=True, slots=True)
class TimedOut:
	"""The run has taken as long as its `run_timeout` allows."""


@dataclass(frozen=True, slots=True)
class Admitted:
	"""There is room for what waited for a slot: the run itself (`step` None), or a step, which then has `agent`."""

	resource: str
	number: int
	step: str | None = None
	item: int = 0
	attempt: int = 1
	agent: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
	"""What waited for a slot will never get one: the run (`step` None), or a step."""

	error_type: str
	error: str
	step: str | None = None
	item: int = 0


@dataclass(frozen=True, slots=True)
class LeaseLost:
	"""A process gives back, or has lost, what it had claimed of the run and not begun."""

	process: int


@dataclass(frozen=True, slots=True)
class ItemsEnded:
	"""Perhaps the last item of a `for_each` step has finished, or one has failed, or one was left pending."""

	step: str


@dataclass(frozen=True, slots=True)
class Rendered:
	"""The run's own output was rendered: JSON text, or an error."""

	output: str | None = None
	error_type: str | None = None
	error: str | None = None


@dataclass(frozen=True, slots=True)
class Paused:
	"""Somebody wants no further step to start."""


@dataclass(frozen=True, slots=True)
class Resumed:
	"""Somebody lets a paused run go on."""


@dataclass(frozen=True, slots=True)
class Cancelled:
	"""Somebody wants the run to end; with `compensate` what it has done is undone first."""

	compensate: bool = False


@dataclass(frozen=True, slots=True)
class Undoing:
	"""Nothing runs any more in a run that ends, or a step of it has been undone: the next one is."""


@dataclass(frozen=True, slots=True)
class Broken:
	"""The run cannot go on: it could not be started as its trigger asked, or its version cannot be read."""

	error_type: str
	error: str


@dataclass(frozen=True, slots=True)
class Retried:
	"""Somebody wants a finished run to go on from `step`, or from where it failed.

	`definition`, `version` and `run_as` are those of another version of the workflow, if it shall go on with that one;
	`parameters` the values of that one's parameters (JSON text).
	"""

	step: str | None = None
	definition: Definition | None = None
	version: str | None = None
	run_as: str | None = None
	parameters: str | None = None


Event = (
	Started
	| Attempted
	| Woken
	| WaitEnded
	| TimedOut
	| Admitted
	| Refused
	| LeaseLost
	| ItemsEnded
	| Rendered
	| Paused
	| Resumed
	| Cancelled
	| Undoing
	| Broken
	| Retried
)

"""How an attempt of a step can come out. The worker makes one of these, the store writes what follows from it."""

from collections.abc import Sequence
from dataclasses import dataclass

from dogansystem.engine.errors import error_names


@dataclass(frozen=True, slots=True)
class Done:
	"""The action gave an output; `output` is its JSON text. `branch`: the way it ended, if it has several."""

	output: str
	branch: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
	"""The step's `if` was false."""


@dataclass(frozen=True, slots=True)
class Expanded:
	"""`for_each` gave these items, each as JSON text."""

	items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Waits:
	"""The step rests until something ends its wait.

	Attributes:
		until: when its time is over (seconds since 1970, UTC); None: no time ends it.
		output: JSON text of what it succeeds with then, where nothing but time ends it.
		kind: what ends it: `wait` (time alone), `signal`, `child` or `decision`.
		key: which signal, which run, or which approval.
	"""

	until: float | None
	output: str = "null"
	kind: str = "wait"
	key: str | None = None


@dataclass(frozen=True, slots=True)
class Continues:
	"""The attempt has done a part of the step; the next part is an attempt of its own, the first one for that part.

	`until`: not before that (seconds since 1970, UTC); None: at once, with the agent's slot that the step has.
	"""

	until: float | None = None


@dataclass(frozen=True, slots=True)
class Stops:
	"""The run ends here with `status`."""

	status: str
	message: str
	output: str


@dataclass(frozen=True, slots=True)
class Failed:
	"""The attempt raised an error. `names` are those of its class and of its parents, nearest first.

	`traceback` tells where, if the error was not expected.
	"""

	names: tuple[str, ...]
	message: str
	traceback: str | None = None

	@property
	def type(self) -> str:
		"""The name people see."""
		return self.names[0]


Outcome = Done | Skipped | Expanded | Waits | Continues | Stops | Failed

MAX_MESSAGE = 2000  # characters of an error's text that are kept


def failed(error: BaseException) -> Failed:
	"""The outcome of an attempt that raised `error`."""
	return Failed(error_names(error), as_message(str(error).strip() or type(error).__name__))


def as_message(text: str) -> str:
	"""An error's text as it is kept."""
	# An error may quote half of a character, which no database takes: the worker would die of telling about it.
	return text[:MAX_MESSAGE].encode(errors="replace").decode()


class ErrorText(str):
	"""An error as templates and answers show it: `Timeout: the attempt took …`, with `.type` and `.message`."""

	type: str
	message: str


def as_error(error_type: str | None, message: str | None) -> ErrorText | None:
	"""An error out of its two columns; None if there was none."""
	if not error_type and not message:
		return None
	text = ErrorText(": ".join(part for part in (error_type, message) if part))
	text.type, text.message = error_type or "", message or ""
	return text

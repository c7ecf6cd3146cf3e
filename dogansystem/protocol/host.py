"""What runs a home: its workers, how they are called, and who is told of changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from dogansystem.protocol.trials import Call, Effects


@dataclass(frozen=True, slots=True)
class Scheduler:
	"""Who has the tick act on a site.

	Attributes:
		expected: whether a tick has to come every minute, whether or not anything is due.
		problem: why it does not come in time, a sentence; empty: as far as the site knows it does.
		remedy: what brings it back, a sentence.
	"""

	expected: bool = False
	problem: str = ""
	remedy: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
	"""What is around the site's database, as far as the site knows.

	Attributes:
		queue: the name of the queue that workers listen to; empty where there is no such thing.
		listening: workers on that queue that beat, by node, busy or not.
		redis: the servers by role (`queue`, `cache`), each with what its INFO says, `ping_seconds`, or `problem`.
		web_threads: requests that one node's web server answers at a time; 0: not known.
	"""

	queue: str = ""
	listening: Mapping[str, int] = field(default_factory=dict)
	redis: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
	web_threads: int = 0


class Doorbell(Protocol):
	"""Waking a drainer. It may lose every ring: the tick rings again while work waits."""

	def ring(self) -> None:
		"""Wake one drainer: one that lingers, else a new one. Never blocks, never raises."""

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""


class KeptIn(Protocol):
	"""What would have gone out of an attempt that is rolled back, beyond what the rollback itself turns back."""

	@property
	def would(self) -> Sequence[Mapping[str, Any]]:
		"""Each with a `kind` (`mail`, `notification`, `realtime`, `job`, `request`, `file`, `commit`, …), in order, and what
		the kind has: a mail `to`, `subject` and `message`, a job `method`, a file `path`, a request `request`."""


class Host(Protocol):
	"""The processes and servers of a site."""

	@property
	def doorbell(self) -> Doorbell: ...
	@property
	def outbound(self) -> Callable[..., Any] | None:
		"""What stands in for `actions.outbound.Outbound`, made like one, where nothing may go out: in a test. None: itself."""

	def kept_in(self) -> AbstractContextManager[KeptIn]:
		"""Within the block nothing that this thread does leaves the transaction that is open: what a rollback does not turn
		back (mails, jobs, realtime, files, caches, requests, sockets, a commit) is kept in and listed, or the attempt gets an
		error that names it. The caller rolls back, before the block ends."""

	def try_call(self, call: Call) -> Effects:
		"""What a call of an AI agent's tool would do: it is made, and undone (`proving.calls`)."""

	def make_call(self, call: Call) -> tuple[Any, Effects | None]:
		"""Make such a call; gives its output, and what it has done, if that was noted."""

	def series(self) -> Mapping[str, str]:
		"""The tables of naming series, and the column of their last numbers, of which an attempt that is rolled back gets copies.
		Empty where `kept_in` sees to that."""

	@property
	def models(self) -> Callable[..., Any] | None:
		"""What stands in for the models of AI agents: called with the model, what it is asked, and the step's id. None: they are
		asked themselves."""

	def listening(self) -> Mapping[str, int]:
		"""How many workers would come if they were called, by node: asked now. Empty where nobody has to be called."""

	def surroundings(self) -> Surroundings:
		"""Workers that listen, and Redis: asked now, in some milliseconds. For advice, not for every step."""

	def scheduler(self) -> Scheduler:
		"""Whether the tick comes, and why not: asked now, in some milliseconds."""

	def stop_requested(self) -> bool:
		"""Whether whoever runs this process has asked it to leave. Called before each step, a few
		times a second at most, and from the thread of the heartbeat."""

	def others_wait(self) -> bool:
		"""Whether other work than this site's steps waits for this very process. Asked before each claim."""

	def runs_changed(self, runs: Iterable[str]) -> None:
		"""Tell the people who look at these runs that they changed. Best effort, after commit."""

	def runs_deleted(self, runs: Sequence[str]) -> None:
		"""Forget what the site keeps about runs beside their rows, such as comments; they have just been deleted."""

	def report(self, title: str, traceback: str, run: str | None = None) -> bool:
		"""Keep an unexpected error for those who run this place, once an hour for each title. The log has it anyway.

		True: it is written in this thread's transaction, which the caller commits. Never raises.
		"""

	def versions(self) -> dict[str, str]:
		"""What this place is made of beside this app, Python and the database: names and versions."""

	def signs_of_production(self) -> list[str]:
		"""Why it looks as if people rely on this place, in words; empty if it does not."""

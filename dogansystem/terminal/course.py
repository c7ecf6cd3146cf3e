"""What happens around a run that a person tries: signals sent at their time, a clock that jumps, and whether it can go on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine.changes import NEVER
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.databases.clock import Clock
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import approvals, children, reads
from dogansystem.terminal import files
from dogansystem.terminal.answers import Answers
from dogansystem.terminal.shell import PATIENCE


class JumpingClock:
	"""Another clock that can be put forward."""

	def __init__(self, clock: Clock) -> None:
		self._clock = clock
		self._ahead = 0.0

	def now(self) -> float:
		"""Seconds since 1970 (UTC)."""
		return self._clock.now() + self._ahead

	def jump_to(self, moment: float) -> None:
		"""Be at that moment (epoch seconds); never goes back."""
		self._ahead += max(0.0, moment - self.now())


@dataclass(frozen=True, slots=True)
class ToSend:
	"""A signal that is sent so many seconds after the start."""

	name: str
	key: Any = None
	data: Any = None
	after: float = 0.0


def to_send(texts: Iterable[str]) -> list[ToSend]:
	"""The signals of `--signal`, each as JSON text. Raises FileError."""
	found = []
	for text in texts:
		value = files.json_value(text, "--signal")
		known = {"name", "key", "data", "after"}
		if not isinstance(value, Mapping) or "name" not in value or value.keys() - known:
			raise files.FileError(
				'--signal: must be a mapping with `name`, and maybe `key`, `data` and `after`. Write it as \'{"name": "paid"}\'.'
			)
		try:
			after = parse_duration(value.get("after", 0))
		except ValueError as error:
			raise files.FileError(f"--signal: after: {error}") from None
		found.append(ToSend(value["name"], value.get("key"), value.get("data"), after))
	return sorted(found, key=lambda each: each.after)


@dataclass(slots=True)
class Course:
	"""The course of a run until it has ended, or until nothing that is known will let it go on.

	`is_over` is asked by a worker whenever nothing is ready.
	"""

	site: Sandbox
	run: str
	signals: list[ToSend] = field(default_factory=list)
	clock: JumpingClock | None = None
	began: float = 0.0
	answers: Answers | None = None

	def is_finished(self) -> bool:
		"""Whether the run has ended."""
		return reads.status_of_run(self.site.database, self.run) in RUN_FINISHED

	def is_over(self) -> bool:
		"""Whether the run has ended or rests for good. Sends what is due, gives answers, and lets the clock jump, if it has one."""
		self.site.database.rollback()  # what was read before is what was true then
		if self.is_finished():
			return not approvals.untold(self.site.database, 1)  # those who were asked hear of it
		self._send()
		if not self._is_idle() or (self.answers and self.answers.give(self.run)):
			return False
		# Without a clock that jumps nobody sits through the days that people or a signal have.
		patience = NEVER if self.clock else self.site.now() + PATIENCE
		due = children.next_due(self.site.database, self.run, people_until=patience)
		due = min([due, *(self.began + each.after for each in self.signals[:1])])
		if due >= NEVER:
			return True
		if self.clock:
			reminder = children.next_due(self.site.database, self.run, reminders=True)
			self.clock.jump_to(min(due, reminder))
			self._send()
		return False

	def _send(self) -> None:
		while self.signals and self.began + self.signals[0].after <= self.site.now():
			signal = self.signals.pop(0)
			Orchestrator(self.site).signal(signal.name, signal.key, signal.data)
			self.site.database.commit()

	def _is_idle(self) -> bool:
		"""Whether no worker has anything to do now."""
		tables = (
			*("dogan_ready", "dogan_lease", "dogan_line"),
			*("dogan_signal WHERE state = 0", "`tabDogan Approval` WHERE untold = 1"),
		)
		query = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in tables)
		return not self.site.database.sql(f"SELECT {query}")[0][0]

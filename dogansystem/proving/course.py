"""The course of a run that somebody tries: signals sent at their time, a clock that jumps, and whether it can go on."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from dogansystem.engine.changes import NEVER
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Site
from dogansystem.proving.answers import Answers
from dogansystem.store import approvals, children, reads, signals
from dogansystem.store.moment import as_text, moment

PATIENCE = (
	60.0  # seconds until the deadline of a decision or a signal, for which a run without such a clock waits
)


class Clock(Protocol):
	"""A clock that can be put forward."""

	def jump_to(self, moment: float) -> None:
		"""Be at that moment (epoch seconds); never goes back."""


@dataclass(frozen=True, slots=True)
class ToSend:
	"""A signal that is sent so many seconds after the start."""

	name: str
	key: Any = None
	data: Any = None
	after: float = 0.0


@dataclass(slots=True)
class Course:
	"""The course of a run until it has ended, or until nothing that is known will let it go on.

	`is_over` is asked by a worker whenever nothing is ready.

	Attributes:
		assumes: whether a signal that nobody gives is taken as received, with no data.
		assumed: the signals of which that is so: step, index, signal, key.
		jumped: the waits that the clock jumped over: step, index, kind, until.
	"""

	site: Site
	run: str
	signals: list[ToSend] = field(default_factory=list)
	clock: Clock | None = None
	began: float = 0.0
	answers: Answers | None = None
	assumes: bool = False
	assumed: list[dict[str, Any]] = field(default_factory=list)
	jumped: list[dict[str, Any]] = field(default_factory=list)

	def is_finished(self) -> bool:
		"""Whether the run has ended."""
		return reads.status_of_run(self.site.database, self.run) in RUN_FINISHED

	def is_over(self) -> bool:
		"""Whether the run has ended or rests for good. Sends what is due, gives answers, and lets the clock jump, if it has one."""
		self.site.database.rollback()  # what was read before is what was true then
		if self.is_finished():
			return not approvals.untold(self.site.database, 1)  # those who were asked hear of it
		self._send()
		if not self._is_idle() or (self.answers and self.answers.give(self.run)) or self._assume():
			return False
		# Without a clock that jumps nobody sits through the days that people or a signal have.
		patience = NEVER if self.clock else self.site.now() + PATIENCE
		due = children.next_due(self.site.database, self.run, people_until=patience)
		due = min([due, *(self.began + each.after for each in self.signals[:1])])
		if due >= NEVER:
			return True
		if self.clock:
			reminder = children.next_due(self.site.database, self.run, reminders=True)
			self._note(min(due, reminder))
			self.clock.jump_to(min(due, reminder))
			self._send()
		return False

	def _send(self) -> None:
		while self.signals and self.began + self.signals[0].after <= self.site.now():
			signal = self.signals.pop(0)
			self._send_one(signal.name, signal.key, signal.data)

	def _send_one(self, name: str, key: Any, data: Any) -> None:
		database = self.site.database
		signals.send(database, name, key, data, self.site.user, moment(self.site))
		self.site.after_commit(self.site.doorbell.ring)
		database.commit()

	def _assume(self) -> bool:
		"""Take a signal that nobody will give as received; True if there was one."""
		if not self.assumes:
			return False
		given = {each.name for each in self.signals}
		for wait in self._waits(self.run):
			if wait["kind"] == "signal" and wait["signal"] not in given:
				self._send_one(wait["signal"], wait["key"], {})
				about = {key: wait[key] for key in ("step", "index", "signal", "key")}
				self.assumed.append(about)
				return True
		return False

	def _note(self, until: float) -> None:
		"""Note the waits that are over at that moment."""
		if until <= self.site.now():
			return
		for wait in self._waits(self.run):
			if wait["until"] <= until:
				text = as_text(self.site.local_time(wait["until"]))
				self.jumped.append(
					{"step": wait["step"], "index": wait["index"], "kind": wait["kind"], "until": text}
				)

	def _waits(self, run: str) -> Iterator[dict[str, Any]]:
		"""What the steps of a run wait for, and those of the runs that they wait for."""
		yield from reads.waits_as_json(self.site.database, run)
		for child in children.under_way(self.site.database, run):
			yield from self._waits(child)

	def _is_idle(self) -> bool:
		"""Whether no worker has anything to do now."""
		tables = (
			*("dogan_ready", "dogan_lease", "dogan_line"),
			*("dogan_signal WHERE state = 0", "`tabDogan Approval` WHERE untold = 1"),
		)
		query = " OR ".join(f"EXISTS (SELECT 1 FROM {table})" for table in tables)
		return not self.site.database.sql(f"SELECT {query}")[0][0]

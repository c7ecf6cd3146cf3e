"""Delivering signals: the waits for each are ended one after another, each in a transaction of its own.

Nobody else's wait hangs on a run that cannot be reached now: what somebody has locked is left for the next round, and what
fails for a while. A signal is noted as delivered when none of its waits is left; until then it is delivered again.
"""

import time
from collections.abc import Callable
from enum import Enum
from functools import partial

from dogansystem.engine.changes import Changes
from dogansystem.engine.errors import NotFound
from dogansystem.engine.outcomes import Done
from dogansystem.engine.signals import RECEIVED
from dogansystem.protocol import Database, Site
from dogansystem.store import runs, signals
from dogansystem.store.moment import moment
from dogansystem.store.signals import Sent, Waiting
from dogansystem.triggers import signal as trigger
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone, definition_of, without_unreadable

MAX_SIGNALS = 100  # in one round, so that a step that became ready meanwhile gets its turn
MAX_WAITS = 100  # ended in one round
PAUSE = 30.0  # seconds for which this process leaves a signal alone whose delivery has failed
LOCKED_PAUSE = 2.0  # seconds for which it leaves one alone for a run that somebody has locked

# Called behind the commit that has ended the wait of a step run.
After = Callable[[str, str, Changes], None]


class _Left(Enum):
	LOCKED = "somebody has locked the run"
	FAILED = "it has failed, and that was logged"


# Since when (time.monotonic()) and why, by site and number.
_left_alone: dict[tuple[str, int], tuple[float, _Left]] = {}


def deliver(site: Site, control: Control, after: After) -> int:
	"""End the waits for signals that were sent, and start what they start; gives how many things happened."""
	sent = control.run(lambda db: signals.undelivered(db, MAX_SIGNALS + len(_left_alone)))
	this, happened = _Round(site, control, after), 0
	for number in sent:
		key = (site.name, number)
		since, why = _left_alone.get(key, (float("-inf"), _Left.FAILED))
		if time.monotonic() - since < (LOCKED_PAUSE if why is _Left.LOCKED else PAUSE):
			continue
		_left_alone.pop(key, None)
		failed: bool | _Left = _Left.FAILED
		done = alone(site, "signal", partial(this.deliver, number), failed, signal=number)
		if isinstance(done, _Left):
			_left_alone[key] = (time.monotonic(), done)
		else:
			happened += done
		if this.ended >= MAX_WAITS:
			break
	return happened + this.ended


class _Round:
	"""One round. `ended`: how many waits it has ended."""

	def __init__(self, site: Site, control: Control, after: After) -> None:
		self._site, self._control, self._after = site, control, after
		self._out_of_reach: dict[str, _Left] = {}  # runs, each tried once in a round
		self.ended = 0

	def deliver(self, number: int) -> bool | _Left:
		"""Deliver a signal. False: more waits for it than one round ends. Gives what else keeps it from being delivered now."""
		signal = self._control.run(lambda db: signals.read(db, number))
		if signal is None:
			return True  # another process has delivered it
		limit = MAX_WAITS + len(self._out_of_reach)
		waits = self._control.run(lambda db: signals.waits_for(db, signal, limit))
		left = [found for wait in waits if (found := self._give(signal, wait))]
		if left:
			return _Left.FAILED if _Left.FAILED in left else _Left.LOCKED
		if len(waits) == limit:
			return False
		self._start(signal)
		return True

	def _give(self, signal: Sent, wait: Waiting) -> _Left | None:
		"""End a wait. Gives what keeps it from being ended now."""
		if wait.run not in self._out_of_reach:
			failed: Changes | _Left | None = _Left.FAILED
			made = alone(self._site, "signal", partial(self._end, signal, wait), failed, run=wait.run)
			if not isinstance(made, _Left):
				if made is not None:
					self.ended += 1
					self._after(wait.run, wait.step_run, made)
				return None
			self._out_of_reach[wait.run] = made
		return self._out_of_reach[wait.run]

	def _end(self, signal: Sent, wait: Waiting) -> Changes | _Left | None:
		def give(db: Database) -> Changes | _Left | None:
			try:
				definition = definition_of(self._site, db)(wait.run)
			except NotFound:
				return None  # somebody has deleted the run by hand
			outcome, at = Done(signal.data, RECEIVED), moment(self._site)
			return runs.end_wait(db, wait.id, wait.run, wait.step_run, outcome, definition, at, signal.id)

		control = self._control
		locked: Changes | _Left | None = _Left.LOCKED
		return without_unreadable(self._site, control, lambda: control.run_or_leave(give, locked))

	def _start(self, signal: Sent) -> None:
		"""Note that it is delivered, and start what it starts."""
		site = self._site
		started = self._control.run(lambda db: trigger.deliver(site, db, signal))
		if started:
			site.runs_changed(started)
			site.database.commit()
			site.doorbell.ring()

"""What an idle process looks at, in one statement: ten idle processes of a site ask it ten times a second."""

from dataclasses import dataclass

from dogansystem.protocol import Database

DEAD_INTERVAL = 2.0  # seconds between two looks for dead processes while nothing else is to do, for all processes together


@dataclass(frozen=True, slots=True)
class Look:
	"""What there is to do. Times are epoch seconds.

	Attributes:
		is_ready: whether steps are in the queue.
		is_waiting: whether runs or steps are in a wait queue.
		next_due: when the next timer is due.
		cared_at: when a process last looked for dead ones.
	"""

	is_ready: bool
	is_waiting: bool
	next_due: float | None
	cared_at: float

	def wants_chores(self, now: float) -> bool:
		"""Whether a timer is due, something may be let in, or nobody has looked for dead processes for a while."""
		is_due = self.next_due is not None and self.next_due <= now
		return is_due or self.is_waiting or now - self.cared_at >= DEAD_INTERVAL


def look(db: Database) -> Look:
	"""Look, without locks."""
	((ready, waiting, due, cared_at),) = db.sql(
		"SELECT EXISTS (SELECT 1 FROM dogan_ready), EXISTS (SELECT 1 FROM dogan_line),"
		" (SELECT MIN(due_at) FROM dogan_timer), (SELECT value FROM dogan_state WHERE name = 'chores')"
	)
	return Look(bool(ready), bool(waiting), due, cared_at or 0.0)

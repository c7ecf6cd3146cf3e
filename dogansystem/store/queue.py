"""The queues as they are now, and what keeps steps out of them: slots and waits. `store.changes` writes all of it.

A step that can run is in exactly one of three places: the wait queue (`dogan_line`: it waits for a slot), the ready queue
(`dogan_ready`: anybody may claim it) or a lease (`dogan_lease`: a process has it in hand). None of these tables keeps
history.
"""

from dataclasses import dataclass

from dogansystem.protocol import Database
from dogansystem.store import dialect

LANES = 10  # one for each priority
DEAD_INTERVAL = 2.0  # seconds between two looks for dead processes while nothing else is to do, for all processes together
# Of waits, those of runs; the others belong to triggers.
RUN_KINDS = ("retry", "wait", "signal", "child", "run_timeout", "decision", "remind")

# Whether a row of the queue is the step's own or that of an item, whose name goes on with a dot.
_OF_STEP = "SUBSTR(q.step_run, 1, LENGTH(s.name)) = s.name AND SUBSTR(q.step_run, LENGTH(s.name) + 1, 1) IN ('', '.')"


def lane(priority: int) -> int:
	"""The number by which a queue's key sorts a priority: 9 comes first."""
	return LANES - 1 - priority


def priority(lane: int) -> int:
	"""The priority of a queue's row."""
	return LANES - 1 - lane


def depth(db: Database) -> tuple[int, int, float | None]:
	"""Steps ready, steps in hand, and since when (epoch seconds) the oldest ready one waits."""
	ready, oldest = db.sql("SELECT COUNT(*), MIN(ready_at) FROM dogan_ready")[0]
	in_hand = db.sql("SELECT COUNT(*) FROM dogan_lease")[0][0]
	return int(ready), int(in_hand), oldest


def demand(db: Database) -> tuple[int, int]:
	"""The steps that are being executed, and those that wait for a worker: ready, or claimed and not begun."""
	rows = db.sql(
		"SELECT (SELECT COUNT(*) FROM dogan_lease WHERE begun_at IS NOT NULL),"
		" (SELECT COUNT(*) FROM dogan_ready) + (SELECT COUNT(*) FROM dogan_lease WHERE begun_at IS NULL)"
	)
	return int(rows[0][0]), int(rows[0][1])


def processes_at_work(db: Database) -> set[int]:
	"""The numbers of the processes that are executing a step now."""
	return {int(row[0]) for row in db.sql("SELECT process FROM dogan_lease WHERE begun_at IS NOT NULL")}


def is_empty(db: Database) -> bool:
	"""Whether nothing is ready, without counting."""
	return not db.sql("SELECT 1 FROM dogan_ready LIMIT 1")


def open_for_each_steps(db: Database) -> list[tuple[str, str]]:
	"""`(run, step)` of `for_each` steps that a crash left between two transactions, or whose pending items were locked when
	the others ended: they run, although neither they nor an item of theirs is in the queue or in hand. Each is then handled
	under its lock."""
	rows = db.sql(
		"SELECT s.run, s.step FROM `tabDogan Workflow Run` r JOIN `tabDogan Step Run` s ON s.run = r.name AND s.item = 0"
		" WHERE r.status IN ('Running', 'Waiting', 'Paused') AND s.status = 'Running'"
		f" AND NOT EXISTS (SELECT 1 FROM dogan_ready q WHERE q.run = r.name AND {_OF_STEP})"
		f" AND NOT EXISTS (SELECT 1 FROM dogan_lease q WHERE q.run = r.name AND {_OF_STEP})"
	)
	return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True)
class Look:
	"""What an idle process has to know. Times are epoch seconds; `cared_at`: a process last looked for dead ones."""

	is_ready: bool
	is_waiting: bool
	next_due: float | None
	cared_at: float
	has_news: bool = False

	def wants_chores(self, now: float) -> bool:
		"""Whether a timer is due, something may be let in, a signal was sent, people have to be told of the end of an approval, or
		nobody has looked for dead processes for a while."""
		is_due = self.next_due is not None and self.next_due <= now
		return is_due or self.is_waiting or self.has_news or not 0 <= now - self.cared_at < DEAD_INTERVAL


def look(db: Database) -> Look:
	"""Look without locks, in one statement: ten idle processes of a site ask it ten times a second."""
	((ready, waiting, due, cared_at, news),) = db.sql(
		"SELECT EXISTS (SELECT 1 FROM dogan_ready), EXISTS (SELECT 1 FROM dogan_line),"
		" (SELECT MIN(due_at) FROM dogan_timer), (SELECT value FROM dogan_state WHERE name = 'chores'),"
		" EXISTS (SELECT 1 FROM dogan_signal WHERE state = 0) OR EXISTS (SELECT 1 FROM `tabDogan Approval` WHERE untold = 1)"
	)
	return Look(bool(ready), bool(waiting), due, cared_at or 0.0, bool(news))


# Slots: a row exists while somebody holds one; its number is at most the capacity. The primary key (resource, number) is
# the limit: two holders cannot have one number, so no counter can drift and no hot row is shared by those who finish.


def free_slot(db: Database, resource: str, capacity: int) -> int | None:
	"""A number that nobody holds, or None. Whoever loses a race for it gets a conflict when it is written."""
	rows = db.sql("SELECT number FROM dogan_slot WHERE resource = %s" + dialect.for_update(db), (resource,))
	held = {row[0] for row in rows}
	if len(held) >= capacity:
		return None
	return next(number for number in range(1, capacity + 1) if number not in held)


def has_slot(db: Database, holder: str) -> bool:
	"""Whether `holder` holds a slot of any resource."""
	return bool(db.sql("SELECT 1 FROM dogan_slot WHERE holder = %s" + dialect.for_share(db), (holder,)))


def under_way(db: Database, resource: str) -> int:
	"""How many hold a slot of this limit or wait for one."""
	((held, waiting),) = db.sql(
		"SELECT (SELECT COUNT(*) FROM dogan_slot WHERE resource = %s),"
		" (SELECT COUNT(*) FROM dogan_line WHERE resource = %s)",
		(resource, resource),
	)
	return int(held) + int(waiting)


@dataclass(frozen=True, slots=True)
class Wait:
	"""Something that shall happen later, never a sleeping worker. `due_at`: seconds since 1970 (UTC).

	There is one way to end it: the row is removed in the transaction that does what it asks for.
	"""

	id: int
	due_at: float
	kind: str
	run: str | None
	step_run: str | None
	subject: str | None
	data: str | None


def due_waits(db: Database, now: float, limit: int) -> list[Wait]:
	"""What is due, the oldest first. Nothing is taken yet: whoever removes the row handles it."""
	rows = db.sql(
		"SELECT id, due_at, kind, run, step_run, subject, data FROM dogan_timer WHERE due_at <= %s"
		" ORDER BY due_at LIMIT %s",
		(now, limit),
	)
	return [Wait(*row) for row in rows]


def waits_of(db: Database, kind: str, subject: str) -> list[tuple[int, str]]:
	"""The numbers and data of the waits of something that is no run, the oldest first."""
	query = "SELECT id, data FROM dogan_timer WHERE subject = %s AND kind = %s ORDER BY id"
	return [(int(number), data) for number, data in db.sql(query, (subject, kind))]


def subjects_of(db: Database, kind: str) -> set[tuple[str, str]]:
	"""Subject and data of every wait of a kind."""
	return {
		(row[0], row[1]) for row in db.sql("SELECT subject, data FROM dogan_timer WHERE kind = %s", (kind,))
	}

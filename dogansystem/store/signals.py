"""Signals as they are kept: sent in a transaction of the sender's, and taken by runs. Source: workflow-format.md, semantics 14.

A signal is an outbox of its own: its sender writes one row and waits for nobody. Whichever process comes first ends the
waits for it, each in a transaction of its own, and then notes that it is delivered. A step that begins to wait reads the
signals under a lock, so that one which is being sent is either seen by it or finds its wait.
"""

from dataclasses import dataclass

from dogansystem.engine.current import current
from dogansystem.engine.outputs import encode
from dogansystem.engine.run_state import Signal
from dogansystem.engine.signals import subject_of
from dogansystem.protocol import Database
from dogansystem.store import dialect, names
from dogansystem.store.keys import stored_key
from dogansystem.store.moment import Moment

SENT, DELIVERED = 0, 1
MAX_KEY = 1000  # characters of a key that triggers see


@dataclass(frozen=True, slots=True)
class Sent:
	"""A signal that has not been delivered yet.

	Attributes:
		data: JSON text.
		sent_at: epoch seconds.
		run, step, depth: of the step that has sent it, if one has.
	"""

	id: int
	subject: str
	name: str
	key: str | None
	data: str
	sent_at: float
	sent_by: str
	run: str | None
	step: str
	depth: int


@dataclass(frozen=True, slots=True)
class Waiting:
	"""A wait for a signal, and whose it is."""

	id: int
	run: str
	step_run: str


def send(
	db: Database,
	name: str,
	key: object,
	data: object,
	by: str,
	at: Moment,
	idempotency_key: str | None = None,
) -> int:
	"""Send a signal in the caller's transaction; gives its number, or that of the first one with this idempotency key.

	Raises InputError or OutputTooLarge.
	"""
	subject, text = subject_of(name, key), encode(data, "The data of the signal")
	shown = None if key is None else str(key)[:MAX_KEY]
	stored = stored_key(f"signal {name}", idempotency_key, "api") if idempotency_key else None
	if stored and (known := _of_key(db, stored)):
		return known
	try:
		db.execute(
			"INSERT INTO dogan_signal (subject, name, signal_key, data, sent_at, sent_by, idempotency_key, run, step, depth)"
			" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
			(subject, name, shown, text, at.seconds, by, stored, *_sender()),
		)
	except Exception as error:
		if not (stored and db.is_duplicate(error)):
			raise
		if (known := _of_key(db, stored, newest=True)) is None:
			raise
		return known
	last = "SELECT LAST_INSERT_ID()" if db.dialect == "mariadb" else "SELECT LAST_INSERT_ROWID()"
	return int(db.sql(last)[0][0])


def _sender() -> tuple[str | None, str, int]:
	cause = current.get()
	return (cause.run, cause.step, cause.depth) if cause else (None, "", 0)


def _of_key(db: Database, stored: str, *, newest: bool = False) -> int | None:
	query = "SELECT id FROM dogan_signal WHERE idempotency_key = %s" + (
		dialect.for_share(db) if newest else ""
	)
	row = dialect.first(db.sql(query, (stored,)))
	return int(row[0]) if row else None


def to_take(db: Database, run: str, subject: str) -> Signal | None:
	"""The oldest signal that was sent since the run started and that it has not taken. Keeps others from being sent for now."""
	rows = db.sql(
		"SELECT id, data FROM dogan_signal s WHERE subject = %s AND sent_at >= %s"
		" AND NOT EXISTS (SELECT 1 FROM dogan_taken t WHERE t.run = %s AND t.signal_id = s.id) ORDER BY id LIMIT 1"
		+ dialect.for_share(db),
		(subject, names.started(run), run),
	)
	return Signal(int(rows[0][0]), str(rows[0][1])) if rows else None


def undelivered(db: Database, limit: int) -> list[int]:
	"""The numbers of the signals that nobody has delivered yet, the oldest first."""
	rows = db.sql("SELECT id FROM dogan_signal WHERE state = %s ORDER BY id LIMIT %s", (SENT, limit))
	return [int(number) for (number,) in rows]


def read(db: Database, number: int) -> Sent | None:
	"""A signal; None if it is delivered."""
	rows = db.sql(
		"SELECT id, subject, name, signal_key, data, sent_at, sent_by, run, step, depth FROM dogan_signal"
		" WHERE id = %s AND state = %s",
		(number, SENT),
	)
	return Sent(*rows[0]) if rows else None


def waits_for(db: Database, signal: Sent, limit: int) -> list[Waiting]:
	"""The waits that a signal ends, the oldest first. Those that began after it was sent take it once for each run."""
	rows = db.sql(
		"SELECT w.id, w.run, w.step_run FROM dogan_timer w WHERE w.subject = %s AND w.kind = 'signal'"
		" AND (w.since <= %s OR NOT EXISTS (SELECT 1 FROM dogan_taken t WHERE t.run = w.run AND t.signal_id = %s))"
		" AND w.run < %s ORDER BY w.id LIMIT %s",
		(signal.subject, signal.sent_at, signal.id, names.after(signal.sent_at), limit),
	)
	return [Waiting(int(row[0]), row[1], row[2]) for row in rows]


def note_delivered(db: Database, signal: int) -> bool:
	"""Note that a signal has reached whoever waited for it. False: another process has noted that."""
	query = "UPDATE dogan_signal SET state = %s WHERE id = %s AND state = %s"
	return bool(db.execute(query, (DELIVERED, signal, SENT)))


def forget(db: Database, before: float, limit: int = 1000) -> int:
	"""Delete delivered signals that were sent before then (epoch seconds); gives how many."""
	rows = db.sql(
		"SELECT id FROM dogan_signal WHERE state = %s AND sent_at < %s LIMIT %s", (DELIVERED, before, limit)
	)
	for (number,) in rows:
		db.execute("DELETE FROM dogan_taken WHERE signal_id = %s", (number,))
		db.execute("DELETE FROM dogan_signal WHERE id = %s", (number,))
	return len(rows)

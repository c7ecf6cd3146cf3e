"""Timers: everything that shall happen later is a row here, never a sleeping worker."""

from dataclasses import dataclass

from dogansystem.protocol import Database
from dogansystem.store import dialect


@dataclass(frozen=True, slots=True)
class Timer:
	"""One row. `kind` says who handles it; `due_at` is in seconds since 1970 (UTC)."""

	id: int
	due_at: float
	kind: str
	run: str | None
	step_run: str | None
	subject: str | None
	data: str | None


def put(
	db: Database,
	due_at: float,
	kind: str,
	*,
	run: str | None = None,
	step_run: str | None = None,
	subject: str | None = None,
	data: str | None = None,
) -> None:
	"""Have `kind` happen at `due_at`."""
	db.execute(
		"INSERT INTO dogan_timer (due_at, kind, run, step_run, subject, data) VALUES (%s, %s, %s, %s, %s, %s)",
		(due_at, kind, run, step_run, subject, data),
	)


def due(db: Database, now: float, limit: int) -> list[Timer]:
	"""What is due, the oldest first. Nothing is taken yet: `take` decides who handles a timer."""
	rows = db.sql(
		"SELECT id, due_at, kind, run, step_run, subject, data FROM dogan_timer WHERE due_at <= %s"
		" ORDER BY due_at LIMIT %s",
		(now, limit),
	)
	return [Timer(*row) for row in rows]


def take(db: Database, timer: Timer) -> bool:
	"""Take a timer in the transaction that does what it asks for. False: somebody else has it.

	This is the only thing that keeps two schedulers from firing one timer twice, so every handler begins with it.
	"""
	return bool(db.execute("DELETE FROM dogan_timer WHERE id = %s", (timer.id,)))


def next_due(db: Database) -> float | None:
	"""When the next timer is due (epoch seconds), or None."""
	row = dialect.first(db.sql("SELECT due_at FROM dogan_timer ORDER BY due_at LIMIT 1"))
	return float(row[0]) if row else None


def remove_of_run(db: Database, run: str, step_run: str | None = None) -> None:
	"""Forget the timers of a run, or of one of its steps."""
	if step_run is None:
		db.execute("DELETE FROM dogan_timer WHERE run = %s", (run,))
	else:
		db.execute("DELETE FROM dogan_timer WHERE run = %s AND step_run = %s", (run, step_run))

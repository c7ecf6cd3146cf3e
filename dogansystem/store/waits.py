"""Waits: everything that shall happen later is a row here, never a sleeping worker. There is one table and one way to
end a wait: its row is removed in the transaction that does what it asks for.
"""

from dataclasses import dataclass

from dogansystem.protocol import Database
from dogansystem.store import dialect

RUN_KINDS = ("retry", "wait", "run_timeout")  # what `store.runs.wake` does; the others belong to triggers


@dataclass(frozen=True, slots=True)
class Wait:
	"""One row. `kind` says who handles it; `due_at` is in seconds since 1970 (UTC)."""

	id: int
	due_at: float
	kind: str
	run: str | None
	step_run: str | None
	subject: str | None
	data: str | None


def due(db: Database, now: float, limit: int) -> list[Wait]:
	"""What is due, the oldest first. Nothing is taken yet: whoever removes the row handles it."""
	rows = db.sql(
		"SELECT id, due_at, kind, run, step_run, subject, data FROM dogan_timer WHERE due_at <= %s"
		" ORDER BY due_at LIMIT %s",
		(now, limit),
	)
	return [Wait(*row) for row in rows]


def next_due(db: Database) -> float | None:
	"""When the next wait is due (epoch seconds), or None."""
	row = dialect.first(db.sql("SELECT due_at FROM dogan_timer ORDER BY due_at LIMIT 1"))
	return float(row[0]) if row else None

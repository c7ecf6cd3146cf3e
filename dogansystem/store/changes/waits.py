"""Waits that belong to no run, such as the next time of a workflow's schedule. Those of runs come with their changes."""

from dogansystem.engine.changes import NEVER
from dogansystem.protocol import Database


def put(
	db: Database, due_at: float, kind: str, subject: str, data: str | None = None, run: str | None = None
) -> int:
	"""Have `kind` happen at `due_at` (epoch seconds) to something that is no run, such as a workflow's schedule. Gives the
	wait's number. It goes with `run`, if one is named."""
	rows = db.sql(
		"INSERT INTO dogan_timer (due_at, kind, subject, data, run) VALUES (%s, %s, %s, %s, %s) RETURNING id",
		(due_at, kind, subject, data, run),
	)
	return int(rows[0][0])


def put_off(db: Database, wait: int, due_at: float = NEVER) -> None:
	"""Let a wait be over at another time (epoch seconds), or by no time until that is set anew."""
	db.execute("UPDATE dogan_timer SET due_at = %s WHERE id = %s", (due_at, wait))


def end(db: Database, wait: int) -> bool:
	"""End a wait in the transaction that does what it asks for. False: somebody else has ended it.

	This is the only thing that keeps two schedulers from firing one wait twice, so whoever handles one begins with it.
	"""
	return bool(db.execute("DELETE FROM dogan_timer WHERE id = %s", (wait,)))


def forget(db: Database, kind: str, subject: str) -> None:
	"""Forget what was to happen to something that is no run."""
	db.execute("DELETE FROM dogan_timer WHERE kind = %s AND subject = %s", (kind, subject))

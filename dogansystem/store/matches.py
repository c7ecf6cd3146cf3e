"""What triggers that look at documents remember: since when they look, and which documents they have seen.

`store.changes.matches` writes it. A watch is that of one workflow's trigger, whose key says what it looks for.
"""

from dataclasses import dataclass

from dogansystem.protocol import Database
from dogansystem.store import dialect


@dataclass(frozen=True, slots=True)
class Watch:
	"""How far a trigger has looked. Seconds since 1970 (UTC).

	Attributes:
		enabled_at: since when it looks.
		looked_at: everything up to then has been handled.
		round_at: it is handling what there was then; 0: nothing is left over.
	"""

	enabled_at: float
	looked_at: float
	round_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Match:
	"""A document that was seen. What `at` and `mark` say is the kind's own affair."""

	document: str
	at: float
	mark: str = ""


def watch(db: Database, workflow: str, key: str) -> Watch | None:
	"""How far a workflow's trigger has looked; None: it does not look."""
	row = dialect.first(
		db.sql(
			"SELECT enabled_at, looked_at, round_at FROM dogan_watch WHERE workflow = %s AND trigger_key = %s",
			(workflow, key),
		)
	)
	return Watch(*row) if row else None


def keys(db: Database, workflow: str) -> list[str]:
	"""The triggers of a workflow that look."""
	return [row[0] for row in db.sql("SELECT trigger_key FROM dogan_watch WHERE workflow = %s", (workflow,))]


def seen(db: Database, workflow: str, key: str) -> dict[str, Match]:
	"""What a workflow's trigger has seen, by document."""
	rows = db.sql(
		"SELECT document, at, mark FROM dogan_match WHERE workflow = %s AND trigger_key = %s", (workflow, key)
	)
	return {row[0]: Match(*row) for row in rows}

"""What triggers that look at documents remember, as it is written. `store.matches` reads it."""

from collections.abc import Sequence

from dogansystem.protocol import Database
from dogansystem.store.matches import Match, Watch

_OF = "WHERE workflow = %s AND trigger_key = %s"


def begin(db: Database, workflow: str, key: str, at: float) -> None:
	"""Look from now on (epoch seconds)."""
	db.execute(
		"INSERT INTO dogan_watch (workflow, trigger_key, enabled_at, looked_at) VALUES (%s, %s, %s, %s)",
		(workflow, key, at, at),
	)


def looked(db: Database, workflow: str, key: str, watch: Watch) -> None:
	"""Write how far a trigger has looked."""
	db.execute(
		f"UPDATE dogan_watch SET looked_at = %s, round_at = %s {_OF}",
		(watch.looked_at, watch.round_at, workflow, key),
	)


def remember(db: Database, workflow: str, key: str, matches: Sequence[Match]) -> None:
	"""Remember documents that were not known."""
	db.execute_many(
		"INSERT INTO dogan_match (workflow, trigger_key, document, at, mark) VALUES (%s, %s, %s, %s, %s)",
		[(workflow, key, each.document, each.at, each.mark) for each in matches],
	)


def forget(db: Database, workflow: str, key: str, documents: Sequence[str]) -> None:
	"""Forget documents, each by its key."""
	for document in documents:
		db.execute(f"DELETE FROM dogan_match {_OF} AND document = %s", (workflow, key, document))


def forget_before(db: Database, workflow: str, key: str, at: float) -> None:
	"""Forget the documents whose time is before `at` (epoch seconds)."""
	db.execute(f"DELETE FROM dogan_match {_OF} AND at < %s", (workflow, key, at))


def end(db: Database, workflow: str, key: str) -> None:
	"""Look no more, and forget everything that was seen."""
	db.execute(f"DELETE FROM dogan_match {_OF}", (workflow, key))
	db.execute(f"DELETE FROM dogan_watch {_OF}", (workflow, key))

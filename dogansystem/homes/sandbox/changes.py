"""What happened to the documents of a sandbox, in order."""

from typing import Any

from dogansystem.homes.databases.connection import Connection

_COLUMNS = ("id", "at", "event", "doctype", "name", "user")


def note_change(database: Connection, at: float, event: str, doctype: str, name: str, user: str) -> None:
	"""Write down what happened to a document."""
	database.execute(
		"INSERT INTO sandbox_change (at, event, doctype, name, user) VALUES (%s, %s, %s, %s, %s)",
		(at, event, doctype, name, user),
	)


def rename_changes(database: Connection, doctype: str, name: str, new_name: str) -> None:
	"""Let what happened to a document be found under its new name."""
	database.execute(
		"UPDATE sandbox_change SET name = %s WHERE doctype = %s AND name = %s", (new_name, doctype, name)
	)


def read_changes(database: Connection, after: int) -> list[dict[str, Any]]:
	"""What happened; only what has a larger `id` than `after`."""
	query = f"SELECT {', '.join(_COLUMNS)} FROM sandbox_change WHERE id > %s ORDER BY id"
	return [dict(zip(_COLUMNS, row, strict=True)) for row in database.sql(query, (after,))]

"""The internal tables from version to version."""

from dogansystem.protocol import Database
from dogansystem.store import schema


def migrate(db: Database) -> None:
	"""Bring the internal tables to this version. May be called again. Commits."""
	schema.ensure_internal(db)

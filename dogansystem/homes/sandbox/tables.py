"""The sandbox's own tables, beside those of the store: documents, the outbox, what happened to documents."""

import hashlib
import secrets
from pathlib import Path

from dogansystem.homes.databases.connection import Connection
from dogansystem.store import schema

# Text is compared byte by byte on both dialects.
_TABLES = {
	"sandbox_state": "(name VARCHAR(60) NOT NULL PRIMARY KEY, value VARCHAR(140) NOT NULL)",
	"sandbox_document": """(
		{id}, doctype VARCHAR(140) NOT NULL, name VARCHAR(140) NOT NULL, name_key VARCHAR(300) NOT NULL,
		docstatus INT NOT NULL, data LONGTEXT NOT NULL)""",
	"sandbox_series": "(prefix VARCHAR(140) NOT NULL PRIMARY KEY, current BIGINT NOT NULL)",
	"sandbox_message": "({id}, kind VARCHAR(20) NOT NULL, sent_at DOUBLE NOT NULL, data LONGTEXT NOT NULL)",
	"sandbox_change": """(
		{id}, at DOUBLE NOT NULL, event VARCHAR(20) NOT NULL, doctype VARCHAR(140) NOT NULL,
		name VARCHAR(140) NOT NULL, user VARCHAR(140) NOT NULL)""",
}
_KEY = "sandbox_document_name"
_DOCUMENT_KEY = f"CREATE UNIQUE INDEX IF NOT EXISTS {_KEY} ON sandbox_document (doctype, name)"

_ID = {
	"mariadb": "id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
	"sqlite": "id INTEGER PRIMARY KEY AUTOINCREMENT",
}
_OPTIONS = {"mariadb": " ENGINE=InnoDB CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin", "sqlite": ""}


def ensure_tables(database: Connection) -> str:
	"""Make the tables that are missing; gives the identity of this database, which no other one has.

	The store's tables are only looked at when their description has changed: `dogansystem status` must not wait for
	the locks of workers that are busy in them.
	"""
	database.begin()
	for table, body in _TABLES.items():
		filled = body.format(id=_ID[database.dialect])
		database.execute(f"CREATE TABLE IF NOT EXISTS `{table}` {filled}{_OPTIONS[database.dialect]}")
	state = _state(database)
	mark = _mark()
	if state.get("schema") != mark:
		_let_names_differ(database)
		database.execute(_DOCUMENT_KEY)
		schema.ensure(database)
		schema.migrate(database)
		_set_state(database, "schema", mark)
	if "identity" not in state:
		# Of two processes that open a new database, the first one's identity stays.
		ignore = "IGNORE" if database.dialect == "mariadb" else "OR IGNORE"
		_set_state(database, "identity", secrets.token_hex(4), f"INSERT {ignore}")
	database.commit()
	identity = _state(database)["identity"]
	database.rollback()
	return identity


def _let_names_differ(database: Connection) -> None:
	"""Upgrade from commit 1e0b184, where names that differ in case or accents were equal, and `name_key` was the key.

	The column is still written: a node of that release that works beside this one finds documents by it.
	"""
	if database.dialect == "mariadb":
		keys = {row[4] for row in database.sql(f"SHOW INDEX FROM sandbox_document WHERE Key_name = '{_KEY}'")}
		if "name_key" in keys:
			database.execute(
				f"ALTER TABLE sandbox_document DROP INDEX {_KEY}, ADD UNIQUE INDEX {_KEY} (doctype, name)"
			)
	elif "name_key" in {row[2] for row in database.sql(f"PRAGMA index_info({_KEY})")}:
		database.execute(f"DROP INDEX {_KEY}")


def read_stamp(database: Connection, subject: str) -> str:
	"""The mark that `write_stamp` wrote last; empty if it never did."""
	return _state(database).get(f"stamp {subject}", "")


def write_stamp(database: Connection, subject: str, mark: str) -> None:
	"""Write a subject's mark in the current transaction."""
	_set_state(database, f"stamp {subject}", mark)


def _state(database: Connection) -> dict[str, str]:
	return {row[0]: row[1] for row in database.sql("SELECT name, value FROM sandbox_state")}


def _set_state(database: Connection, name: str, value: str, how: str = "REPLACE") -> None:
	database.execute(f"{how} INTO sandbox_state (name, value) VALUES (%s, %s)", (name, value))


def _mark() -> str:
	"""A checksum of everything that describes the tables."""
	files = [Path(__file__), Path(schema.__file__), *sorted(schema.DOCTYPE_FOLDER.glob("*/*.json"))]
	return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()

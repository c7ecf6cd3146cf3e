"""What a site must know about a statement before it runs it. Answers are cached by the statement's text."""

import re
from functools import lru_cache
from typing import NamedTuple

MAX_CACHED = 4096  # statements; the store has some hundreds, IN lists of different lengths included

_FIRST_WORD = re.compile(r"[\s(]*([A-Za-z]+)(?:\s+([A-Za-z]+))?")
_PLACEHOLDER = re.compile(r"%([%s])")
_WRITES_INSIDE = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_READING = frozenset({"SELECT", "EXPLAIN", "PRAGMA", "VALUES", "SHOW", "DESCRIBE"})
_ENDS_TRANSACTION = frozenset(
	{"ALTER", "BEGIN", "COMMIT", "CREATE", "DROP", "LOCK", "RENAME", "START", "TRUNCATE", "UNLOCK"}
)


class SQLiteStatement(NamedTuple):
	"""A statement in SQLite's own placeholders."""

	text: str
	writes: bool


@lru_cache(MAX_CACHED)
def for_sqlite(query: str) -> SQLiteStatement:
	"""The query with `?` for `%s` and `%` for `%%`, and whether it needs the write lock."""
	text = _PLACEHOLDER.sub(lambda found: "?" if found[1] == "s" else "%", query)
	return SQLiteStatement(text, not is_reading(query))


@lru_cache(MAX_CACHED)
def is_reading(query: str) -> bool:
	"""Whether the statement changes nothing."""
	word = _words(query)[0]
	if word == "WITH":
		return not _WRITES_INSIDE.search(query)
	return word in _READING


@lru_cache(MAX_CACHED)
def ends_transaction(query: str) -> bool:
	"""Whether the statement commits or rolls back, as DDL does on MariaDB without being asked."""
	word, second = _words(query)
	if word == "ROLLBACK":
		return second != "TO"
	return word in _ENDS_TRANSACTION


def _words(query: str) -> tuple[str, str]:
	found = _FIRST_WORD.match(query)
	return ((found[1] or "").upper(), (found[2] or "").upper()) if found else ("", "")

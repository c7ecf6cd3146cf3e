"""What is told from the text of a statement before it runs. Answers are cached by the text."""

import re
from functools import lru_cache

MAX_CACHED = 4096  # statements; the store has some hundreds, IN lists of different lengths included

_FIRST_WORD = re.compile(r"[\s(]*([A-Za-z]+)")
_PLACEHOLDER = re.compile(r"%([%s])")
_WRITES_INSIDE = re.compile(r"\b(INSERT|UPDATE|DELETE|REPLACE)\b", re.IGNORECASE)
_READING = frozenset({"SELECT", "EXPLAIN", "PRAGMA", "VALUES", "SHOW", "DESCRIBE"})

# Statements that leave the transaction as it is. Any other may end it: COMMIT and its like, those for which MariaDB commits,
# procedures, and statements with others inside. Savepoints and temporary tables do not commit, nor do most settings.
_STAYS = (
	r"(?:select|insert|update|delete|replace|with|values|show|describe|desc|explain|savepoint|release|do|use"
	r"|rollback\s+(?:work\s+)?to|(?:create|drop)\s+temporary|analyze\s+(?:format|select|insert|update|delete|replace)"
	r"|set(?!.*\b(?:autocommit|password|statement|role)\b))\b"
)
# Groups: 1 a comment that MariaDB executes, which may hide anything; 2 a statement that says so; 3 one for which MariaDB
# commits; 4 one that might.
ENDS_TRANSACTION = re.compile(
	r"(?:\s|/\*(?!M?!)(?:(?!\*/).)*\*/|(?:--\s|#)[^\n]*\n|\()*"
	rf"(?:(/\*M?!)|(?!{_STAYS})"
	r"(?:(commit|rollback|start\s+transaction|begin|xa)\b"
	r"|(alter|create|drop|truncate|rename|lock\s+tables?|unlock\s+tables?|grant|revoke|analyze|optimize|repair"
	r"|check\s+table|shutdown|flush|cache\s+index|load\s+index|reset|install|uninstall|set)\b"
	r"|([a-z]\w*)))",
	re.IGNORECASE | re.DOTALL,
)


@lru_cache(MAX_CACHED)
def for_sqlite(query: str) -> tuple[str, bool]:
	"""The query with `?` for `%s` and `%` for `%%`, and whether it needs the write lock."""
	found = _FIRST_WORD.match(query)
	word = found[1].upper() if found else ""
	reads = word in _READING or (word == "WITH" and not _WRITES_INSIDE.search(query))
	return _PLACEHOLDER.sub(lambda found: "?" if found[1] == "s" else "%", query), not reads


@lru_cache(MAX_CACHED)
def ends_transaction(query: str) -> bool:
	"""Whether the statement commits or rolls back, as DDL does on MariaDB without being asked."""
	return bool(ENDS_TRANSACTION.match(query))

"""The transaction stays open, on the connection it is on; counters that no rollback turns back are not asked.

Statements are looked at in the driver, because there all ways lead through. `frappe.db`'s own methods are stopped before
they run the callbacks of a commit.
"""

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import frappe
import pymysql
from frappe.database import sequence
from frappe.database.database import Database
from frappe.model import naming
from pymysql.constants import COMMAND

from dogansystem.homes.databases.statements import ENDS_TRANSACTION
from dogansystem.homes.frappe.keeping import frames
from dogansystem.homes.frappe.keeping.block import Block
from dogansystem.homes.frappe.keeping.patches import StandIn

# So far above the real ones are the numbers that names get from counters: nothing real meets them meanwhile.
FAR = 1_000_000
ENGINES_KNOWN = 600.0  # seconds for which the tables without transactions are remembered

SAVEPOINT = "Use a savepoint (frappe.db.savepoint), or leave the end of the transaction to who began it."
OUTSIDE = re.compile(r"\binto\s+(?:outfile|dumpfile)\b|^\s*set\s+(?:global\b|@@global)", re.IGNORECASE)
COUNTERS = re.compile(r"\b(?:nextval|setval)\s*\(|\bnext\s+value\s+for\b", re.IGNORECASE)
WRITES = re.compile(
	r"\s*(?:insert|replace|update|delete)\s+(?:low_priority\s+|ignore\s+)?(?:into\s+|from\s+)?(?:`([^`]+)`|([\w$]+))",
	re.IGNORECASE,
)
TEXTS = re.compile(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", re.DOTALL)
# Frappe's search and its logs have no transactions: what they are told meanwhile is not written. Errors are listed.
LEFT_OUT = frozenset({"__global_search", "tabData Import Log"})
ERRORS, NOTHING = "tabError Log", "DO 0"


def stand_ins() -> Iterator[tuple[Any, str, StandIn]]:
	"""What is exchanged, and for what."""
	yield Database, "commit", _commit
	yield Database, "rollback", _rollback
	yield Database, "begin", _begin
	yield Database, "sql_ddl", _ddl
	yield Database, "connect", _connect
	yield Database, "close", _close
	yield naming, "getseries", _number
	yield naming, "revert_series_if_last", lambda *_, **__: None
	yield sequence, "get_next_val", _next
	yield sequence, "set_next_val", lambda *_, **__: None
	connection = pymysql.connections.Connection
	yield connection, "_execute_command", _command
	yield connection, "connect", _another
	yield from _of_mysqlclient()


def _of_mysqlclient() -> Iterator[tuple[Any, str, StandIn]]:
	try:
		from MySQLdb.connections import Connection
	except ImportError:  # Frappe 15 has PyMySQL only
		return
	yield Connection, "__init__", _another
	yield Connection, "query", lambda block, query, own, text: query(own, check(block, text))
	for name in ("commit", "rollback"):
		yield Connection, name, lambda block, end, own, name=name: (check(block, name), end(own))[1]
	yield Connection, "autocommit", _autocommit


def _commit(block: Block, _original: Any, _db: Any, **_: Any) -> None:
	block.stop("commit (frappe.db.commit())", SAVEPOINT)


def _begin(block: Block, _original: Any, _db: Any, **_: Any) -> None:
	block.stop("begin another transaction (frappe.db.begin()), which commits", SAVEPOINT)


def _rollback(block: Block, original: Any, db: Any, *, save_point: str | None = None, **_: Any) -> None:
	if not save_point:
		block.stop("roll back everything (frappe.db.rollback())", SAVEPOINT)
	original(db, save_point=save_point)


def _ddl(block: Block, _original: Any, _db: Any, query: Any, *_: Any, **__: Any) -> None:
	block.stop(f"run {_first_word(str(query))}, which commits in MariaDB", "Change the schema in a patch.")


def _connect(block: Block, original: Any, db: Any) -> None:
	if frames.behind_the_driver() != frames.OPENS:
		block.stop("open another connection to the database", "Use frappe.db.")
	original(db)


def _close(block: Block, original: Any, db: Any) -> None:
	if frames.behind_the_driver() != frames.OPENS:
		block.stop("close the connection to the database", "Leave that to who opened it.")
	original(db)


def _another(block: Block, original: Any, connection: Any, *args: Any, **kwargs: Any) -> None:
	"""This app replaces a connection that was lost, or reads on another one; what anybody else writes there would stay."""
	if frames.behind_the_driver() != frames.OPENS and not frames.is_opened_by_us():
		block.stop("open another connection to a database", "Use frappe.db.")
	original(connection, *args, **kwargs)


def _command(block: Block, original: Any, connection: Any, command: int, sql: Any) -> Any:
	return original(connection, command, check(block, sql) if command == COMMAND.COM_QUERY else sql)


def _autocommit(block: Block, original: Any, connection: Any, on: Any) -> Any:
	if on:
		block.stop("switch autocommit on", SAVEPOINT)
	return original(connection, on)


def check(block: Block, given: Any) -> Any:
	"""What is to be run in place of a statement: itself, most often.

	Stops one that ends the transaction, or does what its end would not undo.
	"""
	text = given.decode("latin-1") if isinstance(given, bytes | bytearray) else str(given or "")
	if (found := ENDS_TRANSACTION.match(text)) and not _is_our_own(text):
		block.stop(
			f"run {found[found.lastindex].upper()}, which ends the transaction in MariaDB, or may do so",
			SAVEPOINT,
		)
	if _says(OUTSIDE, text):
		block.stop(f"run {_first_word(text)} with an effect outside the transaction")
	if _says(COUNTERS, text):
		block.stop("take a number from a sequence by itself", "Use frappe.db.get_next_sequence_val.")
	table = _without_transactions(block, text)
	if table == ERRORS:
		block.list("error_log", by=frames.who(block.apps))
	if table in LEFT_OUT or table == ERRORS:
		return type(given)(NOTHING.encode()) if isinstance(given, bytes | bytearray) else NOTHING
	if table:
		block.stop(
			f"write into {table}, whose storage engine has no transactions",
			f"Run ALTER TABLE `{table}` ENGINE=InnoDB once.",
		)
	return given


def _says(what: re.Pattern[str], text: str) -> bool:
	"""Whether a statement says so itself, and not only a text in it."""
	return bool(what.search(text) and what.search(TEXTS.sub("''", text)))


def _is_our_own(text: str) -> bool:
	"""Whether this app's connection sends several statements as one, undoes everything, or is being opened."""
	behind = frames.behind_the_driver()
	is_harmless = text.startswith("BEGIN NOT ATOMIC") and not text.endswith("COMMIT; END")
	is_opening = text == "SET AUTOCOMMIT = 0"
	return behind == frames.OPENS or (
		behind == frames.DATABASE and (is_harmless or is_opening or text.lower() == "rollback")
	)


def _first_word(query: str) -> str:
	return (query.split() or ["a statement"])[0].upper()


def _without_transactions(block: Block, text: str) -> str | None:
	"""The table that a statement writes, if no rollback turns that back."""
	found = WRITES.match(text)
	table = found and (found[1] or found[2])
	return table if table in block.tables else None


def without_transactions() -> frozenset[str]:
	"""The tables of this site that a rollback does not turn back; remembered for some minutes."""
	return _without(frappe.local.site, int(time.monotonic() / ENGINES_KNOWN))


@lru_cache(16)
def _without(site: str, _time: int) -> frozenset[str]:
	rows = frappe.local.db.sql(
		"SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
		" AND engine NOT IN ('InnoDB', 'RocksDB')"
	)
	return frozenset(row[0] for row in rows)


def _number(block: Block, _original: Any, key: str, digits: int) -> str:
	"""The next number of a naming series, far above the real ones. The row is not locked: everybody who makes a document
	of this series would wait for it."""
	return str(_after(block, f"series {key}", _current(key))).zfill(int(digits))


def _current(key: str) -> int:
	rows = frappe.local.db.sql("SELECT `current` FROM `tabSeries` WHERE `name` = %s", (key,))
	return int((rows and rows[0][0]) or 0)


def _next(block: Block, _original: Any, doctype_name: str, slug: str = "_id_seq") -> int:
	"""The next number of a sequence, far above the real ones."""
	name = frappe.scrub(f"{doctype_name}{slug}")
	((current,),) = frappe.local.db.sql(f"SELECT next_not_cached_value FROM `{name}`")
	return _after(block, f"sequence {name}", int(current))


def _after(block: Block, counter: str, current: int) -> int:
	block.counters[counter] = block.counters.get(counter, FAR + current) + 1
	return block.counters[counter]

"""What differs between MariaDB and SQLite in the store's statements. The rest is one SQL for both.

SQLite has one writer at a time, so a transaction that has written anything needs no row locks.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from dogansystem.protocol import Database, Row, Statement
from dogansystem.store.moment import Moment

# Which step runs of a run are meant, for statements that lock them: its items; its steps and items; all but its steps. The
# `+ 0` keeps MariaDB from reading a range of the index (run, item). A range also locks the row behind it, which is the first
# step of the next run. Where that run is just being started, the statement would wait for it, and the start may wait for what
# this transaction has locked: a deadlock.
IS_ITEM, IS_STEP_OR_ITEM, IS_NO_STEP = "item + 0 > 0", "item + 0 >= 0", "item + 0 <> 0"


def for_update(db: Database, seconds: int | None = None) -> str:
	"""Suffix of a SELECT that locks its rows; it waits for others for so many `seconds`, or as long as its session does.

	Decisions must be read with a lock even where the order of things seems to make it needless: under REPEATABLE READ
	a plain SELECT shows the snapshot of the transaction's first read, in which a sibling's result may be missing.
	"""
	wait = "" if seconds is None else f" WAIT {seconds}"
	return f" FOR UPDATE{wait}" if db.dialect == "mariadb" else ""


def for_update_skip_locked(db: Database) -> str:
	"""Suffix of a SELECT that takes the rows nobody else is taking."""
	return " FOR UPDATE SKIP LOCKED" if db.dialect == "mariadb" else ""


def along(db: Database, index: str) -> str:
	"""Suffix of a table that is read along this index, whatever the server knows of the table.

	A server that has restarted believes tables to be empty until it has counted them, and then a scan looks cheapest: a
	statement that locks would lock every row.
	"""
	return f" FORCE INDEX ({index})" if db.dialect == "mariadb" else ""


def for_share(db: Database) -> str:
	"""Suffix of a SELECT that reads the newest committed rows and keeps them from being changed."""
	return " LOCK IN SHARE MODE" if db.dialect == "mariadb" else ""


def marks(values: Sequence[Any]) -> str:
	"""Placeholders for an IN list: `%s, %s, %s`."""
	return ", ".join(["%s"] * len(values))


def insert(db: Database, table: str, values: Mapping[str, Any], at: Moment, user: str) -> None:
	"""A row of a DocType's table with `values`, and with the columns that all of them have."""
	row = {"creation": at.text, "modified": at.text, "owner": user, "modified_by": user, **values}
	columns = ", ".join(f"`{column}`" for column in row)
	db.execute(f"INSERT INTO `{table}` ({columns}) VALUES ({marks(list(row))})", list(row.values()))


def first(rows: list[Row]) -> Row | None:
	"""The first row, or None."""
	return rows[0] if rows else None


def write_by_keys(
	db: Database,
	table: str,
	assignments: str,
	values: Sequence[Any],
	keys: Sequence[str],
	condition: str = "1 = 1",
) -> int:
	"""`UPDATE table SET assignments` for the rows with these names that fit `condition`, found through the primary key.

	MariaDB plans an IN list on a small table as a full scan, and two such updates of disjoint rows block each other.
	A join that starts from the list of keys touches nothing else.
	"""
	return db.execute(*_by_keys(db, table, assignments, values, keys, condition)) if keys else 0


def _by_keys(
	db: Database, table: str, assignments: str, values: Sequence[Any], keys: Sequence[str], condition: str
) -> tuple[str, list[Any]]:
	if len(keys) == 1 or db.dialect != "mariadb":
		where = f"name IN ({marks(keys)}) AND {condition}"
		return f"UPDATE `{table}` SET {assignments} WHERE {where}", [*values, *keys]
	# Frappe's tables have this collation; a literal has the connection's, and would not use the index.
	name = "SELECT %s COLLATE utf8mb4_unicode_ci"
	picked = " UNION ALL ".join([f"{name} AS picked_name"] + [name] * (len(keys) - 1))
	return (
		f"UPDATE ({picked}) AS picked STRAIGHT_JOIN `{table}` FORCE INDEX (PRIMARY) ON name = picked_name"
		f" SET {assignments} WHERE {condition}",
		[*keys, *values],
	)


def update_of_many(db: Database, table: str, names: Sequence[str], values: Mapping[str, Any]) -> Statement:
	"""New values for the rows with these names, as `write_by_keys` finds them."""
	assignments = ", ".join(f"{column} = %s" for column in values)
	query, flat = _by_keys(db, table, assignments, tuple(values.values()), names, "1 = 1")
	return Statement(query, flat)


def update_of(
	table: str, name: str, values: Mapping[str, Any], condition: str = "", must: bool = False
) -> Statement:
	"""New values for the row with this name, if it fits `condition` (SQL without parameters)."""
	assignments = ", ".join(f"{column} = %s" for column in values)
	query = f"UPDATE `{table}` SET {assignments} WHERE name = %s" + (f" AND {condition}" if condition else "")
	return Statement(query, (*values.values(), name), must)

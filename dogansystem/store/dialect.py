"""What differs between MariaDB and SQLite in the store's statements. The rest is one SQL for both.

SQLite has one writer at a time, so a transaction that has written anything needs no row locks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.sites.protocol import Database, Row


def for_update(db: Database) -> str:
	"""Suffix of a SELECT that locks its rows.

	Decisions must be read with a lock even where the order of things seems to make it needless: under REPEATABLE READ
	a plain SELECT shows the snapshot of the transaction's first read, in which a sibling's result may be missing.
	"""
	return " FOR UPDATE" if db.dialect == "mariadb" else ""


def for_update_skip_locked(db: Database) -> str:
	"""Suffix of a SELECT that takes the rows nobody else is taking."""
	return " FOR UPDATE SKIP LOCKED" if db.dialect == "mariadb" else ""


def for_share(db: Database) -> str:
	"""Suffix of a SELECT that reads the newest committed rows and keeps them from being changed."""
	return " LOCK IN SHARE MODE" if db.dialect == "mariadb" else ""


def marks(values: Sequence[Any]) -> str:
	"""Placeholders for an IN list: `%s, %s, %s`."""
	return ", ".join(["%s"] * len(values))


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
	if not keys:
		return 0
	if len(keys) == 1 or db.dialect != "mariadb":
		where = f"name IN ({marks(keys)}) AND {condition}"
		return db.execute(f"UPDATE `{table}` SET {assignments} WHERE {where}", [*values, *keys])
	# Frappe's tables have this collation; a literal has the connection's, and would not use the index.
	name = "SELECT %s COLLATE utf8mb4_unicode_ci"
	picked = " UNION ALL ".join([f"{name} AS picked_name"] + [name] * (len(keys) - 1))
	return db.execute(
		f"UPDATE ({picked}) AS picked STRAIGHT_JOIN `{table}` ON name = picked_name"
		f" SET {assignments} WHERE {condition}",
		[*keys, *values],
	)


@dataclass(frozen=True, slots=True)
class Statement:
	"""A statement that is sent together with others.

	Attributes:
		must: without a row that it changes (or, of a `SELECT COUNT(*) …`, counts) nothing behind it is executed.
		locks: of a count: the newest rows are counted, and stay as they are until the transaction ends.
	"""

	query: str
	values: Sequence[Any]
	must: bool = False
	locks: bool = False


def update_of(
	table: str, name: str, values: Mapping[str, Any], condition: str = "", must: bool = False
) -> Statement:
	"""New values for the row with this name, if it fits `condition` (SQL without parameters)."""
	assignments = ", ".join(f"{column} = %s" for column in values)
	query = f"UPDATE `{table}` SET {assignments} WHERE name = %s" + (f" AND {condition}" if condition else "")
	return Statement(query, (*values.values(), name), must)


def together(db: Database, statements: Sequence[Statement]) -> list[int]:
	"""Execute statements in one round trip; gives how many rows each of them changed or counted, -1 of those behind
	one that had to and did not.

	A statement over the network costs more than what it does, so MariaDB gets them as one compound statement. (One
	UPDATE of several tables would not do: it makes a temporary table, which costs more than the round trip.)
	"""
	if db.dialect == "mariadb":
		values = [value for each in statements for value in each.values]
		return [int(count) for count in db.sql(_compound(statements), values)[0]]
	db.begin()
	counts = [-1] * len(statements)
	for number, each in enumerate(statements):
		counts[number] = _count(db, each)
		if each.must and not counts[number]:
			break
	return counts


def _count(db: Database, statement: Statement) -> int:
	if statement.query.startswith("SELECT"):
		return int(db.sql(statement.query, statement.values)[0][0])
	return db.execute(statement.query, statement.values)


def _compound(statements: Sequence[Statement]) -> str:
	names = ", ".join(f"c{number}" for number in range(len(statements)))
	parts = [f"BEGIN NOT ATOMIC DECLARE {names} INT DEFAULT -1; work: BEGIN"]
	for number, each in enumerate(statements):
		if each.query.startswith("SELECT COUNT(*) "):
			count = each.query.replace("SELECT COUNT(*) ", f"SELECT COUNT(*) INTO c{number} ", 1)
			parts.append(count + (" LOCK IN SHARE MODE;" if each.locks else ";"))
		else:
			parts.append(f"{each.query}; SET c{number} = ROW_COUNT();")
		if each.must:
			parts.append(f"IF c{number} = 0 THEN LEAVE work; END IF;")
	return " ".join([*parts, f"END work; SELECT {names}; END"])

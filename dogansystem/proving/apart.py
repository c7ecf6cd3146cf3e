"""The engine's own tables, apart from those of real work, for the length of an attempt.

On MariaDB a temporary table hides the table of the same name from its connection, and from no other. An attempt has queues,
leases, slots and runs of its own: it claims no real step, keeps no real one waiting, and uses up none of their numbers. They end
with the connection, whatever becomes of the process. On SQLite, which has one writer at a time, the tables are emptied in the
transaction that is rolled back.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dogansystem.protocol import Database
from dogansystem.store import schema

WORKFLOW, VERSION = "tabDogan Workflow", "tabDogan Workflow Version"
# What of a table's rows is there in an attempt; of all others of ours nothing is.
_KEPT = {
	VERSION: f"name IN (SELECT current_version FROM `{WORKFLOW}`)",  # while the workflows are there to be read
	WORKFLOW: "1 = 1",
	"dogan_state": "1 = 1",
}
_OF_RUNS = ("Dogan Workflow Run", "Dogan Step Run", "Dogan Approval", "Dogan Approver", "Dogan Approval Decision", "Dogan Batch")  # fmt: skip
_COPY = "dogan_copy"
FAR = 1_000_000


def tables(more: Mapping[str, str]) -> dict[str, str | None]:
	"""The tables, and which of their rows are kept (SQL); None: none. `more`: those of a home that are kept as they are."""
	own = [*schema.internal_tables(), *(f"tab{each}" for each in _OF_RUNS)]
	kept = {**dict.fromkeys(more, "1 = 1"), **_KEPT}
	return {**dict.fromkeys(each for each in own if each not in kept), **kept}


@contextmanager
def apart(db: Database, series: Mapping[str, str]) -> Iterator[None]:
	"""Within the block `db`, on which no transaction is open, has these tables to itself.

	`series`: the tables of a home's naming series, and the column of their last numbers. An attempt counts far above: who
	makes a document meanwhile would wait for the name that it was given.
	"""
	if db.dialect == "sqlite":
		db.begin()
		for table, kept in tables({}).items():
			if kept is None:
				db.execute(f"DELETE FROM `{table}`")
		yield
		return
	made: list[str] = []
	try:
		for table, kept in tables(series).items():
			_hide(db, table, kept)
			made.append(table)
		for table, column in series.items():
			db.execute(f"UPDATE `{table}` SET `{column}` = `{column}` + {FAR}")
		db.commit()
		yield
	finally:
		for table in made:
			db.execute(f"DROP TEMPORARY TABLE IF EXISTS `{table}`")


def _hide(db: Database, table: str, kept: str | None) -> None:
	"""Put a temporary table before a table. It is made under another name, under which the real one can still be read."""
	db.execute(f"CREATE TEMPORARY TABLE `{_COPY}` LIKE `{table}`")
	if kept is not None:
		db.execute(f"INSERT INTO `{_COPY}` SELECT * FROM `{table}` WHERE {kept}")
	db.execute(f"ALTER TABLE `{_COPY}` RENAME TO `{table}`")

"""Where a simulation takes place: a sandbox that looks at itself after every commit, and remembers every change of state."""

import os
from collections.abc import Callable
from typing import Any

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox import Sandbox, TestClock

TABLES = {
	# Every change of a state, written by triggers: also those that a transaction makes one after the other.
	"sim_change": "(id {id}, kind VARCHAR(10), name VARCHAR(140), old VARCHAR(20), new VARCHAR(20))",
	# What the steps' actions did, written in the steps' own transactions.
	"sim_effect": "(id {id}, step_run VARCHAR(140), generation INT, kind VARCHAR(10), process BIGINT)",
}
_ID = {"sqlite": "INTEGER PRIMARY KEY AUTOINCREMENT", "mariadb": "BIGINT AUTO_INCREMENT PRIMARY KEY"}
_WATCHED = {"run": "tabDogan Workflow Run", "step": "tabDogan Step Run"}


class Place(Sandbox):
	"""A sandbox that calls `committed` after each commit of any of its connections."""

	def __init__(self, url: "str | os.PathLike[str]") -> None:
		self.committed: Callable[[], None] = lambda: None
		self.clock = TestClock()
		super().__init__(url, clock=self.clock, timezone="UTC")
		self.seen_change = self._version = 0
		self.seen_asked: dict[tuple, Any] = {}
		self.watcher = super().open_control()
		self._prepare()

	@property
	def database(self) -> Connection:
		"""This thread's connection."""
		return self._watched(super().database)

	def open_control(self) -> Connection:
		"""A new connection."""
		return self._watched(super().open_control())

	def _watched(self, connection: Connection) -> Connection:
		if "commit" not in vars(connection):
			commit = connection.commit

			def commit_and_look() -> None:
				commit()
				self.committed()

			connection.commit = commit_and_look  # type: ignore[method-assign]
		return connection

	def _prepare(self) -> None:
		db = self.watcher
		for table, columns in TABLES.items():
			db.execute(f"CREATE TABLE IF NOT EXISTS {table} {columns.format(id=_ID[db.dialect])}")
		for kind, table in _WATCHED.items():
			note = f"INSERT INTO sim_change (kind, name, old, new) VALUES ('{kind}', NEW.name, OLD.status, NEW.status)"
			if db.dialect == "sqlite":
				db.execute(
					f"CREATE TRIGGER IF NOT EXISTS sim_{kind} AFTER UPDATE OF status ON `{table}`"
					f" WHEN OLD.status <> NEW.status BEGIN {note}; END"
				)
			else:
				db.execute(
					f"CREATE TRIGGER IF NOT EXISTS sim_{kind} AFTER UPDATE ON `{table}` FOR EACH ROW"
					f" BEGIN IF OLD.status <> NEW.status THEN {note}; END IF; END"
				)
		db.commit()

	def has_changed(self) -> bool:
		"""Whether a connection has written something since this was asked the last time. Many commits follow a look alone."""
		if self.watcher.dialect != "sqlite":
			return True
		before, self._version = self._version, self.watcher.sql("PRAGMA data_version")[0][0]
		self.watcher.rollback()
		return bool(before != self._version)

	def dump(self) -> dict[str, list[tuple]]:
		"""Every row of every table that a step may change."""
		tables = (*_WATCHED.values(), *TABLES, *QUEUE_TABLES)
		found = {table: self.watcher.sql(f"SELECT * FROM `{table}` ORDER BY 1, 2") for table in tables}
		self.watcher.rollback()
		return found


QUEUE_TABLES = (
	"dogan_ready",
	"dogan_lease",
	"dogan_line",
	"dogan_slot",
	"dogan_timer",
	"dogan_process",
	"dogan_state",
)

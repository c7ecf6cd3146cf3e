"""A connection to the site's database, as the rooms see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Statement:
	"""A statement that is executed together with others.

	Attributes:
		must: it is unfit if it changes no row.
		asks: it is a SELECT, unfit without a row; what it has read stays as it is until the transaction ends.
	"""

	query: str
	values: Sequence[Any]
	must: bool = False
	asks: bool = False


class Database(Protocol):
	"""One connection. Placeholders are `%s`, identifiers stand in backticks, on every dialect.

	The first statement opens a transaction; `commit` and `rollback` end it.
	"""

	@property
	def dialect(self) -> str:
		"""`mariadb` or `sqlite`."""

	def sql(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
		"""Run a query that gives rows."""

	def execute(self, query: str, values: Sequence[Any] = ()) -> int:
		"""Run a statement that changes rows; gives how many it changed."""

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		"""Run `INSERT … VALUES (%s, …)` for many rows in as few statements as the dialect allows."""

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in order, in one round trip where there is one; None when all did fit.

		Else the number of the first that was unfit: those before it have been executed, those behind it have not.
		With `commit`, and if all did fit, this is the transaction's end as `commit` is.
		"""

	def begin(self) -> None:
		"""Open the transaction as one that writes, if none is open.

		What is read afterwards cannot be changed by others before the commit: SQLite takes its write lock. MariaDB
		has nothing to do here, its row locks come with the reads.
		"""

	def commit(self) -> None: ...
	def rollback(self) -> None: ...
	def reconnect(self) -> None:
		"""Replace a connection that is gone. Whatever was not committed is lost."""

	def close(self) -> None: ...
	def mark(self, name: str | None) -> None:
		"""Give this connection, and the one that replaces it when it is lost, a name by which others can `end` it;
		None takes the name away. SQLite has nothing to do: its locks go with the process."""

	def end(self, name: str) -> bool:
		"""End the connection of that name: what it has not committed is undone, its locks are free. False: none is
		known."""

	def is_conflict(self, error: BaseException) -> bool:
		"""Whether the transaction lost against another one and may simply be repeated.

		MariaDB: 1213 deadlock, 1205 lock wait timeout, 1020 record changed. SQLite: busy, locked.
		"""

	def is_duplicate(self, error: BaseException) -> bool:
		"""Whether a unique key was violated."""

	def is_lost(self, error: BaseException) -> bool:
		"""Whether the connection is gone, so that nobody knows whether the last commit arrived."""

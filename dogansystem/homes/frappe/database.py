"""A Frappe site's database: the connection of `frappe.db`, and further connections for claims and heartbeats."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import frappe
import pymysql

from dogansystem.homes.databases import compound, driver, liveness, marks, session
from dogansystem.homes.frappe import compat, stamps
from dogansystem.protocol import Row, Statement

_CONFLICTS = (frappe.QueryDeadlockError, frappe.QueryTimeoutError)

logger = logging.getLogger(__name__)


class MariaDB:
	"""What both kinds of connection share. Subclasses say which connection it is."""

	dialect = "mariadb"
	_mark: str | None = None
	_connection: Any = None
	_kept_cursor: Any = None

	def mark(self, name: str | None) -> None:
		"""Give this connection, and the one that replaces it when it is lost, a name by which others can `end` it."""
		if self._mark:
			marks.take_off(self.sql, self._mark)
		self._mark = name
		self._put_mark()

	def end(self, name: str) -> bool:
		"""End the connection of that name; False if there is none."""
		return marks.end(self.sql, name)

	def _put_mark(self) -> None:
		if self._mark:
			self.relax()
			marks.put(self.sql, self._mark)

	def relax(self) -> None:
		"""Have locks read the newest row on this connection; see `session.relax`."""
		session.relax(self._ask)

	def _ask(self, query: str, values: Sequence[Any] = ()) -> Sequence[Row]:
		"""Ask what may give no rows."""
		cursor = self._cursor()
		cursor.execute(query, values or None)
		return cursor.fetchall() if cursor.description else ()

	def _cursor(self) -> Any:
		return self._kept_cursor

	def sql(self, query: str, values: Sequence[Any] = ()) -> list[Row]:
		"""Run a query that gives rows."""
		cursor = self._cursor()
		cursor.execute(query, values or None)
		return list(cursor.fetchall())

	def execute(self, query: str, values: Sequence[Any] = ()) -> int:
		"""Run a statement that changes rows; gives how many it changed."""
		return self._cursor().execute(query, values or None)

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		"""Run `INSERT … VALUES (%s, …)` for many rows; the driver joins them into one statement."""
		return self._cursor().executemany(query, rows) if rows else 0

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in one round trip; gives the number of the first that was unfit, or None."""
		return compound.together(self.execute, driver.ERRORS, statements, commit=commit)

	def begin(self) -> None:
		"""Nothing to do: a transaction is open, and row locks come with the reads."""

	def is_conflict(self, error: BaseException) -> bool:
		"""Whether the transaction lost against another one and may simply be repeated."""
		return driver.is_conflict(_unwrapped(error)) or isinstance(error, _CONFLICTS)

	def is_duplicate(self, error: BaseException) -> bool:
		"""Whether a unique key was violated."""
		return isinstance(error, frappe.DuplicateEntryError) or driver.is_duplicate(error)

	def is_lost(self, error: BaseException) -> bool:
		"""Whether the connection is gone, so that nobody knows whether the last commit arrived."""
		return driver.is_lost(_unwrapped(error))


class SiteDatabase(MariaDB):
	"""The connection of `frappe.db`, so that a step's effects and its progress are one transaction.

	It goes past `frappe.db.sql`, which costs more than the statement itself in a worker's loop, but ends transactions
	as Frappe does, callbacks included.
	"""

	def __init__(self) -> None:
		self.transactions = 0  # ended so far through this object
		self.when_undone: Callable[[], None] = lambda: None  # what was written may have been cached meanwhile

	def _cursor(self) -> Any:
		connection = compat.connection(frappe.local.db)
		if connection is not self._connection:
			self._connection = connection
			self._kept_cursor = connection.cursor()
			liveness.watch(connection)
			self._put_mark()
		return self._kept_cursor

	def commit(self) -> None:
		"""Commit, then run what waits for it.

		The callbacks cannot undo the commit, so their errors are logged and not raised: a failed ring must not look
		like a failed step.
		"""
		frappe.local.db.before_commit.run()
		self._cursor().connection.commit()
		self._committed()

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in one round trip; gives the number of the first that was unfit, or None."""
		if commit:
			frappe.local.db.before_commit.run()
		number = super().together(statements, commit=commit)
		if commit and number is None:
			self._committed()
		return number

	def _committed(self) -> None:
		db = frappe.local.db
		compat.forget_transaction(db, db.before_rollback, db.after_rollback)
		self.transactions += 1
		while True:
			try:
				return db.after_commit.run()
			except Exception:
				logger.exception("a callback after a commit failed")  # run() goes on behind it

	def rollback(self) -> None:
		"""Roll back, then run what waits for it.

		A step that is interrupted in the middle of a statement, because its time is up, loses the connection. The server
		then rolls back, so connecting again is enough.
		"""
		db = frappe.local.db
		compat.forget_transaction(db, db.before_commit, db.after_commit)
		db.before_rollback.run()
		try:
			self._cursor().connection.rollback()
		except driver.ERRORS as error:
			if not self.is_lost(error):
				raise
			compat.replace_connection(db)
		self._forget(db)
		db.after_rollback.run()

	def reconnect(self) -> None:
		"""Replace a connection that is gone. Whatever was not committed is lost."""
		db = frappe.local.db
		compat.forget_transaction(
			db, db.before_commit, db.after_commit, db.before_rollback, db.after_rollback
		)
		compat.replace_connection(db)
		self._forget(db)

	def _forget(self, db: Any) -> None:
		stamps.forget()
		compat.forget_values(db)
		self.transactions += 1
		self.when_undone()

	def close(self) -> None:
		"""Nothing: the connection is Frappe's, which closes it with the request or job."""


class ControlDatabase(MariaDB):
	"""A connection of its own, of PyMySQL, READ COMMITTED: an empty claim under REPEATABLE READ would block every insert into the
	queue. Made of plain settings, so that it can be opened in a thread that Frappe knows nothing of."""

	def __init__(self, settings: dict[str, Any]) -> None:
		self._settings = settings
		self.reconnect()

	def commit(self) -> None:
		"""Commit."""
		self._connection.commit()

	def rollback(self) -> None:
		"""Roll back."""
		self._connection.rollback()

	def reconnect(self) -> None:
		"""Replace a connection that is gone. Whatever was not committed is lost."""
		self.close()
		self._connection = pymysql.connect(**self._settings, init_command=f"SET SESSION {session.CONTROL}")
		self._kept_cursor = self._connection.cursor()
		liveness.watch(self._connection)
		self._put_mark()

	def close(self) -> None:
		"""Close the connection; may be called again."""
		if self._connection is not None and self._connection.open:
			self._connection.close()


def _unwrapped(error: BaseException) -> BaseException:
	"""The driver's error in one of Frappe's."""
	while isinstance(error, _CONFLICTS) and error.args and isinstance(error.args[0], BaseException):
		error = error.args[0]
	return error

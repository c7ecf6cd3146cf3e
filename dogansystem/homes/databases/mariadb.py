"""A connection to a MariaDB database, as Frappe opens its own: autocommit off, REPEATABLE READ.

A connection that is gone is replaced at the next statement, but only when no transaction was open: a caller that has
written half of something must learn that it is lost.
"""

import ssl
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import Cursor

from dogansystem.homes.databases import compound, driver, liveness, marks, session
from dogansystem.homes.databases.address import AddressError, MariaDBServer
from dogansystem.homes.databases.connection import Connection
from dogansystem.protocol import Row, Statement

CONNECT_TIMEOUT = 10  # seconds
CONVERSIONS = {
	**conversions,
	FIELD_TYPE.NEWDECIMAL: float,
	FIELD_TYPE.DECIMAL: float,
}  # as Frappe reads columns
UNKNOWN_DATABASE = 1049
REFUSED = frozenset({1044, 1045, 1698})  # wrong user or password, or no rights on the database


if TYPE_CHECKING:
	_Connection = pymysql.connections.Connection[Cursor]
else:
	_Connection = pymysql.connections.Connection


class _Session(_Connection):
	"""PyMySQL 1.2 reads all certificates of the machine for each connection, 28 ms, and uses none of them."""

	def _create_ssl_ctx(self, options: object) -> ssl.SSLContext:
		"""For no options, which is what `connect` gives: TLS where the server has it, by any certificate."""
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
		context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
		return context


class MariaDB(Connection):
	"""One connection to `server`, opened by its first statement. `session` is what it asks for then."""

	dialect: str = "mariadb"
	errors = (pymysql.err.Error,)

	def __init__(self, server: MariaDBServer, settings: str = session.OWN) -> None:
		super().__init__()
		self._server = server
		self._settings = settings
		self._connection: _Session | None = None
		self._open = False  # whether a statement has run since the last commit or rollback
		self._broken = False  # whether the connection was lost in the middle of a transaction
		self._closed = False
		self._mark: str | None = None

	def _connect(self) -> _Session:
		if self._closed:
			raise pymysql.err.InterfaceError(0, f"The connection to {self._server} is closed.")
		if self._connection is None:
			self._connection = connect(self._server, self._settings)
			liveness.watch(self._connection)
			session.relax(self._ask)
			if self._mark:
				marks.put(self._ask, self._mark)
		return self._connection

	def _run(self, query: str, values: Sequence[Any], many: bool = False) -> Cursor:
		if self._broken:
			raise pymysql.err.OperationalError(
				2013, "The connection was lost in the middle of this transaction. Roll back, then repeat it."
			)
		try:
			return self._try_again(query, values, many)
		except BaseException as interruption:
			# A deadline or Ctrl-C between question and answer: the next statement would read this one's answer.
			if not isinstance(interruption, Exception):
				self._kill()
				self._broken = self._broken or self._open
			raise

	def _try_again(self, query: str, values: Sequence[Any], many: bool) -> Cursor:
		"""Run the statement, on a new connection if the old one was lost between two transactions."""
		try:
			return self._try(query, values, many)
		except pymysql.err.Error as error:
			if not self.is_lost(error):
				raise
			self._drop()
			if self._open:
				self._broken = True
				raise
		return self._try(query, values, many)

	def _try(self, query: str, values: Sequence[Any], many: bool) -> Cursor:
		cursor = self._connect().cursor()
		if many:
			cursor.executemany(query, values)
		else:
			cursor.execute(query, tuple(values))
		self._open = True
		return cursor

	def _fetch(self, query: str, values: Sequence[Any]) -> list[Row]:
		return list(self._run(query, values).fetchall())

	def _change(self, query: str, values: Sequence[Any]) -> int:
		return self._run(query, values).rowcount

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		return self._run(query, rows, many=True).rowcount if rows else 0

	def together(self, statements: Sequence[Statement], *, commit: bool = False) -> int | None:
		"""Execute statements in one round trip; gives the number of the first whose check failed, or None."""
		# Open before it is sent: nobody can tell whether a COMMIT arrived when the connection was lost.
		self._open = self._open or commit
		number = compound.together(self._run, (pymysql.err.Error,), statements, commit=commit)
		if number is not None:
			self._open = True
		elif commit:
			self._open = False
			self._committed()
		return number

	def begin(self) -> None:
		"""Nothing to do: the first statement opens the transaction, and row locks come with the reads."""

	def _commit(self) -> None:
		if self._broken:
			raise pymysql.err.OperationalError(2013, "The connection was lost before the commit.")
		if self._open and self._connection is not None:
			try:
				self._connection.commit()
			except pymysql.err.Error as error:
				if self.is_lost(error):
					self._drop()
					self._broken = True
				raise
		self._open = False

	def _rollback(self) -> None:
		was_open, self._open, self._broken = self._open, False, False
		if was_open and self._connection is not None:
			try:
				self._connection.rollback()
			except pymysql.err.Error as error:
				if not self.is_lost(error):
					raise
				# The server rolls back what a lost connection left behind.
				self._drop()

	def reconnect(self) -> None:
		self._drop()
		self._open = self._broken = self._closed = False
		self._connect()

	def close(self) -> None:
		self._closed = True
		self._drop()

	def mark(self, name: str | None) -> None:
		"""Give this connection, and the one that replaces it when it is lost, a name by which others can `end` it."""
		before, self._mark = self._mark, name
		if before and self._connection is not None:
			marks.take_off(self._ask, before)
		if name and self._connection is not None:
			marks.put(self._ask, name)

	def end(self, name: str) -> bool:
		return marks.end(self._fetch, name)

	def _ask(self, query: str, values: Sequence[Any]) -> Sequence[Row]:
		"""Ask the connection that is there, outside of any transaction of its own."""
		assert self._connection is not None
		with self._connection.cursor() as cursor:
			cursor.execute(query, tuple(values))
			return cursor.fetchall()

	def _kill(self) -> None:
		"""Give the connection up and end its statement on the server, which would keep its locks until it is done."""
		number = self._connection.thread_id() if self._connection else None  # type: ignore[no-untyped-call]
		self._drop()
		if number:
			try:
				with connect(self._server, self._settings) as helper, helper.cursor() as cursor:
					cursor.execute(f"KILL {int(number)}")
			except pymysql.err.Error:
				pass  # it has ended by itself, or the server is gone

	def _drop(self) -> None:
		connection, self._connection = getattr(self, "_connection", None), None
		if connection is not None and connection.open:
			try:
				connection.close()
			except (OSError, pymysql.err.Error):
				pass  # it is being given up because it does not work

	def is_conflict(self, error: BaseException) -> bool:
		return driver.is_conflict(error)

	def is_duplicate(self, error: BaseException) -> bool:
		return driver.is_duplicate(error)

	def is_lost(self, error: BaseException) -> bool:
		return driver.is_lost(error)


def connect(server: MariaDBServer, settings: str) -> _Session:
	"""Open a connection. Raises AddressError when the server is there but the address does not fit it."""
	try:
		return _Session(
			**asdict(server),
			charset="utf8mb4",
			autocommit=False,
			connect_timeout=CONNECT_TIMEOUT,
			init_command=f"SET SESSION {settings}",
			conv=CONVERSIONS,
		)
	except pymysql.err.OperationalError as error:
		code = driver.code(error)
		if code == UNKNOWN_DATABASE:
			raise AddressError(
				f"{server} does not exist. Create it: CREATE DATABASE `{server.database}` CHARACTER SET utf8mb4"
				" COLLATE utf8mb4_unicode_ci"
			) from None
		if code in REFUSED:
			raise AddressError(f"{server} refuses this user or password. Check them in the URL.") from None
		raise

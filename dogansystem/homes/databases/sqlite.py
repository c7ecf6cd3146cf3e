"""A connection to the sandbox's SQLite file.

Reads outside a transaction do not open one, so they always see the newest state. The first write takes the write lock
at once (BEGIN IMMEDIATE): a transaction that began by reading could otherwise find, at its first write, that its
snapshot is too old. A step that only waits therefore never holds the lock.

A disk that takes nothing counts as a lost connection: the transaction is undone at once, and workers try again until
there is room.
"""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from dogansystem.engine.errors import DoganError
from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.databases.statements import for_sqlite
from dogansystem.protocol import Row

BUSY_TIMEOUT = 60.0  # seconds a writer waits for its turn before the transaction counts as lost
# What SQLite says when it cannot write, and what to do. It has codes for them only from Python 3.11 on.
NO_ROOM = {
	"database or disk is full": "Free some space on its disk.",
	"disk I/O error": "See whether its disk is full, read-only or damaged.",
	"attempt to write a readonly database": "See whether its file and folder may be written to.",
	"unable to open database file": "See whether its folder is there, may be written to, and has room.",
}
_PLAIN = frozenset({str, int, float, bool, type(None), bytes})


class NoRoom(DoganError, sqlite3.OperationalError):
	"""The disk takes nothing for now. What was not committed is undone."""


class Turn:
	"""Whose turn it is to write to one file, among the threads of this process.

	SQLite lets writers poll for the lock with growing pauses, and with ten threads one of them may wait for most of a
	second. A lock wakes them in turn. Other processes are still kept out by SQLite itself.

	A step's deadline may raise its TimeUp between any two instructions, and in a thread that waits here it does so
	right after the lock was taken. So the lock itself must know its owner: an RLock does, and `give` asks it.
	"""

	def __init__(self) -> None:
		self._lock = threading.RLock()
		self.holder: object | None = None  # token of the connection that writes

	def take(self, token: object) -> None:
		"""Wait for the turn. Raises OperationalError after BUSY_TIMEOUT, as SQLite would."""
		if not self._lock.acquire(timeout=BUSY_TIMEOUT):
			raise sqlite3.OperationalError(
				f"database is locked: no turn to write in {BUSY_TIMEOUT:.0f} seconds"
			)
		if self.holder not in (None, token):
			self._lock.release()
			raise RuntimeError(
				"This thread has uncommitted changes on another connection to the same SQLite file and would wait"
				" for itself. Commit or roll back there first."
			)
		self.holder = token

	def give(self, token: object) -> bool:
		"""Let the next one write. False if this thread has no turn to give."""
		if self.holder not in (None, token):
			return False
		was_holder = self.holder is token
		if was_holder:
			self.holder = None  # before the release: afterwards another thread may have it
		given = False
		try:
			while True:
				self._lock.release()
				given = True
		except RuntimeError:  # not, or no longer, the owner
			if was_holder and not given:
				self.holder = token  # it is another thread's to give
			return given


_turns: "WeakValueDictionary[Path, Turn]" = WeakValueDictionary()
_turns_lock = threading.Lock()


def _turn_of(path: Path) -> Turn:
	with _turns_lock:
		return _turns.setdefault(path, Turn())


def _abandon(path: Path, turn: Turn) -> None:
	with _turns_lock:
		if _turns.get(path) is turn:
			del _turns[path]


class SQLite(Connection):
	"""One connection to `path`; the file is made if there is none."""

	dialect: str = "sqlite"
	errors = (sqlite3.Error,)

	def __init__(self, path: Path) -> None:
		super().__init__()
		self._path = path
		self._turn = _turn_of(path.resolve())
		self._token = object()
		self._is_writing = False
		self._no_room: NoRoom | None = None  # since the last commit or rollback
		self._connection: sqlite3.Connection | None = self._open()

	def _open(self) -> sqlite3.Connection:
		# The thread that ends last closes the connections of the others.
		try:
			connection = sqlite3.connect(
				self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
			)
		except sqlite3.OperationalError as error:
			raise self._as_no_room(error) or error from None
		try:
			connection.execute("PRAGMA journal_mode = WAL")
			# Safe against a crash of the process; a power cut may lose the last commits but breaks nothing.
			connection.execute("PRAGMA synchronous = NORMAL")
		except BaseException as error:
			connection.close()
			raise self._as_no_room(error) or error from None
		return connection

	@property
	def _opened(self) -> sqlite3.Connection:
		if self._connection is None:
			raise sqlite3.ProgrammingError(f"The connection to {self._path} is closed.")
		return self._connection

	def _run(self, query: str, values: Sequence[Any]) -> sqlite3.Cursor:
		text, writes = for_sqlite(query)
		with self._undone_without_room():
			if writes:
				self.begin()
			return self._opened.execute(text, _plain(values))

	def _fetch(self, query: str, values: Sequence[Any]) -> list[Row]:
		return self._run(query, values).fetchall()

	def _change(self, query: str, values: Sequence[Any]) -> int:
		return max(self._run(query, values).rowcount, 0)

	def execute_many(self, query: str, rows: Sequence[Sequence[Any]]) -> int:
		if not rows:
			return 0
		with self._undone_without_room():
			self.begin()
			cursor = self._opened.executemany(for_sqlite(query)[0], [_plain(row) for row in rows])
		return max(cursor.rowcount, 0)

	def begin(self) -> None:
		connection = self._opened
		if self._no_room:
			raise self._no_room
		if self._is_writing:
			self._check_still_writing(connection)
			return
		# First: a deadline may come at any time, and then `rollback` gives the turn back.
		self._is_writing = True
		try:
			self._turn.take(self._token)
			with self._undone_without_room():
				connection.execute("BEGIN IMMEDIATE")
		except (sqlite3.Error, RuntimeError):
			self._end_turn()
			raise

	@contextmanager
	def _undone_without_room(self) -> Iterator[None]:
		"""Undo the transaction when the disk takes nothing, and let nothing be written before the next one."""
		try:
			yield
		except sqlite3.OperationalError as error:
			no_room = self._as_no_room(error)
			if no_room is None or no_room is error:
				raise
			self._end()
			self._no_room = no_room
			raise no_room from None

	def _as_no_room(self, error: BaseException) -> "NoRoom | None":
		if isinstance(error, NoRoom):
			return error
		remedy = NO_ROOM.get(str(error)) if isinstance(error, sqlite3.OperationalError) else None
		return NoRoom(f"{self._path} cannot be used: {error}. {remedy}") if remedy else None

	def _check_still_writing(self, connection: sqlite3.Connection) -> None:
		if not connection.in_transaction:
			# SQLite rolls back by itself after some errors. Going on would keep half of the transaction.
			raise sqlite3.OperationalError(
				"SQLite has rolled this transaction back. Roll back, then repeat it."
			)

	def _commit(self) -> None:
		if self._is_writing:
			connection = self._opened
			self._check_still_writing(connection)
			with self._undone_without_room():
				connection.execute("COMMIT")
			self._end_turn()
		elif self._no_room:
			raise self._no_room

	def _rollback(self) -> None:
		self._no_room = None
		self._end()

	def _end(self) -> None:
		try:
			if self._connection is not None and self._connection.in_transaction:
				self._connection.execute("ROLLBACK")
		finally:
			self._end_turn()

	def _end_turn(self) -> None:
		if self._is_writing:
			self._is_writing = False
			if not self._turn.give(self._token) and self._turn.holder is self._token:
				# Closed from another thread in mid-transaction: only the owner can release that lock.
				_abandon(self._path.resolve(), self._turn)

	def reconnect(self) -> None:
		self.close()
		self._no_room = None
		self._connection = self._open()

	def close(self) -> None:
		connection, self._connection = getattr(self, "_connection", None), None
		if connection is not None:
			connection.close()
			self._end_turn()

	def is_conflict(self, error: BaseException) -> bool:
		return isinstance(error, sqlite3.OperationalError) and "locked" in str(error)

	def is_duplicate(self, error: BaseException) -> bool:
		return isinstance(error, sqlite3.IntegrityError) and "UNIQUE constraint failed" in str(error)

	def is_lost(self, error: BaseException) -> bool:
		return self._as_no_room(error) is not None


def _plain(values: Sequence[Any]) -> Sequence[Any]:
	return [value if type(value) in _PLAIN else _as_column(value) for value in values]


def _as_column(value: Any) -> Any:
	if isinstance(value, datetime):
		return value.strftime("%Y-%m-%d %H:%M:%S.%f")
	if isinstance(value, date):
		return value.isoformat()
	if isinstance(value, Decimal):
		return float(value)
	return value

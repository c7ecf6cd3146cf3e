"""The sandbox's connections: one for each thread that asks, and others for claims and clocks."""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from weakref import WeakSet, finalize

from dogansystem.engine.errors import DoganError
from dogansystem.homes.databases import session
from dogansystem.homes.databases.address import Address, MariaDBServer, SQLiteFile, parse_address
from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.databases.sqlite import SQLite

THROWAWAY = ":memory:"  # several threads need several connections, so this too is a temporary file


class Connections:
	"""Opens connections to one address and closes all of them in the end."""

	def __init__(self, url: "str | os.PathLike[str] | None") -> None:
		"""`url` None: a temporary file that is removed with the last connection. Raises AddressError."""
		self._remove_files: Callable[[], object] = lambda: None
		if url is None or os.fspath(url) == THROWAWAY:
			folder = tempfile.mkdtemp(prefix="dogansystem-")
			self._remove_files = finalize(self, shutil.rmtree, folder, ignore_errors=True)
			self.folder: Path | None = Path(folder)  # that is thrown away with it
			self.address: Address = SQLiteFile(self.folder / "sandbox.db")
		else:
			self.folder, self.address = None, parse_address(url)
		self.is_closed = False
		self._local = threading.local()
		self._all: WeakSet[Connection] = WeakSet()
		self._lock = threading.Lock()

	@property
	def dialect(self) -> str:
		"""`sqlite` or `mariadb`."""
		return "mariadb" if isinstance(self.address, MariaDBServer) else "sqlite"

	@property
	def short_name(self) -> str:
		"""The database's name, or the file's."""
		return self.address.database if isinstance(self.address, MariaDBServer) else self.address.path.stem

	def of_this_thread(self) -> Connection:
		"""The calling thread's own connection."""
		connection: Connection | None = getattr(self._local, "connection", None)
		if connection is None or self.is_closed:
			connection = self._local.connection = self.open()
		return connection

	def open(self, *, control: bool = False) -> Connection:
		"""A new connection; for `control` one for short transactions, READ COMMITTED.

		Raises AddressError, or DoganError when this has been closed.
		"""
		if self.is_closed:
			raise DoganError(
				f"The sandbox {self.address} is closed. Open it again: Sandbox({str(self.address)!r})."
			)
		connection = self._connect(control)
		with self._lock:
			self._all.add(connection)
		return connection

	@property
	def errors(self) -> tuple[type[Exception], ...]:
		"""What the driver of this address raises."""
		if isinstance(self.address, SQLiteFile):
			return SQLite.errors
		from dogansystem.homes.databases import mariadb  # only here and below, so that a file needs no driver

		return mariadb.MariaDB.errors

	def _connect(self, control: bool) -> Connection:
		if isinstance(self.address, SQLiteFile):
			return SQLite(self.address.path)
		from dogansystem.homes.databases import mariadb

		return mariadb.MariaDB(self.address, session.CONTROL if control else session.OWN)

	def close(self) -> None:
		"""Close all connections, those of other threads too, and remove a temporary file."""
		self.is_closed = True
		with self._lock:
			for connection in list(self._all):
				connection.close()
		self._remove_files()

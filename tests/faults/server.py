"""A MariaDB server of a test's own, to be stopped, killed and filled up."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pymysql

STARTS = 30.0  # seconds
_FOLDERS = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


class Server:
	"""A mariadbd with its data in `folder`; it ends with the block. Skips the test where there is no mariadbd."""

	def __init__(
		self,
		folder: Path,
		*options: str,
		address: str = "127.0.0.1",
		preexec: Callable[[], None] | None = None,
		environment: Mapping[str, str] = {},
	) -> None:
		"""It listens at `address`; `preexec` is called in its process before it starts, `environment` added to its own."""
		self.address, self._preexec = address, preexec
		self.data = folder / "data"
		self.port = _free_port()
		self._log = folder / "server.log"
		self._options = options
		self._process: subprocess.Popen[bytes] | None = None
		# A server that starts deletes what it finds of temporary tables, another server's too.
		self._environment = os.environ | {"TMPDIR": str(folder)} | environment
		self._user = ["--user=root"] if os.geteuid() == 0 else []
		install, self._binary = _find("mariadb-install-db"), _find("mariadbd")
		with self._log.open("ab") as log:
			subprocess.run(
				[
					*(install, "--no-defaults", f"--datadir={self.data}", "--skip-test-db", *self._user),
					"--auth-root-authentication-method=normal",
				],
				stdout=log,
				stderr=log,
				env=self._environment,
				check=True,
			)
		self.start()

	def __enter__(self) -> "Server":
		return self

	def __exit__(self, *_: object) -> None:
		self.stop()

	def start(self) -> None:
		"""Start it, and wait until it answers."""
		with self._log.open("ab") as log:
			self._process = subprocess.Popen(
				[
					*(self._binary, "--no-defaults", *self._user, f"--datadir={self.data}"),
					*(
						f"--port={self.port}",
						f"--bind-address={self.address}",
						f"--socket={self.data}/s.sock",
					),
					*("--innodb-flush-log-at-trx-commit=1", "--innodb-buffer-pool-size=128M"),
					*("--innodb-log-file-size=64M", "--skip-log-bin", *self._options),
				],
				stdout=log,
				stderr=log,
				env=self._environment,
				preexec_fn=self._preexec,
			)
		until = time.monotonic() + STARTS
		while True:
			try:
				return self.connect().close()
			except pymysql.err.OperationalError:
				assert time.monotonic() < until, self._log.read_text()[-2000:]
				time.sleep(0.1)

	@property
	def pid(self) -> int:
		"""The process."""
		assert self._process
		return self._process.pid

	def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
		"""End it: SIGTERM as `systemctl stop` does, SIGKILL as a power cut does."""
		assert self._process
		if self._process.poll() is None:
			self._process.send_signal(number)
		self._process.wait(STARTS)

	def connect(self) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
		"""A connection of the administrator."""
		return pymysql.connect(host=self.address, port=self.port, user="root", autocommit=True)

	def new_database(self, name: str, port: int | None = None) -> str:
		"""The URL of a new database, reached through `port`."""
		with self.connect() as connection, connection.cursor() as cursor:
			cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		return f"mariadb://root@{self.address}:{port or self.port}/{name}"


def _find(program: str) -> str:
	found = shutil.which(program, path=_FOLDERS)
	if not found:
		import pytest  # the benchmark, too, uses this server, and knows no pytest

		pytest.skip(f"no {program} here")
	return found


def _free_port() -> int:
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		return int(probe.getsockname()[1])

"""A MariaDB server on a host of its own, with a binary log, that can be primary or replica."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pymysql
import pytest

from tests.integration.nodes.network import Host, Program

PORT = 3306
SITE = "failover"  # the database, and its user, who has no rights beyond it, as the user of a site
STARTS = 60.0  # seconds
# MariaDB's programs are looked for here first, to try another version than the system's.
FOLDERS = os.pathsep.join(
	[os.environ.get("DOGAN_TEST_MARIADB_BIN", ""), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"]
).strip(os.pathsep)
SEMI_SYNC = (
	"--rpl-semi-sync-slave-enabled=1",  # a crashed primary that starts as a replica drops what nobody confirmed
	"--rpl-semi-sync-master-wait-point=AFTER_SYNC",
	"--rpl-semi-sync-master-timeout=3600000",  # ms; when it is over, commits are not waited for any more
)
_OPTIONS = (
	*("--log-bin=binlog", "--log-slave-updates", "--binlog-format=ROW", "--gtid-strict-mode=1"),
	*("--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1", "--slave-net-timeout=4"),
	*("--innodb-buffer-pool-size=64M", "--innodb-log-file-size=32M", "--innodb-fast-shutdown=1"),
	*("--max-connections=400", "--skip-name-resolve", "--skip-slave-start", "--read-only=1"),
	*("--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci"),
)
_FIRST = (
	"SET SESSION sql_log_bin = 0;\n"
	f"CREATE USER IF NOT EXISTS {SITE}@'%';\nGRANT ALL ON {SITE}.* TO {SITE}@'%';\n"
	"CREATE USER IF NOT EXISTS replica@'%';\nGRANT REPLICATION SLAVE ON *.* TO replica@'%';\n"
)


def find(program: str) -> str:
	"""The path of one of MariaDB's programs. Skips the test where there is none."""
	found = shutil.which(program, path=FOLDERS)
	if not found:
		pytest.skip(f"no {program} here")
	return found


def new_data(folder: Path) -> Path:
	"""The data of a server that has never run, to be copied for each."""
	data = folder / "new"
	with (folder / "install.log").open("ab") as log:
		subprocess.run(
			[
				*(
					find("mariadb-install-db"),
					"--no-defaults",
					f"--datadir={data}",
					"--skip-test-db",
					"--user=root",
				),
				*("--auth-root-authentication-method=normal", "--innodb-log-file-size=32M"),
			],
			env=os.environ | {"TMPDIR": str(folder)},
			stdout=log,
			stderr=log,
			check=True,
		)
	return data


@dataclass(frozen=True, slots=True)
class Position:
	"""How far a binary log goes, by MariaDB's global transaction ids: domain, server, number."""

	server: int
	number: int

	@classmethod
	def read(cls, text: str) -> "Position":
		"""The last transaction of `0-1-23`; of an empty log number 0."""
		_, server, number = text.split("-") if text else (0, 0, 0)
		return cls(int(server), int(number))


class Database:
	"""The server. It is asked through its socket, which no cut cable keeps anybody from."""

	def __init__(self, host: Host, number: int, folder: Path, new: Path, options: Sequence[str]) -> None:
		self.host, self.number = host, number
		self._folder, self._new = folder / host.name, new
		self.data = self._folder / "data"
		# Of a socket, only so many letters of the path count.
		self._socket = Path(tempfile.mkdtemp(prefix="dogan-")) / "s"
		self._options = [*_OPTIONS, f"--server-id={number}", *options]
		self._program: Program | None = None
		self._folder.mkdir()
		(self._folder / "first.sql").write_text(_FIRST)
		self.empty()

	def empty(self) -> None:
		"""Forget all data."""
		shutil.rmtree(self.data, ignore_errors=True)
		shutil.copytree(self._new, self.data)

	def start(self) -> None:
		"""Start it, as a replica that does nothing yet, and wait until it answers."""
		command = [
			*(find("mariadbd"), "--no-defaults", "--user=root", f"--datadir={self.data}"),
			*(f"--socket={self._socket}", f"--port={PORT}", f"--pid-file={self._folder}/pid"),
			*(f"--init-file={self._folder}/first.sql", *self._options),
		]
		self._socket.unlink(missing_ok=True)  # a server that was killed has left it
		self._program = self.host.start(command, self.log, TMPDIR=str(self._folder))
		until = time.monotonic() + STARTS
		while not self._answers():
			assert self._program.is_alive and time.monotonic() < until, self.log.read_text()[-3000:]
			time.sleep(0.05)

	def _answers(self) -> bool:
		if not self._socket.exists():
			return False
		try:
			self.connect().close()
		except pymysql.err.OperationalError:
			return False
		return True

	@property
	def log(self) -> Path:
		"""What it prints."""
		return self._folder / "server.log"

	def signal(self, number: signal.Signals) -> None:
		"""Send its process a signal."""
		assert self._program
		self._program.signal(number)

	def kill(self) -> None:
		"""`kill -9`, whatever state it is in."""
		if self._program and self._program.is_alive:
			self.signal(signal.SIGKILL)
			self._program.join(STARTS)

	def close(self) -> None:
		"""End it for good."""
		self.kill()
		shutil.rmtree(self._socket.parent, ignore_errors=True)

	def connect(self) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
		"""A connection of the administrator."""
		return pymysql.connect(unix_socket=str(self._socket), user="root", autocommit=True)

	def ask(self, query: str) -> list[tuple[Any, ...]]:
		"""Run a statement as the administrator."""
		with self.connect() as connection, connection.cursor() as cursor:
			cursor.execute(query)
			return list(cursor.fetchall())

	def status(self, name: str) -> str:
		"""A status variable."""
		return str(self.ask(f"SHOW GLOBAL STATUS LIKE '{name}'")[0][1])

	def logged(self) -> Position:
		"""How far its binary log goes."""
		return Position.read(self.ask("SELECT @@gtid_binlog_pos")[0][0])

	def copy_from(self, other: "Database") -> None:
		"""Have the data that the other one has now, which it goes on changing, and nothing of its own."""
		self.kill()
		self.empty()
		self.start()
		dump = [find("mariadb-dump"), "--no-defaults", f"--socket={other._socket}", "--user=root"]
		read = [find("mariadb"), "--no-defaults", f"--socket={self._socket}", "--user=root"]
		with subprocess.Popen(
			[*dump, "--single-transaction", "--master-data=1", "--gtid", "--databases", SITE],
			stdout=subprocess.PIPE,
		) as dumping:
			subprocess.run([*read, "--init-command=SET sql_log_bin = 0"], stdin=dumping.stdout, check=True)
		assert dumping.returncode == 0

	def follow(self, other: "Database", *, from_log: bool = False) -> None:
		"""Be the other one's replica, `from_log`: from where its own binary log ends."""
		if from_log:
			self.ask("SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos")
		self.ask(
			f"CHANGE MASTER TO master_host = '{other.host.address}', master_port = {PORT}, master_user = 'replica',"
			" master_use_gtid = slave_pos, master_connect_retry = 1, master_heartbeat_period = 1, master_ssl = 0,"
			" master_ssl_verify_server_cert = 0"  # MariaDB 11.4 and newer would ask for one
		)
		self.ask("START SLAVE")

	def replicated(self) -> tuple[str, str, str]:
		"""How it follows: up to where it has fetched, up to where it has done what it fetched, and its last error."""
		with self.connect() as connection, connection.cursor(pymysql.cursors.DictCursor) as cursor:
			cursor.execute("SHOW SLAVE STATUS")
			row = cursor.fetchone()
			cursor.execute("SELECT @@gtid_slave_pos AS done")
			done = cursor.fetchone()
		assert row and done, f"{self.host.name} is no replica"
		return row["Gtid_IO_Pos"], done["done"], f"{row['Last_IO_Error']} {row['Last_SQL_Error']}".strip()

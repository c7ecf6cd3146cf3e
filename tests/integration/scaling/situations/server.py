"""A MariaDB server of one situation's own, with the settings that make it what it is."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import pymysql

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATIENCE = 60.0  # seconds until it answers
DATABASE = "situation"


def is_here() -> bool:
	"""Whether a server can be started at all."""
	return all(shutil.which(name, path=PATH) for name in ("mariadbd", "mariadb-install-db"))


@contextmanager
def server(folder: Path, options: Sequence[str]) -> Iterator[str]:
	"""A server with one empty database; gives that database's URL."""
	data, port = folder / "data", _free_port()
	program = [str(shutil.which("mariadbd", path=PATH)), "--no-defaults"]
	_install(data)
	with (folder / "log").open("w") as log:
		process = subprocess.Popen(
			[
				*program, "--user=root", f"--datadir={data}", f"--port={port}", "--bind-address=127.0.0.1",
				f"--socket={folder / 'sock'}", f"--pid-file={folder / 'pid'}", "--skip-log-bin",
				"--character-set-server=utf8mb4", "--collation-server=utf8mb4_unicode_ci", *options,
			],
			stdout=log,
			stderr=log,
			env=_environment(folder),
		)  # fmt: skip
	try:
		_create_database(port, process)
		yield f"mariadb://root@127.0.0.1:{port}/{DATABASE}"
	finally:
		process.terminate()
		process.wait()


def _install(data: Path) -> None:
	subprocess.run(
		[
			"mariadb-install-db", "--no-defaults", "--user=root", f"--datadir={data}", "--skip-test-db",
			"--auth-root-authentication-method=normal",
		],
		check=True,
		capture_output=True,
		env=_environment(data.parent),
	)  # fmt: skip


def _environment(folder: Path) -> dict[str, str]:
	"""A server that starts deletes what it finds of temporary tables, another server's too, where both have one TMPDIR."""
	return {"PATH": PATH, "TMPDIR": str(folder)}


def _create_database(port: int, process: "subprocess.Popen[bytes]") -> None:
	deadline = time.monotonic() + PATIENCE
	while True:
		try:
			with pymysql.connect(host="127.0.0.1", port=port, user="root") as connection:
				connection.cursor().execute(f"CREATE DATABASE {DATABASE}")
			return
		except pymysql.err.OperationalError:
			assert process.poll() is None, "the server has ended: see its log"
			assert time.monotonic() < deadline, "the server does not answer"
			time.sleep(0.2)


def _free_port() -> int:
	with closing(socket.socket()) as opened:
		opened.bind(("127.0.0.1", 0))
		return int(opened.getsockname()[1])

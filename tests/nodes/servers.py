"""The MariaDB and the Redis that all hosts of a network share."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import redis

from tests.faults.server import Server
from tests.nodes.network import HERE, die_with_parent

REDIS_PORT = 6379
STARTS = 10.0  # seconds
# Two connections for each worker, and more workers than MariaDB's default of 151 has room for.
OPTIONS = ("--max-connections=600", "--skip-name-resolve", "--thread-cache-size=200")
_EVERYWHERE = (
	"CREATE USER IF NOT EXISTS root@'%';\nGRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;\n"
)


@contextmanager
def servers() -> Iterator[tuple[Server, str]]:
	"""A MariaDB and the URL of a Redis at the bridge, for as long as the block lasts."""
	with ExitStack() as stack:
		folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="dogansystem-nodes-")))
		first = folder / "everywhere.sql"
		first.write_text(_EVERYWHERE)
		options = (*OPTIONS, f"--init-file={first}")
		mariadb = Server(folder, *options, address=HERE, preexec=die_with_parent)
		yield stack.enter_context(mariadb), stack.enter_context(_redis(folder))


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
	command = [
		"redis-server",
		"--bind",
		HERE,
		"--port",
		str(REDIS_PORT),
		"--protected-mode",
		"no",
		"--save",
		"",
	]
	with (folder / "redis.log").open("ab") as log:
		process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, preexec_fn=die_with_parent)
	try:
		_wait_for(redis.Redis(HERE, REDIS_PORT))
		yield f"redis://{HERE}:{REDIS_PORT}"
	finally:
		process.terminate()
		process.wait()


def _wait_for(client: "redis.Redis[bytes]") -> None:
	until = time.monotonic() + STARTS
	while True:
		try:
			client.ping()
			return client.close()
		except redis.ConnectionError:
			assert time.monotonic() < until, "redis-server did not start"
			time.sleep(0.05)

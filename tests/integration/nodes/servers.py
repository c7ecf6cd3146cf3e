"""The MariaDB and the Redis that all hosts of a network share. They stand at the bridge."""

import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.server import Server
from tests.integration.nodes.network import HERE, die_with_parent

REDIS_PORT = 6379
STARTS = 10.0  # seconds
# Two connections for each worker, and more workers than MariaDB's default of 151 has room for.
OPTIONS = ("--max-connections=600", "--skip-name-resolve", "--thread-cache-size=200")
_EVERYWHERE = (
	"CREATE USER IF NOT EXISTS root@'%';\nGRANT ALL PRIVILEGES ON *.* TO root@'%' WITH GRANT OPTION;\n"
)


@contextmanager
def mariadb_server() -> Iterator[Server]:
	"""A MariaDB for as long as the block lasts."""
	with tempfile.TemporaryDirectory(prefix="dogansystem-nodes-") as name:
		folder = Path(name)
		first = folder / "everywhere.sql"
		first.write_text(_EVERYWHERE)
		options = (*OPTIONS, f"--init-file={first}")
		with Server(folder, *options, address=HERE, preexec=die_with_parent) as server:
			yield server


@contextmanager
def redis_server() -> Iterator[str]:
	"""A Redis for as long as the block lasts; gives its URL."""
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
	process = subprocess.Popen(
		command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent
	)
	try:
		_wait_for_redis()
		yield f"redis://{HERE}:{REDIS_PORT}"
	finally:
		process.terminate()
		process.wait()


def _wait_for_redis() -> None:
	import redis  # only a bench needs one, and its Python has it

	client = redis.Redis(HERE, REDIS_PORT)
	until = time.monotonic() + STARTS
	while True:
		try:
			client.ping()
			return client.close()
		except redis.ConnectionError:
			assert time.monotonic() < until, "redis-server did not start"
			time.sleep(0.05)

"""A Redis of a test's own for the bench's queues, to be emptied, restarted and filled up."""

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import frappe
import redis
from frappe.utils import background_jobs

CONFIG = Path("common_site_config.json")


class RedisServer:
	"""A redis-server that keeps nothing over a restart."""

	def __init__(self) -> None:
		with socket.socket() as probe:
			probe.bind(("127.0.0.1", 0))
			self.port = probe.getsockname()[1]
		self.url = f"redis://127.0.0.1:{self.port}"
		self.client = redis.from_url(self.url)
		self.start()

	def start(self) -> None:
		"""Start it, and wait until it answers."""
		self._process = subprocess.Popen(
			[
				"redis-server",
				"--port",
				str(self.port),
				"--bind",
				"127.0.0.1",
				"--save",
				"",
				"--appendonly",
				"no",
			],
			stdout=subprocess.DEVNULL,
		)
		for _ in range(100):
			try:
				self.client.ping()
				return
			except redis.ConnectionError:
				time.sleep(0.05)
		raise RuntimeError("redis-server did not start")

	def kill(self) -> None:
		"""End it, with all it knew."""
		self._process.kill()
		self._process.wait()


@contextmanager
def own_redis() -> Iterator[RedisServer | None]:
	"""Have the bench's queues in a Redis of their own; None where there is no redis-server."""
	if not shutil.which("redis-server"):
		yield None
		return
	server = RedisServer()
	before = json.loads(CONFIG.read_text())
	try:
		_use(before | {"redis_queue": server.url})
		yield server
	finally:
		_use(before)
		server.kill()


def _use(config: dict[str, Any]) -> None:
	CONFIG.write_text(json.dumps(config, indent=1))
	frappe.local.conf.redis_queue = config["redis_queue"]
	background_jobs._redis_queue_conn = None
	if hasattr(frappe.local, "dogan_site"):
		del frappe.local.dogan_site  # its doorbell is connected

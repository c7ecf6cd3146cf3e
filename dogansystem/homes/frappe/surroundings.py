"""What is around a site: RQ's workers that listen for its drain jobs, and the bench's Redis servers."""

import socket
import time
from collections import Counter
from collections.abc import Mapping
from typing import Any

import frappe
import redis

from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.alive import runs
from dogansystem.homes.frappe.queues import FALLBACK_QUEUE, QUEUE
from dogansystem.protocol import Surroundings

PATIENCE = 2.0  # seconds for a Redis server to answer
ROLES = {"queue": "redis_queue", "cache": "redis_cache"}  # and what the configuration calls their addresses
PINGS = 5
_INFO = (
	*("redis_version", "used_memory", "maxmemory", "maxmemory_policy", "evicted_keys"),
	*("rejected_connections", "connected_clients", "maxclients"),
)


def surroundings() -> Surroundings:
	"""Everything there is to know. A Redis that does not answer is described by its `problem`."""
	queue, workers = listening()
	return Surroundings(
		queue=queue,
		listening=workers,
		redis={role: _server(str(frappe.conf.get(key) or "")) for role, key in ROLES.items()},
		web_threads=int(frappe.conf.get("gunicorn_workers") or 0),
	)


def listening() -> tuple[str, dict[str, int]]:
	"""The queue that drain jobs go to, and its workers by node: with nobody on our own queue, that is the fallback."""
	try:
		connection = compat.queue_connection()
		for queue in (QUEUE, FALLBACK_QUEUE):
			found = _workers_of(connection, queue)
			if found:
				return queue, found
	except redis.RedisError:
		pass  # said where the servers are described
	return "", {}


def _workers_of(connection: redis.Redis, queue: str) -> dict[str, int]:
	"""RQ's workers whose key has not run out: 90 seconds after the last beat of a busy one, 480 of an idle one.

	Of this machine, only those whose process runs: one that was killed is no worker any more.
	"""
	with connection.pipeline(transaction=False) as pipe:
		for key in connection.smembers(compat.workers_key(queue)):
			pipe.hmget(key, "hostname", "pid")
		rows = [(name.decode(), pid) for name, pid in pipe.execute() if name]
	here = socket.gethostname()
	return dict(Counter(name for name, pid in rows if name != here or not pid or runs(int(pid))))


def _server(address: str) -> Mapping[str, Any]:
	if not address:
		return {"problem": "no address is configured"}
	try:
		with redis.Redis.from_url(
			address, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE
		) as connection:
			info = connection.info()
			return {name: info[name] for name in _INFO if name in info} | {"ping_seconds": _ping(connection)}
	except redis.RedisError as error:
		return {"problem": f"it does not answer: {error}"}


def _ping(connection: redis.Redis) -> float:
	"""Seconds for an answer, the fastest of some: the others tell of this machine, not of Redis."""
	times = []
	for _ in range(PINGS):
		began = time.monotonic()
		connection.ping()
		times.append(time.monotonic() - began)
	return min(times)

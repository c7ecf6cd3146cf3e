"""What is around a site: its apps, who uses it, RQ's workers for its drain jobs, the bench's Redis servers."""

import socket
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from typing import Any

import frappe
import redis
from frappe import _
from frappe.utils import add_to_date, now_datetime

from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.alive import runs
from dogansystem.homes.frappe.queues import FALLBACK_QUEUE, QUEUE
from dogansystem.protocol import Surroundings

PATIENCE = 2.0  # seconds for a Redis server to answer
ROLES = {"queue": "redis_queue", "cache": "redis_cache"}  # and what the configuration calls their addresses
PINGS = 5
ACTIVE_HOURS = 24
SET_UP = ("restart_supervisor_on_update", "restart_systemd_on_update")  # `bench setup production` sets one
_INFO = (
	*("redis_version", "used_memory", "maxmemory", "maxmemory_policy", "evicted_keys"),
	*("rejected_connections", "connected_clients", "maxclients"),
)


def versions() -> dict[str, str]:
	"""The apps of this site and their versions, this one left out."""
	apps = [app for app in frappe.get_installed_apps() if app != "dogansystem"]
	return {app: str(getattr(import_module(app), "__version__", "")) for app in apps}


def signs_of_production() -> list[str]:
	"""Why this site seems to be in use, in words, so that nobody runs a load test on it by mistake.

	Empty on a site that is configured for tests or development.
	"""
	conf = frappe.conf
	if conf.allow_tests or conf.developer_mode:
		return []
	signs = [_("the bench was set up for production")] if any(conf.get(key) for key in SET_UP) else []
	since = add_to_date(now_datetime(), hours=-ACTIVE_HOURS)
	filters = {"last_active": [">", since], "name": ["not in", ["Administrator", "Guest"]]}
	if people := frappe.db.count("User", filters):
		signs.append(_("{0} users were active within a day").format(people))
	if not conf.mute_emails and frappe.db.exists("Email Account", {"enable_outgoing": 1}):
		signs.append(_("it sends mail"))
	return signs


def surroundings() -> Surroundings:
	"""Everything there is to know. A Redis that does not answer is described by its `problem`."""
	queue, workers = _listening()
	return Surroundings(
		queue=queue,
		listening=workers,
		redis={role: _server(str(frappe.conf.get(key) or "")) for role, key in ROLES.items()},
		web_threads=int(frappe.conf.get("gunicorn_workers") or 0),
	)


def listening() -> dict[str, int]:
	"""The RQ workers on the queue that drain jobs go to, by node, asked now."""
	return _listening()[1]


def _listening() -> tuple[str, dict[str, int]]:
	"""The queue that drain jobs go to, and its workers by node: with nobody on our own queue, that is the fallback."""
	with suppress(redis.RedisError):  # said where the servers are described
		for queue in (QUEUE, FALLBACK_QUEUE):
			if found := _workers_of(compat.queue_connection(), queue):
				return queue, found
	return "", {}


def _workers_of(connection: redis.Redis, queue: str) -> dict[str, int]:
	"""RQ's workers whose key has not run out: 90 seconds after the last heartbeat of a busy one, 480 of an idle one.

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
			times = []
			for _number in range(PINGS):
				began = time.monotonic()
				connection.ping()
				times.append(time.monotonic() - began)
			# The fastest answer: the others tell of this machine, not of Redis.
			return {name: info[name] for name in _INFO if name in info} | {"ping_seconds": min(times)}
	except redis.RedisError as error:
		return {"problem": f"it does not answer: {error}"}

"""What Frappe's request cache may carry from one step to the next.

Each request starts with an empty cache in front of Redis. Inserting one document asks Redis some 25 times, which is most
of the time it takes. A drainer keeps the answers, and Redis reports every key that has changed since (client tracking,
Redis 6 and newer). Where Redis cannot do that, each step starts with an empty cache.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

import frappe
import redis

from dogansystem.engine import log
from dogansystem.homes.frappe import compat

MAX_USERS = 20  # whose caches are kept; the one that acted longest ago goes first
MAX_KEYS = 2000  # of one user; with more it starts again from nothing
RETRY = 60.0  # seconds between two attempts to be told of changes
_CHANNEL = "__redis__:invalidate"


class KeptCache:
	"""The request caches of the users who act in this process.

	Each user has one, because Frappe writes a user's values (their defaults, for example) into what it caches for
	everybody, and relies on the end of the request.
	"""

	def __init__(self) -> None:
		self._caches: OrderedDict[str, dict[Any, Any]] = OrderedDict()
		self._connection: Any = None
		self._prefix = frappe.cache.make_key("")
		self._documents = frappe.cache.make_key("document_cache::")
		self._tried_at = float("-inf")

	def take(self, user: str) -> dict[Any, Any]:
		"""The cache to start a step of `user` with."""
		if not self._is_current():
			self.drop()
			return {}
		return self._caches.pop(user, {})

	def keep(self, user: str, cache: dict[Any, Any]) -> None:
		"""Keep the cache of a step that succeeded, without documents: the step may have changed the cached object."""
		if self._connection is None or len(cache) > MAX_KEYS:
			return
		self._caches[user] = {key: value for key, value in cache.items() if self._may_keep(key)}
		while len(self._caches) > MAX_USERS:
			self._caches.popitem(last=False)

	def drop(self) -> None:
		"""Forget everything: a transaction was rolled back, and the cache may hold what it had written."""
		self._caches.clear()

	def _may_keep(self, key: Any) -> bool:
		# Redis reports changes by key: what has another name would go stale.
		return isinstance(key, bytes) and key.startswith(self._prefix) and not key.startswith(self._documents)

	def _is_current(self) -> bool:
		"""Forget what has changed. False: Redis cannot report changes."""
		try:
			if self._connection is None:
				return self._listen()
			while self._connection.can_read(timeout=0):
				self._forget(self._connection.read_response()[2])
			return True
		except (redis.RedisError, OSError) as error:
			log.event(log.DEBUG, "redis.away", message=str(error))
			self._disconnect()
			return False

	def _forget(self, keys: Iterable[bytes] | None) -> None:
		if keys is None:  # all of Redis was emptied
			self.drop()
			return
		for key in keys:
			for cache in self._caches.values():
				cache.pop(key, None)

	def _listen(self) -> bool:
		"""Ask Redis to tell of every change to this site's keys, on a connection of its own."""
		if time.monotonic() - self._tried_at < RETRY:
			return False
		self._tried_at = time.monotonic()
		connection = self._connection = compat.tracking_connection()
		number = str(_ask(connection, "CLIENT", "ID"))
		_ask(connection, "CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", "PREFIX", self._prefix)
		_ask(connection, "SUBSCRIBE", _CHANNEL)
		return True

	def _disconnect(self) -> None:
		if self._connection is not None:
			self._connection.disconnect()
			self._connection = None


def _ask(connection: Any, *command: Any) -> Any:
	connection.send_command(*command)
	return connection.read_response()

"""What Frappe's request cache may carry from one step to the next.

Each request starts with an empty cache in front of Redis and asks Redis for what it needs: some 25 questions to insert
one document, most of the time that takes. A drainer keeps the answers, and Redis tells it of every key that has changed
since (client tracking, Redis 6 and newer). Where Redis cannot do that, each step starts with an empty cache.
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
MAX_KEYS = 2000  # of one user; more than that and it starts anew
RETRY = 60.0  # seconds between two attempts to be told of changes
_CHANNEL = "__redis__:invalidate"


class KeptCache:
	"""The request caches of the users who act in this process.

	They are apart from each other, because Frappe itself puts a user's values into what it has cached for all (their
	defaults, for one) and relies on the end of the request.
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
		"""Keep the cache of a step that went well, without documents: steps change those, and what they hold of them."""
		if self._connection is None or len(cache) > MAX_KEYS:
			return
		self._caches[user] = {key: value for key, value in cache.items() if self._may_keep(key)}
		while len(self._caches) > MAX_USERS:
			self._caches.popitem(last=False)

	def drop(self) -> None:
		"""Forget everything: something was rolled back, and what it had written may have been read."""
		self._caches.clear()

	def _may_keep(self, key: Any) -> bool:
		# Whatever is not named by its key in Redis could change without a word.
		return isinstance(key, bytes) and key.startswith(self._prefix) and not key.startswith(self._documents)

	def _is_current(self) -> bool:
		"""Forget what has changed; False if nobody can tell."""
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

"""Redis as a cache: what all processes of a site share, and what Frappe's request cache may carry from step to step.

What Redis has forgotten, or cannot answer because it is away, is computed again.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import frappe
import redis

from dogansystem.engine import log
from dogansystem.homes.frappe import compat

COUNTS = "dogan_cache_counts"
MAX_USERS = 20  # whose caches are kept; the one that acted longest ago goes first
MAX_KEYS = 2000  # of one user; with more it starts again from nothing
RETRY = 60.0  # seconds between two attempts to be told of changes
_CHANNEL = "__redis__:invalidate"


@contextmanager
def may_be_away(level: int = log.DEBUG) -> Iterator[None]:
	"""A block that ends early, with a line in the log, if Redis does not answer."""
	try:
		yield
	except (redis.RedisError, OSError) as error:
		log.event(level, "redis.away", message=str(error))


class SharedCache:
	"""A `protocol.Cache` for all processes of a site, on all nodes: keys in the bench's Redis for caches.

	Made in the thread that is connected to the site; any thread may use it.
	"""

	def __init__(self) -> None:
		self._redis: redis.Redis = frappe.cache
		self._prefix: bytes = frappe.cache.make_key("dogan_cache:")
		self._counts: bytes = frappe.cache.make_key(COUNTS)

	def get(self, key: str) -> bytes | None:
		"""What was set, or None."""
		with may_be_away():
			return self._redis.get(self._prefix + key.encode())
		return None

	def set(self, key: str, value: bytes, seconds: int) -> None:
		"""Keep a value for other processes, for at most so many seconds."""
		with may_be_away():
			self._redis.set(self._prefix + key.encode(), value, ex=seconds)

	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to the numbers of all processes."""
		with may_be_away():
			for name, number in counts.items():
				self._redis.execute_command("HINCRBY", self._counts, name, number)

	def counts(self) -> Mapping[str, int]:
		"""The numbers of all processes since Redis was emptied."""
		with may_be_away():
			found = self._redis.execute_command("HGETALL", self._counts)
			return {name.decode(): int(number) for name, number in found.items()}
		return {}

	def tally(self, key: str, seconds: int) -> int:
		"""Count one more of a key, for all processes."""
		name = self._prefix + key.encode()
		with may_be_away(log.WARNING):
			count = int(self._redis.execute_command("INCR", name))
			if count == 1:
				self._redis.execute_command("EXPIRE", name, seconds)
			return count
		return 0


class KeptCache:
	"""The request caches of the users who act in this process.

	Each request starts with an empty cache in front of Redis. Inserting one document asks Redis some 25 times, which is
	most of the time it takes. A drainer keeps the answers, and Redis reports every key that has changed since (client
	tracking, Redis 6 and newer). Where Redis cannot do that, each step starts with an empty cache.

	Each user has one, because Frappe writes a user's values (their defaults, for example) into what it caches for
	everybody, and relies on the end of the request.
	"""

	def __init__(self) -> None:
		self._caches: dict[str, dict[Any, Any]] = {}
		self._connection: Any = None
		self._prefix = frappe.cache.make_key("")
		self._documents = frappe.cache.make_key("document_cache::")
		self._tried_at = float("-inf")

	def take(self, user: str) -> dict[Any, Any]:
		"""The cache to start a step of `user` with."""
		if not self._is_current():
			self.drop()
		return self._caches.pop(user, {})

	def keep(self, user: str, cache: dict[Any, Any]) -> None:
		"""Keep the cache of a step that succeeded, without documents: the step may have changed the cached object."""
		if self._connection is None or len(cache) > MAX_KEYS:
			return
		self._caches[user] = {key: value for key, value in cache.items() if self._may_keep(key)}
		if len(self._caches) > MAX_USERS:
			del self._caches[next(iter(self._caches))]

	def drop(self) -> None:
		"""Forget everything: a transaction was rolled back, and the cache may hold what it had written."""
		self._caches.clear()

	def _may_keep(self, key: Any) -> bool:
		# Redis reports changes by key: what has another name would go stale.
		return isinstance(key, bytes) and key.startswith(self._prefix) and not key.startswith(self._documents)

	def _is_current(self) -> bool:
		"""Forget what has changed. False: Redis cannot report changes."""
		with may_be_away():
			if self._connection is None:
				return self._listen()
			while self._connection.can_read(timeout=0):
				changed = self._connection.read_response()[2]
				if changed is None:  # all of Redis was emptied
					self.drop()
				for key in changed or ():
					for cache in self._caches.values():
						cache.pop(key, None)
			return True
		if self._connection is not None:
			self._connection.disconnect()
			self._connection = None
		return False

	def _listen(self) -> bool:
		"""Ask Redis to tell of every change to this site's keys, on a connection of its own."""
		if time.monotonic() - self._tried_at < RETRY:
			return False
		self._tried_at = time.monotonic()
		self._connection = compat.tracking_connection()
		number = str(self._ask("CLIENT", "ID"))
		self._ask("CLIENT", "TRACKING", "ON", "REDIRECT", number, "BCAST", "PREFIX", self._prefix)
		self._ask("SUBSCRIBE", _CHANNEL)
		return True

	def _ask(self, *command: Any) -> Any:
		self._connection.send_command(*command)
		return self._connection.read_response()

"""The cache that all processes of a site share, on all nodes: keys in the bench's Redis for caches.

What Redis has forgotten, or cannot answer because it is away, is computed again.
"""

import logging
from collections.abc import Mapping

import frappe
import redis

from dogansystem.engine import log

COUNTS = "dogan_cache_counts"

logger = logging.getLogger(__name__)


class SharedCache:
	"""A `protocol.Cache`. Made in the thread that is connected to the site; any thread may use it."""

	def __init__(self) -> None:
		self._redis: redis.Redis = frappe.cache
		self._prefix: bytes = frappe.cache.make_key("dogan_cache:")
		self._counts: bytes = frappe.cache.make_key(COUNTS)

	def get(self, key: str) -> bytes | None:
		"""What was set, or None."""
		try:
			return self._redis.get(self._prefix + key.encode())
		except redis.RedisError as error:
			log.event(log.DEBUG, "redis.away", message=str(error))
			return None

	def set(self, key: str, value: bytes, seconds: int) -> None:
		"""Keep a value for other processes, for at most so many seconds."""
		try:
			self._redis.set(self._prefix + key.encode(), value, ex=seconds)
		except redis.RedisError:
			logger.info("Redis does not answer: nothing is shared", exc_info=True)

	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to the numbers of all processes."""
		if not counts:
			return
		try:
			with self._redis.pipeline(transaction=False) as pipe:
				for name, number in counts.items():
					pipe.execute_command("HINCRBY", self._counts, name, number)
				pipe.execute()
		except redis.RedisError:
			logger.info("Redis does not answer: lookups are not counted", exc_info=True)

	def counts(self) -> Mapping[str, int]:
		"""The numbers of all processes since Redis was emptied."""
		try:
			found = self._redis.execute_command("HGETALL", self._counts)
		except redis.RedisError as error:
			log.event(log.DEBUG, "redis.away", message=str(error))
			return {}
		return {name.decode(): int(number) for name, number in found.items()}

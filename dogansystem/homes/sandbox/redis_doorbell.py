"""Waking drainers on several machines that share a MariaDB: through a Redis list.

Redis may lose any ring, or be away: idle drainers look into the queue once a second all the same.
"""

import logging
import threading
import time
from typing import Any

from dogansystem.homes.databases.address import AddressError

VARIABLE = "DOGAN_REDIS"  # environment variable: redis://host:port/0
LONGEST_WAIT = 1.0  # seconds in one call, so that `wake_all` needs no way into a blocked one
TIMEOUT = 2.0  # seconds to connect, or for an answer that is due
KEPT = 60  # seconds that a ring which nobody heard is kept

_log = logging.getLogger(__name__)


class RedisDoorbell:
	"""A `protocol.Doorbell`. Threads may share it."""

	def __init__(self, url: str, key: str) -> None:
		"""Raises AddressError if `url` is none of Redis, or its client is not installed."""
		try:
			import redis
		except ImportError:
			raise AddressError(f"{VARIABLE} needs the Redis client: pip install redis") from None
		try:
			self._redis: Any = redis.Redis.from_url(
				url, socket_connect_timeout=TIMEOUT, socket_timeout=TIMEOUT + LONGEST_WAIT
			)
		except ValueError as error:
			raise AddressError(f"{VARIABLE} cannot be read ({error}). Write redis://host:6379/0.") from None
		self._errors: type[Exception] = redis.RedisError
		self._key = key
		self._stopped = threading.Event()

	def ring(self) -> None:
		"""Wake one drainer that listens; if none does, the next one that begins to. Never raises."""
		try:
			with self._redis.pipeline() as pipe:
				# Listeners are served at the end of the transaction, one for each ring. What is left was not heard: one is enough.
				pipe.rpush(self._key, b"!").ltrim(self._key, 0, 0).expire(self._key, KEPT).execute()
		except self._errors as error:
			_log.warning("The doorbell cannot be rung, so workers come up to a second later: %s", error)

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang."""
		until = time.monotonic() + seconds
		while not self._stopped.is_set() and (left := until - time.monotonic()) > 0:
			try:
				if self._redis.blpop([self._key], timeout=max(min(left, LONGEST_WAIT), 0.01)):
					return True
			except self._errors as error:
				_log.warning(
					"Cannot listen to the doorbell, so work is found up to a second later: %s", error
				)
				self._stopped.wait(min(left, LONGEST_WAIT))
		return False

	def wake_all(self) -> None:
		"""Nothing: nobody waits for longer than a second at a time."""

	def close(self) -> None:
		"""Nobody of this process listens any more."""
		self._stopped.set()
		self._redis.close()

"""Waking drainers: at once within this process, and by a look at the queue for those of other processes."""

import logging
import threading
import time
from collections.abc import Callable

from dogansystem.homes.databases.connection import Connection

_log = logging.getLogger(__name__)

# Seconds between two looks at the queue, for all listeners of a process together. A look costs 10 µs in a file, 200 µs
# on a server.
LOOK_INTERVAL = 0.05


class Doorbell:
	"""A bell that one listener answers.

	Rings that nobody hears are kept, one for each listener and one more: a drainer that found nothing to do and is
	about to listen must not miss the work that came in between.
	"""

	def __init__(self, open_connection: Callable[[], Connection]) -> None:
		self._open_connection = open_connection
		self._heard = threading.Condition()
		self._rings = 0
		self._listeners = 0
		self._closed = False
		self._looking = threading.Lock()
		self._looked_at = float("-inf")
		self._connection: Connection | None = None
		self.call_worker: Callable[[], None] | None = None  # starts a drainer when nobody listens

	def ring(self) -> None:
		"""Wake one drainer: one that lingers, else a new one. Never blocks, never raises."""
		with self._heard:
			self._rings = min(self._rings + 1, self._listeners + 1)
			nobody = not self._listeners
			self._heard.notify()
		if nobody and self.call_worker:
			try:
				self.call_worker()
			except Exception:
				_log.exception("No worker could be started")

	def wait(self, seconds: float) -> bool:
		"""Listen for at most `seconds`; True when it rang, or when work waits that another process rang for."""
		until = time.monotonic() + seconds
		with self._heard:
			self._listeners += 1
		try:
			while not self._closed:
				if self._answer(min(LOOK_INTERVAL, until - time.monotonic())):
					return True
				if time.monotonic() >= until:
					return False
				if self._work_waits():
					return True
			return False
		finally:
			with self._heard:
				self._listeners -= 1

	def _answer(self, seconds: float) -> bool:
		with self._heard:
			if not self._rings and seconds > 0:
				self._heard.wait(seconds)
			if not self._rings:
				return False
			self._rings -= 1
			return True

	def _work_waits(self) -> bool:
		"""Look at the queue, unless another listener does so now or has just done it."""
		if not self._looking.acquire(blocking=False):
			return False
		try:
			if time.monotonic() - self._looked_at < LOOK_INTERVAL or self._closed:
				return False
			self._looked_at = time.monotonic()
			return self._look()
		finally:
			self._looking.release()

	def _look(self) -> bool:
		try:
			if self._connection is None:
				self._connection = self._open_connection()
			found = bool(self._connection.sql("SELECT 1 FROM dogan_ready LIMIT 1"))
			self._connection.rollback()
			return found
		except Exception:
			# The bell may be missed; the tick rings again. A database that is gone shows at the next claim.
			_log.debug("The queue could not be looked at", exc_info=True)
			if self._connection is not None:
				self._connection.close()
				self._connection = None
			return False

	def wake_all(self) -> None:
		"""End all waiting, so that listeners look whether they shall leave."""
		with self._heard:
			self._rings = self._listeners
			self._heard.notify_all()

	def close(self) -> None:
		"""Nobody listens any more."""
		self._closed = True
		with self._heard:
			self._heard.notify_all()
		with self._looking:
			if self._connection is not None:
				self._connection.close()
				self._connection = None

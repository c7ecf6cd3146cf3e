"""The drainer's second connection, for claims, beats and everything else that is not part of a step's transaction.

The main thread and the beat share it under a lock: each use is one short transaction.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dogansystem.sites.protocol import Database, Site
from dogansystem.store import faults

CONFLICT_TRIES = 8
CONFLICT_PAUSE = 0.02  # seconds, times a random number, times the try

Result = TypeVar("Result")


class Control:
	"""A connection with READ COMMITTED transactions that are repeated when they lose against another one."""

	def __init__(self, site: Site):
		self._site = site
		self._db = site.open_control()
		self._lock = threading.RLock()

	def run(self, work: Callable[[Database], Result]) -> Result:
		"""Do `work` in a transaction of its own and commit it."""
		with self._lock:
			for number in range(1, CONFLICT_TRIES + 1):
				try:
					result = work(self._db)
					faults.point("control.before_commit")
					self._db.commit()
					faults.point("control.after_commit")
					return result
				except BaseException as error:
					self._after(error)
					if number == CONFLICT_TRIES or not self._db.is_conflict(error):
						raise
				time.sleep(CONFLICT_PAUSE * number * random.random())
		raise AssertionError("unreachable")

	def _after(self, error: BaseException) -> None:
		"""Leave no transaction open. A connection that is gone is replaced at its next use."""
		if self._db.is_lost(error):
			return
		try:
			self._db.rollback()
		except Exception as second:
			if not self._db.is_lost(second):
				raise

	def reconnect(self) -> None:
		"""Replace the connection after it was lost."""
		with self._lock:
			self._db.reconnect()

	def close(self) -> None:
		"""Give the connection back."""
		with self._lock:
			self._db.close()

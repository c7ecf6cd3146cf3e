"""The drainer's second connection, for claims, heartbeats and everything else that is not part of a step's transaction.

The main thread and the heartbeat share it under a lock: each use is one short transaction.
"""

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from dogansystem.protocol import Database, Site
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

	def run(self, work: Callable[[Database], Result], tries: int = CONFLICT_TRIES) -> Result:
		"""Do `work` in a transaction of its own and commit it; after a conflict again, `tries` times in all."""
		for number in range(1, tries + 1):
			try:
				# Given up between two tries, so that the heartbeat goes on while another process holds a lock that this one wants.
				with self._lock:
					return self._try(work)
			except Exception as error:
				if number == tries or not self._db.is_conflict(error):
					raise
			time.sleep(CONFLICT_PAUSE * number * random.random())
		raise AssertionError("unreachable")

	def run_or_leave(self, work: Callable[[Database], Result], otherwise: Result) -> Result:
		"""Do `work`, or leave it for another time when another process holds a lock that it wants: gives `otherwise` then."""
		try:
			return self.run(work, tries=2)
		except Exception as error:
			if not self._db.is_conflict(error):
				raise
			return otherwise

	def is_lost(self, error: BaseException) -> bool:
		"""Whether `error` says that a connection is gone."""
		return self._db.is_lost(error)

	def _try(self, work: Callable[[Database], Result]) -> Result:
		try:
			result = work(self._db)
			faults.point("control.before_commit")
			self._db.commit()
			faults.point("control.after_commit")
			return result
		except BaseException as error:
			# No transaction stays open. A connection that is gone is replaced at its next use.
			if not self._db.is_lost(error):
				try:
					self._db.rollback()
				except Exception as second:
					if not self._db.is_lost(second):
						raise
			raise

	def mark(self, name: str | None) -> None:
		"""Give the connection a name by which others can end it."""
		with self._lock:
			self._db.mark(name)
			self._db.rollback()

	def reconnect(self) -> None:
		"""Replace the connection after it was lost."""
		with self._lock:
			self._db.reconnect()

	def close(self) -> None:
		"""Give the connection back."""
		with self._lock:
			self._db.close()

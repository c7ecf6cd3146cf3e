"""What time it is: the system's clock, the database server's, or one that a test turns by hand."""

import logging
import os
import threading
import time
from collections.abc import Callable
from datetime import timezone, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dogansystem.engine.errors import DoganError
from dogansystem.protocol import Database

UTC = "UTC"

REFRESH_INTERVAL = 60.0  # seconds between two looks at the server's clock
LOOKS = 5  # answers of which the quickest counts

_log = logging.getLogger(__name__)


class Clock(Protocol):
	"""Anything that knows the time."""

	def now(self) -> float:
		"""Seconds since 1970 (UTC)."""
		...


class SystemClock:
	"""This machine's clock: right for a SQLite file, which only this machine's processes use."""

	def now(self) -> float:
		return time.time()


def ahead(ask: Callable[[], float]) -> float:
	"""How many seconds another clock is ahead of `time.monotonic()`; `ask` asks it.

	Of some answers the quickest one counts. A process that waits for a processor before it sees an answer takes the other
	clock for late; a signal that it then sends would be older than the run that it answers, and be none for it.
	"""
	answers = []
	for _ in range(LOOKS):
		before = time.monotonic()
		seconds = ask()
		after = time.monotonic()
		answers.append((after - before, seconds - (before + after) / 2))
	return min(answers)[1]


class DatabaseClock:
	"""The database server's clock, so that all nodes agree on what is due and whose lease is over.

	The server is asked once a minute. In between, this process's monotonic clock counts on, so that reading the time
	costs no round trip and never jumps with the machine's own clock.
	"""

	def __init__(self, open_connection: Callable[[], Database]) -> None:
		self._open_connection = open_connection
		self._refreshing = threading.Lock()
		self._offset, self._measured_at = self._measure()

	def now(self) -> float:
		if time.monotonic() - self._measured_at > REFRESH_INTERVAL:
			self.refresh()
		return time.monotonic() + self._offset

	def refresh(self) -> None:
		"""Ask the server, unless another thread does so now."""
		if not self._refreshing.acquire(blocking=False):
			return
		try:
			self._offset, self._measured_at = self._measure()
		except Exception:
			# The old offset is good for hours. Whether the server is gone is for the next statement to find out.
			self._measured_at = time.monotonic()
		finally:
			self._refreshing.release()

	def _measure(self) -> tuple[float, float]:
		connection = self._open_connection()
		try:
			# UNIX_TIMESTAMP() reads its argument in the session's timezone; in UTC no hour comes twice.
			connection.execute("SET time_zone = '+00:00'")
			offset = ahead(lambda: float(connection.sql("SELECT UNIX_TIMESTAMP(NOW(6))")[0][0]))
		finally:
			connection.close()
		return offset, time.monotonic()


def zone_of(name: str | None) -> tzinfo:
	"""A timezone by its name; without one that of the variable TZ, or UTC. Raises DoganError for a name that is none."""
	chosen = name or os.environ.get("TZ") or UTC
	if chosen.upper() == UTC:
		return timezone.utc  # known without a timezone database
	try:
		return ZoneInfo(chosen)
	except (ZoneInfoNotFoundError, ValueError, OSError):
		if name:
			raise DoganError(f"{name!r} is no timezone. Give one such as Europe/Istanbul.") from None
		_log.warning("The variable TZ is %r, which is no timezone name; using UTC", chosen)
		return timezone.utc


class TestClock:
	"""A clock that stands still until a test moves it."""

	__test__ = False  # pytest must not take it for a test

	def __init__(self, start: float = 1_750_000_000.0) -> None:
		self._now = float(start)
		self._lock = threading.Lock()

	def now(self) -> float:
		return self._now

	def advance(self, seconds: float) -> float:
		"""Let `seconds` pass; gives the new time. Raises ValueError for a step back: the engine's time never does."""
		if seconds < 0:
			raise ValueError(f"A test clock goes forward only, not by {seconds} seconds.")
		with self._lock:
			self._now += seconds
			return self._now

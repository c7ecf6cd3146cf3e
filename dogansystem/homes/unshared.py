"""A cache that keeps nothing, and only counts."""

import threading
import time
from collections import Counter
from collections.abc import Mapping


class Unshared:
	"""A `protocol.Cache` for a home whose processes share nothing."""

	def __init__(self) -> None:
		self._counts: Counter[str] = Counter()
		self._tallies: dict[str, tuple[float, int]] = {}  # until when (time.monotonic()), and how many
		self._lock = threading.Lock()

	def get(self, key: str) -> bytes | None:
		"""Nothing."""
		return None

	def set(self, key: str, value: bytes, seconds: int) -> None:
		"""Nothing."""

	def add(self, counts: Mapping[str, int]) -> None:
		"""Add to the numbers of this process."""
		self._counts.update(counts)

	def counts(self) -> Mapping[str, int]:
		"""The numbers of this process."""
		return dict(self._counts)

	def tally(self, key: str, seconds: int) -> int:
		"""Count one more of a key in this process."""
		now = time.monotonic()
		with self._lock:
			self._tallies = {each: kept for each, kept in self._tallies.items() if kept[0] > now}
			until, count = self._tallies.get(key, (now + seconds, 0))
			self._tallies[key] = until, count + 1
			return count + 1

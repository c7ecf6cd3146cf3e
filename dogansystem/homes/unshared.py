"""A cache that no other process shares: nothing is kept in it, but it counts."""

from collections import Counter
from collections.abc import Mapping


class Unshared:
	"""A `protocol.Cache` for a place where every process works out for itself what it needs."""

	def __init__(self) -> None:
		self._counts: Counter[str] = Counter()

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

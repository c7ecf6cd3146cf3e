"""A cache that keeps nothing, and only counts."""

from collections import Counter
from collections.abc import Mapping


class Unshared:
	"""A `protocol.Cache` for a home whose processes share nothing."""

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

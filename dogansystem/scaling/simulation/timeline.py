"""What happens when: events in the order of time, nothing in between."""

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

Happening = Callable[[Any], None]


class Timeline:
	"""The future, as a heap of events. `now` is in seconds since the simulation began.

	Time stands still while an event is handled and then jumps to the next one: an hour in which nothing happens costs
	nothing. What is planned for the same moment happens in the order in which it was planned.
	"""

	__slots__ = ("_count", "_heap", "handled", "now")

	def __init__(self) -> None:
		self.now = 0.0
		self.handled = 0
		self._heap: list[tuple[float, int, Happening, Any]] = []
		self._count = 0

	def at(self, time: float, what: Happening, about: Any = None) -> None:
		"""Let something happen at a time, which is not in the past."""
		self._count += 1
		heappush(self._heap, (time, self._count, what, about))

	def run(self, until: float) -> None:
		"""Let everything happen that is planned for before `until`, and what follows from it."""
		heap = self._heap
		while heap and heap[0][0] < until:
			self.now, _, what, about = heappop(heap)
			self.handled += 1
			what(about)
		self.now = until

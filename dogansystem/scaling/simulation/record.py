"""What is written down while the simulation runs, from the end of the warm-up on."""

from array import array
from collections import Counter
from collections.abc import Sequence

from dogansystem.engine.states import SUCCEEDED


class Record:
	"""Counts and times between `first` and `last`, in seconds since the simulation began."""

	def __init__(self, first: float, last: float, lanes: int) -> None:
		self.first, self.last = first, last
		self.waits = [array("d") for _ in range(lanes)]
		self.took = array("d")
		self.runs_started = self.runs_refused = self.steps = self.retries = self.lost = 0
		self.busy = 0.0  # seconds of all workers together
		self.statuses: Counter[str] = Counter()

	def started(self, now: float) -> None:
		"""A run has started."""
		self.runs_started += now >= self.first

	def refused(self, now: float) -> None:
		"""A run was not started because the limit of its workflow is full."""
		self.runs_refused += now >= self.first

	def waited(self, lane: int, began: float, seconds: float) -> None:
		"""An attempt has begun after standing ready for so long."""
		if self.first <= began:
			self.waits[lane].append(seconds if seconds > 0 else 0.0)

	def finished(self, now: float) -> None:
		"""A step, or an item of one, came to its end."""
		self.steps += now >= self.first

	def retried(self, now: float) -> None:
		"""An attempt failed and is followed by another one."""
		self.retries += now >= self.first

	def ended(self, now: float, started_at: float, status: str) -> None:
		"""A run came to its end."""
		if now >= self.first:
			self.statuses[status] += 1
			if status == SUCCEEDED:
				self.took.append(now - started_at)

	def worked(self, since: float, until: float) -> None:
		"""A worker was busy."""
		self.busy += max(0.0, until - max(since, self.first))

	@property
	def seconds(self) -> float:
		"""How long was written down."""
		return self.last - self.first


def quantile(ordered: Sequence[float], share: float) -> float | None:
	"""The value that this share of all does not exceed, of values in order; None of nothing."""
	return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

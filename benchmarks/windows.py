"""Measuring side by side: short windows in turns, so that what disturbs the machine disturbs both sides.

A figure is the median of the rounds' ratios. A slow second then spoils one round and not the result, and the order of
the sides changes with every round, so that neither always comes second.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WARM_UP = 1  # rounds at the beginning that do not count


@dataclass(frozen=True, slots=True)
class Size:
	"""How much is measured.

	Attributes:
		rounds: of windows that count.
		steps: that a drainer executes in a window.
		seconds: length of a window that is limited by time.
		deep: ready steps in a full queue.
		claims: per round and queue.
		latencies: runs whose first step is waited for.
		saves: rounds of a hundred saved documents on each side.
		jobs: that an RQ worker executes in a window.
		worker_steps: that a drainer in an RQ worker executes in a window.
		worker_rounds: of windows of an RQ worker that count.
	"""

	rounds: int = 12
	steps: int = 500
	seconds: float = 0.5
	deep: int = 1_000_000
	claims: int = 10
	latencies: int = 60
	saves: int = 12
	jobs: int = 40
	worker_steps: int = 1_000
	worker_rounds: int = 5


# Shows that everything works; its figures mean little.
QUICK = Size(
	rounds=3,
	steps=100,
	seconds=0.1,
	deep=5_000,
	claims=3,
	latencies=5,
	saves=1,
	jobs=10,
	worker_steps=200,
	worker_rounds=2,
)


@dataclass(frozen=True, slots=True)
class Sample:
	"""The values of several rounds."""

	values: tuple[float, ...]

	@property
	def median(self) -> float:
		return statistics.median(self.values)

	@property
	def quartiles(self) -> tuple[float, float]:
		"""Between these lies the middle half of the values."""
		if len(self.values) < 2:
			return self.values[0], self.values[0]
		low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
		return low, high


@dataclass(frozen=True, slots=True)
class Pairs:
	"""What two sides gave, round by round."""

	first: Sample
	second: Sample

	@property
	def ratios(self) -> Sample:
		"""The first side's share of the second's, in each round."""
		return Sample(
			tuple(one / other for one, other in zip(self.first.values, self.second.values, strict=True))
		)

	@property
	def differences(self) -> Sample:
		"""How much more the first side gave, in each round."""
		return Sample(
			tuple(one - other for one, other in zip(self.first.values, self.second.values, strict=True))
		)


def in_turns(first: Callable[[], float], second: Callable[[], float], rounds: int) -> Pairs:
	"""Let both sides have a window in each round, each side first in every other one."""
	values: tuple[list[float], list[float]] = ([], [])
	for number in range(WARM_UP + rounds):
		order: Sequence[int] = (0, 1) if number % 2 else (1, 0)
		for side in order:
			values[side].append((first, second)[side]())
	return Pairs(*(Sample(tuple(each[WARM_UP:])) for each in values))


def rate(work: Callable[[], object], seconds: float) -> float:
	"""How often per second `work` is done, if it is done again and again for `seconds`."""
	count, started = 0, time.perf_counter()
	while (elapsed := time.perf_counter() - started) < seconds:
		work()
		count += 1
	return count / elapsed


def duration(work: Callable[[], object]) -> float:
	"""Seconds that `work` takes."""
	started = time.perf_counter()
	work()
	return time.perf_counter() - started

"""How long something takes: always the same, or drawn from a distribution, or from what was measured.

In words: `100ms`, `exponential 100ms`, `uniform 50ms-150ms`, `lognormal 100ms cv 1.5`. Times are seconds inside.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.store.figures import BOUNDS, Histogram

_MILLISECONDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*ms\s*", re.ASCII)
_REMEDY = (
	"write 100ms, 2s, `exponential 100ms`, `uniform 50ms-150ms` or `lognormal 100ms cv 1.5`"
	" (cv: standard deviation over mean)"
)

Draw = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Fixed:
	"""The same every time."""

	mean: float
	variation: float = 0.0

	def drawing(self, chance: Random) -> Draw:
		"""A function that gives one time after another."""
		return lambda: self.mean


@dataclass(frozen=True, slots=True)
class Exponential:
	"""Many short ones and few long ones, the next as likely at any moment."""

	mean: float
	variation: float = 1.0

	def drawing(self, chance: Random) -> Draw:
		"""A function that gives one time after another."""
		rate = 1 / self.mean if self.mean else math.inf
		return lambda: chance.expovariate(rate) if self.mean else 0.0


@dataclass(frozen=True, slots=True)
class Uniform:
	"""Anything between two bounds, all as likely."""

	low: float
	high: float

	@property
	def mean(self) -> float:
		return (self.low + self.high) / 2

	@property
	def variation(self) -> float:
		"""Squared coefficient of variation."""
		return (self.high - self.low) ** 2 / 12 / self.mean**2 if self.mean else 0.0

	def drawing(self, chance: Random) -> Draw:
		"""A function that gives one time after another."""
		return lambda: chance.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class Lognormal:
	"""As servers elsewhere answer: mostly near the median, now and then much later. `cv`: standard deviation over mean."""

	mean: float
	cv: float

	@property
	def variation(self) -> float:
		"""Squared coefficient of variation."""
		return self.cv**2

	def drawing(self, chance: Random) -> Draw:
		"""A function that gives one time after another."""
		spread = math.sqrt(math.log(1 + self.cv**2))
		middle = math.log(self.mean) - spread**2 / 2 if self.mean else 0.0
		return lambda: chance.lognormvariate(middle, spread) if self.mean else 0.0


@dataclass(frozen=True)
class Measured:
	"""What a site has measured: drawn evenly within the histogram's buckets, scaled so that the mean is the measured one.

	`less`: seconds of each that are not meant, such as what the simulation adds by itself.
	"""

	histogram: Histogram
	less: float = 0.0
	_shares: list[float] = field(init=False, repr=False, compare=False, default_factory=list)
	_edges: list[tuple[float, float]] = field(init=False, repr=False, compare=False, default_factory=list)

	def __post_init__(self) -> None:
		if not self.histogram.count:
			raise InputError("There are no samples to draw times from: let the workflow run first.")
		ordered = sorted(self.histogram.buckets.items())
		self._shares.extend(accumulate(count / self.histogram.count for _, count in ordered))
		scale = self._measured_mean / self._mean_of_buckets(ordered)
		for number, _ in ordered:
			low, high = _edges_of(number)
			self._edges.append((max(0.0, low * scale - self.less), max(0.0, high * scale - self.less)))

	@property
	def _measured_mean(self) -> float:
		return self.histogram.sum / self.histogram.count

	def _mean_of_buckets(self, ordered: list[tuple[int, int]]) -> float:
		return sum(sum(_edges_of(number)) / 2 * count for number, count in ordered) / self.histogram.count

	@property
	def mean(self) -> float:
		return max(0.0, self._measured_mean - self.less)

	@property
	def variation(self) -> float:
		"""Squared coefficient of variation, to within the width of the buckets."""
		shares = [after - before for before, after in zip([0.0, *self._shares], self._shares, strict=False)]
		mean = sum(share * (low + high) / 2 for share, (low, high) in zip(shares, self._edges, strict=True))
		squares = sum(
			share * (low * low + low * high + high * high) / 3
			for share, (low, high) in zip(shares, self._edges, strict=True)
		)
		return squares / mean**2 - 1 if mean else 0.0

	def drawing(self, chance: Random) -> Draw:
		"""A function that gives one time after another."""
		shares, edges, last = self._shares, self._edges, len(self._edges) - 1

		def draw() -> float:
			low, high = edges[min(bisect_left(shares, chance.random()), last)]
			return low + (high - low) * chance.random()

		return draw


Distribution = Fixed | Exponential | Uniform | Lognormal | Measured
NOTHING = Fixed(0.0)


def parse(text: str) -> Distribution:
	"""A distribution in words. Raises InputError that says how to write it."""
	words = text.split()
	try:
		match words:
			case [size]:
				return Fixed(seconds(size))
			case ["fixed", size]:
				return Fixed(seconds(size))
			case ["exponential", size]:
				return Exponential(seconds(size))
			case ["uniform", bounds]:
				low, _, high = bounds.partition("-")
				return _uniform(seconds(low), seconds(high))
			case ["lognormal", size, "cv", cv]:
				return _lognormal(seconds(size), float(cv))
	except ValueError as error:
		raise InputError(f"{text!r} is not a time: {error}; {_REMEDY}") from None
	raise InputError(f"{text!r} is not a time: {_REMEDY}")


def seconds(text: str) -> float:
	"""Seconds of `100ms` or of a duration as definitions have it. Raises ValueError."""
	match = _MILLISECONDS.fullmatch(text)
	return float(match[1]) / 1000 if match else parse_duration(text)


def _uniform(low: float, high: float) -> Uniform:
	if low > high:
		raise ValueError("the first bound is above the second")
	return Uniform(low, high)


def _lognormal(mean: float, cv: float) -> Lognormal:
	if not 0 <= cv < 100:
		raise ValueError("cv is a number from 0 to 100")
	return Lognormal(mean, cv)


def _edges_of(bucket: int) -> tuple[float, float]:
	low = BOUNDS[bucket - 1] if bucket else 0.0
	return low, BOUNDS[min(bucket, len(BOUNDS) - 1)]

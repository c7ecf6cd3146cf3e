"""How long something takes: always the same, drawn from a distribution, or drawn from what was measured.

In words: `100ms`, `exponential 100ms`, `uniform 50ms-150ms`, `lognormal 100ms cv 1.5`. Times are seconds inside.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from dogansystem.engine.durations import UNITS, parse_duration
from dogansystem.engine.errors import InputError
from dogansystem.store.figures import BOUNDS, Histogram

_PER = {**UNITS, "min": 60, "sec": 1, "hour": 3600, "day": 86400}  # seconds
_RATE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\w+)\s*", re.ASCII)
_MILLISECONDS = re.compile(r"\s*(\d+(?:\.\d+)?)\s*ms\s*", re.ASCII)
_REMEDY = (
	"write 100ms, 2s, `exponential 100ms`, `uniform 50ms-150ms` or `lognormal 100ms cv 1.5`"
	" (cv: standard deviation over mean)"
)


@dataclass(frozen=True, slots=True)
class Times:
	"""A distribution of times: `variation` is the squared coefficient of variation, `draw` gives one time after another."""

	mean: float
	variation: float = 0.0
	draw: Callable[[Random], float] = field(default=lambda chance: 0.0, compare=False)


NOTHING = Times(0.0)


def fixed(mean: float) -> Times:
	"""The same every time."""
	return Times(mean, 0.0, lambda chance: mean)


def exponential(mean: float) -> Times:
	"""Many short ones and few long ones, the end as likely at any moment."""
	return Times(mean, 1.0, lambda chance: chance.expovariate(1 / mean)) if mean else NOTHING


def uniform(low: float, high: float) -> Times:
	"""Anything between two bounds, all as likely. Raises ValueError."""
	if low > high:
		raise ValueError("the first bound is above the second")
	mean = (low + high) / 2
	variation = (high - low) ** 2 / 12 / mean**2 if mean else 0.0
	return Times(mean, variation, lambda chance: chance.uniform(low, high))


def lognormal(mean: float, cv: float) -> Times:
	"""As servers answer: mostly near the median, now and then much later. `cv`: standard deviation over mean."""
	if not 0 <= cv < 100:
		raise ValueError("cv is a number from 0 to 100")
	if not mean:
		return NOTHING
	spread = math.sqrt(math.log(1 + cv**2))
	middle = math.log(mean) - spread**2 / 2
	return Times(mean, cv**2, lambda chance: chance.lognormvariate(middle, spread))


def measured(histogram: Histogram, less: float = 0.0) -> Times:
	"""Drawn evenly within the histogram's buckets, scaled so that the mean is the measured one.

	`less`: seconds of each that are not meant, such as what the simulation adds by itself. Raises InputError of nothing.
	"""
	total = histogram.count
	if not total:
		raise InputError("There are no samples to draw times from: let the workflow run first.")
	buckets = sorted(histogram.buckets.items())
	middle = sum(sum(_edges(number)) / 2 * count for number, count in buckets) / total
	scale = histogram.sum / total / middle
	edges = [tuple(max(0.0, edge * scale - less) for edge in _edges(number)) for number, _ in buckets]
	shares = list(accumulate(count / total for _, count in buckets))

	def draw(chance: Random) -> float:
		low, high = edges[min(bisect_left(shares, chance.random()), len(edges) - 1)]
		return low + (high - low) * chance.random()

	return Times(max(0.0, histogram.sum / total - less), variation(histogram), draw)


def variation(times: Histogram) -> float:
	"""The squared coefficient of variation: variance over squared mean. 1 of nothing, as if they were exponential."""
	if not times.count or not times.sum:
		return 1.0
	middles = [(sum(_edges(number)) / 2, count) for number, count in times.buckets.items()]
	mean = sum(middle * count for middle, count in middles) / times.count
	return sum(count * (middle - mean) ** 2 for middle, count in middles) / times.count / mean**2


def parse(text: str) -> Times:
	"""A distribution in words. Raises InputError that says how to write it."""
	try:
		match text.split():
			case [size] | ["fixed", size]:
				return fixed(seconds(size))
			case ["exponential", size]:
				return exponential(seconds(size))
			case ["uniform", bounds]:
				low, _, high = bounds.partition("-")
				return uniform(seconds(low), seconds(high))
			case ["lognormal", size, "cv", cv]:
				return lognormal(seconds(size), float(cv))
	except ValueError as error:
		raise InputError(f"{text!r} is not a time: {error}; {_REMEDY}") from None
	raise InputError(f"{text!r} is not a time: {_REMEDY}")


def seconds(text: str) -> float:
	"""Seconds of `100ms` or of a duration as definitions have it. Raises ValueError."""
	match = _MILLISECONDS.fullmatch(text)
	return float(match[1]) / 1000 if match else parse_duration(text)


def rate(text: str) -> float:
	"""`50/s`, `3000/min`, `0.5/h`: how many per second. Raises InputError."""
	match = _RATE.fullmatch(text)
	if not match or match[2] not in _PER:
		raise InputError(f"{text!r} is no rate: write 50/s, 3000/min, 100/h or 20/d.")
	return float(match[1]) / _PER[match[2]]


def _edges(bucket: int) -> tuple[float, float]:
	return (BOUNDS[bucket - 1] if bucket else 0.0), BOUNDS[min(bucket, len(BOUNDS) - 1)]

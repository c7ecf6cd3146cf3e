"""How long something takes, in seconds: always the same, drawn from a distribution, or drawn from what was measured."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from dogansystem.engine.errors import InputError
from dogansystem.store.figures import BOUNDS, Histogram

GRAIN = 5_000  # quantiles that stand for a measured distribution


@dataclass(frozen=True, slots=True)
class Times:
	"""A distribution. `variation` is the squared coefficient of variation, `draw` gives one time after another."""

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
	return Times(
		mean, (high - low) ** 2 / 12 / mean**2 if mean else 0.0, lambda chance: chance.uniform(low, high)
	)


def lognormal(mean: float, cv: float) -> Times:
	"""As servers answer: mostly near the median, now and then much later. `cv`: standard deviation over mean."""
	if not 0 <= cv < 100:
		raise ValueError("cv is a number from 0 to 100")
	spread = math.sqrt(math.log(1 + cv**2))
	middle = math.log(mean) - spread**2 / 2 if mean else 0.0
	return Times(mean, cv**2, lambda chance: chance.lognormvariate(middle, spread)) if mean else NOTHING


def measured(histogram: Histogram, less: float = 0.0) -> Times:
	"""Drawn evenly within the histogram's buckets, scaled so that the mean is the measured one.

	`less`: seconds of each that are not meant, such as what the simulation adds by itself. Raises InputError of nothing.
	"""
	if not histogram.count:
		raise InputError("There are no samples to draw times from: let the workflow run first.")
	mean = histogram.sum / histogram.count
	quantiles = [histogram.quantile((number + 0.5) / GRAIN) or 0.0 for number in range(GRAIN)]
	scale = mean * GRAIN / sum(quantiles)
	drawn = [max(0.0, each * scale - less) for each in quantiles]
	return Times(max(0.0, mean - less), variation(histogram), lambda chance: chance.choice(drawn))


def variation(times: Histogram) -> float:
	"""The squared coefficient of variation: variance over squared mean. 1 of nothing, as if they were exponential."""
	if not times.count or not times.sum:
		return 1.0
	edges = (0.0, *BOUNDS, BOUNDS[-1])
	middles = [((edges[number] + edges[number + 1]) / 2, count) for number, count in times.buckets.items()]
	mean = sum(middle * count for middle, count in middles) / times.count
	return sum(count * (middle - mean) ** 2 for middle, count in middles) / times.count / mean**2

"""How much can be done: the throughput of the time in which work waited, and how far that figure can be trusted."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from dogansystem.scaling.measurement import Measurement, Slice

MIN_STEPS = 100  # fewer say nothing: by chance alone they could be a fifth more or less
ENOUGH_SLICES = 5  # from so many on, how much they differ says more than how many steps there were

# Student's t for 95 %, two-sided, by degrees of freedom (any statistics textbook's table); beyond: the normal law's.
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Capacity:
	"""Steps per second while there was always work.

	Attributes:
		steps: how many it rests on.
		seconds: in how much time they were done.
		error: by what share of itself the figure may be off, with 95 % confidence.
		workers: how many did them, on average.
		slices: how many pieces of the span that is. Below `ENOUGH_SLICES` the error is a guess.
	"""

	per_second: float
	steps: int
	seconds: float
	error: float
	workers: float
	slices: int

	@property
	def is_enough(self) -> bool:
		"""Whether it rests on enough steps to say anything."""
		return self.steps >= MIN_STEPS


def capacity(measured: Measurement) -> Capacity | None:
	"""What the system can do; None if work never waited, so that nobody knows."""
	slices = measured.saturated()
	steps, seconds = sum(each.steps for each in slices), sum(each.seconds for each in slices)
	if not steps or not seconds:
		return None
	workers = sum((each.alive or 0.0) * each.seconds for each in slices) / seconds
	return Capacity(steps / seconds, steps, seconds, round(_error(slices, steps), 4), workers, len(slices))


def _error(slices: Sequence[Slice], steps: int) -> float:
	"""Half the width of the 95 % interval, as a share of the mean, from how much the slices differ.

	A few slices say little about that: then it is half of what lies between the lowest and the highest, and at least
	what counting alone leaves open (Poisson).
	"""
	longest = max(each.seconds for each in slices)
	rates = [each.steps / each.seconds for each in slices if each.seconds >= longest / 2]
	mean = statistics.mean(rates)
	if len(rates) < ENOUGH_SLICES:
		return max(_NORMAL / math.sqrt(steps), (max(rates) - min(rates)) / 2 / mean)
	freedom = len(rates) - 1
	student = _STUDENT[freedom - 1] if freedom <= len(_STUDENT) else _NORMAL
	return student * statistics.stdev(rates) / math.sqrt(len(rates)) / mean

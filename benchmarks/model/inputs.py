"""The inputs of a case's runs: how long their steps take, and which of them fail."""

from collections.abc import Iterator
from random import Random
from typing import Any

from benchmarks.model.cases import Case


def inputs(case: Case) -> Iterator[dict[str, Any]]:
	"""One after another, from the case's seed."""
	chance = Random(case.seed + 1)
	kind, _, size = case.service.removeprefix("wait ").rpartition(" ")
	mean = float(size.removesuffix("ms")) / 1000
	while True:
		seconds = chance.expovariate(1 / mean) if kind else mean
		failures = 0
		while chance.random() < case.failing:
			failures += 1
		yield {"seconds": seconds, "failures": failures}

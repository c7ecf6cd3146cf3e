"""What is written down while the simulation runs, from the end of the warm-up on, and what it comes to."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt
from typing import Any

from dogansystem.engine.states import RUN_FINISHED, SUCCEEDED
from dogansystem.scaling.simulation.system import System

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
BEHIND = 0.01  # of the runs that started: when more than that pile up, beyond what chance does, it does not keep up


class Record:
	"""Counts, and times in seconds, since `first`."""

	def __init__(self) -> None:
		self._at_work = 0
		self.reset(0.0)

	def reset(self, now: float) -> None:
		"""Forget what was before: everybody began with nothing to do."""
		self.first = self._counted_at = now
		self.started = self.steps = self.retries = self.lost = 0
		self.ended: Counter[str] = Counter()  # runs, by their state
		self.took: list[float] = []  # by runs that succeeded
		self.waits: dict[int, list[float]] = defaultdict(list)  # of attempts, by priority
		self.busy = 0.0  # seconds of all workers together

	def run_is(self, status: str, age: float) -> None:
		"""A run that started so many seconds ago goes to a state."""
		if status in RUN_FINISHED:
			self.ended[status] += 1
		if status == SUCCEEDED:
			self.took.append(age)

	def work(self, now: float, change: int = 0) -> None:
		"""So many more workers have something in hand from now on, or fewer."""
		self.busy += self._at_work * (now - self._counted_at)
		self._at_work, self._counted_at = self._at_work + change, now


def figures(
	system: System, record: Record, seconds: float, node_steps: Sequence[int], database: float, cpu: float, backlog: int
) -> dict[str, Any]:  # fmt: skip
	"""The figures of one configuration after so many seconds, in which database and cores worked for some, as JSON data.

	Times are seconds, rates are per second, and shares are from 0 to 1; None where there is nothing to be said.
	"""
	ended, steps = record.ended.total(), record.steps / seconds
	cost = None if system.price is None else system.price * system.nodes
	every_wait = [each for waits in record.waits.values() for each in waits]
	found = {
		"nodes": system.nodes,
		"workers": system.workers,  # of each node
		"arrivals": record.started / seconds,
		"runs": ended / seconds,  # that came to their end
		"steps": steps,  # the same; items count as steps
		"failed": 1 - record.ended[SUCCEEDED] / ended if ended else 0.0,  # of the runs; cancelled ones too
		"retries": record.retries / seconds,  # attempts that were followed by another
		"lost": record.lost,  # attempts that died with their node
		"busy": record.busy / seconds / system.all_workers,
		"database": database / seconds + system.heartbeats,  # may be more than it has
		"cpu": cpu / seconds / (system.cores * system.nodes) if system.cores else None,
		"wait": quantiles(every_wait),  # from ready to begun
		"lanes": {str(each): quantiles(record.waits[each]) for each in sorted(record.waits, reverse=True)},
		"run": quantiles(record.took),  # from its start to its end
		"spread": _spread(node_steps),
		"backlog": backlog,  # steps and runs that were ready or waited for a slot at the end
		"keeps_up": record.started - ended <= BEHIND * record.started + 3 * sqrt(record.started),
		"cost_per_hour": cost,
		"cost_per_1000_steps": cost / 3.6 / steps if cost is not None and steps else None,
	}
	return {name: round(each, 6) if isinstance(each, float) else each for name, each in found.items()}


def quantiles(values: Sequence[float]) -> dict[str, float | None]:
	"""Median, 95th and 99th percentile; None of nothing."""
	ordered = sorted(values)
	return {
		name: round(ordered[int(share * len(ordered))], 6) if ordered else None
		for name, share in SHARES.items()
	}


def _spread(steps: Sequence[int]) -> float | None:
	"""How far the busiest or the idlest node is from the mean, as a share of it."""
	mean = sum(steps) / len(steps)
	return max(max(steps) - mean, mean - min(steps)) / mean if len(steps) > 1 and mean else None

"""What is written down while the simulation runs, from the end of the warm-up on, and what it comes to."""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dogansystem.engine.states import SUCCEEDED
from dogansystem.scaling.simulation.system import PRIORITIES, System

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
BEHIND = 0.01  # of the runs that started: when more than that pile up, beyond what chance does, it does not keep up

Quantiles = dict[str, float | None]


class Record:
	"""Counts and times since `first`, in seconds since the simulation began."""

	def __init__(self) -> None:
		self.reset(0.0)

	def reset(self, now: float) -> None:
		"""Forget what was before: everybody began with nothing to do."""
		self.first = now
		self.waits = [array("d") for _ in range(PRIORITIES)]
		self.took = array("d")
		self.started = self.refused = self.steps = self.retries = self.lost = 0
		self.busy = 0.0  # seconds of all workers together
		self.statuses: Counter[str] = Counter()

	def waited(self, priority: int, began: float, seconds: float) -> None:
		"""An attempt begins after standing ready for so long."""
		if self.first <= began:
			self.waits[priority].append(max(0.0, seconds))

	def ended(self, now: float, started_at: float, status: str) -> None:
		"""A run came to its end."""
		self.statuses[status] += 1
		if status == SUCCEEDED:
			self.took.append(now - started_at)

	def worked(self, since: float, until: float) -> None:
		"""A worker was busy."""
		self.busy += max(0.0, until - max(since, self.first))


@dataclass(frozen=True, slots=True)
class Result:
	"""Figures of one configuration. Times are seconds, rates are per second, after the warm-up.

	Attributes:
		arrivals: runs that started; `refused` ones met a full limit.
		runs, steps: that came to their end; items count as steps.
		failed: share of the runs that ended which failed or were cancelled.
		retries, lost: attempts that were followed by another, and that died with their node.
		busy: share of the workers' time in which they had something in hand.
		database, cpu: share of their time that was used; the database's may be more than it has.
		wait: from ready to begun, over all attempts; `lanes` the same for each priority.
		run: from the start of a run to its end.
		spread: how far the busiest or the idlest node is from the mean, as a share of it; None for one node.
		backlog: steps and runs that were ready or waited for a slot at the end.
		keeps_up: whether as much gets done as comes in.
		cost_per_hour, cost_per_1000_steps: from the price of a node, or None.
		events: that were simulated.
	"""

	nodes: int
	workers: int
	arrivals: float
	refused: float
	runs: float
	steps: float
	failed: float
	retries: float
	lost: int
	busy: float
	database: float
	cpu: float | None
	wait: Quantiles
	lanes: dict[int, Quantiles]
	run: Quantiles
	spread: float | None
	backlog: int
	keeps_up: bool
	cost_per_hour: float | None
	cost_per_1000_steps: float | None
	events: int

	def as_json(self) -> dict[str, Any]:
		"""All of it as JSON data, rounded to what the figures are worth."""
		return {name: _rounded(value) for name, value in asdict(self).items()}


def result_of(
	system: System, record: Record, seconds: float, node_steps: Sequence[int], database: float, cpu: float, backlog: int, events: int
) -> Result:  # fmt: skip
	"""Add up what was written down in so many seconds, in which database and processors were used for some."""
	ended = record.statuses.total()
	waits = [sorted(each) for each in record.waits]
	piled_up = record.started - record.refused - ended
	cost = None if system.price is None else system.price * system.nodes
	return Result(
		nodes=system.nodes,
		workers=system.workers,
		arrivals=record.started / seconds,
		refused=record.refused / seconds,
		runs=ended / seconds,
		steps=record.steps / seconds,
		failed=1 - record.statuses[SUCCEEDED] / ended if ended else 0.0,
		retries=record.retries / seconds,
		lost=record.lost,
		busy=record.busy / seconds / system.all_workers,
		database=database / seconds + system.background,
		cpu=cpu / seconds / (system.cores * system.nodes) if system.cores else None,
		wait=quantiles(sorted(each for times in waits for each in times)),
		lanes={priority: quantiles(waits[priority]) for priority in reversed(range(PRIORITIES)) if waits[priority]},
		run=quantiles(sorted(record.took)),
		spread=_spread(node_steps),
		backlog=backlog,
		keeps_up=piled_up <= BEHIND * record.started + 3 * math.sqrt(record.started),
		cost_per_hour=cost,
		cost_per_1000_steps=cost / 3.6 / (record.steps / seconds) if cost is not None and record.steps else None,
		events=events,
	)  # fmt: skip


def quantiles(ordered: Sequence[float]) -> Quantiles:
	"""Median, 95th and 99th percentile of values in order; None of nothing."""
	last = len(ordered) - 1
	return {
		name: ordered[min(last, int(share * len(ordered)))] if ordered else None
		for name, share in SHARES.items()
	}


def _spread(steps: Sequence[int]) -> float | None:
	mean = sum(steps) / len(steps)
	if len(steps) < 2 or not mean:
		return None
	return max(max(steps) - mean, mean - min(steps)) / mean


def _rounded(value: Any) -> Any:
	if isinstance(value, dict):
		return {str(name): _rounded(each) for name, each in value.items()}
	return round(value, 6) if isinstance(value, float) else value

"""What a simulation came to."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from dogansystem.scaling.simulation.record import Record, quantile
from dogansystem.scaling.simulation.system import System
from dogansystem.scaling.simulation.workload import Workload

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
BEHIND = 0.01  # of the runs that started: when more than that pile up, beyond what chance does, it does not keep up

Quantiles = dict[str, float | None]


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
		backlog: steps and runs that were ready or stood in line at the end.
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

	@classmethod
	def of(
		cls,
		workload: Workload,
		system: System,
		record: Record,
		*,
		node_steps: Sequence[int],
		database: float,
		cpu: float,
		backlog: int,
		events: int,
	) -> "Result":
		"""Add up what was written down."""
		seconds = record.seconds
		ended = record.statuses.total()
		cost = None if system.price is None else system.price * system.nodes
		waits = [sorted(lane) for lane in record.waits]
		piled_up = record.runs_started - record.runs_refused - ended
		keeps_up = piled_up <= BEHIND * record.runs_started + 3 * math.sqrt(record.runs_started)
		return cls(
			nodes=system.nodes,
			workers=system.workers,
			arrivals=record.runs_started / seconds,
			refused=record.runs_refused / seconds,
			runs=ended / seconds,
			steps=record.steps / seconds,
			failed=1 - record.statuses["Succeeded"] / ended if ended else 0.0,
			retries=record.retries / seconds,
			lost=record.lost,
			busy=record.busy / seconds / system.all_workers,
			database=database,
			cpu=cpu / (system.cores * system.nodes) if system.cores else None,
			wait=quantiles(sorted(each for lane in waits for each in lane)),
			lanes={9 - number: quantiles(lane) for number, lane in enumerate(waits) if lane},
			run=quantiles(sorted(record.took)),
			spread=_spread(node_steps),
			backlog=backlog,
			keeps_up=keeps_up,
			cost_per_hour=cost,
			cost_per_1000_steps=cost / 3.6 / (record.steps / seconds)
			if cost is not None and record.steps
			else None,
			events=events,
		)

	def as_json(self) -> dict[str, Any]:
		"""All of it as JSON data, rounded to what the figures are worth."""
		return {name: _rounded(value) for name, value in asdict(self).items()}


def quantiles(ordered: Sequence[float]) -> Quantiles:
	"""Median, 95th and 99th percentile of values in order."""
	return {name: quantile(ordered, share) for name, share in SHARES.items()}


def _spread(steps: Sequence[int]) -> float | None:
	mean = sum(steps) / len(steps)
	if len(steps) < 2 or not mean:
		return None
	return max(max(steps) - mean, mean - min(steps)) / mean


def _rounded(value: Any) -> Any:
	if isinstance(value, dict):
		return {str(name): _rounded(each) for name, each in value.items()}
	return round(value, 6) if isinstance(value, float) else value

"""What was measured, in a form that adds up: how many attempts ended how, how long they waited and took, how full it was.

Every figure is a sum, so that those of a process become those of a node, and minutes become hours. Times are kept as
counts between fixed bounds: a median of medians would be no median.
"""

import json
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

# A bound is at most a third above the one below, so a quantile is known to within some per cent of its value.
_DIGITS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
BOUNDS = (*(float(f"{digit}e{power}") for power in range(-3, 5) for digit in _DIGITS), 100_000.0)  # seconds

# How an attempt ended, beside the states in which it leaves its step (Succeeded, Failed, Skipped, Waiting).
RETRIED = "Retried"  # it failed and is tried again
LOST = "Lost"  # the process died or was stopped in the middle of it
EXECUTED = ("Succeeded", "Failed", "Skipped", "Waiting", RETRIED)

# What attempts cost beside time.
CPU, DATABASE, CONFLICTS = "cpu", "database", "conflicts"

# What figures are about.
SITE, NODE, PRIORITY, WORKFLOW, AGENT = "site", "node", "priority", "workflow", "agent"
KINDS = (SITE, NODE, PRIORITY, WORKFLOW, AGENT)
MAX_NAMES = 200  # of one kind; what is beyond is counted together
OTHERS = "(others)"


@dataclass(slots=True)
class Histogram:
	"""Seconds, counted between `BOUNDS`: `buckets[n]` are those up to bound n and above the one before it."""

	buckets: Counter[int] = field(default_factory=Counter)
	sum: float = 0.0

	def add(self, seconds: float) -> None:
		"""Count one more."""
		self.buckets[bisect_left(BOUNDS, seconds)] += 1
		self.sum += seconds

	def merge(self, other: "Histogram") -> None:
		"""Count all of another one as well."""
		self.buckets.update(other.buckets)
		self.sum += other.sum

	@property
	def count(self) -> int:
		"""How many were counted."""
		return sum(self.buckets.values())

	def up_to(self, bound: float) -> int:
		"""How many took no longer than this, which is one of `BOUNDS`."""
		last = BOUNDS.index(bound)
		return sum(count for number, count in self.buckets.items() if number <= last)

	def quantile(self, share: float) -> float | None:
		"""The seconds within which this share (0 to 1) of them lies; None of nothing."""
		wanted = share * self.count
		if not wanted:
			return None
		below = 0
		for number, count in sorted(self.buckets.items()):
			if below + count >= wanted:
				start, end = (0.0, *BOUNDS, BOUNDS[-1])[number : number + 2]
				return start + (end - start) * (wanted - below) / count
			below += count
		return BOUNDS[-1]


@dataclass(slots=True)
class Level:
	"""Something that rises and falls, looked at `count` times."""

	count: int = 0
	sum: float = 0.0
	highest: float = 0.0

	@property
	def mean(self) -> float:
		"""Over the times it was looked at."""
		return self.sum / self.count if self.count else 0.0


@dataclass(slots=True)
class Figures:
	"""What was measured of one thing: attempts by how they ended, their times, and levels by name.

	`costs` are sums over the attempts: seconds of the processor (`CPU`), seconds that writing their results waited for the
	database (`DATABASE`), transactions that were lost against others and repeated (`CONFLICTS`).
	"""

	outcomes: Counter[str] = field(default_factory=Counter)
	wait: Histogram = field(default_factory=Histogram)
	run: Histogram = field(default_factory=Histogram)
	levels: dict[str, Level] = field(default_factory=dict)
	costs: dict[str, float] = field(default_factory=dict)

	def attempt(
		self, outcome: str, waited: float, took: float, costs: Mapping[str, float] = MappingProxyType({})
	) -> None:
		"""Count an attempt that stood ready for some seconds and then took some."""
		self.outcomes[outcome] += 1
		self.wait.add(waited)
		self.run.add(took)
		self._costs(costs)

	def level(self, name: str, value: float) -> None:
		"""Note how high something stands now."""
		self._level(name, Level(1, value, value))

	def add(self, other: "Figures") -> None:
		"""Take in what was measured elsewhere or at another time."""
		self.outcomes.update(other.outcomes)
		self.wait.merge(other.wait)
		self.run.merge(other.run)
		for name, level in other.levels.items():
			self._level(name, level)
		self._costs(other.costs)

	@property
	def executed(self) -> int:
		"""How many attempts a worker brought to an end."""
		return sum(self.outcomes[outcome] for outcome in EXECUTED)

	def _costs(self, more: Mapping[str, float]) -> None:
		for name, cost in more.items():
			self.costs[name] = self.costs.get(name, 0.0) + cost

	def _level(self, name: str, more: Level) -> None:
		level = self.levels.setdefault(name, Level())
		level.count += more.count
		level.sum += more.sum
		level.highest = max(level.highest, more.highest)


Table = dict[tuple[str, str], Figures]  # by kind and name


def add(table: Table, more: Mapping[tuple[str, str], Figures]) -> None:
	"""Take the figures of one table into another."""
	for key, figures in more.items():
		table.setdefault(key, Figures()).add(figures)


def within_bounds(more: Table, known: Mapping[tuple[str, str], object]) -> Table:
	"""The same figures under no more than `MAX_NAMES` names of a kind; names that are `known` stay."""
	room = {kind: MAX_NAMES - sum(key[0] == kind for key in known) for kind in KINDS}
	bounded: Table = {}
	for (kind, name), figures in more.items():
		if (kind, name) not in known:
			room[kind] -= 1
			name = name if room[kind] >= 0 else OTHERS
		add(bounded, {(kind, name): figures})
	return bounded


def encode(table: Table) -> str:
	"""A table as JSON text."""
	return json.dumps(
		[[kind, name, as_json(figures)] for (kind, name), figures in table.items()], separators=(",", ":")
	)


def decode(text: str) -> Table:
	"""The table that `encode` has written."""
	return {(kind, name): from_json(figures) for kind, name, figures in json.loads(text)}


def as_json(figures: Figures) -> dict[str, Any]:
	"""Figures as plain data, without what is empty."""
	parts: dict[str, Any] = {
		"outcomes": figures.outcomes,
		"wait": [round(figures.wait.sum, 6), figures.wait.buckets] if figures.wait.buckets else None,
		"run": [round(figures.run.sum, 6), figures.run.buckets] if figures.run.buckets else None,
		"levels": {name: [each.count, each.sum, each.highest] for name, each in figures.levels.items()},
		"costs": {name: round(cost, 6) for name, cost in figures.costs.items() if cost},
	}
	return {name: part for name, part in parts.items() if part}


def from_json(parts: Mapping[str, Any]) -> Figures:
	"""The figures that `as_json` has made plain."""
	return Figures(
		Counter(parts.get("outcomes", {})),
		_histogram(parts.get("wait")),
		_histogram(parts.get("run")),
		{name: Level(*level) for name, level in parts.get("levels", {}).items()},
		dict(parts.get("costs", {})),
	)


def _histogram(parts: tuple[float, Mapping[str, int]] | None) -> Histogram:
	if parts is None:
		return Histogram()
	return Histogram(Counter({int(number): count for number, count in parts[1].items()}), parts[0])

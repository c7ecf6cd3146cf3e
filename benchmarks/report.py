"""The figures: what was measured, what is promised, and how both are shown."""

import json
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from benchmarks.windows import Sample

_UNITS = {
	"x": "{:.1f}x",
	"%": "{:.0%}",
	"µs": "{:.0f} µs",
	"ms": "{:.1f} ms",
	"/s": "{:,.0f}/s",
	"s": "{:.1f} s",
	"": "{:.0f}",
}


@dataclass(frozen=True, slots=True)
class Promise:
	"""What a figure must be. `aim` is what it should be; missing it is no error."""

	bound: Literal["at least", "at most"]
	value: float
	aim: float | None = None

	def is_kept(self, value: float) -> bool:
		"""Whether a figure keeps the promise."""
		return value >= self.value if self.bound == "at least" else value <= self.value


@dataclass(frozen=True, slots=True)
class Figure:
	"""One measured number.

	Attributes:
		where: the home it was measured in.
		what: in words, such as `drainer / commits of one connection`.
		value: in `unit`; for `%` and `x` a plain ratio.
		low, high: the middle half of the rounds lies between them.
		sides: what each side gave, in words; a look at them shows whether the ratio can be believed.
	"""

	where: str
	what: str
	value: float
	unit: str
	low: float
	high: float
	rounds: int
	promise: Promise | None = None
	sides: dict[str, str] = field(default_factory=dict)

	@property
	def is_missed(self) -> bool:
		"""Whether the figure breaks its promise."""
		return self.promise is not None and not self.promise.is_kept(self.value)

	@classmethod
	def of(
		cls,
		where: str,
		what: str,
		sample: Sample,
		unit: str,
		promise: Promise | None = None,
		**sides: str,
	) -> "Figure":
		"""The median of a sample."""
		return cls(where, what, sample.median, unit, *sample.quartiles, len(sample.values), promise, sides)


def shown(value: float, unit: str) -> str:
	"""A value as people read it."""
	return _UNITS[unit].format(value)


def table(figures: Sequence[Figure]) -> list[str]:
	"""The figures as lines of text."""
	rows = [("where", "what", "measured", "middle half", "promised", "aim", ""), *map(_row, figures)]
	widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
	lines = [
		"  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
	]
	return [lines[0], "  ".join("-" * width for width in widths).rstrip(), *lines[1:]]


def _row(figure: Figure) -> tuple[str, ...]:
	promise, unit = figure.promise, figure.unit
	verdict = "" if promise is None else "MISSED" if figure.is_missed else "kept"
	return (
		figure.where,
		figure.what,
		shown(figure.value, unit),
		f"{shown(figure.low, unit)} – {shown(figure.high, unit)}",
		f"{promise.bound} {shown(promise.value, unit)}" if promise else "",
		shown(promise.aim, unit) if promise and promise.aim is not None else "",
		verdict,
	)


def as_json(figures: Iterable[Figure], left_out: Sequence[str]) -> dict[str, Any]:
	"""The figures as JSON data, with what a reader must know to judge them."""
	listed = list(figures)
	return {
		"measured_at": datetime.now(timezone.utc).isoformat(timespec="seconds"),
		"machine": {
			"python": platform.python_version(),
			"system": f"{platform.system()} {platform.machine()}",
			"cores": os.cpu_count(),
		},
		"figures": [asdict(each) | {"missed": each.is_missed} for each in listed],
		"missed": [f"{each.where}: {each.what}" for each in listed if each.is_missed],
		"left_out": list(left_out),
	}


def save(path: Path, data: Any) -> None:
	"""Write JSON to a file. Raises OSError."""
	path.write_text(json.dumps(data, indent="\t", ensure_ascii=False) + "\n", encoding="utf-8")


def figures_of(data: Iterable[dict[str, Any]]) -> list[Figure]:
	"""Figures out of the JSON data that another process wrote."""
	found = []
	for each in data:
		values = {key: value for key, value in each.items() if key != "missed"}
		promise = values.pop("promise")
		found.append(Figure(**values, promise=Promise(**promise) if promise else None))
	return found


def say(text: str) -> None:
	"""Tell the person who waits what is being done."""
	print(text, file=sys.stderr, flush=True)

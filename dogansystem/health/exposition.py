"""Prometheus' text format, version 0.0.4: families of samples, each with its type and what it means.

By hand, because it is little: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from dogansystem.store.figures import Histogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (
	*(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),  # each one of `figures.BOUNDS`
	*(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 600.0, 3000.0),
)  # seconds

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
	"""A metric with all its samples. `kind` is `gauge`, `counter` or `histogram`."""

	name: str
	kind: str
	help: str
	lines: list[str] = field(default_factory=list)

	def set(self, value: float, **labels: str) -> None:
		"""Add a sample."""
		self._line(self.name, labels, value)

	def observe(self, times: Histogram, **labels: str) -> None:
		"""Add a histogram's samples."""
		for bound in BUCKETS:
			self._line(f"{self.name}_bucket", {**labels, "le": _number(bound)}, times.up_to(bound))
		self._line(f"{self.name}_bucket", {**labels, "le": "+Inf"}, times.count)
		self._line(f"{self.name}_sum", labels, times.sum)
		self._line(f"{self.name}_count", labels, times.count)

	def _line(self, name: str, labels: Labels, value: float) -> None:
		inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
		self.lines.append(f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}")


def text(families: list[Family]) -> str:
	"""What a scrape gets. A family without samples is left out."""
	return "".join(f"{line}\n" for family in families if family.lines for line in _all(family))


def _all(family: Family) -> Iterator[str]:
	yield f"# HELP {family.name} {family.help}"
	yield f"# TYPE {family.name} {family.kind}"
	yield from family.lines


def _escaped(value: str) -> str:
	return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
	return str(int(value)) if value == int(value) else repr(float(value))

"""Numbers as people read them; a dash for what nobody knows."""

from collections.abc import Sequence

UNKNOWN = "–"


def number(value: float | None) -> str:
	"""Three digits: 0.0421 → 0.0421, 3.214 → 3.21, 1234.5 → 1,234."""
	if value is None:
		return UNKNOWN
	return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def seconds(value: float | None) -> str:
	"""0.0042 → 4.2 ms, 75 → 75.0 s, 400 → 7 min, 7300 → 2 h."""
	if value is None:
		return UNKNOWN
	if value < 1:
		return f"{value * 1000:.3g} ms"
	if value < 120:
		return f"{value:.1f} s"
	return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.0f} h"


def size(value: float) -> str:
	"""Bytes: 5242880 → 5 MB, 6442450944 → 6 GB. As MariaDB counts them, in powers of 1024."""
	megabytes = value / 1024**2
	return f"{megabytes / 1024:.3g} GB" if megabytes >= 1024 else f"{megabytes:.3g} MB"


def percent(share: float | None) -> str:
	"""0.256 → 26%, 0.004 → 0.4%."""
	if share is None:
		return UNKNOWN
	return f"{share:.1%}" if 0 < share < 0.1 else f"{share:.0%}"


def some(value: float, one: str, many: str | None = None) -> str:
	"""A number with its noun: 1 worker, 2 workers, 2.4 workers."""
	shown = f"{value:,.0f}" if float(value).is_integer() or value >= 10 else f"{value:.1f}"
	return f"{shown} {one if shown == '1' else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
	"""a, b and c."""
	return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""

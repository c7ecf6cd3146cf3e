"""Numbers as people read them."""


def seconds(number: float) -> str:
	"""0.00004 → 0.04 ms, 0.0042 → 4.2 ms, 75 → 75 s, 400 → 7 min."""
	if number < 1:
		return f"{number * 1000:.2g} ms" if number < 0.1 else f"{number * 1000:.0f} ms"
	if number < 120:
		return f"{number:.2g} s" if number < 10 else f"{number:.0f} s"
	return f"{number / 60:.0f} min" if number < 7200 else f"{number / 3600:.0f} h"


def size(number: float) -> str:
	"""Bytes: 5242880 → 5 MB, 6442450944 → 6 GB. As MariaDB counts them, in powers of 1024."""
	megabytes = number / 1024**2
	if megabytes >= 1024:
		return f"{megabytes / 1024:.3g} GB"
	return f"{max(megabytes, 0.1):.2g} MB" if megabytes < 10 else f"{megabytes:.0f} MB"


def percent(share: float) -> str:
	"""0.256 → 26 %, 0.004 → 0.4 %."""
	number = share * 100
	return f"{number:.0f} %" if number >= 1 or not number else f"{number:.1g} %"


def rate(number: float) -> str:
	"""Per second: 1234.5 → 1,234, 3.21 → 3.2, 0.0421 → 0.042."""
	if number >= 100:
		return f"{number:,.0f}"
	return f"{number:.2g}" if number < 10 else f"{number:.0f}"


def some(number: float, one: str, many: str | None = None) -> str:
	"""A number with its noun: 1 worker, 2 workers, 2.4 workers."""
	shown = f"{number:,.0f}" if float(number).is_integer() or number >= 10 else f"{number:.1f}"
	return f"{shown} {one if shown == '1' else many or one + 's'}"


def listed(names: list[str]) -> str:
	"""a, b and c."""
	return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else ""

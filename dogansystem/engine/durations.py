"""How long something takes: seconds inside, `30s 15m 2h 1d` for people."""

import math
import re
from decimal import Decimal
from typing import Any

UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}  # seconds, largest first
MAX_DURATION = 36_500 * 86_400.0  # seconds: a hundred years; more overflows calendars

DIGITS = 6  # of a second's fraction that are kept: databases and clocks have no more

_TEXT = re.compile(
	r"\s*(?:(?P<plain>\d+(?:\.\d+)?)"
	r"|(?=\d)(?:(?P<d>\d+(?:\.\d+)?)d\s*)?(?:(?P<h>\d+(?:\.\d+)?)h\s*)?"
	r"(?:(?P<m>\d+(?:\.\d+)?)m\s*)?(?:(?P<s>\d+(?:\.\d+)?)s)?)\s*",
	re.ASCII,
)
_REMEDY = "write seconds as a number, or text such as 30s, 15m, 2h, 1d or 1h30m"


def parse_duration(value: Any) -> float:
	"""Seconds of a duration: a number of seconds, or text such as `30s`, `15m`, `2h`, `1d`, `1h30m`.

	Units may be joined from the largest to the smallest, each once; digits alone are seconds.

	Raises:
		ValueError: anything else, less than zero, or more than a hundred years. The text says how to write it.
	"""
	if isinstance(value, str):
		seconds = _seconds_of_text(value)
	elif isinstance(value, int | float) and not isinstance(value, bool):
		seconds = float(value) if abs(value) <= MAX_DURATION else math.inf
	else:
		raise ValueError(f"{value!r} is not a duration; {_REMEDY}")
	if not 0 <= seconds <= MAX_DURATION:
		raise ValueError(f"{value!r} is not a duration between 0 and 36500d; {_REMEDY}")
	return round(seconds, DIGITS)


def _seconds_of_text(text: str) -> float:
	match = _TEXT.fullmatch(text) if len(text) <= 100 else None
	if not match:
		raise ValueError(f"{text[:100]!r} is not a duration; {_REMEDY}")
	if match["plain"]:
		return float(match["plain"])
	# Decimal keeps 0.1h + 0.2s exact until the end.
	return float(sum((Decimal(match[unit] or 0) * size for unit, size in UNITS.items()), Decimal(0)))


def format_duration(seconds: float) -> str:
	"""The shortest text for a number of seconds, such as `1h30m`; `parse_duration` gives the number back."""
	left = round(seconds, DIGITS)
	if left != int(left):
		return f"{left:.{DIGITS}f}".rstrip("0") + "s"
	text = ""
	for unit, size in UNITS.items():
		count, left = divmod(int(left), size)
		text += f"{count}{unit}" if count else ""
	return text or "0s"


def duration_text(value: Any) -> str:
	"""A duration as definitions keep it: text in its author's units, `30s` for 30.

	Raises:
		ValueError: not a duration.
	"""
	seconds = parse_duration(value)
	if isinstance(value, str):
		text = "".join(value.split())
		return text if text[-1] in UNITS else f"{text}s"
	return f"{int(seconds)}s" if seconds == int(seconds) else format_duration(seconds)

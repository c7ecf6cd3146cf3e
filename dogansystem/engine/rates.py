"""How often something may happen: `10/m`, ten times in any minute."""

import re

PERIODS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}  # seconds
MOST = 100_000  # times in a period
_TEXT = re.compile(r"\s*(\d{1,6})\s*/\s*([smhd])\s*", re.ASCII)


def parse_rate(text: str) -> tuple[int, float] | None:
	"""How many times in how many seconds; None for an empty text: as often as one likes.

	Raises ValueError for anything else; the text says how to write it.
	"""
	if not text.strip():
		return None
	match = _TEXT.fullmatch(text)
	if not match or not 1 <= int(match[1]) <= MOST:
		raise ValueError(
			f"{text!r} is not a rate; write one such as 10/m: so many in a second, minute, hour or day (s, m, h, d)"
		)
	return int(match[1]), PERIODS[match[2]]

"""How often something may happen: `60/m`. Counted in the site's cache: a site that has forgotten the count lets more through."""

import re

from dogansystem.protocol import Site

UNITS = {"s": 1, "m": 60, "h": 3600}  # seconds
_RATE = re.compile(r"([1-9][0-9]{0,5})/([smh])", re.ASCII)


def parse(text: str) -> tuple[int, int]:
	"""How often, in how many seconds. Raises ValueError."""
	match = _RATE.fullmatch(text.strip())
	if match is None:
		raise ValueError(
			f"{text!r} is not a rate; write one such as 60/m, with s, m or h for second, minute or hour"
		)
	return int(match[1]), UNITS[match[2]]


def seconds_to_wait(site: Site, subject: str, rate: str) -> int:
	"""Count one more of `subject`. 0: it is within its rate; else the seconds until the next one may come. Raises ValueError."""
	most, seconds = parse(rate)
	window, past = divmod(int(site.now()), seconds)
	count = site.cache.tally(f"rate {subject} {seconds} {window}", seconds)
	return 0 if count <= most else seconds - past

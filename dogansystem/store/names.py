"""Names of rows that the store makes: sorted by time, short enough to read out, never from a shared counter.

A naming series is one hot row that every starting run would wait for.
"""

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_TIME_CHARS = 9  # 45 bits of milliseconds: until the year 3084
_RANDOM_CHARS = 6  # 30 bits within one millisecond


def new_run(now: float) -> str:
	"""A name for a run that starts at `now` (epoch seconds)."""
	return f"{_base32(int(now * 1000), _TIME_CHARS)}-{_base32(secrets.randbits(30), _RANDOM_CHARS)}"


def started(run: str) -> float:
	"""When a run of this name was started (epoch seconds), to the millisecond below."""
	return (
		sum(_ALPHABET.index(char) << 5 * place for place, char in enumerate(reversed(run[:_TIME_CHARS])))
		/ 1000
	)


def after(now: float) -> str:
	"""What the names of runs that were started up to then (epoch seconds) come before, and those of later ones do not."""
	return _base32(int(now * 1000) + 1, _TIME_CHARS)


def step_run(run: str, step: str, item: int = 0) -> str:
	"""The name of a step's row in a run; `item` counts from 1, 0 is the step itself.

	It follows from what it names, so that writing it twice is an error that the primary key finds.
	"""
	return f"{run}.{step}.{item}" if item else f"{run}.{step}"


def parts(name: str) -> tuple[str, int]:
	"""The step's id and the item of a step run's name."""
	_, step, *item = name.split(".")
	return step, int(item[0]) if item else 0


def _base32(number: int, length: int) -> str:
	return "".join(_ALPHABET[(number >> 5 * place) & 31] for place in reversed(range(length)))

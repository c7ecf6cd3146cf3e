"""Playing many seeded inputs: how many, in which time, and how to play one of them again."""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from random import Random
from types import FrameType
from typing import Any

from tests.scale import of

SEED = os.environ.get("DOGAN_FUZZ_SEED", "1")
SLOWEST = 10.0  # seconds of processor time that one input may take; nearly all take milliseconds
STUCK = 300  # seconds by the clock, whatever else the machine is doing


class TooSlow(BaseException):
	"""One input took too long. No Exception, so that nothing on the way takes it for an error of its own."""


def play(
	short: int, everything: int, make: Callable[[Random], Any], ends: Callable[[Any], str]
) -> Counter[str]:
	"""Give `short` inputs (with --all: `everything`) to `ends`, which says how each ended; gives the ends, counted.

	`ends` raises what must not happen. The failure names the seed, and shows the beginning of the input.
	"""
	counted: Counter[str] = Counter()
	for number in range(of(short, everything)):
		seed = f"{SEED}/{number}"
		given = make(Random(seed))
		started = time.process_time()
		before = {each: signal.signal(each, _too_slow) for each in (signal.SIGPROF, signal.SIGALRM)}
		signal.setitimer(signal.ITIMER_PROF, SLOWEST)
		signal.alarm(STUCK)
		try:
			counted[ends(given)] += 1
		except BaseException as error:
			if isinstance(error, KeyboardInterrupt):
				raise
			raise AssertionError(
				f"input {seed} ended in {type(error).__name__} after {time.process_time() - started:.1f} s"
				f" (again: DOGAN_FUZZ_SEED={SEED}): {str(given)[:2000]!r}"
			) from error
		finally:
			signal.alarm(0)
			signal.setitimer(signal.ITIMER_PROF, 0)
			for each, handler in before.items():
				signal.signal(each, handler)
	return counted


def _too_slow(number: int, frame: FrameType | None) -> None:
	raise TooSlow

"""The database's clock as a process knows it that has to wait for a processor."""

import time

from dogansystem.homes.databases.clock import LOOKS, ahead


def test_an_answer_that_is_seen_late_does_not_make_the_clock_late():
	"""Signals count for the runs that were started before: a process that is 25 ms behind would send some of them too early."""
	waits = [0.05] * (LOOKS - 1) + [0.0]

	def ask() -> float:
		seconds = time.monotonic() + 1000.0
		time.sleep(waits.pop(0))
		return seconds

	assert abs(ahead(ask) - 1000.0) < 0.01

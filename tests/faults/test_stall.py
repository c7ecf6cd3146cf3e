"""Owners that stop for longer than their lease and then go on as if nothing had happened: their writes change nothing."""

import signal
import time
from collections.abc import Callable
from random import Random

import pytest

from dogansystem.store import faults
from tests import scale
from tests.conftest import Tell
from tests.faults.conftest import LEASE
from tests.faults.load import Load, wait_for
from tests.faults.workers import Way, Worker, working

STALLS = scale.of(1, 20)
# Where, and when it is passed for the so-many-th time. The first transactions of a worker's control connection are: it
# registers, takes its turn, looks who is dead, what is due, claims (5). Every claim locks the row of its process.
CONTROL = "control.before_commit"
ELSE = [each for each in faults.POINTS if each != CONTROL and (scale.ALL or "before" in each)]
POINTS = [(CONTROL, hit) for hit in scale.of((2, 5), range(1, 31))] + [(each, 4) for each in ELSE]
# Elsewhere: nobody can see that its process is still there. Not watched: it would end by itself when it goes on.
ELSEWHERE = Way(elsewhere=True, watched=False)


def test_what_an_owner_writes_after_its_lease_changes_nothing(
	url: str, loaded: Callable[[float], Load], tell: Tell
):
	load, chance = loaded(0.02), Random(3)
	with working(url, 2, lambda position: ELSEWHERE) as workers:
		for _ in range(STALLS):
			load.start(25)
			time.sleep(chance.uniform(0.2, 0.5))
			workers[0].signal(signal.SIGSTOP)
			load.wait_until_done(LEASE + 15, load.tick)
			workers[0].signal(signal.SIGCONT)
			load.start(5)
			load.wait_until_done(15)
	count = load.assert_right()
	tell(
		"SIGSTOP past the lease, SIGCONT",
		stalls=STALLS, steps=count.steps, lost=count.lost, doubled=count.doubled,
	)  # fmt: skip


@pytest.mark.parametrize(("point", "hit"), POINTS)
def test_an_owner_stopped_in_mid_transaction_holds_nobody_up(
	url: str, load: Load, tell: Tell, point: str, hit: int
):
	load.start(6)
	load.start(6, "desk")
	stopped = Worker(url, Way(elsewhere=True, watched=False, point=point, hit=hit, signal=signal.SIGSTOP))
	try:
		wait_for(lambda: stopped.is_stopped)
		with working(url, 1, lambda position: ELSEWHERE):
			took = load.wait_until_done(LEASE + 15, load.tick)
			stopped.signal(signal.SIGCONT)
			time.sleep(0.5)  # to do its worst
	finally:
		stopped.kill()
	count = load.assert_right()
	assert took < LEASE + 10
	tell(
		"SIGSTOP at fault points",
		stalls=1, steps=count.steps, lost=count.lost, doubled=count.doubled,
	)  # fmt: skip

"""`kill -9`, at any moment and at every named one: no effect is lost, none is there twice, nothing is left behind."""

import time
from random import Random

import pytest

from dogansystem.store import faults
from tests import scale
from tests.conftest import Tell
from tests.faults.load import Load
from tests.faults.workers import Way, working

KILLS = scale.of(10, 120)
STEPS = scale.of(500, 11_000)
WORKERS = 3
IN_FLIGHT = 40  # runs, so that whoever is killed has something in hand
GAP = (0.1, 0.4)  # seconds between two kills


def test_workers_killed_again_and_again_lose_and_double_nothing(url: str, load: Load, tell: Tell):
	chance = Random(7)
	killed = 0
	# One of them is on another node: what it leaves is taken over when its lease is over, not when it is missed.
	with working(url, WORKERS, lambda position: Way(elsewhere=position == 0)) as workers:
		while killed < KILLS or load.steps < STEPS:
			load.start(max(0, IN_FLIGHT - load.unfinished()))
			time.sleep(chance.uniform(*GAP))
			workers.kill(chance.randrange(WORKERS))
			killed += 1
		load.wait_until_done(300, load.tick)
	count = load.assert_right()
	tell("kill -9 of workers", kills=killed, steps=count.steps, lost=count.lost, doubled=count.doubled)


@pytest.mark.parametrize("point", faults.POINTS)
def test_a_worker_killed_at_a_fault_point_loses_and_doubles_nothing(
	url: str, load: Load, tell: Tell, point: str
):
	killed = 0
	for hit in scale.of([1, 2, 5], list(range(1, 26))):
		load.start(5)
		load.start(hit, "desk")  # each comes by every point at least once
		with working(url, 1, lambda position: Way(point=point, hit=hit)) as workers:
			workers[0].process.join(120)
			assert workers[0].process.exitcode == -9, f"nobody came by {point}"
			killed += 1
	with working(url, 2):
		load.wait_until_done(120, load.tick)  # hundreds of runs, three at a time
	count = load.assert_right()
	tell("kill -9 at fault points", kills=killed, steps=count.steps, lost=count.lost, doubled=count.doubled)

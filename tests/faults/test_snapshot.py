"""A backup or a long report that holds an old snapshot: MariaDB keeps every deleted row for it, and claims stay fast."""

import time

from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import Load
from tests.faults.workers import working

WINDOW = scale.of(3.0, 30.0)  # seconds; without a moving floor the throughput halves within 25
IN_FLIGHT = 100  # runs


def test_an_old_snapshot_leaves_at_least_half_of_the_throughput(url: str, site: FaultSandbox, tell: Tell):
	load = Load(site, seconds=0)
	with working(url, 2):
		load.start(IN_FLIGHT, "chain")
		time.sleep(1)  # until everybody is there
		before = steps_per_second(load)
		snapshot = site.open_control()
		snapshot.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
		snapshot.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
		during = [steps_per_second(load) for _ in range(2)][-1]
		snapshot.rollback()
		snapshot.close()
		load.wait_until_done(60, load.tick)
	count = load.assert_right()
	assert during > before / 2
	tell(
		"an old snapshot",
		seconds=2 * WINDOW, steps=count.steps, steps_per_second_before=round(before),
		with_it=round(during), lost=count.lost, doubled=count.doubled,
	)  # fmt: skip


def steps_per_second(load: Load) -> float:
	"""What is done in a window, with work always there."""
	began, first = time.monotonic(), effects(load)
	while time.monotonic() - began < WINDOW:
		load.start(max(0, IN_FLIGHT - load.unfinished()), "chain")
		time.sleep(0.02)
	return (effects(load) - first) / (time.monotonic() - began)


def effects(load: Load) -> int:
	return int(load.ask("SELECT COUNT(*) FROM fault_effect")[0][0])

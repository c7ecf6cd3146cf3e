"""SIGTERM to all workers under load: steps in hand finish, the rest goes back, and nothing waits for a lease to end."""

import time

from tests.conftest import Tell
from tests.faults.load import Load
from tests.faults.workers import working

WORKERS = 3
LEAVES = 5.0  # seconds a worker may take, with a step of some milliseconds in hand


def test_workers_told_to_leave_twice_under_load_leave_nothing_in_hand(url: str, load: Load, tell: Tell):
	slowest = 0.0
	for _ in range(2):
		load.start(40)
		with working(url, WORKERS) as workers:
			time.sleep(0.4)
			for worker in workers:
				worker.terminate()
			slowest = max(slowest, *(worker.join(LEAVES) for worker in workers))
		assert load.unfinished(), "they were told to leave too late"
		assert load.ask("SELECT * FROM dogan_lease") == []
		assert load.ask("SELECT * FROM dogan_process") == []
	lost_attempts = "SELECT COUNT(*) FROM `tabDogan Step Run` WHERE error_type = 'WorkerLost' OR attempts > 2"
	with working(url, WORKERS):
		load.wait_until_done(30)
	count = load.assert_right()
	assert load.ask(lost_attempts) == [(0,)]
	tell(
		"SIGTERM to all workers",
		workers=2 * WORKERS,
		steps=count.steps,
		lost=count.lost,
		doubled=count.doubled,
	)


def test_a_second_sigterm_does_not_cut_the_step_in_hand_short(url: str, loaded, tell: Tell):
	load = loaded(0.6)
	load.start(2, "fan")
	with working(url, 2) as workers:
		time.sleep(0.8)
		for _ in range(2):
			for worker in workers:
				worker.terminate()
			time.sleep(0.1)
		for worker in workers:
			worker.join(LEAVES)
			assert worker.process.exitcode == 0
		assert load.ask("SELECT * FROM dogan_lease") == []
	with working(url, 2):
		load.wait_until_done(30)
	count = load.assert_right()
	tell("SIGTERM to all workers", workers=2, steps=count.steps, lost=count.lost, doubled=count.doubled)

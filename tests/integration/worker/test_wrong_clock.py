"""The database's clock is put forward or back, or a process has not noticed yet: nobody who works is given up for long."""

from collections.abc import Iterator

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.databases.clock import DatabaseClock
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import processes, queue, state
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.worker import takeover
from dogansystem.worker.control import Control

HOUR = 3600.0


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
	opened = Control(sandbox)
	yield opened
	opened.close()
	sandbox.database.rollback()


def register(sandbox: Sandbox, control: Control, beat_at: float) -> int:
	"""A process of another node that had its last heartbeat then."""
	then = moment(sandbox, beat_at)
	return control.run(lambda db: processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", then))


def registered(control: Control) -> int:
	return len(control.run(processes.every))


def test_a_heartbeat_of_before_the_clock_was_put_back_keeps_nobodys_steps(sandbox: Sandbox, control: Control):
	register(sandbox, control, sandbox.now() + HOUR)
	takeover.take_over_silent(sandbox, control)
	assert registered(control) == 0


def test_a_heartbeat_that_is_a_little_ahead_is_one(sandbox: Sandbox, control: Control):
	register(sandbox, control, sandbox.now() + 5)
	takeover.take_over_silent(sandbox, control)
	assert registered(control) == 1


@pytest.mark.parametrize("wrong", [HOUR, -HOUR])
def test_a_process_whose_clock_is_wrong_looks_again_before_it_gives_others_up(mariadb_url: str, wrong: float):
	with Sandbox(mariadb_url) as sandbox:
		control = Control(sandbox)
		number = register(sandbox, control, sandbox.now())
		try:
			assert isinstance(sandbox.clock, DatabaseClock)
			sandbox.clock._offset += wrong
			takeover.take_over_silent(sandbox, control)
			assert registered(control) == 1
			((server,),) = sandbox.database.sql("SELECT UNIX_TIMESTAMP(NOW(6))")
			assert abs(sandbox.now() - float(server)) < 5
		finally:
			control.run(lambda db: processes.leave(db, number))
			control.close()


def test_a_turn_of_before_the_clock_was_put_back_keeps_nobody_waiting(
	sandbox: Sandbox, control: Control, clock: TestClock
):
	now = clock.now()
	assert control.run(lambda db: state.take_turn(db, "tick", now + HOUR, 20.0))
	assert control.run(lambda db: state.take_turn(db, "tick", now, 20.0))
	assert not control.run(lambda db: state.take_turn(db, "tick", now + 1, 20.0))


def test_a_turn_that_lies_a_little_ahead_is_kept(sandbox: Sandbox, control: Control, clock: TestClock):
	now = clock.now()
	assert control.run(lambda db: state.take_turn(db, "chores", now + 5, 0.0))
	assert not control.run(lambda db: state.take_turn(db, "chores", now, 0.5))
	assert queue.Look(False, False, None, now + HOUR).wants_chores(now)


def test_a_step_below_the_floor_is_found_although_the_clock_was_put_back(sandbox: Sandbox, control: Control):
	orchestrator = Orchestrator(sandbox)
	steps = [{"id": "a", "action": "data.set", "params": {}}]
	orchestrator.import_workflow({"name": "one", "run_as": "a@example.com", "steps": steps})
	orchestrator.start_run("one")
	sandbox.database.commit()
	process = register(sandbox, control, sandbox.now())
	floor = claims.Floor([1_000_000] * queue.LANES, swept_at=sandbox.now() + HOUR)
	at = moment(sandbox)
	assert control.run(lambda db: claims.claim(db, process, "elsewhere:1", 0, 1, floor, at))

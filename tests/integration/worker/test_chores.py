"""Chores are done in turns: a hundred processes do not look a hundred times for the dead."""

from collections.abc import Iterator

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import processes, state
from dogansystem.store.moment import moment
from dogansystem.worker import chores
from dogansystem.worker.control import Control


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
	opened = Control(sandbox)
	yield opened
	opened.close()
	sandbox.database.rollback()


def silent_process(sandbox: Sandbox, control: Control, seconds: float) -> None:
	"""Register a process of another node whose last heartbeat was so long ago."""
	then = moment(sandbox, sandbox.now() - seconds)
	control.run(lambda db: processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", then))


def registered(control: Control) -> int:
	return len(control.run(processes.every))


def test_a_process_that_comes_right_after_another_leaves_the_dead_to_the_next(
	sandbox: Sandbox, control: Control, clock: TestClock
):
	chores.do(sandbox, control, in_turns=True)
	silent_process(sandbox, control, seconds=60)
	clock.advance(chores.TURN / 2)
	chores.do(sandbox, control, in_turns=True)
	assert registered(control) == 1
	clock.advance(chores.TURN)
	chores.do(sandbox, control, in_turns=True)
	assert registered(control) == 0


def test_what_is_due_is_fired_whosever_turn_it_is(sandbox: Sandbox, control: Control, clock: TestClock):
	trigger = {"on": "schedule", "every": "1h"}
	steps = [{"id": "a", "action": "data.set", "params": {}}]
	hourly = {"name": "hourly", "run_as": "a@example.com", "triggers": [trigger], "steps": steps}
	Orchestrator(sandbox).import_workflow(hourly)
	sandbox.database.commit()
	clock.advance(3601)
	assert control.run(lambda db: state.take_turn(db, "chores", sandbox.now(), chores.TURN))
	chores.do(sandbox, control, in_turns=True)
	assert len(Orchestrator(sandbox).list_runs("hourly")) == 1


def test_what_is_in_a_wait_queue_is_let_in_whosever_turn_it_is(
	sandbox: Sandbox, control: Control, clock: TestClock
):
	"""A ring wakes one process. If it left the wait queue to the others, nobody would look for half a second."""
	orchestrator = Orchestrator(sandbox)
	orchestrator.register_agent("Desk", "a@example.com", [], 1)
	steps = [{"id": "a", "action": "data.set", "params": {}, "agent": "Desk"}]
	orchestrator.import_workflow({"name": "desk", "run_as": "a@example.com", "steps": steps})
	orchestrator.start_run("desk")
	sandbox.database.commit()
	assert control.run(lambda db: state.take_turn(db, "chores", sandbox.now(), chores.TURN))
	assert chores.do(sandbox, control, in_turns=True) == 1
	assert control.run(lambda db: db.sql("SELECT agent FROM dogan_ready")) == [("Desk",)]


def test_the_dead_are_taken_over_from_before_their_lease_is_over(sandbox: Sandbox, control: Control):
	lease = sandbox.settings().lease
	silent_process(sandbox, control, seconds=lease - 2)
	chores.do(sandbox, control)
	assert registered(control) == 1
	silent_process(sandbox, control, seconds=lease - chores.TURN)
	chores.do(sandbox, control)
	assert registered(control) == 1


def test_a_process_that_has_slept_does_not_take_itself_for_dead(sandbox: Sandbox, control: Control):
	"""A laptop that was shut, a machine that was moved: the first to look for the dead is the sleeper itself."""
	then = moment(sandbox, sandbox.now() - 3600)
	own = control.run(lambda db: processes.register(db, "here", "elsewhere", 1, "here:1", then))
	silent_process(sandbox, control, seconds=3600)
	chores.do(sandbox, control, own=own)
	(still_there,) = control.run(processes.every)
	assert still_there.id == own
	assert control.run(lambda db: processes.declare_dead(db, still_there))  # whoever did so has died since
	chores.do(sandbox, control, own=own)
	assert [each.id for each in control.run(processes.every)] == [-own]
	chores.do(sandbox, control)
	assert registered(control) == 0

"""A version that cannot be read hurts its own runs only: they fail and say so, everything else goes on."""

from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import processes, versions
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

STEP = {"id": "a", "action": "data.set", "params": {}}
PERSON = "person@example.com"


def start(sandbox: Sandbox, name: str, steps: list[dict[str, Any]] | None = None, **rest: Any) -> str:
	Orchestrator(sandbox).import_workflow({"name": name, "run_as": PERSON, "steps": steps or [STEP], **rest})
	run = Orchestrator(sandbox).start_run(name)
	sandbox.database.commit()
	return run


def poison(sandbox: Sandbox, workflow: str = "broken") -> None:
	"""Have the workflow's versions cut off."""
	sandbox.database.execute(
		"UPDATE `tabDogan Workflow Version` SET definition = '{' WHERE workflow = %s", (workflow,)
	)
	sandbox.database.commit()
	forget(sandbox)


def forget(sandbox: Sandbox) -> None:
	"""Have definitions read anew, as by a process that has just begun."""
	versions._kept.forget(sandbox)


def drain(sandbox: Sandbox) -> int:
	return Drainer(sandbox, until=lambda: True).run()


def state(sandbox: Sandbox, run: str) -> str:
	found = Orchestrator(sandbox).get_run(run)
	sandbox.database.rollback()
	return found["status"]


def assert_failed_alone(sandbox: Sandbox, run: str) -> None:
	"""The run has failed with an error that says why, and nothing of it is left anywhere."""
	found = Orchestrator(sandbox).get_run(run)
	assert found["status"] == "Failed"
	assert found["error"].type == "UnreadableVersion"
	assert "broken@1" in found["error"] and "save the workflow again" in found["error"]
	assert {step["status"] for step in found["steps"]} <= {"Succeeded", "Cancelled"}
	for table in ("dogan_ready", "dogan_lease", "dogan_timer", "dogan_line"):
		assert sandbox.database.sql(f"SELECT COUNT(*) FROM {table} WHERE run = %s", (run,)) == [(0,)]
	assert sandbox.database.sql("SELECT COUNT(*) FROM dogan_slot") == [(0,)]
	sandbox.database.rollback()


def test_other_workflows_go_on(sandbox: Sandbox):
	broken = [start(sandbox, "broken") for _ in range(3)]
	good = [start(sandbox, "good") for _ in range(3)]
	poison(sandbox)
	assert drain(sandbox) == 3
	assert {state(sandbox, run) for run in good} == {"Succeeded"}
	for run in broken:
		assert_failed_alone(sandbox, run)
	assert tick(sandbox)


def test_a_run_with_a_step_in_the_hands_of_a_dead_process_fails(sandbox: Sandbox, clock: TestClock):
	run = start(sandbox, "broken", [{**STEP, "id": "x", "after": []}, {**STEP, "id": "y", "after": []}])
	control = Control(sandbox)

	def claim(db) -> None:
		at = moment(sandbox)
		process = processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", at)
		first, _ = claims.claim(db, process, "elsewhere:1", 0, 10, claims.Floor(), at)
		assert claims.begin(db, first, at)

	control.run(claim)
	control.close()
	poison(sandbox)
	clock.advance(100)
	assert tick(sandbox)
	assert_failed_alone(sandbox, run)
	assert sandbox.database.sql("SELECT COUNT(*) FROM dogan_process") == [(0,)]
	sandbox.database.rollback()


def test_what_waits_behind_it_for_an_agent_comes_in(sandbox: Sandbox):
	Orchestrator(sandbox).register_agent("Desk", PERSON, [], 1)
	at_desk = [{**STEP, "agent": "Desk"}]
	broken, good = start(sandbox, "broken", at_desk), start(sandbox, "good", at_desk)
	poison(sandbox)
	drain(sandbox)
	assert_failed_alone(sandbox, broken)
	assert state(sandbox, good) == "Succeeded"


def test_what_waits_behind_it_for_the_workflows_limit_comes_in(sandbox: Sandbox):
	limits = {"concurrent_runs": 1}
	broken = start(sandbox, "broken", limits=limits)
	poison(sandbox)
	good = start(sandbox, "good", limits=limits)
	drain(sandbox)
	assert_failed_alone(sandbox, broken)
	assert state(sandbox, good) == "Succeeded"


def test_a_run_that_waits_fails_when_its_time_has_come(sandbox: Sandbox, clock: TestClock):
	wait = [{"id": "w", "action": "flow.wait", "params": {"for": "1h"}}]
	broken, good = start(sandbox, "broken", wait), start(sandbox, "good", wait)
	drain(sandbox)
	poison(sandbox)
	clock.advance(3601)
	assert tick(sandbox)
	assert_failed_alone(sandbox, broken)
	assert state(sandbox, good) == "Succeeded"


def test_a_version_that_is_gone_fails_its_run(sandbox: Sandbox):
	run = start(sandbox, "broken")
	sandbox.database.execute("DELETE FROM `tabDogan Workflow Version` WHERE workflow = 'broken'")
	sandbox.database.commit()
	forget(sandbox)
	drain(sandbox)
	assert state(sandbox, run) == "Failed"

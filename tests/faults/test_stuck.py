"""Steps that kill their worker, and steps that nothing can interrupt: their runs go on, and so does everything else."""

import time
from typing import Any

import pytest

from tests.conftest import Tell
from tests.faults.conftest import LEASE
from tests.faults.load import PERSON, Load
from tests.faults.workers import working

FOREVER = 120  # seconds
AT_ONCE = {"attempts": 1, "delay": 0}


def start(load: Load, name: str, step: dict[str, Any]) -> str:
	"""Start a run of one step."""
	load.orchestrator.import_workflow({"name": name, "run_as": PERSON, "steps": [{"id": "bad", **step}]})
	run = load.orchestrator.start_run(name)
	load.site.database.commit()
	return run


def test_a_step_that_kills_its_worker_every_time_fails_and_the_rest_goes_on(url: str, load: Load, tell: Tell):
	run = start(load, "poison", {"action": "fault.kill", "retry": AT_ONCE})
	load.start(30)
	killed = 0
	with working(url, 2) as workers:

		def replace() -> None:
			nonlocal killed
			killed += workers.replace()

		load.wait_until_done(30, replace)
		replace()
	found = load.orchestrator.get_run(run)
	assert (found["status"], found["steps"][0]["attempts"]) == ("Failed", 3)
	assert "WorkerLost" in found["error"]
	assert killed == 3
	count = load.count()
	assert (count.lost, count.doubled, count.left, count.unsuccessful) == (0, 0, {}, {"Failed": 1})
	tell("a step that kills its worker", attempts=3, steps=count.steps, lost=0, doubled=0)


@pytest.mark.parametrize(
	("action", "params"),
	[
		("fault.deaf", {}),
		("fault.in_c", {}),
		("fault.in_c", {"gil": True}),
	],
	ids=["deaf", "in C", "in C with the interpreter"],
)
def test_a_step_that_cannot_be_interrupted_costs_its_worker_and_the_run_goes_on(
	url: str, load: Load, tell: Tell, action: str, params: dict[str, Any]
):
	step = {"action": action, "params": {"seconds": FOREVER, **params}, "timeout": "1s"}
	run = start(load, "stuck", {**step, "retry": {"attempts": 2, "delay": 0}})
	load.start(10)
	with working(url, 2) as workers:
		took = load.wait_until_done(LEASE + 20, load.tick)
		time.sleep(0.5)
		replaced = workers.replace()
	found = load.orchestrator.get_run(run)
	assert (found["status"], found["steps"][0]["attempts"]) == ("Succeeded", 2)
	assert load.ask("SELECT attempt FROM fault_effect WHERE step_run = %s", (f"{run}.bad",)) == [(2,)]
	assert replaced == 1
	assert load.count().left == {}
	tell("a step that cannot be interrupted", times=1, seconds=round(took, 1), workers_replaced=replaced)

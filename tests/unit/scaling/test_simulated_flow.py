"""Simulated runs against the engine's: the same workflow, with the same failures, comes to the same end.

Both ask the engine what follows; the simulation writes it down in its own way. Here each workflow is run by a real drainer
in a sandbox, and simulated.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator
from dogansystem.actions.base import Action, StepContext
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.scaling.simulation.runs import Run
from dogansystem.scaling.simulation.simulate import Simulation
from dogansystem.scaling.simulation.system import System
from dogansystem.scaling.simulation.workload import Arrivals, Workload
from dogansystem.worker.drainer import Drainer
from tests.unit.scaling.conftest import START

PERSON = "person@example.com"
LONG = 100_000.0  # seconds: every retry and every wait is over by then


class Attempt(Action):
	"""Fails always, or never, and can be counted."""

	name: ClassVar[str] = "test.attempt"
	summary: ClassVar[str] = "An attempt"
	parameters: ClassVar[dict[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "nothing"
	count = 0

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		Attempt.count += 1
		if params.get("fails"):
			raise ConnectionError("as it was told")


def step(step_id: str, fails: bool = False, **rest: Any) -> dict[str, Any]:
	return {"id": step_id, "action": "test.attempt", "params": {"fails": fails}, **rest}


def wait(step_id: str, **rest: Any) -> dict[str, Any]:
	return {"id": step_id, "action": "flow.wait", "params": {"for": "40s"}, **rest}


TWICE = {"attempts": 2, "delay": 5, "backoff": "fixed"}
FIVE = [1, 2, 3, 4, 5]

WORKFLOWS: dict[str, list[dict[str, Any]]] = {
	"a row": [step("a"), step("b"), step("c")],
	"a failure ends it": [step("a"), step("b", True), step("c")],
	"a retry": [step("a", True, retry=TWICE), step("b")],
	"a failure that is handled": [step("a", True), step("b", when="failed"), step("c", after=["b"])],
	"a failure that goes on": [step("a", True, on_error="continue"), step("b")],
	"done whatever happened": [step("a", True), step("b", when="done")],
	"a skipped step": [step("a", **{"if": False}), step("b"), step("c", after=["a"], when="done")],
	"a diamond": [step("a"), step("b", after=["a"]), step("c", after=["a"]), step("d", after=["b", "c"])],
	"any of two": [step("a"), step("b", True, after=[], on_error="continue"), step("c", after=["a", "b"], join="any")],
	"items": [step("a", for_each=FIVE, max_parallel=2), step("b")],
	"no items": [step("a", for_each=[]), step("b")],
	"items that fail": [step("a", True, for_each=FIVE, max_parallel=2), step("b")],
	"items that fail and go on": [step("a", True, for_each=FIVE, max_parallel=2, on_error="continue"), step("b")],
	"items that are tried again": [step("a", True, for_each=FIVE, retry=TWICE, on_error="continue"), step("b")],
	"skipped items": [step("a", for_each=FIVE, **{"if": False}), step("b")],
	"items of an agent": [step("a", for_each=FIVE, agent="Desk"), step("b", agent="Desk")],
	"items that wait": [wait("a", for_each=FIVE, max_parallel=2), step("b")],
	"a wait": [step("a"), wait("b"), step("c")],
	"a wait beside a failure": [wait("a"), step("b", True, after=[]), step("c", after=["a"])],
	"the end": [step("a"), {"id": "b", "action": "flow.stop", "params": {}}, step("c")],
	"the end, cancelled": [step("a"), {"id": "b", "action": "flow.stop", "params": {"status": "Cancelled"}}, step("c")],
	"a capability": [step("a", capability="mail"), step("b", after=[], capability="mail"), step("c", after=["a", "b"])],
	"a failure of an agent": [step("a", True, agent="Desk", retry=TWICE), step("b", after=[], agent="Desk")],
}  # fmt: skip


@pytest.fixture(scope="module")
def site() -> Iterator[Sandbox]:
	with Sandbox(clock=TestClock(START), timezone="UTC", user=PERSON) as opened:
		opened.add_action(f"{__name__}.Attempt")
		orchestrator = Orchestrator(opened)
		orchestrator.register_agent("Desk", PERSON, ["mail"], 1)
		opened.database.commit()
		yield opened


def outcome_in_the_sandbox(
	site: Sandbox, steps: list[dict[str, Any]], limits: dict[str, Any]
) -> Counter[str]:
	"""The run's state, how many steps and items ended how, and how many attempts there were."""
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "flow", "run_as": PERSON, "steps": steps, "limits": limits})
	Attempt.count = 0
	run = orchestrator.start_run("flow")
	site.database.commit()
	while (found := orchestrator.get_run(run))["status"] not in RUN_FINISHED:
		site.database.rollback()
		Drainer(site, until=lambda: True).run()
		site.clock.advance(60)  # type: ignore[attr-defined]
	site.database.rollback()
	steps_of_run = (each["status"] for each in found["steps"] if each["index"] is None)
	return Counter(f"step {status}" for status in steps_of_run) + Counter(
		{f"run {found['status']}": 1, "attempts": Attempt.count}
	)


def outcome_of_the_simulation(steps: list[dict[str, Any]], limits: dict[str, Any]) -> Counter[str]:
	workload = Workload(
		parse({"name": "flow", "run_as": PERSON, "steps": steps, "limits": limits}),
		Arrivals(0),
		failing={each["id"]: 1.0 for each in steps if each["params"].get("fails")},
		skipped={each["id"]: 1.0 for each in steps if each.get("if") is False},
		backlog=1,
	)
	simulation = Simulation(workload, System(nodes=2, workers=3), seed=1)
	runs, attempts = seen(simulation, workload)
	result = simulation.run(LONG)
	states = Counter(f"step {state}" for state in runs[0].states.values())
	assert result["nodes"] == 2
	return states + Counter({f"run {runs[0].status}": 1, "attempts": attempts["test.attempt"]})


def seen(simulation: Simulation, workload: Workload) -> tuple[list[Run], Counter[str]]:
	"""The runs and attempts of a simulation, filled while it runs."""
	runs: list[Run] = []
	attempts: Counter[str] = Counter()
	begin = simulation.runs.begin

	def noted(task: Any) -> None:
		if task.run not in runs:
			runs.append(task.run)
		step = workload.definition.by_id[task.step]
		acts = (task.item or step.for_each is None) and not step.has_condition
		attempts[step.action] += bool(acts)
		begin(task)

	simulation.runs.begin = noted  # type: ignore[method-assign]
	return runs, attempts


@pytest.mark.parametrize("limits", [{}, {"concurrent_runs": 1}], ids=["free", "limited"])
@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_simulated_run_ends_as_a_real_one_does(site: Sandbox, name: str, limits: dict[str, Any]):
	real = outcome_in_the_sandbox(site, WORKFLOWS[name], limits)
	simulated = outcome_of_the_simulation(WORKFLOWS[name], limits)
	assert simulated == real

"""What the log tells of runs: how they start, go on and end, and of everything that goes wrong on the way."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.base import Action, StepContext
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import processes
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

PERSON = "a@example.com"
STEP = {"id": "a", "action": "data.set", "params": {}}


class Defect(Action):
	"""Fails as nobody expected."""

	name: ClassVar[str] = "test.defect"
	summary: ClassVar[str] = "Fail"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "nothing"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		raise KeyError("no such thing")


class Thief(Action):
	"""Has its own lease taken away."""

	name: ClassVar[str] = "test.thief"
	summary: ClassVar[str] = "Lose the lease"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object"}
	returns: ClassVar[str] = "nothing"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		context.site.database.execute("DELETE FROM dogan_lease")


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture, sandbox: Sandbox):
	caplog.set_level(logging.DEBUG, logger="dogansystem")
	for action in ("Defect", "Thief"):
		sandbox.add_action(f"{__name__}.{action}")


def start(sandbox: Sandbox, *steps: dict[str, Any]) -> str:
	Orchestrator(sandbox).import_workflow({"name": "flow", "run_as": PERSON, "steps": list(steps)})
	run = Orchestrator(sandbox).start_run("flow")
	sandbox.database.commit()
	return run


def drain(sandbox: Sandbox) -> None:
	Drainer(sandbox, until=lambda: True).run()


def events(caplog: pytest.LogCaptureFixture) -> list[str]:
	return [record.event for record in caplog.records if hasattr(record, "event")]


def test_a_run_that_succeeds(sandbox: Sandbox, caplog: pytest.LogCaptureFixture):
	run = start(sandbox, STEP, {**STEP, "id": "b"})
	drain(sandbox)
	assert events(caplog) == [
		"run.start", "worker.start", "step.start", "step.end", "step.start", "run.end", "step.end", "worker.end",
	]  # fmt: skip
	fields = caplog.records[3].fields
	assert (fields["run"], fields["step"], fields["attempt"], fields["state"]) == (
		run,
		f"{run}.a",
		1,
		"Succeeded",
	)
	assert {"worker", "node", "seconds"} <= set(fields)


def test_a_step_that_is_tried_again_and_then_fails(
	sandbox: Sandbox, clock: TestClock, caplog: pytest.LogCaptureFixture
):
	failing = {"id": "a", "action": "test.defect", "retry": {"attempts": 2, "delay": 1}}
	run = start(sandbox, failing)
	drain(sandbox)
	clock.advance(2)
	drain(sandbox)
	told = [record for record in caplog.records if record.event in ("step.retry", "step.failed")]
	assert [(record.event, record.fields["attempt"]) for record in told] == [
		("step.retry", 1),
		("step.failed", 2),
	]
	assert "KeyError: 'no such thing'" in told[0].getMessage().splitlines()[-1]
	kept = sandbox.database.sql("SELECT traceback FROM `tabDogan Step Run` WHERE run = %s", (run,))
	assert "in run" in kept[0][0] and "no such thing" in kept[0][0]
	found = Orchestrator(sandbox).get_run(run)
	assert found["error"].type == "KeyError"
	assert "test.defect did not expect" in found["error"]


def test_a_lost_lease(sandbox: Sandbox, caplog: pytest.LogCaptureFixture):
	start(sandbox, {"id": "a", "action": "test.thief"})
	drain(sandbox)
	assert "lease.lost" in events(caplog)


def test_a_takeover(sandbox: Sandbox, clock: TestClock, caplog: pytest.LogCaptureFixture):
	run = start(sandbox, STEP)
	control = Control(sandbox)

	def claim(db) -> None:
		at = moment(sandbox)
		process = processes.register(db, "elsewhere", "elsewhere", 1, "elsewhere:1", at)
		(lease,) = claims.claim(db, process, "elsewhere:1", 0, 10, claims.Floor(), at)
		assert claims.begin(db, lease, at)

	control.run(claim)
	control.close()
	clock.advance(100)
	tick(sandbox)
	told = {record.event: record.fields for record in caplog.records}
	assert told["takeover"]["worker"] == "elsewhere:1"
	assert (told["step.retry"]["run"], told["step.retry"]["error_type"]) == (run, "WorkerLost")


def test_a_lost_database(sandbox: Sandbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
	"""Whatever happens while a drainer works: it says so, connects again, and the step is executed."""
	run = start(sandbox, STEP)
	claim, lost = claims.claim, [ConnectionError("gone")]

	def claim_or_lose(*arguments: Any, **rest: Any) -> Any:
		if lost:
			raise lost.pop()
		return claim(*arguments, **rest)

	monkeypatch.setattr(claims, "claim", claim_or_lose)
	is_lost = type(sandbox.database).is_lost
	monkeypatch.setattr(
		type(sandbox.database), "is_lost", lambda db, error: "gone" in str(error) or is_lost(db, error)
	)
	drain(sandbox)
	assert [each for each in events(caplog) if each.startswith("database")] == [
		"database.lost",
		"database.back",
	]
	assert Orchestrator(sandbox).get_run(run)["status"] == "Succeeded"

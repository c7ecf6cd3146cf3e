"""What fails beside others keeps none of them from being done: chores, timers, the parts of the tick."""

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.worker import chores, takeover
from dogansystem.worker import tick as ticks
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

PERSON = "a@example.com"
PARTS = {
	"takeover": (takeover, "take_over_silent"),
	"timers": (chores, "fire_timers"),
	"admission": (chores, "admit"),
	"notices": (chores, "_tell_of_failures"),
	"sample": (ticks, "sample"),
	"retention": (ticks, "look_after_history"),
}


def fail(*_: object, **__: object) -> int:
	raise KeyError("a defect")


@pytest.mark.parametrize("broken", PARTS)
def test_a_part_of_the_tick_that_fails_leaves_the_others_to_be_done(
	sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
):
	done: list[str] = []
	for part, (module, name) in PARTS.items():
		monkeypatch.setattr(
			module, name, fail if part == broken else lambda *_, part=part, **__: done.append(part) or 0
		)
	assert tick(sandbox)
	assert done == [part for part in PARTS if part != broken]
	assert f"{broken}.failed" in [record.event for record in caplog.records]


def test_a_drainer_survives_chores_that_fail(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
	for module, name in PARTS.values():
		monkeypatch.setattr(module, name, fail)
	steps = [{"id": "a", "action": "data.set", "params": {}}]
	Orchestrator(sandbox).import_workflow({"name": "good", "run_as": PERSON, "steps": steps})
	run = Orchestrator(sandbox).start_run("good")
	sandbox.database.commit()
	assert Drainer(sandbox, until=lambda: True).run() == 1
	assert Orchestrator(sandbox).get_run(run)["status"] == "Succeeded"


def test_a_timer_that_fails_is_left_for_a_while_and_the_others_fire(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	orchestrator = Orchestrator(sandbox)
	steps = [{"id": "w", "action": "flow.wait", "params": {"for": "1h"}}, {"id": "b", "action": "data.set"}]
	orchestrator.import_workflow({"name": "waits", "run_as": PERSON, "steps": steps})
	bad, good = orchestrator.start_run("waits"), orchestrator.start_run("waits")
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	clock.advance(3601)
	asked: list[str] = []
	wake = chores._wake

	def wake_or_fail(site, db, timer):
		asked.append(timer.run)
		return fail() if timer.run == bad else wake(site, db, timer)

	monkeypatch.setattr(chores, "_wake", wake_or_fail)
	Drainer(sandbox, until=lambda: True).run()
	tick(sandbox)
	assert orchestrator.get_run(good)["status"] == "Succeeded"
	assert orchestrator.get_run(bad)["status"] == "Waiting"
	sandbox.database.rollback()
	assert asked.count(bad) == 1
	monkeypatch.setattr(chores, "WAIT_PAUSE", 0.0)
	monkeypatch.setattr(chores, "_wake", wake)
	Drainer(sandbox, until=lambda: True).run()
	assert orchestrator.get_run(bad)["status"] == "Succeeded"

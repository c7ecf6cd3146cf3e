"""A failed run is told to the workflow's owner and to who started it, at most once an hour for each workflow."""

from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

OWNER, STARTER = "owner@example.com", "starter@example.com"
FAILS = {"id": "check", "action": "data.check", "params": {"that": False, "message": "there is none"}}


@pytest.fixture(autouse=True)
def _workflow(sandbox: Sandbox):
	save(sandbox, [FAILS])


def save(sandbox: Sandbox, steps: list[dict[str, Any]], name: str = "orders", **rest: Any) -> None:
	with sandbox.acting_as(OWNER):
		Orchestrator(sandbox).import_workflow(
			{"name": name, "title": "Check the orders", "run_as": "robot@example.com", "steps": steps, **rest}
		)
	sandbox.database.commit()


def run(sandbox: Sandbox, by: str = STARTER) -> str:
	sandbox.clock.advance(1)
	with sandbox.acting_as(by):
		started = Orchestrator(sandbox).start_run("orders")
	sandbox.database.commit()
	Drainer(sandbox, until=lambda: True).run()
	return started


def notices(sandbox: Sandbox, clock: TestClock) -> list[dict[str, Any]]:
	clock.advance(30)
	tick(sandbox)
	found = sandbox.people.notices()
	sandbox.database.rollback()
	return found


def test_owner_and_starter_are_told_with_what_went_wrong_and_where(sandbox: Sandbox, clock: TestClock):
	failed = run(sandbox)
	(notice,) = notices(sandbox, clock)
	assert notice["to"] == [OWNER, STARTER]
	assert "Check the orders" in notice["subject"]
	assert "check" in notice["message"] and "there is none" in notice["message"]
	assert notice["reference"] == {"doctype": "Dogan Workflow Run", "name": failed}


@pytest.mark.contract("`notify` (workflow key): users or roles told when a run fails")
def test_users_and_roles_of_notify_are_told_too_and_nobody_twice(sandbox: Sandbox, clock: TestClock):
	sandbox.people.add_user("boss@example.com", ["Sales Manager"])
	sandbox.people.add_user("gone@example.com", ["Sales Manager"], enabled=False)
	sandbox.people.add_user(OWNER, ["Sales Manager"])
	notify = ["sales@example.com", {"role": "Sales Manager"}, "gone@example.com", "boss@example.com"]
	save(sandbox, [FAILS], notify=notify)
	run(sandbox)
	(notice,) = notices(sandbox, clock)
	assert notice["to"] == [OWNER, "sales@example.com", "boss@example.com", STARTER]


@pytest.mark.contract("at most once an hour for each workflow")
def test_once_an_hour_and_then_how_many(sandbox: Sandbox, clock: TestClock):
	run(sandbox)
	assert len(notices(sandbox, clock)) == 1
	for _ in range(3):
		run(sandbox)
		assert len(notices(sandbox, clock)) == 1
	clock.advance(3600)
	_first, second = notices(sandbox, clock)
	assert "3 runs" in second["subject"]
	clock.advance(3 * 3600)
	assert len(notices(sandbox, clock)) == 2


def test_a_run_that_succeeds_or_is_cancelled_is_told_to_nobody(sandbox: Sandbox, clock: TestClock):
	save(sandbox, [{"id": "a", "action": "data.set", "params": {}}])
	run(sandbox)
	save(sandbox, [{"id": "stop", "action": "flow.stop", "params": {"status": "Cancelled"}}])
	run(sandbox)
	assert notices(sandbox, clock) == []


@pytest.mark.parametrize(
	("steps", "limits"),
	[
		([{"id": "w", "action": "flow.wait", "params": {"for": "1h"}}], {"run_timeout": 10}),
		([{"id": "stop", "action": "flow.stop", "params": {"status": "Failed", "message": "enough"}}], {}),
		([{"id": "each", "for_each": [1, 2], "action": "data.check", "params": {"that": False}}], {}),
	],
)
def test_every_way_in_which_a_run_fails_is_told(
	sandbox: Sandbox, clock: TestClock, steps: list[dict[str, Any]], limits: dict[str, Any]
):
	save(sandbox, steps, limits=limits)
	run(sandbox)
	assert len(notices(sandbox, clock)) == 1


def test_the_user_in_whose_name_the_clock_starts_runs_is_not_told(sandbox: Sandbox, clock: TestClock):
	save(sandbox, [FAILS], triggers=[{"on": "schedule", "every": "1h"}])
	clock.advance(3601)
	tick(sandbox)
	Drainer(sandbox, until=lambda: True).run()
	(notice,) = notices(sandbox, clock)
	assert notice["to"] == [OWNER]


def test_who_was_disabled_is_not_told(sandbox: Sandbox, clock: TestClock):
	sandbox.people.add_user(OWNER, enabled=False)
	run(sandbox)
	(notice,) = notices(sandbox, clock)
	assert notice["to"] == [STARTER]


def test_what_workflows_send_is_kept_apart(sandbox: Sandbox, clock: TestClock):
	run(sandbox)
	assert notices(sandbox, clock)
	assert sandbox.outbox() == []


def test_a_notice_that_cannot_be_written_harms_nothing(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	failed = run(sandbox)

	def refuse(*_: object) -> list[str]:
		raise KeyError("no")

	with monkeypatch.context() as broken:
		broken.setattr(sandbox.people, "notice", refuse)
		assert notices(sandbox, clock) == []
	assert Orchestrator(sandbox).get_run(failed)["status"] == "Failed"
	assert len(notices(sandbox, clock)) == 1

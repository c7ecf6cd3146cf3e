"""A workflow whose runs fail in a row is disabled once, by whoever looks first, and its people are told once."""

import threading
from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import reads
from dogansystem.worker import disabling, drainer
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

OWNER = "owner@example.com"
FAILS = {"id": "check", "action": "data.check", "params": {"that": False, "message": "there is none"}}
AFTER = 8


@pytest.fixture(autouse=True)
def _workflow(sandbox: Sandbox):
	save(sandbox)


def save(sandbox: Sandbox, **rest: Any) -> None:
	source = {"name": "orders", "title": "Check the orders", "run_as": "robot@example.com", "steps": [FAILS]}
	source |= {"limits": {"disable_after": AFTER}, "notify": [{"role": "Sales Manager"}], **rest}
	with sandbox.acting_as(OWNER):
		sandbox.people.add_user("boss@example.com", ["Sales Manager"])
		Orchestrator(sandbox).import_workflow(source)
	sandbox.database.commit()


def start(sandbox: Sandbox, number: int) -> None:
	for _ in range(number):
		Orchestrator(sandbox).start_run("orders")
	sandbox.database.commit()


def work(sandbox: Sandbox) -> None:
	Drainer(sandbox, until=lambda: True).run()


def is_enabled(sandbox: Sandbox) -> bool:
	found = reads.enabled_workflow(sandbox.database, "orders")
	sandbox.database.rollback()
	assert found
	return found[1]


def told(sandbox: Sandbox) -> list[dict[str, Any]]:
	"""The notices that the workflow was disabled."""
	found = [each for each in sandbox.people.notices() if "disabled" in each["subject"]]
	sandbox.database.rollback()
	return found


@pytest.mark.contract("the workflow is disabled, with a message to its owner and `notify`")
def test_owner_and_notify_are_told(sandbox: Sandbox):
	start(sandbox, AFTER)
	work(sandbox)
	assert not is_enabled(sandbox)
	(notice,) = told(sandbox)
	assert notice["to"] == [OWNER, "boss@example.com"]
	assert notice["subject"] == "Check the orders: disabled"
	assert f"{AFTER} runs in a row have failed" in notice["message"]
	assert notice["reference"] == {"doctype": "Dogan Workflow", "name": "orders"}


def test_of_many_runs_that_end_at_one_moment_one_disables(sandbox: Sandbox):
	start(sandbox, 3 * AFTER)
	workers = [threading.Thread(target=work, args=(sandbox,), daemon=True) for _ in range(4)]
	for worker in workers:
		worker.start()
	for worker in workers:
		worker.join()
	assert not is_enabled(sandbox)
	assert len(told(sandbox)) == 1


def test_what_a_process_has_not_looked_at_another_one_does(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	def die(*_: object) -> bool:
		raise KeyError("dead")

	with monkeypatch.context() as broken:
		broken.setattr(drainer.disabling, "look", die)
		start(sandbox, AFTER)
		work(sandbox)
	assert is_enabled(sandbox)
	clock.advance(30)
	tick(sandbox)
	assert not is_enabled(sandbox)
	clock.advance(30)
	tick(sandbox)
	assert len(told(sandbox)) == 1


def test_runs_started_before_it_was_enabled_again_do_not_count(sandbox: Sandbox, clock: TestClock):
	start(sandbox, 2 * AFTER)
	Orchestrator(sandbox).set_workflow_enabled("orders", False)
	sandbox.database.commit()
	clock.advance(1)
	Orchestrator(sandbox).set_workflow_enabled("orders", True)
	sandbox.database.commit()
	work(sandbox)
	assert is_enabled(sandbox)


def test_a_message_that_cannot_be_written_leaves_it_enabled_for_the_next_one(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	def refuse(*_: object) -> list[str]:
		raise KeyError("no")

	with monkeypatch.context() as broken:
		broken.setattr(sandbox.people, "notice", refuse)
		start(sandbox, AFTER)
		work(sandbox)
	assert is_enabled(sandbox)
	assert disabling.look(sandbox, "orders")
	assert not is_enabled(sandbox)

"""Limits and idempotency keys on both dialects: what differs stays apart, and nobody meets a deadlock."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.worker.drainer import Drainer

STEPS = [{"id": "a", "action": "flow.wait", "params": {"for": "1h"}}]
PAIRS = [
	("Acme", "acme"),
	("Ana", "Aná"),
	("😀", "😁"),
	("acme", "acme "),
	("x" * 140 + "1", "x" * 140 + "2"),
]


def start(sandbox: Sandbox, *keys: object, when_full: str = "queue") -> list[str]:
	limits = {"concurrent_runs": 1, "key": "{{ input.customer }}", "when_full": when_full}
	definition = {"name": "limited", "run_as": "a@example.com", "limits": limits, "steps": STEPS}
	orchestrator = Orchestrator(sandbox)
	orchestrator.import_workflow(definition)
	runs = []
	for key in keys:
		runs.append(orchestrator.start_run("limited", {"customer": key}))
		sandbox.database.commit()
		Drainer(sandbox, until=lambda: True).run()
	return [orchestrator.get_run(run)["status"] for run in runs]


@pytest.mark.parametrize("keys", PAIRS, ids=str)
@pytest.mark.parametrize("when_full", ["queue", "replace"])
def test_values_of_a_key_that_differ_do_not_share_a_limit(
	sandbox: Sandbox, keys: tuple[str, str], when_full: str
):
	assert start(sandbox, *keys, when_full=when_full) == ["Waiting", "Waiting"]


def test_equal_values_share_a_limit(sandbox: Sandbox):
	assert start(sandbox, "Acme", "Acme", 5, "5") == ["Waiting", "Queued", "Waiting", "Queued"]


def test_no_value_and_an_empty_one_are_the_same(sandbox: Sandbox):
	assert start(sandbox, None, "") == ["Waiting", "Queued"]


def test_many_who_use_one_key_at_once_get_one_run(sandbox: Sandbox):
	definition = {"name": "keyed", "run_as": "a@example.com", "steps": STEPS}
	Orchestrator(sandbox).import_workflow(definition)
	sandbox.database.commit()
	rounds, threads = 10, 8
	together = threading.Barrier(threads)

	def start_one(number: int) -> str:
		together.wait()
		try:
			run = Orchestrator(sandbox).start_run("keyed", idempotency_key=f"Key {number}")
			sandbox.database.commit()
			return run
		finally:
			sandbox.database.rollback()

	with ThreadPoolExecutor(threads) as pool:
		for number in range(rounds):
			runs = set(pool.map(start_one, [number] * threads))
			assert len(runs) == 1


def test_a_used_key_gives_its_run_although_the_workflow_was_disabled_since(sandbox: Sandbox):
	orchestrator = Orchestrator(sandbox)
	orchestrator.import_workflow({"name": "keyed", "run_as": "a@example.com", "steps": STEPS})
	run = orchestrator.start_run("keyed", idempotency_key="once")
	orchestrator.set_workflow_enabled("keyed", False)
	assert orchestrator.start_run("keyed", idempotency_key="once") == run
	sandbox.database.rollback()

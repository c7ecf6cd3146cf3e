"""Thousands of documents that are due at once, and processes that are killed while they start their runs."""

import multiprocessing
import os
import signal
from pathlib import Path

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import faults
from dogansystem.worker.tick import tick
from tests import scale
from tests.conftest import Tell

START = 1_750_000_000.0
DOCUMENTS = scale.of(1_200, 10_000)
KILLS = 3  # at each point
WORKFLOW = {
	"name": "due",
	"run_as": "a@example.com",
	"triggers": [
		{"on": "date", "doctype": "Task", "field": "due"},
		{"on": "condition", "doctype": "Task", "filters": {"status": "Late"}, "existing": True},
	],
	"steps": [{"id": "a", "action": "data.set"}],
}


def die_at(url: str, now: float, point: str, hit: int) -> None:
	"""A tick of a process of its own, killed when it comes by a fault point for the n-th time."""
	left = hit

	def act() -> None:
		nonlocal left
		left -= 1
		if not left:
			os.kill(os.getpid(), signal.SIGKILL)

	with Sandbox(url, clock=TestClock(now), timezone="UTC") as site, faults.armed(point, act):
		tick(site)


@pytest.mark.parametrize("database", ["sqlite", "mariadb"])
def test_documents_that_are_due_start_one_run_each_whoever_is_killed(
	tmp_path: Path, request: pytest.FixtureRequest, tell: Tell, database: str
) -> None:
	url = str(tmp_path / "due.db") if database == "sqlite" else request.getfixturevalue("empty_mariadb_url")
	clock = TestClock(START)
	with Sandbox(url, clock=clock, timezone="UTC", user="a@example.com") as site:
		site.load_documents(
			{"doctype": "Task", "name": f"T-{number:05}", "due": "2025-06-16", "status": "Late"}
			for number in range(DOCUMENTS)
		)
		Orchestrator(site).import_workflow(WORKFLOW)
		site.database.commit()
	killed = 0
	fork = multiprocessing.get_context("spawn")
	for point in ("control.before_commit", "control.after_commit"):
		for number in range(KILLS):
			clock.advance(86_400.0 if not killed else 70.0)
			process = fork.Process(target=die_at, args=(url, clock.now(), point, 6 + 2 * number))
			process.start()
			process.join(120)
			assert process.exitcode == -signal.SIGKILL
			killed += 1
	with Sandbox(url, clock=clock, timezone="UTC", user="a@example.com") as site:
		before = runs(site)
		assert 0 < before < 2 * DOCUMENTS, "the kills came too late, or too early"
		for _ in range(30):  # a tick gives way after some time
			clock.advance(70)
			tick(site)
		assert runs(site) == runs(site, "DISTINCT cause, reference_name") == 2 * DOCUMENTS
	tell("kill -9 among due documents", kills=killed, runs=2 * DOCUMENTS, lost=0, doubled=0)


def runs(site: Sandbox, what: str = "*") -> int:
	((number,),) = site.database.sql(
		f"SELECT COUNT(*) FROM (SELECT {what} FROM `tabDogan Workflow Run`) AS found"
	)
	site.database.rollback()
	return int(number)

"""Many people decide at the same moment: one settles it, each of the others is told so, and nothing is done twice."""

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dogansystem import Orchestrator
from dogansystem.engine.errors import AlreadyDecided
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.worker.drainer import Drainer
from tests.conftest import Tell

PEOPLE = [f"person-{number}@example.com" for number in range(50)]
SECONDS = 60.0  # that all of them together may take


@pytest.fixture
def mariadb(empty_mariadb_url: str) -> Iterator[Sandbox]:
	with Sandbox(empty_mariadb_url, timezone="UTC") as opened:
		opened.set_settings(linger_seconds=0)
		yield opened


def steps(**params: Any) -> list[dict[str, Any]]:
	return [
		{"id": "ok", "action": "flow.approve", "params": {"to": PEOPLE, "subject": "Shall we?", **params}},
		{
			"id": "yes",
			"after": ["ok.approved"],
			"action": "document.create",
			"params": {"doctype": "ToDo", "values": {"description": "yes"}},
		},
		{
			"id": "no",
			"after": ["ok.rejected", "ok.expired"],
			"action": "document.create",
			"params": {"doctype": "ToDo", "values": {"description": "no"}},
		},
	]


def begin(site: Sandbox, number: int = 0, **params: Any) -> tuple[str, str]:
	"""A run that asks; gives it and its approval."""
	orchestrator = Orchestrator(site)
	name = f"at-once-{number}"
	orchestrator.import_workflow({"name": name, "run_as": "sandbox@example.com", "steps": steps(**params)})
	run = orchestrator.start_run(name)
	site.database.commit()
	work(site)
	(asked,) = [each for each in orchestrator.pending_approvals() if each["run"] == run]
	site.database.rollback()
	return run, asked["approval"]


def work(site: Sandbox) -> None:
	while Drainer(site, until=lambda: True).run():
		pass


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
	"""What each gives, or the error that it raises; all begin at one moment, each in a thread of its own."""
	barrier, found = threading.Barrier(len(acts)), [None] * len(acts)

	def act(number: int) -> None:
		barrier.wait()
		try:
			found[number] = acts[number]()
		except Exception as error:
			found[number] = error

	threads = [threading.Thread(target=act, args=(number,)) for number in range(len(acts))]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join(SECONDS)
	assert not any(thread.is_alive() for thread in threads)
	return found


def decide(site: Sandbox, approval: str, user: str, decision: str) -> dict[str, Any]:
	try:
		found = Orchestrator(site).decide(approval, decision, user=user, comment=user)
		site.database.commit()
		return found
	finally:
		site.database.rollback()


def decider(site: Sandbox, approval: str, user: str, decision: str) -> Callable[[], Any]:
	return lambda: decide(site, approval, user, decision)


@pytest.mark.contract(
	"Whatever ends a wait ends it once: two signals, two decisions, a decision at the moment of the deadline: one counts, the other is told so"
)
def test_fifty_people_at_once_come_to_one_result_and_49_clear_answers(mariadb: Sandbox, tell: Tell):
	run, approval = begin(mariadb)
	ways = ("approved", "rejected")
	found = at_once(
		[decider(mariadb, approval, user, ways[number % 2]) for number, user in enumerate(PEOPLE)]
	)
	late = [each for each in found if type(each) is AlreadyDecided]
	(first,) = [each for each in found if isinstance(each, dict)]
	assert len(late) == 49, [each for each in found if isinstance(each, Exception) and each not in late]
	by = first["settled_by"]
	assert all(by in str(each) and first["settled_at"][:19] in str(each) for each in late)
	work(mariadb)
	known = Orchestrator(mariadb).get_approval(approval)
	assert [each["by"] for each in known["decisions"]] == [by]
	todos = [each["description"] for each in mariadb.shelf.all("ToDo")]
	assert todos == [{"Approved": "yes", "Rejected": "no"}[known["status"]]]
	assert Orchestrator(mariadb).get_run(run)["status"] == "Succeeded"
	tell("approvals at once", deciding=50, answered=len(late))


def test_fifty_people_who_are_all_needed_decide_at_once(mariadb: Sandbox):
	run, approval = begin(mariadb, needs="all")
	found = at_once([decider(mariadb, approval, user, "approved") for user in PEOPLE])
	assert [each for each in found if isinstance(each, Exception)] == []
	work(mariadb)
	known = Orchestrator(mariadb).get_approval(approval)
	assert (known["status"], sorted(each["by"] for each in known["decisions"])) == (
		"Approved",
		sorted(PEOPLE),
	)
	assert Orchestrator(mariadb).get_run(run)["status"] == "Succeeded"


def test_one_person_who_decides_twice_at_once_decides_once(mariadb: Sandbox):
	_, approval = begin(mariadb, needs=2)
	found = at_once([decider(mariadb, approval, PEOPLE[0], "approved")] * 10)
	assert sum(isinstance(each, dict) for each in found) == 1
	assert sum(type(each) is AlreadyDecided for each in found) == 9
	assert len(Orchestrator(mariadb).get_approval(approval)["decisions"]) == 1


def test_decisions_of_many_approvals_do_not_stand_in_each_others_way(mariadb: Sandbox):
	asked = [begin(mariadb, number)[1] for number in range(20)]
	found = at_once([decider(mariadb, name, PEOPLE[0], "approved") for name in asked])
	assert [each for each in found if isinstance(each, Exception)] == []


@pytest.mark.contract("a decision at the moment of the deadline: one counts, the other is told so")
def test_a_decision_and_the_deadline_at_once(empty_mariadb_url: str):
	clock = TestClock()
	with Sandbox(empty_mariadb_url, clock=clock, timezone="UTC") as site:
		site.set_settings(linger_seconds=0)
		for number in range(5):
			run, approval = begin(site, number, deadline=60)
			clock.advance(59.999)

			def pass_deadline() -> None:
				clock.advance(0.001)
				work(site)

			found, _ = at_once([decider(site, approval, PEOPLE[0], "approved"), pass_deadline])
			work(site)
			known = Orchestrator(site).get_approval(approval)
			is_first = isinstance(found, dict)
			assert known["status"] == ("Approved" if is_first else "Expired")
			assert len(known["decisions"]) == int(is_first)
			assert is_first or "deadline" in str(found)
			assert Orchestrator(site).get_run(run)["status"] == "Succeeded"
			site.database.rollback()


def test_a_decision_a_cancel_and_the_workers_at_once(mariadb: Sandbox):
	for number in range(5):
		run, approval = begin(mariadb, number)

		def cancel(run: str = run) -> None:
			Orchestrator(mariadb).cancel_run(run)
			mariadb.database.commit()

		found = at_once([cancel, decider(mariadb, approval, PEOPLE[0], "approved"), lambda: work(mariadb)])
		work(mariadb)
		status = Orchestrator(mariadb).get_approval(approval)["status"]
		assert isinstance(found[1], dict) == (status == "Approved"), found
		assert isinstance(found[1], AlreadyDecided) == (status == "Cancelled"), found
		mariadb.database.rollback()


KILLED = """
import sys
from dogansystem import Orchestrator, Sandbox
with Sandbox(sys.argv[1], timezone="UTC") as site:
	Orchestrator(site).decide(sys.argv[2], "approved", user=sys.argv[3])
	print("decided", flush=True)
	sys.stdin.read()
"""


def test_a_decision_is_there_or_not_after_kill_9(mariadb: Sandbox, empty_mariadb_url: str):
	run, approval = begin(mariadb)
	words = [sys.executable, "-c", KILLED, empty_mariadb_url, approval, PEOPLE[0]]
	with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
		assert process.stdout and process.stdout.readline() == "decided\n"
		process.kill()
	assert decide(mariadb, approval, PEOPLE[1], "rejected")["settled_by"] == PEOPLE[1]
	work(mariadb)
	assert [each["by"] for each in Orchestrator(mariadb).get_approval(approval)["decisions"]] == [PEOPLE[1]]
	assert [each["description"] for each in mariadb.shelf.all("ToDo")] == ["no"]
	assert Orchestrator(mariadb).get_run(run)["status"] == "Succeeded"

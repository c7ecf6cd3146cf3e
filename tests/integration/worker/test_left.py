"""What one process leaves for another time is picked up: nothing hides behind what cannot be done now, or fails."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pymysql
import pytest

import dogansystem.worker.tick as ticking
from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.databases.address import MariaDBServer
from dogansystem.homes.sandbox import TestClock
from dogansystem.people import settling
from dogansystem.store import admission, agents, queue
from dogansystem.worker import chores, items, notices
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer

PERSON, ANN, BEN = (f"{name}@example.com" for name in ("person", "ann", "ben"))
ROUNDS = 60  # what is chosen by chance among three comes up in so many, but for one case in 10^10


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
	sandbox.set_settings(linger_seconds=0)
	opened = Control(sandbox)
	yield opened
	opened.close()
	sandbox.database.rollback()


def save(site: Sandbox, name: str, *steps: dict[str, Any], **rest: Any) -> None:
	Orchestrator(site).import_workflow({"name": name, "run_as": PERSON, "steps": list(steps), **rest})
	site.database.commit()


def start(site: Sandbox, name: str) -> str:
	run = Orchestrator(site).start_run(name)
	site.database.commit()
	return run


def drain(site: Sandbox) -> None:
	while Drainer(site, until=lambda: True).run():
		pass


def status(site: Sandbox, run: str) -> str:
	site.database.rollback()
	found = Orchestrator(site).get_run(run)["status"]
	site.database.rollback()
	return str(found)


# Wait queues


def queues_for(site: Sandbox, *agents: str) -> list[str]:
	"""A run for each of these agents, which waits for it."""
	runs = []
	for number, agent in enumerate(agents):
		Orchestrator(site).register_agent(agent, PERSON, [], 1)
		save(site, f"for-{number}", {"id": "a", "action": "data.set", "agent": agent})
		runs.append(start(site, f"for-{number}"))
	return runs


def waiting(site: Sandbox) -> list[str]:
	found = [row[0] for row in site.database.sql("SELECT resource FROM dogan_line ORDER BY resource")]
	site.database.rollback()
	return found


def test_wait_queues_that_stay_full_hide_no_others(
	sandbox: Sandbox, control: Control, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(admission, "MAX_RESOURCES", 2)
	queues_for(sandbox, "A", "B", "C")
	for agent in ("A", "B"):
		Orchestrator(sandbox).disable_agent(agent)
	sandbox.database.commit()
	for _ in range(ROUNDS):
		chores.admit(sandbox, control)
	assert waiting(sandbox) == ["agent:A", "agent:B"]


def test_a_wait_queue_that_fails_keeps_no_other_one_waiting(
	sandbox: Sandbox, control: Control, monkeypatch: pytest.MonkeyPatch
):
	candidates = agents.candidates

	def failing(db: Any, step: Any) -> Any:
		if step.agent == "A":
			raise ValueError("nobody expected this")
		return candidates(db, step)

	queues_for(sandbox, "A", "B")
	monkeypatch.setattr(agents, "candidates", failing)
	chores.do(sandbox, control)
	assert waiting(sandbox) == ["agent:A"]


def test_a_run_that_was_deleted_by_hand_leaves_the_wait_queue(sandbox: Sandbox, control: Control):
	gone, _ = queues_for(sandbox, "A", "B")
	for table, column in (("tabDogan Workflow Run", "name"), ("tabDogan Step Run", "run")):
		sandbox.database.execute(f"DELETE FROM `{table}` WHERE {column} = %s", (gone,))
	sandbox.database.commit()
	chores.do(sandbox, control)
	assert waiting(sandbox) == []


# Timers


def test_timers_of_a_run_that_somebody_has_locked_hide_no_others(
	sandbox: Sandbox, control: Control, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	"""Its waits and the deadline of what it asks come first; each process that looks waits for them for some seconds, once."""
	if sandbox.dialect != "mariadb":
		pytest.skip("in a file everybody waits for who writes")
	monkeypatch.setattr(chores, "MAX_TIMERS", 2)
	wait = {"action": "flow.wait", "params": {"for": "1h"}, "after": []}
	ask = {"action": "flow.approve", "params": {"to": ANN, "subject": "?", "deadline": "50m"}, "after": []}
	save(sandbox, "locked", {"id": "ok", **ask}, *({"id": f"w{number}", **wait} for number in range(3)))
	save(sandbox, "free", {"id": "w", "action": "flow.wait", "params": {"for": "2h"}})
	locked, free = start(sandbox, "locked"), start(sandbox, "free")
	drain(sandbox)
	clock.advance(2 * 3600 + 1)
	server = sandbox.address
	assert isinstance(server, MariaDBServer)
	about = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
	with pymysql.connect(**about, database=server.database) as connection, connection.cursor() as cursor:  # type: ignore[call-overload]
		cursor.execute("SELECT 1 FROM `tabDogan Workflow Run` WHERE name = %s FOR UPDATE", (locked,))
		began = time.monotonic()
		for _ in range(3):
			chores.fire_timers(sandbox, control)
		took = time.monotonic() - began
		assert (status(sandbox, locked), status(sandbox, free)) == ("Waiting", "Succeeded")
		connection.rollback()
	assert took < 15
	monkeypatch.setattr(chores, "LOCKED_PAUSE", 0.0)
	drain(sandbox)
	assert (status(sandbox, locked), status(sandbox, free)) == ("Succeeded", "Succeeded")


# Items


def test_items_that_wait_hide_no_step_that_is_stuck(
	sandbox: Sandbox, control: Control, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(ticking, "MAX_COMPLETED", 1)
	wait = {"id": "each", "action": "flow.wait_for", "params": {"signal": "go"}, "for_each": [1, 2, 3]}
	save(sandbox, "waits", {**wait, "max_parallel": 2})
	save(sandbox, "ends", {"id": "each", "action": "data.set", "for_each": [1, 2], "max_parallel": 1})
	waiting = [start(sandbox, "waits") for _ in range(2)]
	drain(sandbox)
	with monkeypatch.context() as patched:
		patched.setattr(items, "close_items", lambda *_, **__: False)  # killed before it could look
		stuck = start(sandbox, "ends")
		drain(sandbox)
	assert set(control.run(queue.open_for_each_steps)) == {(run, "each") for run in [*waiting, stuck]}
	for _ in range(ROUNDS):
		clock.advance(ticking.TURN)
		assert ticking.tick(sandbox)
	assert status(sandbox, stuck) == "Succeeded"


# Notices


def test_workflows_that_fail_all_the_time_hide_no_others(
	sandbox: Sandbox, control: Control, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(notices, "MAX_WORKFLOWS", 1)
	for name in ("a", "b", "c"):
		save(sandbox, name, {"id": "no", "action": "data.check", "params": {"that": False}})
		start(sandbox, name)
	drain(sandbox)
	for _ in range(ROUNDS):
		clock.advance(notices.LOOK_INTERVAL)
		chores.do(sandbox, control)
	told = [each["subject"] for each in sandbox.people.notices()]
	assert sorted(told) == [f"{name}: A run has failed" for name in ("a", "b", "c")]


# People


def asks(site: Sandbox, *names: str, **params: Any) -> list[str]:
	"""A run of each of these that asks Ann, and its approval."""
	for name in names:
		given = {"to": ANN, "subject": name, **params}
		save(site, name, {"id": "ok", "action": "flow.approve", "params": given})
	runs = [start(site, name) for name in names]
	drain(site)
	return runs


def test_one_approval_that_cannot_be_looked_at_keeps_no_other_one_waiting(
	sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	sandbox.set_settings(linger_seconds=0)
	first, second = asks(sandbox, "first", "second")
	look = settling._look

	def failing(site: Sandbox, name: str) -> bool:
		if Orchestrator(site).get_approval(name)["run"] == first:
			raise ValueError("nobody expected this")
		return look(site, name)

	sandbox.people.add_user(ANN, enabled=False)
	monkeypatch.setattr(settling, "_look", failing)
	ticking.tick(sandbox)
	assert (status(sandbox, first), status(sandbox, second)) == ("Waiting", "Failed")


def test_approvals_that_somebody_may_decide_hide_none_that_nobody_can(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	"""Whoever stands in for Ben, who may not decide, may not decide either."""
	monkeypatch.setattr(settling, "MAX_LOOKED_AT", 1)
	sandbox.set_settings(linger_seconds=0)
	fine = asks(sandbox, "a", "b", to=PERSON, not_by=[BEN])
	(nobody,) = asks(sandbox, "c", not_by=[BEN])
	stands_in = {"doctype": "Dogan Substitute", "name": "1", "for_user": BEN, "by_user": ANN}
	sandbox.load_documents([stands_in])
	for _ in range(ROUNDS):
		settling.look_for_nobody(sandbox)
	assert [status(sandbox, run) for run in fine] == ["Waiting", "Waiting"]
	assert status(sandbox, nobody) == "Failed"


# Documents


def poisoned(site: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
	"""A document that nobody can read, whoever asks for it."""
	get = site.documents.get

	def failing(doctype: str, name: str, *rest: Any) -> Any:
		if name == "T-1":
			raise ValueError("nobody expected this")
		return get(doctype, name, *rest)

	monkeypatch.setattr(site.documents, "get", failing)


def load(site: Sandbox) -> None:
	site.load_documents([{"doctype": "Task", "name": f"T-{number}", "open": 1} for number in range(3)])


def references(site: Sandbox, workflow: str) -> list[str]:
	query = "SELECT reference_name FROM `tabDogan Workflow Run` WHERE workflow = %s ORDER BY reference_name"
	site.database.rollback()
	found = [row[0] for row in site.database.sql(query, (workflow,))]
	site.database.rollback()
	return found


def test_a_document_that_cannot_be_read_stops_no_batch(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
	sandbox.set_settings(linger_seconds=0)
	load(sandbox)
	trigger = {"on": "manual", "doctype": "Task"}
	save(sandbox, "many", {"id": "a", "action": "data.set"}, triggers=[trigger])
	batch = Orchestrator(sandbox).batches.start("many", "Task", ["T-0", "T-1", "T-2"])
	sandbox.database.commit()
	poisoned(sandbox, monkeypatch)
	drain(sandbox)
	assert references(sandbox, "many") == ["T-0", "T-2"]
	found = Orchestrator(sandbox).batches.documents(batch)
	assert [(each["result"], each["reason"] or "") for each in found][1] == ("Refused", "ValueError: nobody expected this")  # fmt: skip
	assert Orchestrator(sandbox).batches.get(batch)["status"] == "Completed"


def test_a_document_that_cannot_be_read_keeps_no_other_one_from_its_trigger(
	sandbox: Sandbox, clock: TestClock, monkeypatch: pytest.MonkeyPatch
):
	sandbox.set_settings(linger_seconds=0)
	trigger = {"on": "condition", "doctype": "Task", "filters": {"open": 1}}
	save(sandbox, "seen", {"id": "a", "action": "data.set"}, triggers=[trigger])
	load(sandbox)
	poisoned(sandbox, monkeypatch)
	clock.advance(61)
	drain(sandbox)
	assert references(sandbox, "seen") == ["T-0", "T-2"]
	monkeypatch.undo()
	clock.advance(3601)
	drain(sandbox)
	assert references(sandbox, "seen") == ["T-0", "T-1", "T-2"]


# Runs that a step has started


@pytest.mark.contract("Cancel and pause pass down, resume too.")
@pytest.mark.parametrize("of_items", [False, True])
@pytest.mark.parametrize(
	("ask", "parent", "child"), [("cancel", "Cancelled", "Cancelled"), ("pause", "Paused", "Paused")]
)
def test_a_run_that_is_being_started_while_its_parent_is_stopped_is_stopped_too(
	sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, ask: str, parent: str, child: str, of_items: bool
):
	sandbox.set_settings(linger_seconds=0)
	save(sandbox, "below", {"id": "a", "action": "data.set"}, {"id": "b", "action": "data.set"})
	step = {"id": "sub", "action": "flow.run", "params": {"workflow": "below"}}
	save(sandbox, "above", step | ({"for_each": [1]} if of_items else {}))
	run = start(sandbox, "above")
	action = sandbox.actions()["flow.run"]
	act = action.run

	def stopped_meanwhile(params: Any, context: Any) -> Any:
		_elsewhere(sandbox, lambda: getattr(Orchestrator(sandbox), f"{ask}_run")(run))
		return act(params, context)

	monkeypatch.setattr(action, "run", stopped_meanwhile)
	drain(sandbox)
	(below,) = Orchestrator(sandbox).list_runs("below")
	assert (status(sandbox, run), status(sandbox, below["run"])) == (parent, child)
	if ask == "pause":
		Orchestrator(sandbox).resume_run(run)
		sandbox.database.commit()
		drain(sandbox)
		assert (status(sandbox, run), status(sandbox, below["run"])) == ("Succeeded", "Succeeded")


def _elsewhere(site: Sandbox, act: Callable[[], object]) -> None:
	"""Do something in another thread, with a connection of its own, and commit it."""

	def do() -> None:
		act()
		site.database.commit()
		site.database.close()

	thread = threading.Thread(target=do)
	thread.start()
	thread.join()

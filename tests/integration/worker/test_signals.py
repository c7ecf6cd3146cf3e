"""Signals to many, to those who are out of reach, and far too many of them. workflow-format.md, semantics 14."""

import time
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import InputError, OutputNotJSON, OutputTooLarge
from dogansystem.homes.databases.address import MariaDBServer
from dogansystem.store import runs
from dogansystem.worker import chores, signalling
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer
from tests import scale
from tests.conftest import Tell

PERSON = "person@example.com"
FLOOD = scale.of(2_000, 10_000)
WAIT = {"id": "wait", "action": "flow.wait_for", "params": {"signal": "go", "key": "{{ input.key }}"}}


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Sandbox]:
	sandbox.set_settings(linger_seconds=0)
	save(sandbox, "waits", WAIT)
	signalling._left_alone.clear()
	yield sandbox
	signalling._left_alone.clear()
	sandbox.database.rollback()


def save(site: Sandbox, name: str, *steps: dict[str, Any], **rest: Any) -> None:
	Orchestrator(site).import_workflow({"name": name, "run_as": PERSON, "steps": list(steps), **rest})
	site.database.commit()


def start(site: Sandbox, key: str = "all", workflow: str = "waits") -> str:
	run = Orchestrator(site).start_run(workflow, {"key": key})
	site.database.commit()
	return run


def send(site: Sandbox, *given: Any, **rest: Any) -> int:
	sent = Orchestrator(site).signal(*given, **rest)
	site.database.commit()
	return sent


def drain(site: Sandbox) -> None:
	"""Work until nothing happens any more."""
	control = Control(site)
	while Drainer(site, until=lambda: True).run() + chores.do(site, control):
		pass
	control.close()


def found(site: Sandbox, run: str) -> dict[str, Any]:
	site.database.rollback()
	run_as_it_is = Orchestrator(site).get_run(run)
	site.database.rollback()
	return run_as_it_is


def states(site: Sandbox, *runs: str) -> list[str]:
	return [found(site, run)["status"] for run in runs]


def undelivered(site: Sandbox) -> int:
	((number,),) = site.database.sql("SELECT COUNT(*) FROM dogan_signal WHERE state = 0")
	site.database.rollback()
	return int(number)


# Out of reach


def test_a_wait_that_cannot_be_ended_keeps_no_other_one_waiting(
	site: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	"""Neither another run's wait for the same signal, nor the signals behind it."""
	monkeypatch.setattr(signalling, "MAX_SIGNALS", 2)
	stuck, same, other = start(site), start(site), start(site, "other")
	drain(site)
	end_wait = runs.end_wait

	def failing(db: Any, wait: int, run: str, *rest: Any) -> Any:
		if run == stuck:
			raise ValueError("nobody expected this")
		return end_wait(db, wait, run, *rest)

	with monkeypatch.context() as patched:
		patched.setattr(runs, "end_wait", failing)
		for number in range(3):
			send(site, "go", "all", number)
		send(site, "go", "other")
		for _ in range(3):
			drain(site)
		assert states(site, stuck, same, other) == ["Waiting", "Succeeded", "Succeeded"]
	monkeypatch.setattr(signalling, "PAUSE", 0.0)
	drain(site)
	assert states(site, stuck) == ["Succeeded"]
	assert found(site, stuck)["steps"][0]["output"] == 0
	assert undelivered(site) == 0


def test_a_run_that_somebody_has_locked_keeps_no_other_one_waiting(
	site: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	"""Each try waits for a second; a hundred signals to that run cost no more than one."""
	if site.dialect != "mariadb":
		pytest.skip("in a file everybody waits for who writes")
	locked, free = start(site), start(site, "free")
	drain(site)
	for number in range(100):
		send(site, "go", "all", number)
	send(site, "go", "free")
	with _connection(site) as connection, connection.cursor() as cursor:
		cursor.execute("SELECT 1 FROM `tabDogan Workflow Run` WHERE name = %s FOR UPDATE", (locked,))
		control, began = Control(site), time.monotonic()
		for _ in range(2):
			chores.deliver_signals(site, control)
		took = time.monotonic() - began
		control.close()
		assert states(site, locked)[0] == "Waiting"
		drain(site)
		connection.rollback()
	assert states(site, free) == ["Succeeded"]
	assert took < 15
	monkeypatch.setattr(signalling, "LOCKED_PAUSE", 0.0)
	drain(site)
	assert states(site, locked) == ["Succeeded"]
	assert undelivered(site) == 0


def _connection(site: Sandbox) -> "pymysql.connections.Connection[Any]":
	server = site.address
	assert isinstance(server, MariaDBServer)
	about = {"host": server.host, "port": server.port, "user": server.user, "password": server.password}
	return pymysql.connect(**about, database=server.database)


def test_a_run_that_was_deleted_by_hand_keeps_no_signal_from_being_delivered(site: Sandbox):
	gone, there = start(site), start(site)
	drain(site)
	for table, column in (("tabDogan Workflow Run", "name"), ("tabDogan Step Run", "run")):
		site.database.execute(f"DELETE FROM `{table}` WHERE {column} = %s", (gone,))
	site.database.commit()
	send(site, "go", "all")
	drain(site)
	assert states(site, there) == ["Succeeded"]
	assert undelivered(site) == 0


# Many


@pytest.mark.contract(
	"ends every step's wait for that name and key that there is at that moment, and starts the workflows with such a trigger"
)
def test_a_signal_to_more_than_one_round_reaches_all_and_starts_once(
	site: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(signalling, "MAX_WAITS", 2)
	save(site, "started", {"id": "a", "action": "data.set"}, triggers=[{"on": "signal", "name": "go"}])
	waiting = [start(site) for _ in range(7)]
	drain(site)
	send(site, "go", "all", {"n": 1})
	control = Control(site)
	assert chores.deliver_signals(site, control) == 2
	assert states(site, *waiting).count("Waiting") == 5
	control.close()
	drain(site)
	assert states(site, *waiting) == ["Succeeded"] * 7
	assert len(Orchestrator(site).list_runs("started")) == 1
	assert undelivered(site) == 0


@pytest.mark.contract("takes the oldest signal of its name and key that was sent since its run started")
def test_a_flood_of_signals_to_one_run_loses_none_and_holds_nobody_up(site: Sandbox, tell: Tell):
	"""The run takes the oldest, its next wait the next one; another run begins in the middle of it and ends at once."""
	steps = [{**WAIT, "id": name} for name in ("first", "second")]
	save(site, "twice", *steps)
	save(site, "urgent", {"id": "a", "action": "data.set"})
	flooded = start(site, workflow="twice")
	drain(site)
	for number in range(FLOOD):
		Orchestrator(site).signal("go", "all", number)
		if number % 500 == 0:
			site.database.commit()
	site.database.commit()
	began = time.monotonic()
	urgent = start(site, workflow="urgent")
	Drainer(site, until=lambda: status(site, urgent) == "Succeeded").run()
	waited = time.monotonic() - began
	drain(site)
	took = time.monotonic() - began
	run = found(site, flooded)
	assert (run["status"], [each["output"] for each in run["steps"]]) == ("Succeeded", [0, 1])
	assert undelivered(site) == 0
	tell(
		f"signal flood, {site.dialect}",
		signals=FLOOD,
		another_run_took=round(waited, 2),
		seconds=round(took, 1),
	)
	assert waited < max(5, took / 2)


def status(site: Sandbox, run: str) -> str:
	return str(found(site, run)["status"])


def test_large_signals_are_not_all_in_memory_at_once(site: Sandbox):
	import tracemalloc

	text = "x" * 1_000_000
	for number in range(20):
		send(site, "go", f"nobody {number}", text)
	control = Control(site)
	tracemalloc.start()
	try:
		chores.deliver_signals(site, control)
		peak = tracemalloc.get_traced_memory()[1]
	finally:
		tracemalloc.stop()
		control.close()
	assert undelivered(site) == 0
	assert peak < 12_000_000


# Forged, odd and huge


def test_the_name_of_a_steps_row_as_a_key_does_not_keep_it_from_sending(site: Sandbox):
	"""Everybody knows it who sees the run."""
	wait = {"id": "pause", "action": "flow.wait", "params": {"for": "1h"}}
	send_it = {
		"id": "send",
		"action": "flow.signal",
		"params": {"signal": "go", "key": "all", "data": "true"},
	}
	save(site, "sends", wait, send_it)
	waiting, sending = start(site), start(site, workflow="sends")
	drain(site)
	send(site, "go", "nobody", "forged", idempotency_key=f"{sending}.send")
	site.clock.advance(3601)  # type: ignore[attr-defined]
	drain(site)
	assert states(site, waiting, sending) == ["Succeeded", "Succeeded"]
	assert found(site, waiting)["steps"][0]["output"] == "true"


@pytest.mark.contract("`idempotency_key` as for runs.")
def test_a_key_of_one_name_is_none_of_another(site: Sandbox):
	waiting = start(site)
	drain(site)
	send(site, "stop", "all", idempotency_key="event 1")
	send(site, "go", "all", 1, idempotency_key="event 1")
	send(site, "go", "all", 2, idempotency_key="event 1")
	drain(site)
	assert found(site, waiting)["steps"][0]["output"] == 1


def test_who_sends_is_who_acts_whatever_the_data_say(site: Sandbox):
	trigger = {"on": "signal", "name": "go"}
	params = {"by": "{{ trigger.sent_by }}", "as": "{{ user }}"}
	save(site, "started", {"id": "a", "action": "data.set", "params": params}, triggers=[trigger])
	with site.acting_as("mallory@example.com"):
		send(site, "go", "x", {"sent_by": "Administrator", "started_by": "Administrator", "on": "manual"})
	drain(site)
	(run,) = Orchestrator(site).list_runs("started")
	run = found(site, run["run"])
	assert (run["started_by"], run["cause"]) == ("mallory@example.com", "signal")
	assert run["steps"][0]["output"] == {"by": "mallory@example.com", "as": PERSON}


@pytest.mark.parametrize("data", ["{{ 7 * 7 }}", "{% for a in b %}", {"a": "{{ run.name }}"}])
def test_what_is_sent_is_never_a_template(site: Sandbox, data: Any):
	save(site, "shows", WAIT, {"id": "b", "action": "data.set", "params": {"was": "{{ steps.wait.output }}"}})
	run = start(site, workflow="shows")
	drain(site)
	send(site, "go", "all", data)
	drain(site)
	assert [each["output"] for each in found(site, run)["steps"]] == [data, {"was": data}]


ODD = ["paid\n", "\npaid", "paid\r", "paid ", " paid", "pa\0id", "pаid", "paid'", "paid%", "", "1paid", "p" * 101, None, 5, ["paid"]]  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_is_none_is_refused(site: Sandbox, name: Any):
	with pytest.raises(InputError):
		send(site, name)
	site.database.rollback()
	assert undelivered(site) == 0


KEYS = ["a", "A", "á", "a ", " a", "a\n", "a\0", "ａ", "а", "a" * 1000, "a" * 1001, "a" * 100_000, "💥", "a:b", ":a", "%", "_", "' OR 1=1 -- ", "\u202ea", "é", "e\u0301", "1", "1.0", "01"]  # fmt: skip


@pytest.mark.contract("ends every step's wait for that name and key")
def test_keys_that_look_alike_are_different_ones(site: Sandbox):
	waiting = {key: start(site, key) for key in KEYS}
	assert len(waiting) == len(KEYS)
	drain(site)
	assert states(site, *waiting.values()) == ["Waiting"] * len(KEYS)
	for key in KEYS:
		send(site, "go", key, {"key": key})
	drain(site)
	for key, run in waiting.items():
		output = found(site, run)["steps"][0]["output"]
		assert output == {"key": key}, repr(key)[:50]


@pytest.mark.parametrize(
	("given", "error"),
	[
		({"key": "\ud800"}, InputError),
		({"key": True}, InputError),
		({"key": ["a"]}, InputError),
		({"key": {"a": 1}}, InputError),
		({"data": "\ud800"}, OutputNotJSON),
		({"data": {"\ud800": 1}}, OutputNotJSON),
		({"data": "x" * 1_048_576}, OutputTooLarge),
		({"data": "ä" * 600_000}, OutputTooLarge),
		({"data": float("nan")}, OutputNotJSON),
		({"data": float("inf")}, OutputNotJSON),
		({"data": object()}, OutputNotJSON),
		({"idempotency_key": "\ud800"}, InputError),
	],
)
def test_what_cannot_be_kept_is_refused_and_leaves_nothing(
	site: Sandbox, given: dict[str, Any], error: type[Exception]
):
	with pytest.raises(error):
		send(site, "go", **given)
	site.database.rollback()
	assert undelivered(site) == 0


def test_data_as_deep_as_can_be_is_kept_or_refused(site: Sandbox):
	deep: Any = 1
	for _ in range(100_000):
		deep = [deep]
	with pytest.raises(OutputNotJSON):
		send(site, "go", data=deep)
	site.database.rollback()


def test_an_idempotency_key_of_any_length_is_one_key(site: Sandbox):
	key = "k" * 100_000
	first = send(site, "go", idempotency_key=key)
	assert send(site, "go", idempotency_key=key) == first
	assert send(site, "go", idempotency_key=f"{key}k") != first


# Depth


@pytest.mark.contract("Runs that a run's own writes start carry its depth; past depth 8 they are refused")
def test_signals_carry_their_depth_through_waits_documents_and_other_workflows(site: Sandbox):
	"""A sends, B waits, writes a document, a third one is started by it and sends what A wants."""
	signal = {"id": "s", "action": "flow.signal", "params": {"signal": "b"}}
	paper = {"doctype": "Paper", "values": {"title": "x"}}
	save(site, "a", signal, triggers=[{"on": "signal", "name": "a"}])
	pause = {"id": "p", "action": "flow.wait", "params": {"for": "1s"}}
	create = {"id": "d", "action": "document.create", "params": paper}
	save(site, "b", pause, create, triggers=[{"on": "signal", "name": "b"}])
	again = {"id": "s", "action": "flow.signal", "params": {"signal": "a"}}
	created = {"on": "document", "doctype": "Paper", "event": "created"}
	save(site, "c", again, triggers=[created])
	send(site, "a")
	for _ in range(60):
		site.clock.advance(2)  # type: ignore[attr-defined]
		drain(site)
	((number, deepest),) = site.database.sql("SELECT COUNT(*), MAX(depth) FROM `tabDogan Workflow Run`")
	site.database.rollback()
	assert (number, deepest) == (9, 8)
	assert undelivered(site) == 0

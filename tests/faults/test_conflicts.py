"""Deadlocks, lock wait timeouts and changed records: the attempt is repeated, as the same user, and counts once."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dogansystem import Orchestrator
from dogansystem.homes.databases import session
from dogansystem.homes.databases.mariadb import MariaDB
from dogansystem.worker import attempting
from dogansystem.worker.drainer import Drainer
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, RETRY, Load
from tests.faults.server import Server

THREADS = 4
ITEMS = scale.of(30, 300)  # in each of three workflows
ROUNDS = 10  # at most, until something has deadlocked


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
	"""A server whose lock waits end soon."""
	with Server(tmp_path_factory.mktemp("mariadb"), "--innodb-lock-wait-timeout=1") as server:
		yield server


@pytest.fixture
def site(server: Server, request: pytest.FixtureRequest) -> Iterator[FaultSandbox]:
	with FaultSandbox(server.new_database(request.node.name[:60])) as opened:
		opened.set_settings(linger_seconds=0)
		opened.database.execute("CREATE TABLE fault_row (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB")
		opened.database.execute("INSERT INTO fault_row VALUES (1, 0), (2, 0), (3, 0)")
		opened.database.commit()
		yield opened


@pytest.fixture
def conflicts(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
	"""How often each error number was met."""
	met: Counter[int] = Counter()
	ask = MariaDB.is_conflict

	def is_conflict(self: MariaDB, error: BaseException) -> bool:
		found = ask(self, error)
		if found:
			met[error.args[0]] += 1
		return found

	monkeypatch.setattr(MariaDB, "is_conflict", is_conflict)
	return met


def contend(name: str, first: int, then: int, **params: object) -> dict[str, Any]:
	step = {
		"id": "want",
		"action": "fault.contend",
		"params": {"first": first, "then": then, **params},
		"for_each": "{{ input }}",
		"max_parallel": 10,
		"retry": RETRY,
	}
	return {"name": name, "run_as": PERSON, "steps": [step]}


def refuse_changed_records(server: Server, refuse: bool) -> None:
	"""Whether new connections get 1020 when they write what was changed since they read: the default from MariaDB 11.6.2
	on. Skips where the server does not know that."""
	with server.connect() as connection, connection.cursor() as cursor:
		if not cursor.execute("SHOW GLOBAL VARIABLES LIKE 'innodb_snapshot_isolation'"):
			pytest.skip("this MariaDB has no innodb_snapshot_isolation")
		cursor.execute(f"SET GLOBAL innodb_snapshot_isolation = {int(refuse)}")


def drain(site: FaultSandbox) -> None:
	"""Work with several drainers until all runs have ended."""

	def work() -> None:
		orchestrator = Orchestrator(site)
		until = time.monotonic() + 60
		while time.monotonic() < until:
			Drainer(site, until=lambda: True).run()
			if not orchestrator.list_runs(status="Running") and not orchestrator.list_runs(status="Queued"):
				break
			site.database.rollback()
		site.database.close()

	threads = [threading.Thread(target=work) for _ in range(THREADS)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()


@contextmanager
def locked(site: FaultSandbox, row: int, seconds: float = 120.0) -> Iterator[None]:
	"""Somebody else holds a row, until the block is left or for so many seconds."""
	other = site.open_control()
	other.execute("SET SESSION idle_transaction_timeout = 0")
	other.execute("UPDATE fault_row SET n = n WHERE id = %s", (row,))
	release = threading.Timer(seconds, other.rollback)
	release.start()
	try:
		yield
	finally:
		release.cancel()
		release.join()
		other.close()


def effects(site: FaultSandbox) -> tuple[int, int, set[str], int]:
	"""How many steps acted, how many different ones, as whom, and what they added up."""
	site.database.rollback()
	((acted, different),) = site.database.sql("SELECT COUNT(*), COUNT(DISTINCT step_run) FROM fault_effect")
	users = {row[0] for row in site.database.sql("SELECT DISTINCT user FROM fault_effect")}
	((added,),) = site.database.sql("SELECT SUM(n) FROM fault_row")
	return acted, different, users, int(added)


def test_steps_that_deadlock_act_once_each_and_as_the_same_user(
	server: Server, site: FaultSandbox, conflicts: Counter[int], tell: Tell
):
	refuse_changed_records(server, False)
	orchestrator = Orchestrator(site)
	ways = {"one": (1, 2), "two": (2, 1), "three": (1, 2)}
	for name, (first, then) in ways.items():
		orchestrator.import_workflow(contend(name, first, then))
	steps = 0
	while not conflicts[1213] and steps < ROUNDS * len(ways) * ITEMS:  # a machine may be too busy for one
		for name in ways:
			orchestrator.start_run(name, list(range(ITEMS)))
		site.database.commit()
		drain(site)
		steps += len(ways) * ITEMS
	assert {run["status"] for run in orchestrator.list_runs()} == {"Succeeded"}
	assert effects(site) == (steps, steps, {PERSON}, 2 * steps)
	((attempts,),) = site.database.sql("SELECT MAX(attempts) FROM `tabDogan Step Run`")
	assert attempts == 1
	assert conflicts[1213], "nothing has deadlocked"
	tell("deadlock (1213)", met=conflicts[1213], steps=steps, lost=0, doubled=0)


def change_records_under_steps(server: Server, site: FaultSandbox) -> None:
	"""Steps that write rows which others change after they have read them: each acts once, as the same user."""
	refuse_changed_records(server, True)
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow(contend("look", 1, 2, look=True))
	orchestrator.start_run("look", list(range(ITEMS)))
	site.database.commit()
	drain(site)
	assert {run["status"] for run in orchestrator.list_runs()} == {"Succeeded"}
	assert effects(site) == (ITEMS, ITEMS, {PERSON}, 2 * ITEMS)


def test_a_server_that_refuses_changed_records_refuses_none_of_a_step(
	server: Server, site: FaultSandbox, conflicts: Counter[int], tell: Tell
):
	change_records_under_steps(server, site)
	assert not conflicts[1020]
	tell("changed records on a server that refuses them", met=0, steps=ITEMS, lost=0, doubled=0)


def test_steps_whose_records_change_under_them_act_once_each_and_as_the_same_user(
	server: Server,
	site: FaultSandbox,
	conflicts: Counter[int],
	tell: Tell,
	monkeypatch: pytest.MonkeyPatch,
):
	monkeypatch.setattr(session, "relax", lambda ask: None)
	change_records_under_steps(server, site)
	assert conflicts[1020], "no record has changed"
	tell("record changed since it was read (1020)", met=conflicts[1020], steps=ITEMS, lost=0, doubled=0)


def test_a_step_that_waits_too_long_for_a_lock_is_repeated(
	site: FaultSandbox, conflicts: Counter[int], tell: Tell
):
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow(contend("patient", 1, 2))
	run = orchestrator.start_run("patient", [1])
	site.database.commit()
	with locked(site, 1, seconds=2.5):
		drain(site)
	assert orchestrator.get_run(run)["status"] == "Succeeded"
	assert effects(site) == (1, 1, {PERSON}, 2)
	assert conflicts[1205]
	tell("lock wait timeout", timeouts=conflicts[1205], steps=1, lost=0, doubled=0)


def test_a_step_may_lose_any_number_of_times_while_there_is_time(
	server: Server, site: FaultSandbox, conflicts: Counter[int]
):
	with server.connect() as connection, connection.cursor() as cursor:
		cursor.execute("SET GLOBAL innodb_lock_wait_timeout = 0")
	orchestrator = Orchestrator(site)
	definition = contend("often", 1, 2)
	del definition["steps"][0]["retry"]
	orchestrator.import_workflow(definition)
	run = orchestrator.start_run("often", [1])
	site.database.commit()
	try:
		with locked(site, 1, seconds=6):
			drain(site)
	finally:
		with server.connect() as connection, connection.cursor() as cursor:
			cursor.execute("SET GLOBAL innodb_lock_wait_timeout = 1")
	found = orchestrator.get_run(run)
	assert (found["status"], found["steps"][1]["attempts"]) == ("Succeeded", 1)
	assert conflicts[1205] > 12
	assert effects(site) == (1, 1, {PERSON}, 2)


def test_a_step_that_never_gets_its_lock_fails_and_says_so(
	site: FaultSandbox, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(attempting, "CONFLICT_SECONDS", 2.5)
	orchestrator = Orchestrator(site)
	definition = contend("unlucky", 1, 2)
	del definition["steps"][0]["retry"]
	orchestrator.import_workflow(definition)
	run = orchestrator.start_run("unlucky", [1])
	site.database.commit()
	with locked(site, 1):
		drain(site)
	found = orchestrator.get_run(run)
	assert found["status"] == "Failed"
	assert "Lock wait timeout" in found["error"]
	assert effects(site) == (0, 0, set(), 0)
	assert found["steps"][1]["attempts"] == 1


def test_all_work_ends_right_where_changed_records_are_refused(server: Server, site: FaultSandbox):
	refuse_changed_records(server, True)
	load = Load(site)
	load.start(scale.of(30, 300))
	while load.unfinished():
		drain(site)
	load.assert_right()

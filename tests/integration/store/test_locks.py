"""What statements lock and how they are planned on MariaDB: the difference between 26 and 6,000 steps a second."""

import threading
import time

import pymysql
import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.outcomes import Done, failed
from dogansystem.homes.databases import session
from dogansystem.store import context, processes, reads, run_state, runs, versions
from dogansystem.store.changes import claims, ends
from dogansystem.store.moment import moment
from dogansystem.store.queue import LANES
from dogansystem.worker import chores, takeover
from dogansystem.worker.control import Control
from dogansystem.worker.drainer import Drainer

STEPS = [
	{"id": "a", "action": "data.set", "after": []},
	{"id": "b", "action": "data.set", "after": []},
	{"id": "c", "action": "data.set", "after": ["a", "b"]},
]


@pytest.fixture
def site(empty_mariadb_url: str):
	with Sandbox(empty_mariadb_url) as opened:
		yield opened


def start(site: Sandbox) -> str:
	orchestrator = Orchestrator(site)
	orchestrator.import_workflow({"name": "locks", "run_as": "person@example.com", "steps": STEPS})
	run = orchestrator.start_run("locks")
	site.database.commit()
	return run


def fill(site: Sandbox, rows: int) -> None:
	site.database.execute(
		"INSERT INTO dogan_ready (lane, step_run, run, attempt, ready_at)"
		f" SELECT 4, CONCAT('r.', seq), 'r', 1, 0 FROM seq_1_to_{rows}"
	)
	site.database.commit()
	site.database.execute("ANALYZE TABLE dogan_ready")


def test_the_claim_walks_along_the_primary_key_and_sorts_nothing(site: Sandbox):
	fill(site, 5000)
	query, values = claims.claim_query(site.database, 50, [0] * LANES)
	(plan,) = site.database.sql(f"EXPLAIN {query}", values)
	assert plan[5] == "PRIMARY"
	assert plan[3] == "range"
	assert "filesort" not in (plan[9] or "")
	assert "temporary" not in (plan[9] or "")


def test_two_claimers_take_different_steps_at_the_same_moment(site: Sandbox):
	fill(site, 100)
	first, second = site.open_control(), site.open_control()
	at = moment(site)
	taken = []
	for number, db in enumerate((first, second)):
		process = processes.register(db, "node", "space", number, "worker", at)
		taken.append(
			{each.step_run for each in claims.claim(db, process, "worker", 0, 10, claims.Floor(), at)}
		)
	assert len(taken[0]) == len(taken[1]) == 10
	assert not taken[0] & taken[1]
	first.rollback()
	second.rollback()


def test_an_empty_claim_does_not_keep_others_from_starting_runs(site: Sandbox):
	db = site.open_control()
	at = moment(site)
	process = processes.register(db, "node", "space", 1, "worker", at)
	assert claims.claim(db, process, "worker", 0, 10, claims.Floor(), at) == []
	site.database.execute("SET SESSION innodb_lock_wait_timeout = 1")
	start(site)  # would wait for the gap lock of the empty claim
	db.rollback()


def test_an_attempt_that_reads_steps_does_not_keep_the_one_beside_it_from_finishing(site: Sandbox):
	run = start(site)
	context.load_steps(site.database, run)  # as an attempt does, whose action then takes its time
	other = site.open_control()
	other.execute("SET SESSION innodb_lock_wait_timeout = 1")
	definition = versions.load(site, reads.version_of_run(other, run), other)
	assert run_state.lock(other, run, definition) is not None
	other.rollback()
	site.database.rollback()


def test_who_locks_a_run_keeps_others_out_until_the_end(site: Sandbox):
	run = start(site)
	definition = versions.load(site, reads.version_of_run(site.database, run))
	run_state.lock(site.database, run, definition)
	other = site.open_control()
	other.execute("SET SESSION innodb_lock_wait_timeout = 1")
	with pytest.raises(pymysql.err.OperationalError) as waited:
		run_state.lock(other, run, definition)
	assert other.is_conflict(waited.value)
	other.rollback()
	site.database.rollback()


def test_who_goes_silent_in_the_middle_of_a_claim_holds_nobody_up(
	site: Sandbox, monkeypatch: pytest.MonkeyPatch
):
	"""Whose machine has lost power says nothing any more, and nobody tells the server."""
	monkeypatch.setattr(session, "CONTROL", session.CONTROL.replace(f"= {session.IDLE}", "= 1"))
	at, silent, other = moment(site), site.open_control(), site.open_control()
	process = processes.register(silent, "node", "space", 1, "worker", at)
	silent.commit()
	claims.claim(silent, process, "worker", 0, 10, claims.Floor(), at)
	other.execute("SET SESSION innodb_lock_wait_timeout = 10")
	assert processes.declare_dead(other, processes.every(other)[0])
	other.commit()
	with pytest.raises(pymysql.err.OperationalError) as too_late:
		silent.sql("SELECT 1")
	assert silent.is_lost(too_late.value)


def test_who_takes_over_ends_the_connection_that_holds_the_row_of_the_dead(site: Sandbox):
	silent, then = site.open_control(), moment(site, site.now() - 3600)
	process = processes.register(silent, "node", "space", 1, "worker", then)
	silent.mark(takeover.marks_of(process)[1])
	silent.execute("SET SESSION idle_transaction_timeout = 0")  # as if it had just begun to be silent
	silent.commit()
	silent.execute("UPDATE dogan_process SET beats = beats + 1 WHERE id = %s", (process,))
	taker = Control(site)
	chores.do(site, taker)
	assert taker.run(processes.every) == []
	taker.close()


def test_a_snapshot_from_before_the_claim_does_not_hide_earlier_steps(site: Sandbox):
	orchestrator = Orchestrator(site)
	steps = [
		{"id": "a", "action": "data.set", "params": {"x": 1}},
		{"id": "pause", "action": "flow.wait", "params": {"for": "0.1s"}},
		{"id": "b", "action": "data.set", "params": {"y": "{{ steps.a.output.x }}"}},
	]
	orchestrator.import_workflow({"name": "snapshot", "run_as": "person@example.com", "steps": steps})
	run = orchestrator.start_run("snapshot")
	site.set_settings(linger_seconds=0)
	site.database.commit()
	drainer = Drainer(site)  # reads the settings: its connection sees the tables as they are now
	site.database.sql("SELECT COUNT(*) FROM `tabDogan Step Run`")
	elsewhere = threading.Thread(target=lambda: Drainer(site, until=lambda: True).run())
	elsewhere.start()
	elsewhere.join()
	time.sleep(0.2)  # until the wait is over
	drainer.run()
	site.database.rollback()
	assert orchestrator.get_run(run)["status"] == "Succeeded"


def test_the_claim_by_age_walks_along_its_index_and_sorts_nothing(site: Sandbox):
	fill(site, 5000)
	query, values = claims.oldest_query(site.database, 50, 0)
	(plan,) = site.database.sql(f"EXPLAIN {query}", values)
	assert plan[5] == "dogan_ready_id"
	assert "filesort" not in (plan[9] or "")
	assert "temporary" not in (plan[9] or "")


def test_who_closes_the_items_of_a_run_does_not_wait_for_the_run_that_is_started_after_it(site: Sandbox):
	"""It may hold what the other one needs to start: a deadlock would end a person's save."""
	orchestrator, at = Orchestrator(site), moment(site)
	wait = {"id": "each", "action": "flow.wait", "params": {"for": "1h"}}
	wait |= {"for_each": [1, 2, 3, 4], "max_parallel": 3}
	orchestrator.import_workflow({"name": "items", "run_as": "person@example.com", "steps": [wait]})
	run = orchestrator.start_run("items")
	site.database.commit()
	Drainer(site, linger=0).run()
	site.database.commit()
	orchestrator.start_run("items")  # not committed
	other = site.open_control()
	other.execute("SET SESSION innodb_lock_wait_timeout = 1")
	definition = versions.load(site, reads.version_of_run(other, run), other)
	runs.close_items(other, run, definition, "each", at)
	other.together([ends.counting(run)])
	# Two end well: after the second no item is left to be opened. The third fails, and the run with it.
	for outcome in (Done(None), Done(None), failed(ValueError("bad"))):
		query = "SELECT id, step_run FROM dogan_timer WHERE run = %s ORDER BY id LIMIT 1"
		((number, step_run),) = other.sql(query, (run,))
		assert runs.end_wait(other, number, run, step_run, outcome, definition, at)
	runs.close_items(other, run, definition, "each", at)
	states = [each["status"] for each in reads.steps_as_json(other, run)]
	assert states == ["Failed", "Succeeded", "Succeeded", "Failed", "Cancelled"]
	other.commit()
	site.database.rollback()

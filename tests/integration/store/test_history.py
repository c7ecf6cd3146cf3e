"""A long history: claims, the status and the purge cost what they cost without one."""

import time
from collections.abc import Callable, Iterator

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.store import history, processes
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control
from tests import scale
from tests.conftest import Tell

STEPS = scale.of(50_000, 5_000_000)
STEPS_EACH = 5
RUNS = STEPS // STEPS_EACH
AT_ONCE = 50_000  # runs written in one transaction


@pytest.fixture
def site(empty_mariadb_url: str) -> Iterator[Sandbox]:
	with Sandbox(empty_mariadb_url) as opened:
		yield opened


def seconds(work: Callable[[], object], times: int = 5) -> float:
	"""The median of the seconds that `work` takes."""
	taken = []
	for _ in range(times):
		began = time.perf_counter()
		work()
		taken.append(time.perf_counter() - began)
	return sorted(taken)[times // 2]


def write_history(site: Sandbox, runs: int = RUNS) -> None:
	"""Runs that ended a minute apart, one in ten of them as Failed."""
	db = site.database
	for first in range(1, runs + 1, AT_ONCE):
		last = min(first + AT_ONCE - 1, runs)
		ended = "'2020-01-01' + INTERVAL seq MINUTE"
		db.execute(
			"INSERT INTO `tabDogan Workflow Run` (name, creation, modified, workflow, version, status, ending, cause,"
			" queued_at, started_at, finished_at, run_as, started_by)"
			f" SELECT CONCAT('0old-', LPAD(seq, 8, '0')), {ended}, {ended}, 'old', 'old@1', IF(seq %% 10, 'Succeeded',"
			f" 'Failed'), IF(seq %% 10, 'Succeeded', 'Failed'), 'api', {ended}, {ended}, {ended}, 'x', 'x'"
			f" FROM seq_{first}_to_{last}",
		)
		db.execute(
			"INSERT INTO `tabDogan Step Run` (name, creation, modified, run, workflow, step, position, item, title,"
			" action, status, attempts, output, started_at, finished_at, worker)"
			f" SELECT CONCAT('0old-', LPAD(r.seq, 8, '0'), '.s', s.seq), {ended.replace('seq', 'r.seq')},"
			f" {ended.replace('seq', 'r.seq')}, CONCAT('0old-', LPAD(r.seq, 8, '0')), 'old', CONCAT('s', s.seq), s.seq,"
			" 0, '', 'data.set', 'Succeeded', 1, REPEAT('x', 100), NULL, NULL, 'node:1'"
			f" FROM seq_{first}_to_{last} r JOIN seq_1_to_{STEPS_EACH} s",
		)
		db.commit()
	for table in ("tabDogan Workflow Run", "tabDogan Step Run"):
		db.sql(f"ANALYZE TABLE `{table}`")


def claim_seconds(site: Sandbox) -> float:
	"""What it takes to claim 20 of 2,000 ready steps."""
	orchestrator = Orchestrator(site)
	steps = [{"id": f"s{number}", "action": "data.set", "after": []} for number in range(500)]
	orchestrator.import_workflow({"name": "now", "run_as": "person@example.com", "steps": steps})
	for _ in range(4):
		orchestrator.start_run("now")
	site.database.commit()
	control = Control(site)
	process = control.run(lambda db: processes.register(db, "node", "space", 1, "worker", moment(site)))
	floor = claims.Floor()
	taken = 0

	def claim() -> None:
		nonlocal taken
		at = moment(site)
		taken += len(control.run(lambda db: claims.claim(db, process, "worker", taken, 20, floor, at)))

	result = seconds(claim, 15)
	assert taken == 300
	control.close()
	return result


def test_a_long_history_slows_nothing_down(site: Sandbox, tell: Tell):
	orchestrator = Orchestrator(site)

	def status() -> dict:
		found = orchestrator.get_system_status()
		site.database.rollback()
		return found

	claim_before, status_before = claim_seconds(site), seconds(status)
	write_history(site)
	claim_after = claim_seconds(site)
	control = Control(site)
	began = time.perf_counter()
	while control.run(history.count):
		pass
	counted_in = time.perf_counter() - began
	status_after = seconds(status)
	assert status()["steps"]["total"] == STEPS + 4_000
	assert status()["runs"]["Failed"] == RUNS // 10
	before = moment(site).text
	purged = seconds(lambda: control.run(lambda db: history.purge(db, "Succeeded", before, 100)))
	control.close()
	tell(
		f"a history of {STEPS:,} step runs",
		claim_ms_before=round(claim_before * 1e3, 2), claim_ms=round(claim_after * 1e3, 2),
		status_ms_before=round(status_before * 1e3, 2), status_ms=round(status_after * 1e3, 2),
		counted_in_seconds=round(counted_in, 1), purge_of_100_runs_ms=round(purged * 1e3, 1),
	)  # fmt: skip


def test_what_may_be_deleted_is_found_along_an_index(site: Sandbox):
	write_history(site, 5_000)
	query, values = history.candidates(site.database, "Succeeded", moment(site).text, 100)
	plan = site.database.sql(f"EXPLAIN {query}", values)
	site.database.rollback()
	assert plan[0][5] == "dogan_run_finished"
	assert plan[0][3] == "range"
	assert "filesort" not in (plan[0][9] or "")

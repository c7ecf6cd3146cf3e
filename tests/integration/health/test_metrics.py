"""The metrics: true numbers in Prometheus' format, monotone counters, and no look at history."""

import shutil
import subprocess

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.health.metrics import BUCKETS, buckets
from dogansystem.homes.sandbox import TestClock
from dogansystem.store.figures import BOUNDS, Histogram
from dogansystem.worker import identity
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick
from tests.integration.health.exposed import Exposed

STATUS_INDEXES = ("dogan_workflow_run_status", "dogan_run_finished")
ODD = 'Ada "the\\first"\nLovelace'


@pytest.fixture
def orchestrator(sandbox: Sandbox) -> Orchestrator:
	sandbox.set_settings(linger_seconds=0)
	sandbox.database.commit()
	return Orchestrator(sandbox)


def save(orchestrator: Orchestrator, name: str, *steps: dict) -> None:
	chosen = list(steps) or [{"id": "a", "action": "data.set"}]
	orchestrator.import_workflow({"name": name, "run_as": "person@example.com", "steps": chosen})


def start(orchestrator: Orchestrator, name: str, count: int = 1) -> None:
	for _ in range(count):
		orchestrator.start_run(name)
	orchestrator.site.database.commit()


def drain(orchestrator: Orchestrator) -> None:
	Drainer(orchestrator.site, until=lambda: True).run()


def scrape(orchestrator: Orchestrator) -> Exposed:
	orchestrator.site.database.rollback()
	found = Exposed(orchestrator.get_metrics())
	orchestrator.site.database.rollback()
	return found


def test_the_queue_and_what_was_done(orchestrator: Orchestrator, clock: TestClock):
	save(orchestrator, "quick")
	save(
		orchestrator,
		"broken",
		{"id": "a", "action": "data.check", "params": {"that": False, "message": "no"}},
	)
	start(orchestrator, "quick", 3)
	clock.advance(20)
	before = scrape(orchestrator)
	assert before.value("dogansystem_steps_ready", priority="5") == 3
	assert before.value("dogansystem_oldest_ready_age_seconds") == 20
	assert before.value("dogansystem_runs", state="queued") == 3
	assert before.value("dogansystem_workflows_enabled") == 2
	start(orchestrator, "broken")
	drain(orchestrator)
	after = scrape(orchestrator)
	assert after.value("dogansystem_steps_ready", priority="5") == 0
	assert after.value("dogansystem_runs", state="queued") == 0
	assert after.value("dogansystem_steps_finished_total", workflow="quick", outcome="succeeded") == 3
	assert after.value("dogansystem_steps_finished_total", workflow="broken", outcome="failed") == 1
	node = identity.node()
	assert after.value("dogansystem_node_steps_finished_total", node=node, outcome="succeeded") == 3
	assert after.value("dogansystem_steps_lost_total", node=node) == 0
	wait = "dogansystem_step_wait_seconds"
	assert after.value(f"{wait}_bucket", priority="5", le="10") == 1
	assert after.value(f"{wait}_bucket", priority="5", le="30") == 4
	assert after.value(f"{wait}_bucket", priority="5", le="+Inf") == 4
	assert after.value(f"{wait}_sum", priority="5") == pytest.approx(60, abs=1)
	assert after.value("dogansystem_step_run_seconds_count", workflow="quick") == 3
	assert after.types[wait] == "histogram"


def test_counters_only_rise_whatever_the_tick_does_meanwhile(orchestrator: Orchestrator, clock: TestClock):
	save(orchestrator, "quick")
	seen = []
	for _ in range(8):
		start(orchestrator, "quick")
		drain(orchestrator)
		clock.advance(25)
		tick(orchestrator.site)
		found = scrape(orchestrator)
		seen.append(found.value("dogansystem_steps_finished_total", workflow="quick", outcome="succeeded"))
	assert seen == [1, 2, 3, 4, 5, 6, 7, 8]
	assert found.value("dogansystem_tick_timestamp_seconds") == clock.now()
	assert found.value("dogansystem_node_up", node=identity.node()) == 1


def test_names_may_be_anything(orchestrator: Orchestrator):
	orchestrator.register_agent(ODD, "person@example.com", ["maths"], capacity=3)
	save(orchestrator, "by-agent", {"id": "a", "action": "data.set", "agent": ODD})
	start(orchestrator, "by-agent", 5)
	tick(orchestrator.site)
	found = scrape(orchestrator)
	assert found.value("dogansystem_agent_capacity", agent=ODD) == 3
	assert found.value("dogansystem_agent_steps_in_hand", agent=ODD) == 3
	assert found.value("dogansystem_agent_steps_waiting", agent=ODD) == 2
	drain(orchestrator)
	assert found.labels("dogansystem_agent_capacity", "agent") == {ODD}
	found = scrape(orchestrator)
	assert found.value("dogansystem_agent_steps_finished_total", agent=ODD, outcome="succeeded") == 5


def test_the_buckets_are_bounds_of_the_figures():
	assert set(BUCKETS) <= set(BOUNDS)
	times = Histogram()
	for seconds in (0.001, 0.3, 1e9):
		times.add(seconds)
	found = dict(buckets(times))
	assert [found[le] for le in ("0.005", "0.25", "0.5", "3000", "+Inf")] == [1, 1, 2, 2, 3]


def test_promtool_finds_nothing_to_say(orchestrator: Orchestrator):
	promtool = shutil.which("promtool")
	if not promtool:
		pytest.skip("no promtool: apt-get install prometheus")
	orchestrator.register_agent(ODD, "person@example.com")
	save(orchestrator, "quick")
	start(orchestrator, "quick")
	drain(orchestrator)
	given = orchestrator.get_metrics()
	orchestrator.site.database.rollback()
	done = subprocess.run(
		[promtool, "check", "metrics"], input=given, capture_output=True, text=True, check=False
	)
	assert (done.returncode, done.stdout + done.stderr) == (0, "")
	bad = given.replace("dogansystem_timers", "dogansystem_timersTotal_")
	done = subprocess.run(
		[promtool, "check", "metrics"], input=bad, capture_output=True, text=True, check=False
	)
	assert done.returncode


def test_a_scrape_reads_no_step_of_history_and_only_unfinished_runs(empty_mariadb_url: str):
	with Sandbox(empty_mariadb_url) as site:
		site.set_settings(linger_seconds=0)
		orchestrator = Orchestrator(site)
		save(orchestrator, "quick")
		start(orchestrator, "quick", 200)
		drain(orchestrator)
		site.database.execute("ANALYZE TABLE `tabDogan Workflow Run`")
		asked = []
		plain = site.database.sql
		site.database.sql = lambda query, values=(): asked.append((query, values)) or plain(query, values)
		orchestrator.get_metrics()
		del site.database.sql
		site.database.rollback()
		assert len(asked) > 10
		for query, values in asked:
			if not query.startswith("SELECT"):
				continue
			for _, _, table, kind, _, key, *_ in site.database.sql(f"EXPLAIN {query}", values):
				assert table != "tabDogan Step Run", query
				if "tabDogan Workflow Run" in query:
					assert kind == "range" and key in STATUS_INDEXES, query

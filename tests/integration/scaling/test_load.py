"""The load: what it puts on, that what it measures is what was done, and that nothing of it is left."""

import json
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions.busy import WORKFLOW
from dogansystem.cli import main
from dogansystem.engine.errors import InputError, NotAllowed, WrongState
from dogansystem.scaling import baseline, measurement, summary
from dogansystem.scaling.load import runner
from dogansystem.scaling.load.plan import Plan, parse_rate, parse_time
from dogansystem.scaling.load.runner import Load, NobodyWorks, check_may_load, clean_up
from tests.faults.workers import working

COMMAND = [sys.executable, "-c", "from dogansystem.cli import main; main(prog_name='dogansystem')"]
TABLES = (
	"Dogan Workflow",
	"Dogan Workflow Version",
	"Dogan Workflow Step",
	"Dogan Workflow Run",
	"Dogan Step Run",
)
QUEUES = ("dogan_ready", "dogan_lease", "dogan_line", "dogan_slot", "dogan_timer")


@pytest.fixture
def site(url: str) -> Iterator[Sandbox]:
	"""A sandbox with the real clock: processes work on it."""
	with Sandbox(url) as opened:
		yield opened


def load(site: Sandbox, plan: Plan) -> Load:
	return Load(site, Orchestrator(site), plan, lambda text: None)


def left(site: Sandbox) -> dict[str, int]:
	"""What there is of runs and workflows, by table; empty tables left out."""
	site.database.rollback()
	tables = [*(f"tab{name}" for name in TABLES), *QUEUES]
	counts = {table: site.database.sql(f"SELECT COUNT(*) FROM `{table}`")[0][0] for table in tables}
	site.database.rollback()
	return {table: count for table, count in counts.items() if count}


def test_arrivals_are_at_random_moments_that_the_seed_decides():
	plan = Plan(rate=20.0, duration=500.0, seed=7)
	times = list(plan.arrivals())
	assert times == list(plan.arrivals())
	assert times != list(Plan(rate=20.0, duration=500.0, seed=8).arrivals())
	assert len(times) == pytest.approx(10_000, rel=0.05)
	gaps = [later - earlier for earlier, later in pairwise(times)]
	assert statistics.mean(gaps) == pytest.approx(0.05, rel=0.05)
	assert statistics.stdev(gaps) == pytest.approx(0.05, rel=0.1)  # as long as the mean: exponential


@pytest.mark.parametrize(
	("options", "message"),
	[
		({}, "--runs 500 for all at once, or --rate"),
		({"runs": 5, "rate": 1.0}, "--runs 500"),
		(
			{"runs": 5, "shape": "heavy"},
			"'heavy' is no shape of a load; there are wait, cpu, database, mixed",
		),
		({"runs": -5}, "runs is -5; give 0 to"),
		({"runs": 5, "steps": 0}, "steps is 0; give 1 to 20"),
		({"runs": 5, "seconds": 61.0}, "wait is 61; give 0 to 60"),
		({"rate": 900.0, "duration": 1000.0}, "the number of runs is 900000"),
	],
)
def test_a_load_that_cannot_be_says_why(options: dict, message: str):
	with pytest.raises(InputError, match=message):
		Plan(**options)


def test_rates_and_times_are_read_as_people_write_them():
	assert [parse_rate(text) for text in ("20/s", "600/m", "36 / h", "2.5")] == [20, 10, 0.01, 2.5]
	assert [parse_time(text) for text in ("100ms", "0.1", "1m", "90s")] == [0.1, 0.1, 60, 90]
	for text in ("fast", "0/s", "20/x"):
		with pytest.raises(InputError, match="write 20/s"):
			parse_rate(text)
	with pytest.raises(InputError, match="or 100ms"):
		parse_time("soon")


def test_every_step_is_measured_and_nothing_is_left(site: Sandbox, url: str):
	before = left(site)
	with working(url, 2):
		put_on = load(site, Plan(runs=12, steps=3, items=4, shape="mixed", seconds=0.01))
		measured = put_on.run()
		found = summary.summary(site, measured)
		removed = put_on.clean()
	assert removed == 12
	assert found["steps"] == 12 * (4 + 2)
	assert found["failed"] == 0
	assert sum(each.steps for each in measured.slices) == found["steps"]
	assert sum(each.executed for each in measured.named("node").values()) == found["steps"]
	assert found["load"] == {"shape": "mixed", "steps": 3, "seconds": 0.01, "items": 4}
	assert found["run_seconds"]["p99"] >= 0.01
	assert left(site) == before == {}
	assert site.outbox() == [] and site.changes() == []


def test_the_samples_say_of_a_load_what_its_rows_say(site: Sandbox, url: str):
	with working(url, 2):
		put_on = load(site, Plan(runs=30, steps=2, seconds=0.02))
		measured = put_on.run()
		until = time.monotonic() + 30
		while True:  # workers write down what they did with their next beat
			site.database.rollback()
			sampled = measurement.from_samples(site, 5)
			if sampled.site.executed >= measured.site.executed:
				break
			assert time.monotonic() < until
			time.sleep(0.1)
		put_on.clean()
	assert sampled.site.outcomes == measured.site.outcomes == {"Succeeded": 60}
	assert set(sampled.named("node")) == set(measured.named("node"))
	assert sampled.named("workflow").keys() == {WORKFLOW}
	assert (
		sampled.site.run.sum >= 0.99 * measured.site.run.sum >= 60 * 0.02 * 0.99
	)  # with the commits: those are in no row


def test_arrivals_do_not_wait_for_those_before_them(site: Sandbox, url: str):
	with working(url, 1):
		put_on = load(site, Plan(rate=20.0, duration=2.0, steps=1, seconds=0.2))
		measured = put_on.run()
		put_on.clean()
	assert measured.site.executed == len(list(Plan(rate=20.0, duration=2.0).arrivals()))
	assert max(each.waiting or 0 for each in measured.slices) > 3  # the line grew: nobody held back for it
	assert left(site) == {}


def test_what_a_load_left_keeps_the_next_one_away_until_it_is_cleaned(site: Sandbox):
	orchestrator = Orchestrator(site)
	put_on = load(site, Plan(runs=30))
	put_on._make_workflow()  # and is killed here
	for _ in range(30):
		orchestrator.start_run(WORKFLOW)
	site.database.commit()
	with pytest.raises(WrongState, match="load --clean"):
		load(site, Plan(runs=1)).run()
	assert clean_up(site, orchestrator, lambda text: None) == 30
	assert clean_up(site, orchestrator, lambda text: None) == 0
	assert left(site) == {}


def test_what_is_kept_is_disabled(site: Sandbox, url: str):
	with working(url, 1):
		put_on = load(site, Plan(runs=2, steps=1, seconds=0))
		put_on.run()
		assert put_on.clean(keep=True) == 0
	assert left(site)["tabDogan Workflow Run"] == 2
	with pytest.raises(WrongState, match="disabled"):
		Orchestrator(site).start_run(WORKFLOW)


def test_a_load_that_nobody_works_on_is_given_up(site: Sandbox, monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(runner, "NOBODY_AFTER", 0.5)
	put_on = load(site, Plan(runs=2))
	with pytest.raises(NobodyWorks, match="Start workers"):
		put_on.run()
	put_on.clean()
	assert left(site) == {}


def test_a_site_that_people_use_is_refused(site: Sandbox, monkeypatch: pytest.MonkeyPatch):
	check_may_load(site, yes=False)
	monkeypatch.setattr(site, "signs_of_production", lambda: ["12 users were active within a day"])
	with pytest.raises(NotAllowed, match=r"12 users were active within a day.*staging site, or say --yes"):
		check_may_load(site, yes=False)
	check_may_load(site, yes=True)


def test_runs_of_others_under_way_are_a_sign(site: Sandbox):
	step = {"id": "a", "action": "data.set"}
	Orchestrator(site).import_workflow({"name": "theirs", "run_as": "a@example.com", "steps": [step]})
	Orchestrator(site).start_run("theirs")
	site.database.commit()
	with pytest.raises(NotAllowed, match="1 runs of its own workflows are under way"):
		check_may_load(site, yes=False)


def test_the_step_of_a_load_is_of_no_use_elsewhere(site: Sandbox, url: str):
	definition = {
		"name": "sleepy",
		"run_as": "a@example.com",
		"steps": [{"id": "a", "action": "load.work", "params": {"kind": "wait", "seconds": 60}}],
	}
	Orchestrator(site).import_workflow(definition)
	run = Orchestrator(site).start_run("sleepy")
	site.database.commit()
	with working(url, 1):
		until = time.monotonic() + 30
		while (found := Orchestrator(site).get_run(run))["status"] != "Failed":
			assert time.monotonic() < until, found
			site.database.rollback()
			time.sleep(0.1)
	assert "use flow.wait" in found["error"]


def test_the_command_prints_records_and_leaves_nothing(tmp_path: Path):
	url = str(tmp_path / "load.db")
	words = ["load", "--db", url, "--workers", "1", "--runs", "40", "--steps", "3", "--wait", "1ms"]
	done = CliRunner().invoke(main, [*words, "--record", "before", "--json"])
	assert done.exit_code == 0, done.output
	found = json.loads(done.stdout)
	assert (found["name"], found["steps"], found["source"]) == ("before", 120, "Load")
	with Sandbox(url) as site:
		assert left(site) == {}
		assert [each["source"] for each in Orchestrator(site).list_baselines()] == ["Load"]
	taken = CliRunner().invoke(main, [*words, "--record", "before"])
	assert (taken.exit_code, "'before' already" in taken.output) == (2, True)
	nothing = CliRunner().invoke(main, ["load", "--db", url])
	assert (nothing.exit_code, "Say how much" in nothing.output) == (2, True)
	clean = CliRunner().invoke(main, ["load", "--db", url, "--clean"])
	assert (clean.exit_code, "Nothing of a load is left." in clean.output) == (0, True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_it_and_leaves_nothing(url: str, number: signal.Signals):
	Sandbox(url).close()
	words = [*COMMAND, "load", "--db", url, "--workers", "1", "--runs", "200", "--wait", "200ms"]
	process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
	with Sandbox(url) as site:
		until = time.monotonic() + 60
		while not site.database.sql("SELECT 1 FROM dogan_lease"):
			assert time.monotonic() < until
			site.database.rollback()
			time.sleep(0.1)
		site.database.rollback()
		process.send_signal(number)
		output, said = process.communicate(timeout=60)
		assert process.returncode == 130, said
		assert "It was interrupted" in output
		assert "Removed the workflow" in said
		assert left(site) == {}


def test_twice_the_workers_do_about_twice_as_much_of_what_waits(empty_mariadb_url: str):
	"""The roadmap's R5 in short: real processes, steps that wait. How near it comes to 2 is for a quiet machine."""
	with Sandbox(empty_mariadb_url) as site:
		for workers, runs in ((2, 80), (4, 160)):
			with working(empty_mariadb_url, workers):
				put_on = load(site, Plan(runs=runs, steps=2, seconds=0.15))
				measured = put_on.run()
				put_on.clean()
			baseline.keep(site, f"{workers} workers", measured)
			site.database.commit()
		found = Orchestrator(site).compare("2 workers", "4 workers")
	assert found["capacity"]["hoped"] == pytest.approx(2, rel=0.05)
	assert found["capacity"]["ratio"] > 1.4, found["reasons"]
	assert found["verdict"] in ("as_hoped", "less")

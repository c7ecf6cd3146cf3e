"""`dogansystem simulate`: the table, the JSON, the samples of a sandbox, and what is refused."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.worker.drainer import Drainer

WORKFLOW = """
name: follow-up
run_as: person@example.com
steps:
  - {id: ask, action: http.request, params: {url: "https://example.com"}, retry: {attempts: 3, delay: 1}}
  - {id: tell, action: notify.user, params: {user: person@example.com, subject: Done}}
"""
SHORT = ("--arrivals", "50/s", "--for", "20s")


@pytest.fixture
def file(tmp_path: Path) -> str:
	path = tmp_path / "follow-up.yaml"
	path.write_text(WORKFLOW)
	return str(path)


def words(*arguments: str) -> tuple[int, str]:
	result = CliRunner().invoke(main, ["simulate", *arguments])
	return result.exit_code, result.output


def configurations(*arguments: str) -> list[dict[str, object]]:
	code, output = words(*arguments, "--json")
	assert code == 0, output
	found: list[dict[str, object]] = json.loads(output)["configurations"]
	return found


def test_the_documented_command_prints_a_line_for_each_configuration(file: str):
	code, output = words(file, "--workers", "10,20", "--nodes", "1,3", *SHORT)
	lines = output.splitlines()
	assert code == 0
	assert lines[0] == "follow-up: 50/s, for 20s, seed 1"
	assert "http.*: wait lognormal 200ms cv 1" in lines[1]
	assert lines[3].split()[:3] == ["nodes", "workers", "runs/s"]
	assert [line.split()[:2] for line in lines[4:]] == [["1", "10"], ["1", "20"], ["3", "10"], ["3", "20"]]


def test_too_few_workers_fall_behind_and_enough_keep_up(file: str):
	code, output = words(file, "--workers", "5,40", "--service", "wait 200ms", *SHORT)
	few, enough = output.splitlines()[4:]
	assert code == 0
	assert "falls behind: " in few and few.endswith(" wait")
	assert enough.endswith("keeps up")


def test_json_has_every_figure(file: str):
	(found,) = configurations(file, "--workers", "40", "--price", "0.10/h", "--service", "wait 100ms", *SHORT)
	assert found["steps"] == pytest.approx(100, rel=0.1)
	assert found["busy"] == pytest.approx(0.25, rel=0.15)
	assert found["cost_per_hour"] == pytest.approx(0.10)
	assert found["cost_per_1000_steps"] == pytest.approx(0.10 / 3600 / 100 * 1000, rel=0.1)
	assert set(found["wait"]) == set(found["run"]) == {"p50", "p95", "p99"}  # type: ignore[call-overload]


def test_failures_of_nodes_and_steps_are_told(file: str):
	found = configurations(
		*(file, "--nodes", "3", "--service", "wait 1s", "--failing", "ask=50%", "--arrivals", "5/s"),
		*("--for", "10m", "--failures", "node every 2m down 30s"),
	)[0]
	assert found["lost"] > 0  # type: ignore[operator]
	assert found["retries"] == pytest.approx(5 * 0.75, rel=0.15)
	assert found["failed"] == pytest.approx(0.125, abs=0.05)


def test_a_site_s_samples_say_how_long_steps_take(file: str, tmp_path: Path):
	path = str(tmp_path / "site.db")
	source = {"name": "follow-up", "run_as": "person@example.com", "steps": [
		{"id": "ask", "action": "data.check", "params": {"that": "{{ input.ok }}"}},
		{"id": "tell", "action": "data.set", "params": {"x": 1}, "agent": "Desk"},
	]}  # fmt: skip
	with Sandbox(path) as site:
		orchestrator = Orchestrator(site)
		orchestrator.register_agent("Desk", "person@example.com", [], 7)
		orchestrator.import_workflow(source)
		for number in range(40):
			orchestrator.start_run("follow-up", {"ok": number % 4 > 0})
		site.database.commit()
		Drainer(site, until=lambda: True).run()
	definition = tmp_path / "measured.json"
	definition.write_text(json.dumps(source))
	code, output = words(str(definition), "--db", path, *SHORT)
	assert code == 0, output
	assert "as measured in 70 attempts" in output
	(found,) = configurations(str(definition), "--db", path, *SHORT)
	assert found["failed"] == pytest.approx(1 - (1 - 10 / 70) ** 2, abs=0.05)
	code, output = words(str(definition), "--db", path, "--arrivals", "samples")
	assert (code, output) == (
		2,
		"There are no samples by minute yet: they are added up a minute later. Give --arrivals 50/s.\n",
	)


@pytest.mark.parametrize(
	("arguments", "message"),
	[
		(("--arrivals", "often"), "'often' is no rate"),
		((), "--arrivals: how often does it start?"),
		((*SHORT, "--workers", "none"), "--workers is 'none'"),
		((*SHORT, "--workers", "1000", "--nodes", "1000"), "more than 100,000 workers"),
		((*SHORT, "--service", "mial=wait 1s"), "has no step 'mial'; it has ask, tell."),
		((*SHORT, "--failing", "ask=5"), "'5' is no share"),
		((*SHORT, "--failures", "now and then"), "write `node every 1h down 5m`"),
		((*SHORT, "--database", "0/s"), "--database is 0"),
		((*SHORT, "--for", "soon"), "--for: 'soon' is not a duration"),
		(("--arrivals", "50/s", "--for", "0"), "give more than 0 seconds"),
		((*SHORT, "--cores", "-1"), "cores is -1"),
		((*SHORT, "--backlog", "-1"), "backlog is -1"),
		((*SHORT, "--items", "ask=many"), "'many' is no number"),
	],
)
def test_what_makes_no_sense_is_exit_code_2(file: str, arguments: tuple[str, ...], message: str):
	code, output = words(file, *arguments)
	assert code == 2
	assert message in output


def test_a_definition_that_is_none_is_exit_code_2(tmp_path: Path):
	path = tmp_path / "bad.yaml"
	path.write_text("name: bad\nsteps: []\n")
	code, output = words(str(path), *SHORT)
	assert code == 2
	assert str(path) in output


def test_a_sandbox_that_is_not_there_is_exit_code_3(file: str, tmp_path: Path):
	code, output = words(file, "--db", str(tmp_path / "none.db"), *SHORT)
	assert code == 3
	assert "There is no sandbox" in output

"""`dogansystem run` of workflows that wait: exit code 4, `--signal`, `--skip-waits`; and `dogansystem signal`."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from dogansystem import Sandbox
from dogansystem.cli import main
from dogansystem.homes.sandbox import TestClock
from dogansystem.orchestrator import Orchestrator
from dogansystem.worker.tick import tick

ASKS = {"id": "ask", "action": "flow.wait_for", "params": {"signal": "paid", "key": "Q-1"}}
LATE = {"id": "late", "action": "flow.wait", "params": {"for": "20d"}}


def run(tmp_path: Path, steps: list[dict[str, Any]], *options: str) -> tuple[int, dict[str, Any]]:
	"""The exit code, and what is printed as JSON."""
	result = invoke(tmp_path, steps, *options, "--json")
	return result.exit_code, json.loads(result.stdout)


def invoke(tmp_path: Path, steps: list[dict[str, Any]], *options: str) -> Result:
	path = tmp_path / "flow.json"
	path.write_text(json.dumps({"name": "flow", "steps": steps}))
	return CliRunner().invoke(main, ["run", str(path), "--workers", "2", *options])


@pytest.mark.contract(
	"A run that waits for people or signals which nobody will give: exit 4, status Waiting, and each wait named.",
	"4 it waits for people or signals",
)
def test_a_run_that_waits_for_what_nobody_will_give_ends_with_4_and_names_the_wait(tmp_path: Path):
	code, found = run(tmp_path, [{"id": "a", "action": "data.set"}, ASKS])
	assert (code, found["status"]) == (4, "Waiting")
	assert [(each["step"], each["signal"], each["key"]) for each in found["waits"]] == [
		("ask", "paid", "Q-1")
	]
	shown = invoke(tmp_path, [ASKS])
	assert shown.exit_code == 4
	assert "step ask for the signal paid with the key Q-1" in shown.stdout


@pytest.mark.contract('`--signal \'{"name": "paid", "key": "1", "data": {}')
def test_a_signal_that_is_given_ends_the_wait(tmp_path: Path):
	signal = json.dumps({"name": "paid", "key": "Q-1", "data": {"n": 1}})
	code, found = run(tmp_path, [ASKS], "--signal", signal)
	assert (code, found["status"]) == (0, "Succeeded")
	assert (found["steps"][0]["output"], found["steps"][0]["branch"]) == ({"n": 1}, "received")


@pytest.mark.contract(
	"`--skip-waits`: the clock jumps to the next due moment whenever nothing else is to do.",
	'"after": "2d"}\'` sends one, so long after the start.',
)
def test_waits_are_skipped_by_a_clock_that_jumps(tmp_path: Path):
	steps = [LATE, {**ASKS, "params": {**ASKS["params"], "deadline": "30d"}}]
	signal = json.dumps({"name": "paid", "key": "Q-1", "after": "45d"})
	code, found = run(tmp_path, steps, "--skip-waits", "--signal", signal)
	assert (code, [each["branch"] for each in found["steps"]]) == (0, [None, "received"])
	code, found = run(tmp_path, steps, "--skip-waits")
	assert (code, [each["branch"] for each in found["steps"]]) == (0, [None, "expired"])


def test_a_run_below_that_waits_is_waited_for(tmp_path: Path):
	below = tmp_path / "below.json"
	below.write_text(json.dumps({"name": "below", "steps": [ASKS]}))
	database = str(tmp_path / "flow.db")
	assert CliRunner().invoke(main, ["run", str(below), "--db", database]).exit_code == 4
	step = {"id": "sub", "action": "flow.run", "params": {"workflow": "below"}}
	code, found = run(tmp_path, [step], "--db", database)
	assert (code, [each["kind"] for each in found["waits"]]) == (4, ["child"])


@pytest.mark.contract("dogansystem signal NAME --db URL [--key KEY] [--data JSON]")
def test_the_command_signal_sends_one(tmp_path: Path):
	database = str(tmp_path / "flow.db")
	assert run(tmp_path, [ASKS], "--db", database)[0] == 4
	words = ["signal", "paid", "--key", "Q-1", "--data", '{"n": 2}', "--db", database, "--json"]
	assert json.loads(CliRunner().invoke(main, words).stdout)["signal"] == 1
	with Sandbox(database) as site:
		assert site.database.sql("SELECT COUNT(*) FROM dogan_signal")[0][0] == 1


@pytest.mark.parametrize(
	"wrong", ["[]", '{"key": 1}', '{"name": "a", "x": 1}', '{"name": "a", "after": "soon"}', "{"]
)
def test_a_signal_that_cannot_be_sent_is_a_wrong_usage(tmp_path: Path, wrong: str):
	result = invoke(tmp_path, [ASKS], "--signal", wrong)
	assert result.exit_code == 2
	assert "--signal" in result.stderr


@pytest.mark.contract("Signals are kept for `signal_retention`")
def test_signals_are_kept_for_their_time_and_no_longer(tmp_path: Path):
	clock = TestClock()
	with Sandbox(tmp_path / "kept.db", clock=clock) as site:
		assert site.settings().signal_retention == 7
		site.set_settings(signal_retention=2)
		Orchestrator(site).signal("paid")
		site.database.commit()
		tick(site)
		for days, left in ((1.9, 1), (0.2, 0)):
			clock.advance(days * 86_400)
			tick(site)
			assert site.database.sql("SELECT COUNT(*) FROM dogan_signal")[0][0] == left
			site.database.rollback()

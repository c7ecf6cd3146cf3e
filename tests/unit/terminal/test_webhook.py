"""`dogansystem run --webhook`: a delivery starts the run, without a signature."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem.cli import main

HOOK = {"on": "webhook", "credential": "shop", "headers": ["X-Shop"], "if": "{{ trigger.body.id > 5 }}"}


def run(tmp_path: Path, given: Any, triggers: Any = (HOOK,)) -> tuple[int, dict[str, Any]]:
	path = tmp_path / "flow.json"
	steps = [{"id": "a", "action": "data.set", "params": {"got": "{{ trigger }}"}}]
	path.write_text(
		json.dumps({"name": "flow", "run_as": "a@example.com", "triggers": list(triggers), "steps": steps})
	)
	text = given if isinstance(given, str) else json.dumps(given)
	result = CliRunner().invoke(main, ["run", str(path), "--workers", "1", "--json", "--webhook", text])
	return result.exit_code, json.loads(result.stdout)


def test_a_delivery_starts_the_run(tmp_path: Path):
	given = {
		"body": {"id": 7},
		"headers": {"x-shop": "north", "X-Other": 1},
		"query": {"p": "1"},
		"delivery": "d-1",
	}
	code, found = run(tmp_path, given)
	assert (code, found["status"]) == (0, "Succeeded")
	assert found["steps"][0]["output"]["got"] == {
		"on": "webhook",
		"body": {"id": 7},
		"headers": {"X-Shop": "north"},
		"query": {"p": "1"},
		"delivery": "d-1",
	}


def test_a_file_may_hold_it(tmp_path: Path):
	(tmp_path / "delivery.json").write_text('{"body": {"id": 8}}')
	assert run(tmp_path, f"@{tmp_path}/delivery.json")[0] == 0


@pytest.mark.parametrize(
	("given", "words"),
	[
		("{", "--webhook"),
		([1], "must be a mapping"),
		({"payload": 1}, "must be a mapping"),
		({"body": 1, "headers": []}, "headers"),
		({"body": {"id": 1}}, "the `if` of no webhook trigger"),
	],
)
def test_what_starts_nothing_says_why(tmp_path: Path, given: Any, words: str):
	code, found = run(tmp_path, given)
	assert code == 2
	assert words in json.dumps(found)


def test_a_workflow_without_a_webhook_says_so(tmp_path: Path):
	code, found = run(tmp_path, {"body": 1}, triggers=[{"on": "manual"}])
	assert code in (2, 3)
	assert "no trigger `on: webhook`" in json.dumps(found)

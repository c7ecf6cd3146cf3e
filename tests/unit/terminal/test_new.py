"""`dogansystem new` and `dogansystem graph`."""

import json
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from jsonschema import Draft7Validator

from dogansystem.cli import main
from dogansystem.engine.definitions.parse import parse


def call(*words: object) -> Result:
	return CliRunner().invoke(main, [str(word) for word in words])


@pytest.mark.contract("dogansystem new NAME a definition, a test and sample documents to start from")
def test_what_is_made_runs_with_its_sample_documents(tmp_path: Path):
	done = json.loads(call("new", "my-quotations", "--in", tmp_path / "flows", "--json").stdout)
	written = {Path(path).name: Path(path) for path in done["files"]}
	assert {"my-quotations.yaml", "my-quotations.test.yaml", "my-quotations.jsonl"} <= written.keys()
	definition, schema = written["my-quotations.yaml"], written["workflow.schema.json"]
	assert call("check", definition).exit_code == 0
	text = definition.read_text()
	assert Draft7Validator(json.loads(schema.read_text())).is_valid(parse(text).source)
	assert text.startswith(f"# yaml-language-server: $schema={schema.name}\n")
	run = json.loads(call(*done["run"][1:], "--json").stdout)
	assert run["status"] == "Succeeded"
	assert yaml.safe_load(written["my-quotations.test.yaml"].read_text())["workflow"] == definition.name


def test_nothing_is_written_over(tmp_path: Path):
	assert call("new", "mine", "--in", tmp_path).exit_code == 0
	(tmp_path / "mine.yaml").write_text("name: mine")
	done = call("new", "mine", "--in", tmp_path)
	assert (done.exit_code, "is there already" in done.stderr) == (2, True)
	assert (tmp_path / "mine.yaml").read_text() == "name: mine"
	assert call("new", "Not A Name", "--in", tmp_path).exit_code == 2


@pytest.mark.contract("dogansystem graph FILE the workflow as a Mermaid flowchart")
def test_a_graph_shows_triggers_steps_and_what_leads_from_one_to_the_next(tmp_path: Path):
	path = tmp_path / "flow.json"
	cases = {"cases": [{"name": "big", "if": True}]}
	steps = [
		{"id": "size", "title": 'Is it "big" & <new>?', "action": "flow.choose", "params": cases},
		{"id": "end", "action": "data.set", "after": ["size.big", "size.else"]},
		{"id": "each", "action": "data.set", "for_each": [1], "if": "{{ true }}"},
		{"id": "mend", "action": "data.set", "after": ["size"], "when": "failed"},
	]
	triggers = [{"on": "document", "doctype": "Sales Order", "event": "submitted"}, {"on": "manual"}]
	path.write_text(json.dumps({"name": "flow", "triggers": triggers, "steps": steps}))

	text = call("graph", path).stdout

	assert text.splitlines() == [
		"flowchart TD",
		'\ttrigger_0(["document Sales Order submitted"])',
		"\ttrigger_0 --> step_size",
		'\ttrigger_1(["manual"])',
		"\ttrigger_1 --> step_size",
		'\tstep_size{"Is it #quot;big#quot; #amp; #lt;new#gt;?<br/><i>flow.choose</i>"}',
		'\tstep_end["end<br/><i>data.set</i>"]',
		'\tstep_size -->|"big, else"| step_end',
		'\tstep_each[["each<br/><i>data.set</i>"]]',
		'\tstep_end -->|"if"| step_each',
		'\tstep_mend["mend<br/><i>data.set</i>"]',
		'\tstep_size -->|"failed"| step_mend',
	]
	assert json.loads(call("graph", path, "--json").stdout)["mermaid"] == text

"""AI agents as files beside the definitions that ask them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dogansystem import Sandbox
from dogansystem.cli import main
from dogansystem.engine.errors import DefinitionError
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.store import models
from dogansystem.terminal import beside, files, folder

ASKS = "name: asks\nrun_as: a@example.com\nsteps:\n- {id: ask, action: agent.ask, params: {agent: Clerk, prompt: Hi}}\n"
MODEL = {"doctype": "Dogan Model", "name": "Script", "provider": "scripted", "script": [{"text": "Hello."}]}
CLERK = "doctype: Dogan Agent\nname: Clerk\nmodel: Script\nuser: c@example.com\ntools:\n- {action: document.list, params: {doctype: Lead}}\n"


def write(path: Path, agent: str = CLERK) -> Path:
	(path / "asks.yaml").write_text(ASKS)
	(path / "asks.agent.yaml").write_text(agent)
	(path / "models.jsonl").write_text(json.dumps(MODEL))
	return path / "asks.yaml"


def run(*words: str) -> tuple[int, dict[str, Any]]:
	result = CliRunner().invoke(main, [*words, "--json"])
	return result.exit_code, json.loads(result.stdout)


def test_a_run_asks_the_agent_that_stands_beside_its_definition(tmp_path: Path):
	code, found = run("run", str(write(tmp_path)), "--documents", str(tmp_path / "models.jsonl"))
	assert (code, found["steps"][0]["output"]["text"]) == (0, "Hello.")


def test_an_agent_that_the_sandbox_has_stays_as_it_is(tmp_path: Path):
	write(tmp_path)
	url = str(tmp_path / "own.db")
	with Sandbox(url) as site:
		site.load_documents([{**MODEL, "name": "Own", "script": [{"text": "My own."}]}])
		site.load_documents(
			[{"doctype": "Dogan Agent", "name": "Clerk", "model": "Own", "user": "c@example.com"}]
		)
	_, found = run("run", str(tmp_path / "asks.yaml"), "--db", url)
	assert found["steps"][0]["output"]["text"] == "My own."


def test_a_test_has_the_tools_of_the_agent_beside_it(tmp_path: Path):
	write(tmp_path)
	said = [{"call": {"tool": "document_list", "params": {}}}, {"text": "Done."}]
	case = {"name": "a", "answers": {"ask": said}, "expect": {"status": "Succeeded"}}
	(tmp_path / "asks.test.yaml").write_text(json.dumps({"workflow": "asks.yaml", "tests": [case]}))
	code, found = run("test", str(tmp_path / "asks.test.yaml"))
	(call,) = found["tests"][0]["run"]["steps"][0]["output"]["calls"]
	assert (code, call["output"]) == (0, [])


def test_all_fields_that_a_file_leaves_out_have_their_defaults(tmp_path: Path):
	write(tmp_path)
	found = beside.agent_in(tmp_path / "asks.agent.yaml")
	assert (found["max_turns"], found["max_cost"], found["kind"], found["enabled"]) == (12, 1.0, models.AI, 1)
	assert json.loads(found["tools"][0]["params"]) == {"doctype": "Lead"}
	assert found["tools"][0]["approval"] == "writes"


@pytest.mark.parametrize(
	("text", "error", "words"),
	[
		("- 1", DefinitionError, "is no agent"),
		("doctype: Dogan Agent", DefinitionError, "is no agent"),
		("doctype: Dogan Agent\nname: Clerk\nmodle: x", ValidationError, "no field 'modle'"),
		("doctype: Dogan Agent\nname: Clerk\ntools: [{aktion: x}]", ValidationError, "no field 'aktion'"),
		("name: [", DefinitionError, "not valid YAML"),
	],
)
def test_what_is_wrong_with_a_file_is_said(tmp_path: Path, text: str, error: type[Exception], words: str):
	write(tmp_path, text)
	with pytest.raises(error, match=words):
		beside.agent_in(tmp_path / "asks.agent.yaml")


def test_only_agents_that_steps_ask_are_taken(tmp_path: Path):
	path = write(tmp_path)
	(tmp_path / "other.agent.yaml").write_text(CLERK.replace("Clerk", "Other"))
	found = beside.agents_of(tmp_path, [files.definition(path)])
	assert [each["name"] for each in found] == ["Clerk"]
	plain = "name: plain\nrun_as: a@example.com\nsteps:\n- {id: a, action: data.set, params: {b: 1}}\n"
	(tmp_path / "plain.yaml").write_text(plain)
	assert beside.agents_of(tmp_path, [files.definition(tmp_path / "plain.yaml")]) == []


def test_files_beside_definitions_are_not_imported(tmp_path: Path):
	write(tmp_path)
	(tmp_path / "asks.eval.yaml").write_text("x")
	(tmp_path / "agent.yaml").write_text(CLERK)
	assert [path.name for path in folder.definition_files(tmp_path)] == ["asks.yaml"]

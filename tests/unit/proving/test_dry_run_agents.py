"""Dry runs of workflows with AI agents: no model is asked, tools act and are undone, nothing is spent."""

import pytest
from click.testing import CliRunner

from dogansystem import Sandbox
from dogansystem.cli import main
from dogansystem.proving.said import sample
from tests.unit.proving.trying import USER, step, tried, workflow

BOSS = "dogan-boss@example.com"  # nobody approves what an agent of their own does
MODEL = {"doctype": "Dogan Model", "name": "Far", "provider": "openai", "address": "https://models.example.com/v1", "model": "m", "max_answer": 200}  # fmt: skip
AGENT = {
	"doctype": "Dogan Agent", "name": "Clerk", "user": USER, "model": "Far",
	"tools": [{"action": "document.create", "params": {"doctype": "ToDo"}, "approval": "writes", "ask_user": BOSS}],
}  # fmt: skip
FORM = {
	"type": "object",
	"required": ["kind", "score"],
	"properties": {"kind": {"enum": ["lead", "noise"]}, "score": {"type": "integer", "minimum": 3}},
}


@pytest.fixture
def site():
	with Sandbox(user=USER) as found:
		found.load_documents([MODEL, AGENT])
		yield found


def asks(**params):
	return workflow(step("ask", "agent.ask", params={"agent": "Clerk", "prompt": "Do it", **params}))


def test_no_model_is_asked_and_something_that_fits_stands_in(site):
	report = tried(site, asks(output=FORM))
	assert report["status"] == "Succeeded", report["error"]
	assert report["steps"][0]["output"]["value"] == {"kind": "lead", "score": 3}
	assert report["requests"] == []
	assert report["assumed"] == [{"step": "ask", "index": None, "decision": "answered", "by": "Far"}]


def test_what_it_says_can_be_given_and_its_calls_are_shown(site):
	call = {"call": {"tool": "document_create", "params": {"values": {"description": "from the agent"}}}}
	report = tried(site, asks(), answers={"ask": [call, {"text": "done"}]})
	assert report["status"] == "Succeeded", report["error"]
	assert report["steps"][0]["output"]["text"] == "done"
	(made,) = [each for each in report["changes"] if each["doctype"] == "ToDo"]
	assert made["events"] == ["created"]
	assert [each["status"] for each in report["approvals"]] == [
		"Approved"
	]  # assumed, as nobody was named who decides


def test_a_rejection_can_be_given_beside_what_it_says(site):
	call = {"call": {"tool": "document_create", "params": {"values": {"description": "from the agent"}}}}
	answers = {"ask": [call, {"text": "then not"}, {"decision": "rejected", "by": BOSS, "comment": "no"}]}
	report = tried(site, asks(), answers=answers)
	assert report["status"] == "Succeeded", report["error"]
	assert not [each for each in report["changes"] if each["doctype"] == "ToDo"]
	assert [each["status"] for each in report["approvals"]] == ["Rejected"]


def test_a_decision_and_words_of_a_model_are_two_answers(tmp_path):
	file = tmp_path / "a.yaml"
	file.write_text(
		"name: a\nrun_as: a@example.com\nsteps:\n  - {id: ask, action: agent.ask, params: {agent: Clerk, prompt: Do it}}\n"
	)
	both = 'ask={"text": "x", "decision": "approved"}'
	found = CliRunner().invoke(main, ["run", str(file), "--dry-run", "--answer", both])
	assert found.exit_code == 2
	assert "must be a mapping of" in found.output


def test_a_real_run_is_not_told_what_a_model_says(tmp_path):
	file = tmp_path / "a.yaml"
	file.write_text(
		"name: a\nrun_as: a@example.com\nsteps:\n  - {id: ask, action: agent.ask, params: {agent: Clerk, prompt: Do it}}\n"
	)
	found = CliRunner().invoke(main, ["run", str(file), "--answer", 'ask={"text": "x"}'])
	assert found.exit_code == 2
	assert "--dry-run" in found.output


@pytest.mark.parametrize(
	("schema", "value"),
	[
		({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [True, True]),
		({"anyOf": [{"const": 5}, {"type": "string"}]}, 5),
		({"type": ["null", "string"]}, None),
		({"default": "d"}, "d"),
	],
)
def test_a_value_that_fits_a_schema(schema, value):
	assert sample(schema) == value

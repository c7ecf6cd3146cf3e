"""What an AI agent and a model may be set up as."""

from typing import Any

import pytest

from dogansystem.actions.registry import core_actions
from dogansystem.agents.ai import bounds, prices, structured, tools
from dogansystem.agents.ai.conversation import Model
from dogansystem.agents.ai.described import Agent, Limits, Tool
from dogansystem.agents.ai.setup import as_agent, check_agent, check_model
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError, InputError
from dogansystem.homes.sandbox.errors import ValidationError
from tests.unit.agents.place import office

ACTIONS = core_actions()


@pytest.mark.parametrize(
	("tool", "wrong"),
	[
		({}, "name an action, a workflow, or"),
		({"action": "document.get", "workflow": "x"}, "name an action, a workflow, or"),
		({"action": "document.gett"}, "no action 'document.gett'"),
		({"action": "flow.stop"}, "steers the run"),
		({"action": "agent.ask"}, "steers the run"),
		({"action": "load.work"}, "no action 'load.work'"),
		({"action": "document.get", "params": {"doctyp": "Lead"}}, "no parameter 'doctyp'"),
		({"action": "document.get", "tool_name": "give_up"}, "cannot be its name"),
		({"action": "document.get", "tool_name": "a.b"}, "cannot be its name"),
		({"action": "http.request"}, "named one by one"),
		({"action": "http.request", "params": {"url": "*"}}, "named one by one"),
		({"action": "method.call", "params": {"method": []}}, "named one by one"),
		({"action": "script.run", "params": {"script": {"any": "*"}}}, "named one by one"),
	],
)
def test_a_tool_that_cannot_be_one_is_told_with_what_to_do(tool: dict[str, Any], wrong: str):
	(found,) = as_agent({"name": "a", "tools": [tool]}).tools
	assert wrong in (tools.problem(found, ACTIONS) or "")


@pytest.mark.parametrize(
	"tool",
	[
		{"action": "document.get", "params": {"doctype": ["Lead", "Quotation"]}},
		{"action": "method.call", "params": {"method": "my_app.api.rate"}},
		{"action": "http.request", "params": {"url": ["https://example.com/rates"]}},
		{"workflow": "follow-up"},
	],
)
def test_a_tool_that_can_be_one_is_let_through(tool: dict[str, Any]):
	(found,) = as_agent({"name": "a", "tools": [tool]}).tools
	assert tools.problem(found, ACTIONS) is None


def test_only_a_system_manager_offers_what_is_named_one_by_one():
	agent = Agent("a", "u", "m", tools=(Tool("call", action="method.call", params={"method": "x.y"}),))
	with office() as site:
		check_agent(site, agent, is_trusted=True)
		with pytest.raises(DefinitionError, match="only a System Manager"):
			check_agent(site, agent, is_trusted=False)


def test_everything_that_is_wrong_with_an_agent_is_told_at_once():
	agent = Agent(
		"a",
		"u",
		"",
		tools=(Tool("x", action="data.set"), Tool("x", action="data.set")),
		limits=Limits(turns=101, cost="-1"),
	)
	with office() as site, pytest.raises(DefinitionError) as error:
		check_agent(site, agent, is_trusted=True)
	assert [each.path for each in error.value.problems] == ["model", "max_turns", "max_cost", "tools[1]"]


@pytest.mark.parametrize(
	("model", "wrong"),
	[
		({"provider": "other"}, "provider"),
		({"provider": "openai"}, "model"),
		({"provider": "openai", "model": "x", "address": "ftp://x"}, "address"),
		({"provider": "openai", "model": "x", "price_in": -1}, "price_in"),
		({"provider": "openai", "model": "x", "price_out": "NaN"}, "price_out"),
		({"provider": "openai", "model": "x", "max_answer": -1}, "max_answer"),
		({"provider": "scripted", "script": '{"text": 1}'}, "script"),
	],
)
def test_a_model_that_cannot_be_asked_is_refused_by_the_field(model: dict[str, Any], wrong: str):
	with pytest.raises(InputError, match=wrong):
		check_model({"name": "m", **model})


def test_models_that_fall_back_on_each_other_are_refused():
	with office() as site:
		site.load_documents(
			[{"doctype": "Dogan Model", "name": "A", "provider": "scripted", "fallback": "B"}]
		)
		with pytest.raises(InputError, match="B → A → B"):
			check_model({"name": "B", "provider": "scripted", "fallback": "A"}, site.database)


def test_a_field_that_there_is_not_is_refused_in_the_sandbox():
	with office() as site, pytest.raises(ValidationError, match="no field 'modell'"):
		site.load_documents([{"doctype": "Dogan Agent", "name": "x", "modell": "Fast"}])


def test_costs_are_exact_and_rounded_up_to_a_billionth():
	model = Model("m", "openai", price_in="0.15", price_out="0.6")
	assert str(prices.cost(model, 1_000_000, 1_000_000)) == "0.75"
	assert prices.billionths(prices.cost(model, 1, 0)) == 150
	assert prices.billionths(prices.amount("0.0000000001")) == 1


@pytest.mark.parametrize(
	"doctype", ["Dogan Agent", "dogan settings ", "Dogan Agent Tool", "DOGAN APPROVAL MATRIX"]
)
def test_no_tool_changes_what_governs_agents_whatever_its_bounds(doctype: str):
	tool, given = (
		Tool("t", action="document.update", approval="never"),
		{"name": "x", "values": {"max_cost": 1}},
	)
	with office() as site:
		for params in (
			{"doctype": doctype, **given},
			{"doctype": "Lead", "name": "x", "values": {"doctype": doctype}},
		):
			with pytest.raises(bounds.OutOfBounds, match="governs agents"):
				tools.params_of(site, tool, params, "", ())


@pytest.mark.parametrize("doctype", ["User", "user", "Custom DocPerm", "Server Script"])
def test_people_decide_on_what_governs_everybody_whatever_a_tool_says(doctype: str):
	params = {"doctype": doctype, "name": "x", "values": {"enabled": 0}}
	with office() as site:
		assert tools.has_to_ask(site, Tool("t", action="document.update", approval="never"), params)
		assert not tools.has_to_ask(site, Tool("t", action="document.get", approval="never"), params)
		lead = {**params, "doctype": "Lead"}
		assert not tools.has_to_ask(site, Tool("t", action="document.update", approval="never"), lead)


# Bounds


PARAMETERS = ACTIONS["document.update"].parameters


def test_a_model_does_not_see_what_is_fixed_and_sees_what_it_may_choose():
	limited = {
		"doctype": "Lead",
		"name": ["L-1", "L-2"],
		"values": {"status": ["Open"], "notes": "*", "owner": "x"},
	}
	found = bounds.schema(PARAMETERS, limited)
	assert (sorted(found["properties"]), found["required"]) == (["name", "values"], ["name", "values"])
	assert found["properties"]["name"]["enum"] == ["L-1", "L-2"]
	assert sorted(found["properties"]["values"]["properties"]) == ["notes", "status"]


def test_what_is_fixed_is_added_and_null_leaves_a_parameter_out():
	limited = {"doctype": "Lead", "cc": None, "values": {"owner": "x", "status": ["Open"]}}
	given = {"values": {"status": "Open"}}
	assert bounds.within(given, limited, ()) == {
		"doctype": "Lead",
		"values": {"status": "Open", "owner": "x"},
	}


@pytest.mark.parametrize(
	("bound", "value"),
	[
		("Lead", "lead"),
		(["a"], ["a", "b"]),
		(["a"], {"a": 1}),
		(["a"], None),
		([1], True),
		([1], "1"),
		({"x": "*"}, {"y": 1}),
		({"x": ["a"]}, {"x": "b"}),
		({"x": "*"}, "x"),
		({"parties": True}, ["ada@example.com", "eve@example.com"]),
		({"parties": True}, None),
		(1, True),
	],
)
def test_what_is_out_of_its_bounds_is_refused_by_its_path(bound: Any, value: Any):
	with pytest.raises(bounds.OutOfBounds, match=r"^p"):
		bounds.within({"p": value}, {"p": bound}, {"ada@example.com"})


@pytest.mark.parametrize(
	("bound", "value"),
	[
		("*", {"a": 1}),
		(["a", "b"], ["a", "b"]),
		(["a"], "a"),
		({"x": "*"}, {"x": {"y": 1}}),
		({"parties": True}, "Ada@Example.com"),
	],
)
def test_what_is_within_its_bounds_is_let_through(bound: Any, value: Any):
	assert bounds.within({"p": value}, {"p": bound}, {"ada@example.com"}) == {"p": value}


# Answers with a form


def test_an_answer_in_a_fence_is_read_and_what_does_not_fit_is_named():
	schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
	assert structured.read('Here:\n```json\n{"n": 1}\n```', schema) == ({"n": 1}, "")
	assert "answer.n" in structured.read('{"n": "1"}', schema)[1]
	assert structured.read("", schema)[1]


# Definitions


def steps(**step: Any) -> dict[str, Any]:
	return {"name": "x", "run_as": "a@b.c", "steps": [{"id": "ask", "action": "agent.ask", **step}]}


@pytest.mark.parametrize(
	"step",
	[
		{"params": {"prompt": "x", "agent": "Clerk"}},
		{"params": {"prompt": "x"}, "agent": "Clerk"},
	],
)
def test_an_agent_stands_in_the_parameters_or_in_the_step(step: dict[str, Any]):
	(found,) = parse(steps(**step)).steps
	assert (found.agent, found.is_limited, found.is_in_parts) == ("Clerk", True, True)


@pytest.mark.parametrize(
	("step", "wrong"),
	[
		({"params": {"prompt": "x"}}, "nobody is named"),
		({"params": {"prompt": "x", "agent": "A"}, "capability": "b"}, "say it twice"),
		({"params": {"prompt": "x", "agent": "{{ doc.agent }}"}}, "is a template"),
	],
)
def test_a_step_that_does_not_say_who_is_asked_is_refused(step: dict[str, Any], wrong: str):
	with pytest.raises(DefinitionError, match=wrong):
		parse(steps(**step))


def test_what_undoes_a_step_cannot_ask_an_agent():
	undone = {
		"id": "a",
		"action": "data.set",
		"compensate": {"action": "agent.ask", "params": {"prompt": "x", "agent": "A"}},
	}
	with pytest.raises(DefinitionError, match="undoes nothing"):
		parse({"name": "x", "run_as": "a@b.c", "steps": [undone]})

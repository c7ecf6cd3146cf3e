"""What a person chooses for a parameter of a tool is the bound that agents/ai/bounds.py reads."""

from typing import Any

import pytest

from dogansystem.actions.registry import core_actions
from dogansystem.agents.ai import bounds, tools
from tests.unit.canvas.model import call, needs_node

pytestmark = needs_node
MODULE = "../../dogan_agents/bounds"

BOUNDS: list[Any] = [
	"Lead",
	5,
	False,
	["Lead", "Quotation"],
	[1, 2],
	None,
	{"parties": True},
	{"status": "*", "notes": "*"},
	{"status": ["Open"], "notes": "*"},
	[{"a": 1}],
	{"status": "Open", "notes": {"x": "*"}},
]


def test_every_bound_comes_back_as_it_was_whether_the_form_can_show_it_or_not():
	read = call([[MODULE, "read", each] for each in BOUNDS])
	assert call([[MODULE, "write", each] for each in read]) == BOUNDS
	kinds = ["fixed"] * 3 + ["one_of"] * 2 + ["omit", "parties", "keys", "keys", "written", "written"]
	assert [each["kind"] for each in read] == kinds


def test_what_is_typed_becomes_what_the_parameter_takes():
	number, switch, text = {"type": "integer"}, {"type": "boolean"}, {"type": ["string", "number"]}
	given = [
		({"kind": "fixed", "value": "20"}, number, 20),
		({"kind": "one_of", "value": ["1", "2"]}, number, [1, 2]),
		({"kind": "fixed", "value": "true"}, switch, True),
		({"kind": "fixed", "value": "20"}, text, "20"),
		({"kind": "one_of", "value": ["name"]}, {"type": "array", "items": {"type": "string"}}, ["name"]),
		({"kind": "keys", "value": ["status"]}, {"type": "object"}, {"status": "*"}),
	]
	found = call([[MODULE, "write", bound, schema] for bound, schema, _ in given])
	assert found == [wanted for *_, wanted in given]


@pytest.mark.parametrize("kind", ["fixed", "one_of", "keys"])
def test_what_is_left_empty_bounds_nothing(kind: str):
	assert call([[MODULE, "write", {"kind": kind, "value": value}] for value in ("", None)]) == [None, None]
	assert call([[MODULE, "words", "Values", "*", None]]) == [""]


def test_every_parameter_of_every_tool_can_be_left_to_the_model_or_bounded_and_recipients_to_the_documents():
	asked, names = [], []
	for name, action in core_actions().items():
		for parameter, schema in action.parameters.get("properties", {}).items():
			more = {
				"required": action.parameters.get("required", []),
				"recipients": tools.RECIPIENTS.get(name, []),
			}
			asked.append([MODULE, "kinds_of", parameter, schema, more])
			names.append((name, parameter, more))
	for (action, parameter, more), kinds in zip(names, call(asked), strict=True):
		assert kinds[0] == "any" and len(kinds) > 1, (action, parameter)
		assert ("parties" in kinds) == (parameter in more["recipients"]), (action, parameter)
		assert ("omit" in kinds) == (parameter not in more["required"]), (action, parameter)


def test_a_bound_that_the_form_writes_holds():
	written = call([[MODULE, "write", {"kind": "keys", "value": ["status"]}, {"type": "object"}]])[0]
	assert bounds.within({"values": {"status": "Open"}}, {"values": written}, ()) == {
		"values": {"status": "Open"}
	}
	with pytest.raises(bounds.OutOfBounds):
		bounds.within({"values": {"owner": "x"}}, {"values": written}, ())


def test_a_bound_is_said_in_words_that_fit_one_and_many():
	given = [
		("Fields", ["priority"], "Fields: only priority"),
		("Priority", ["Low", "High"], "Priority: only Low, High"),
		("Filters", None, "Filters: left out"),
		("Values", {"status": "*"}, "Values: only status"),
	]
	say = [[MODULE, "words", label, bound, "__"] for label, bound, _ in given]
	assert call(say) == [words for *_, words in given]

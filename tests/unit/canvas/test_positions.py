"""Where somebody has put steps: kept for those alone, and read from whatever a field holds."""

from typing import Any

import pytest

from tests.unit.canvas.model import ACTIONS, call, needs_node

pytestmark = needs_node

DEFINITION: dict[str, Any] = {
	"name": "placed",
	"steps": [{"id": "a", "action": "data.set"}, {"id": "b", "action": "data.set"}],
}


@pytest.mark.parametrize(
	("text", "found"),
	[
		('{"a": [1, -2.5]}', {"a": [1, -2.5]}),
		('{"a": [1], "b": ["1", 2], "c": [1, null], "d": 7, "e": [1, 2, 3]}', {}),
		("[1, 2]", {}),
		("{", {}),
		("", {}),
		(None, {}),
	],
)
def test_what_is_no_position_is_none(text, found):
	assert call([["positions", "read", text]]) == [found]


def test_only_steps_that_there_are_are_kept():
	assert call([["positions", "write", {"a": [1, 2], "gone": [3, 4]}, ["a", "b"]]]) == ['{"a":[1,2]}']
	assert call([["positions", "write", {"gone": [3, 4]}, ["a", "b"]]]) == [""]


def test_a_renamed_step_stays_where_it_was_put():
	assert call([["positions", "renamed", {"a": [1, 2], "b": [3, 4]}, "a", "z"]]) == [
		{"b": [3, 4], "z": [1, 2]}
	]
	assert call([["positions", "renamed", {"b": [3, 4]}, "a", "z"]]) == [{"b": [3, 4]}]


def test_a_step_stands_where_it_was_put_with_its_plus_and_the_others_where_they_were():
	(graph,) = call([["graph", "graph_of", DEFINITION, ACTIONS, False]])
	nodes, edges = graph["nodes"], graph["edges"]
	(at,) = call([["layout", "layout", nodes, edges]])
	(moved,) = call([["positions", "placed", at, nodes, edges, {"b": [500, 300], "gone": [0, 0]}]])
	plus = next(edge["target"] for edge in edges if edge["source"] == "step:b")
	assert moved["step:b"] == {"x": 500, "y": 300}
	assert moved[plus]["x"] - 500 == at[plus]["x"] - at["step:b"]["x"]
	assert moved[plus]["y"] - 300 == at[plus]["y"] - at["step:b"]["y"]
	assert {key: place for key, place in moved.items() if key not in ("step:b", plus)} == {
		key: place for key, place in at.items() if key not in ("step:b", plus)
	}

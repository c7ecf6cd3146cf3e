"""What is told of two definitions that differ."""

from typing import Any

import pytest

from dogansystem.engine.differences import differences

A = {"id": "a", "action": "data.set", "params": {"x": 1}}
B = {"id": "b", "action": "data.set"}


@pytest.mark.parametrize(
	("before", "after", "told"),
	[
		({"steps": [A]}, {"steps": [A]}, []),
		(
			{"steps": [A]},
			{"steps": [{**A, "params": {"x": True}}]},
			["steps[a].params.x: 1 -> true"],
		),
		({"steps": [A, B]}, {"steps": [B, A]}, ["steps: in another order"]),
		({"steps": [A]}, {"steps": [B, A]}, ['steps[b]: added, {"id": "b", "action": "data.set"}']),
		(
			{"steps": [A, B]},
			{"steps": [A]},
			['steps[b]: taken away, it was {"id": "b", "action": "data.set"}'],
		),
		({"title": "a"}, {"title": "b", "run_as": "c"}, ['title: "a" -> "b"', 'run_as: added, "c"']),
		(
			{"triggers": [{"on": "manual"}]},
			{"triggers": [{"on": "manual", "role": "R"}, {"on": "signal", "name": "s"}]},
			['triggers[0].role: added, "R"', 'triggers[1]: added, {"on": "signal", "name": "s"}'],
		),
		({"output": "x" * 200}, {"output": {}}, [f'output: "{"x" * 78}… -> {{}}']),
	],
)
def test_each_value_that_differs_is_a_line(before: Any, after: Any, told: list[str]) -> None:
	assert list(differences(before, after)) == told

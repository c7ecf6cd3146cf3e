"""Edits on the canvas do what they say and nothing else, on every kind of workflow."""

import json
from collections.abc import Iterable
from graphlib import TopologicalSorter
from random import Random
from typing import Any

from dogansystem.engine.definitions.check_order import resolve
from tests.unit.canvas.model import ACTIONS, call, definitions, needs_node

pytestmark = needs_node

NEW = {"id": "brand_new", "action": "data.set", "params": {}}
Definition = dict[str, Any]


def refs(definition: Definition) -> dict[str, tuple[str, ...]]:
	"""What each step waits for, by id, with branches."""
	steps = definition["steps"]
	return {
		step["id"]: tuple(step["after"]) if "after" in step else waits
		for step, waits in zip(steps, resolve(steps), strict=True)
	}


def rest(definition: Definition) -> list[Any]:
	"""All of a definition but what steps wait for."""
	steps = [{key: each for key, each in step.items() if key != "after"} for step in definition["steps"]]
	return [{**definition, "steps": None}, sorted(steps, key=lambda step: str(step["id"]))]


def same(one: Definition, other: Definition) -> bool:
	"""Whether two definitions mean the same."""
	return refs(one) == refs(other) and rest(one) == rest(other)


def check_order(definition: Definition) -> None:
	"""Raise CycleError if a step waits for itself, or KeyError if for one that there is not."""
	ids = {step["id"]: step for step in definition["steps"]}
	waits = {
		step: [ids[each.split(".")[0]]["id"] for each in after] for step, after in refs(definition).items()
	}
	tuple(TopologicalSorter(waits).static_order())


def places(graph: dict[str, Any]) -> list[dict[str, Any]]:
	"""Where a step can be added, on edges and at the ends of paths."""
	found = [edge["data"]["place"] for edge in graph["edges"]]
	return [each for each in found if each] + [
		node["data"]["place"] for node in graph["nodes"] if node["type"] == "place"
	]


def graphs(sources: Iterable[Definition]) -> list[dict[str, Any]]:
	return call([["graph", "graph_of", source, ACTIONS] for source in sources])


def test_a_step_is_added_at_every_place_and_taken_out_again():
	sources = definitions()
	pairs = [
		(source, place)
		for source, graph in zip(sources, graphs(sources), strict=True)
		for place in places(graph)
	]
	assert len(pairs) > 800
	added = call([["edit", "add", source, place, NEW] for source, place in pairs])
	for (source, place), found in zip(pairs, added, strict=True):
		waits = tuple(place.get("refs") or ([place["ref"]] if place["ref"] else []))
		expected = refs(source) | {"brand_new": waits}
		if place.get("to"):
			before = [each for each in refs(source)[place["to"]] if each not in waits[1:]]
			expected[place["to"]] = tuple("brand_new" if each in waits else each for each in before) or (
				"brand_new",
			)
		assert refs(found) == expected, place
	removed = call([["edit", "remove", each, "brand_new"] for each in added])
	assert all(same(source, found) for (source, _), found in zip(pairs, removed, strict=True))


def test_what_is_added_behind_a_step_does_not_have_to_say_so():
	source = {"name": "x", "steps": [{"id": "a", "action": "data.set"}]}
	[found] = call([["edit", "add", source, {"ref": "a"}, NEW]])
	assert found["steps"] == [source["steps"][0], NEW]
	[again] = call([["edit", "add", found, {"ref": "a", "to": "brand_new"}, {**NEW, "id": "between"}]])
	assert [(each["id"], "after" in each) for each in again["steps"]] == [
		("a", False), ("between", False), ("brand_new", False),
	]  # fmt: skip


def test_a_step_is_renamed_with_all_that_name_it():
	source = {
		"name": "x",
		"steps": [
			{"id": "ask", "action": "flow.approve", "params": {"to": "a@b.c", "subject": "ask steps.ask"}},
			{
				"id": "b",
				"after": ["ask.approved"],
				"if": "steps.ask.output and steps['ask'].branch and doc.steps.ask",
				"action": "data.set",
				"params": {"x": "ask {{ steps.ask.output }} {{ 'steps.ask' }} {{ steps.asked }}"},
			},
		],
		"output": {"y": '{{ steps["ask"].output }}'},
	}
	[found] = call([["rename", "rename", source, "ask", "decide"]])
	assert found["steps"][0] == {**source["steps"][0], "id": "decide"}
	assert found["steps"][1] == {
		"id": "b",
		"after": ["decide.approved"],
		"if": "steps.decide.output and steps['decide'].branch and doc.steps.ask",
		"action": "data.set",
		"params": {"x": "ask {{ steps.decide.output }} {{ 'steps.ask' }} {{ steps.asked }}"},
	}
	assert found["output"] == {"y": '{{ steps["decide"].output }}'}


def test_renamed_there_and_back_nothing_has_changed():
	sources = definitions()
	pairs = [(source, step["id"]) for source in sources for step in source["steps"]]
	there = call([["rename", "rename", source, step, "brand_new"] for source, step in pairs])
	back = call(
		[["rename", "rename", each, "brand_new", step] for each, (_, step) in zip(there, pairs, strict=True)]
	)
	for (source, step), other, again in zip(pairs, there, back, strict=True):
		assert again == source
		assert f"steps.{step}." not in json.dumps(other) or "'" in json.dumps(other)


def test_random_edits_one_after_the_other_keep_an_order_and_every_step():
	sources = definitions()
	chance = Random(7)
	now = sources
	for _ in range(6):
		moves = []
		for source, graph in zip(now, graphs(now), strict=True):
			key = chance.choice(source["steps"])["id"]
			place = chance.choice(places(graph))
			other = chance.choice(source["steps"])["id"]
			moves.append(
				chance.choice([["edit", "move", source, key, place], ["edit", "connect", source, other, key]])
			)
		now = call(moves)
		for each in now:
			check_order(each)
	assert [sorted(step["id"] for step in each["steps"]) for each in now] == [
		sorted(step["id"] for step in each["steps"]) for each in sources
	]
	assert [rest(each) for each in now] == [rest(each) for each in sources]


def test_nodes_do_not_cover_each_other_and_edges_lead_down():
	drawn = graphs(definitions())
	positions = call([["layout", "layout", graph["nodes"], graph["edges"]] for graph in drawn])
	for graph, found in zip(drawn, positions, strict=True):
		boxes = [(*found[node["id"]].values(), node["width"], node["height"]) for node in graph["nodes"]]
		for at, (x, y, width, height) in enumerate(boxes):
			for x2, y2, width2, height2 in boxes[at + 1 :]:
				assert x + width <= x2 or x2 + width2 <= x or y + height <= y2 or y2 + height2 <= y
		for edge in graph["edges"]:
			assert found[edge["source"]]["y"] < found[edge["target"]]["y"]


def test_what_is_no_step_keeps_its_place():
	source = {
		"name": "x",
		"steps": [{"id": "a", "action": "data.set"}, "text", {"action": "data.set"}, {"id": "a"}, None],
	}
	[graph] = graphs([source])
	assert [node["data"]["key"] for node in graph["nodes"] if node["type"] == "step"] == [
		"a",
		"#1",
		"#2",
		"#3",
		"#4",
	]
	[added] = call([["edit", "add", source, {"ref": "a"}, NEW]])
	assert [each for each in added["steps"] if each != NEW] == source["steps"]

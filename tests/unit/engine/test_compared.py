"""In what two definitions differ: sentences that a person reads, and marks for the picture."""

from copy import deepcopy
from random import Random
from typing import Any

import pytest

from dogansystem.engine.compared import ADDED, CHANGED, REMOVED, changes, marks
from dogansystem.store.version_history import difference
from tests.unit.simulation.definitions import workflow

OLD: dict[str, Any] = {
	"name": "leads",
	"run_as": "a@example.com",
	"triggers": [{"on": "document", "doctype": "Lead", "event": "created"}],
	"steps": [
		{"id": "look", "action": "document.list", "params": {"doctype": "Lead", "limit": 5}},
		{
			"id": "mail",
			"title": "Mail them",
			"action": "email.send",
			"params": {"to": "a@b.c", "subject": "Hello"},
		},
		{"id": "log", "action": "data.set", "params": {"done": True}},
	],
}


def changed(**rest: Any) -> dict[str, Any]:
	return {**deepcopy(OLD), **rest}


def sentences(new: dict[str, Any], old: dict[str, Any] = OLD) -> list[str]:
	return [str(each) for each in changes(old, new)]


def test_a_parameter_says_what_it_was_and_what_it_is():
	new = changed()
	new["steps"][1]["params"]["subject"] = "Good day"
	new["steps"][0]["params"]["limit"] = 7
	assert sentences(new) == [
		"Step look: Limit was changed from 5 to 7",
		"Step Mail them (mail): Subject was changed from “Hello” to “Good day”",
	]


def test_a_step_that_is_put_between_two_others_is_added_and_the_next_one_follows_it():
	new = changed()
	new["steps"].insert(1, {"id": "wait", "action": "flow.wait", "params": {"for": "1d"}})
	assert sentences(new) == [
		"Step wait was added: flow.wait",
		"Step Mail them (mail) follows wait now. It followed look",
	]
	assert marks(changes(OLD, new)) == {
		"old": {"step:mail": CHANGED},
		"new": {"step:wait": ADDED, "step:mail": CHANGED},
	}


def test_a_step_that_is_gone_is_marked_where_it_was():
	new = changed()
	del new["steps"][2]
	assert sentences(new) == ["Step log was removed"]
	assert marks(changes(OLD, new)) == {"old": {"step:log": REMOVED}, "new": {}}


def test_a_step_that_begins_to_follow_another_one_or_ends_to():
	new = changed()
	new["steps"][1]["after"] = []
	assert sentences(new) == ["Step Mail them (mail) follows no other one now. It followed look"]
	assert sentences(OLD, new) == ["Step Mail them (mail) follows look now. It followed no other one"]


def test_what_follows_is_said_of_steps_whether_it_is_written_or_not():
	new = changed()
	new["steps"][1]["after"] = ["look"]
	assert sentences(new) == ["It is written differently, and does the same"]


def test_a_step_with_another_id_is_renamed_and_those_that_follow_it_are_not_changed():
	new = changed()
	new["steps"][1]["id"] = "tell"
	assert sentences(new) == ["Step mail is called tell now"]


def test_triggers_and_the_workflow_itself():
	new = changed(run_as="b@example.com", limits={"concurrent_runs": 2})
	new["triggers"] = [{"on": "manual"}, {"on": "document", "doctype": "Lead", "event": "updated"}]
	assert sentences(new) == [
		"Workflow: Run as was changed from “a@example.com” to “b@example.com”",
		'Workflow: Limits was added: {"concurrent_runs": 2}',
		"Trigger manual was added",
		"Trigger document Lead updated: Event was changed from “created” to “updated”",
	]
	assert marks(changes(OLD, new))["old"] == {"trigger:0": CHANGED}
	assert marks(changes(OLD, new))["new"] == {"trigger:0": ADDED, "trigger:1": CHANGED}


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), (1, 1.0), ("1", 1), (None, "")])
def test_values_that_python_takes_for_the_same_are_not(one, other):
	old, new = changed(), changed()
	old["steps"][0]["params"]["limit"] = one
	new["steps"][0]["params"]["limit"] = other
	assert len(changes(old, new)) == 1


def test_a_long_value_is_cut():
	new = changed()
	new["steps"][1]["params"]["subject"] = "x" * 5000
	(sentence,) = sentences(new)
	assert len(sentence) < 300 and "…" in sentence


@pytest.mark.parametrize("seed", range(60))
def test_there_is_a_sentence_whenever_something_differs_and_only_then(seed):
	chance = Random(seed)
	one, other = workflow(chance, "random"), workflow(chance, "random")
	assert changes(one, deepcopy(one)) == []
	assert bool(changes(one, other)) == (one != other)
	for each in (*changes(one, other), *changes(other, one)):
		assert "{" not in each.text.format("", "", "", "")  # each has all its places
	for side, source in zip(("old", "new"), (one, other), strict=True):
		nodes = {f"step:{step['id']}" for step in source["steps"]}
		nodes |= {f"trigger:{index}" for index in range(len(source.get("triggers", [])))}
		assert set(marks(changes(one, other))[side]) <= nodes


def test_the_difference_as_text_is_a_unified_one():
	new = changed()
	new["steps"][1]["params"]["subject"] = "Good day"
	lines = difference(OLD, new, "version 1", "version 2")["yaml"].splitlines()
	assert lines[:2] == ["--- version 1", "+++ version 2"]
	assert [each.strip() for each in lines if each.startswith(("-  ", "+  "))] == [
		"-    subject: Hello",
		"+    subject: Good day",
	]

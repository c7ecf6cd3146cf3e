"""A definition as the form Dogan Workflow, and where on it a problem belongs."""

import json
from pathlib import Path
from typing import Any

import pytest

from dogansystem.engine.definitions import form
from dogansystem.engine.definitions.form import from_form, problem_field, to_form
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError

TEXT = """
name: a
limits: {concurrent_runs: 2, key: "{{ doc.customer }}"}
input: {type: object}
triggers:
- {on: document, doctype: Task, event: created, if: "{{ doc.subject }}"}
- {on: document, doctype: Lead, event: changed, field: status}
steps:
- {id: one, after: [], action: data.set, params: {a: [1, "{{ doc.name }}"]}, priority: 0}
- {id: two, action: data.set, for_each: [1, 2], retry: {attempts: 2, jitter: true, on: [Timeout, OSError]}}
- {id: three, after: [one, two], join: any, when: done, action: data.set, timeout: 90}
output: {a: "{{ steps.one.output }}"}
"""


def test_the_form_has_the_fields_of_the_doctypes() -> None:
	made = to_form(parse(TEXT))
	assert (made["workflow_name"], made["concurrent_runs"], made["when_full"]) == ("a", 2, "queue")
	assert (made["limit_key"], made["run_timeout"], made["title"]) == ("{{ doc.customer }}", "", "")
	assert json.loads(made["input_schema"]) == {"type": "object"}
	assert json.loads(made["output"]) == {"a": "{{ steps.one.output }}"}
	one, two, three = made["steps"]
	assert (one["step_id"], one["starts"], one["after"], one["priority"]) == ("one", 1, "", 0)
	assert json.loads(one["params"]) == {"a": [1, "{{ doc.name }}"]}
	assert (two["for_each"], two["starts"], two["after"], two["max_parallel"]) == ("[\n 1,\n 2\n]", 0, "", 0)
	assert (two["retry_attempts"], two["retry_jitter"], two["retry_on"]) == (2, 1, "Timeout, OSError")
	assert (three["after"], three["join_mode"], three["run_when"]) == ("one, two", "any", "done")
	assert (three["timeout"], three["priority"], three["on_error"]) == ("90s", 5, "fail")
	made_new, change = made["triggers"]
	assert (made_new["kind"], made_new["condition"]) == ("document", "{{ doc.subject }}")
	assert (change["document_type"], change["document_event"], change["field"]) == (
		"Lead",
		"changed",
		"status",
	)
	assert change["condition"] == ""


def test_every_key_of_a_definition_has_a_field_in_its_doctype() -> None:
	folder = Path(form.__file__).parents[2] / "dogansystem" / "doctype"
	tables = {"": form.WORKFLOW_FIELDS, "_step": form.STEP_FIELDS, "_trigger": form.TRIGGER_FIELDS}
	for suffix, fields in tables.items():
		name = f"dogan_workflow{suffix}"
		doctype = json.loads((folder / name / f"{name}.json").read_text())
		known = {field["fieldname"] for field in doctype["fields"]}
		assert set(fields.values()) <= known, name


def row(**fields: Any) -> dict[str, Any]:
	return {"workflow_name": "a", "steps": [{"step_id": "x", "action": "data.set", **fields}]}


@pytest.mark.parametrize(
	("fields", "keys"),
	[
		({"after": "", "starts": 0}, {}),
		({"after": None, "starts": 1}, {"after": []}),
		({"after": "", "starts": "1"}, {"after": []}),
		({"after": " a,b\nc , "}, {"after": ["a", "b", "c"]}),
		({"after": "a", "starts": 1}, {"after": ["a"]}),
		({"priority": 0}, {"priority": 0}),
		({"priority": "7"}, {"priority": 7}),
		({"priority": 5}, {}),
		({"max_parallel": 0, "retry_attempts": 0, "retry_jitter": 0}, {}),
		({"retry_attempts": 3, "retry_delay": "5s"}, {"retry": {"attempts": 3, "delay": "5s"}}),
		({"retry_jitter": "1"}, {"retry": {"jitter": True}}),
		({"for_each": "{{ doc.items }}"}, {"for_each": "{{ doc.items }}"}),
		({"for_each": '[1, "a"]'}, {"for_each": [1, "a"]}),
		({"for_each": "[doc.a, user]"}, {"for_each": "[doc.a, user]"}),
		({"params": "{}"}, {}),
		({"params": {"a": 1}}, {"params": {"a": 1}}),
		({"compensate": '{"action": "x"}'}, {"compensate": {"action": "x"}}),
		({"join_mode": "all", "run_when": "succeeded", "on_error": "fail"}, {}),
	],
)
def test_a_row_as_a_person_fills_it_in(fields: dict[str, Any], keys: dict[str, Any]) -> None:
	assert from_form(row(**fields))["steps"] == [{"id": "x", "action": "data.set", **keys}]


def test_an_output_that_is_one_template_needs_no_quotes() -> None:
	assert from_form({**row(), "output": "{{ steps.x.output }}"})["output"] == "{{ steps.x.output }}"


def test_fields_that_the_form_hides_for_this_kind_of_trigger_are_passed_over() -> None:
	trigger = {
		"kind": "document", "document_type": "Lead", "document_event": "created",
		"field": "status", "cron": "0 9 * * *", "missed": "all",
	}  # fmt: skip
	assert from_form({**row(), "triggers": [trigger]})["triggers"] == [
		{"on": "document", "doctype": "Lead", "event": "created"}
	]


def test_a_trigger_without_a_kind_is_told_so_by_the_check() -> None:
	with pytest.raises(DefinitionError, match=r"triggers\[0\]\.on: is missing"):
		parse(from_form({**row(), "triggers": [{"kind": "", "cron": "0 9 * * *"}]}))


def test_a_form_without_steps_is_told_so_by_the_check() -> None:
	with pytest.raises(DefinitionError, match="steps: has no step"):
		parse(from_form({"workflow_name": "a"}))


def test_every_field_with_unreadable_json_is_named() -> None:
	broken = {
		**row(params="{a: 1}", compensate="[", retry_on="A"),
		"input_schema": "{'type': 'object'}",
		"output": '{"a": 1, "a": 2}',
	}
	with pytest.raises(DefinitionError) as caught:
		from_form(broken)
	found = {problem.path: problem.message for problem in caught.value.problems}
	assert set(found) == {"input", "output", "steps[0].params", "steps[0].compensate"}
	assert all(message.startswith("not valid JSON: ") and "; write" in message for message in found.values())
	assert "stands twice" in found["output"]


@pytest.mark.parametrize(
	("path", "field"),
	[
		("name", (None, None, "workflow_name")),
		("limits.key", (None, None, "limit_key")),
		("limits.max", (None, None, "concurrent_runs")),
		("limits", (None, None, "concurrent_runs")),
		("input.properties.a.type", (None, None, "input_schema")),
		("output[0].x", (None, None, "output")),
		("steps", ("steps", None, None)),
		("triggers", ("triggers", None, None)),
		("steps[3]", ("steps", 3, None)),
		("steps[2].after[0]", ("steps", 2, "after")),
		("steps[0].params.to[1].x", ("steps", 0, "params")),
		("steps[0].if", ("steps", 0, "condition")),
		("steps[1].retry.on[0]", ("steps", 1, "retry_on")),
		("steps[1].retry", ("steps", 1, "retry_attempts")),
		("steps[10].compensate.params.x", ("steps", 10, "compensate")),
		("steps[0].zzz", ("steps", 0, None)),
		("triggers[0].doctype", ("triggers", 0, "document_type")),
		("line 3, column 7", (None, None, None)),
		("", (None, None, None)),
	],
)
def test_a_problem_points_to_its_field(path: str, field: tuple[str | None, int | None, str | None]) -> None:
	assert problem_field(path) == field

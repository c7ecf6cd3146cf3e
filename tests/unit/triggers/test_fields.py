"""Fields that a trigger names: they are looked for where the fields of its DocType are known; and the form has one for each
key."""

import json
from pathlib import Path
from typing import Any

import pytest

from dogansystem.engine.definitions.form import from_form, to_form
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.triggers.registry import KINDS
from dogansystem.engine.errors import DefinitionError

FIELDS = {"Task": {"name": "Data", "status": "Select", "due": "Date", "starts_on": "Datetime"}}
TASK = {"doctype": "Task"}
DOCTYPE = (
	Path(__file__).parents[3]
	/ "dogansystem/dogansystem/doctype/dogan_workflow_trigger/dogan_workflow_trigger.json"
)


def workflow(*triggers: dict[str, Any]) -> dict[str, Any]:
	steps = [{"id": "a", "action": "data.set"}]
	return {"name": "wf", "run_as": "a@example.com", "triggers": list(triggers), "steps": steps}


@pytest.mark.parametrize(
	("trigger", "message"),
	[
		({"on": "date", "field": "dew"}, "field: Task has no field 'dew' (did you mean 'due'?)"),
		(
			{"on": "date", "field": "status"},
			"field: 'status' of Task is of type Select, not Date or Datetime; use one of due, starts_on",
		),
		(
			{"on": "date", "field": "due", "filters": {"statu": "Open"}},
			"filters: Task has no field 'statu' (did you mean 'status'?)",
		),
		(
			{"on": "condition", "filters": [["stats", "=", "Open"]]},
			"filters: Task has no field 'stats' (did you mean 'status'?)",
		),
		(
			{"on": "document", "event": "changed", "field": "statu"},
			"field: Task has no field 'statu' (did you mean 'status'?)",
		),
		({"on": "date", "field": "starts_on", "filters": [["User", "enabled", "=", 1]]}, None),
	],
)
def test_a_name_that_is_no_field_is_told(trigger: dict[str, Any], message: str | None) -> None:
	source = workflow({**TASK, **trigger})
	parse(source)  # where nobody knows the fields, nothing is said
	if message is None:
		parse(source, fields_of=FIELDS.get)
		return
	with pytest.raises(DefinitionError) as caught:
		parse(source, fields_of=FIELDS.get)
	assert [str(problem) for problem in caught.value.problems] == [f"triggers[0].{message}"]


@pytest.mark.parametrize("value", ["Open", "", '""', '"', '"Open"', "{", "0", " ' "])
def test_the_form_keeps_every_value_of_a_field(value: str) -> None:
	trigger = {**TASK, "on": "document", "event": "changed", "field": "status", "from": value, "to": "x"}
	definition = parse(workflow(trigger))
	assert from_form(to_form(definition))["triggers"] == definition.source["triggers"]
	assert definition.source["triggers"][0]["from"] == value.strip()


def test_the_form_passes_over_what_it_hides() -> None:
	row = {"kind": "document", "document_type": "Task", "document_event": "created", "field": "status",
		"from_value": "Open", "to_value": "x", "date_offset": "2d", "existing": 1}  # fmt: skip
	form = {"workflow_name": "wf", "steps": [{"step_id": "a", "action": "data.set"}], "triggers": [row]}
	assert from_form(form)["triggers"] == [{"on": "document", "doctype": "Task", "event": "created"}]


def test_the_form_shows_each_field_for_the_kinds_that_have_it() -> None:
	fields = {each["fieldname"]: each for each in json.loads(DOCTYPE.read_text())["fields"]}
	assert set(fields["kind"]["options"].split()) == {*KINDS}
	every = {(key.field or name) for kind in KINDS.values() for name, key in kind.keys.items()}
	for field in every:
		shown = fields[field]["depends_on"]
		for kind in KINDS.values():
			has_it = any((key.field or name) == field for name, key in kind.keys.items())
			assert (f"'{kind.on}'" in shown) is has_it, (field, kind.on)


def test_the_form_offers_the_choices_of_a_key() -> None:
	fields = {each["fieldname"]: each for each in json.loads(DOCTYPE.read_text())["fields"]}
	for kind in KINDS.values():
		for name, key in kind.keys.items():
			field = fields[key.field or name]
			if field["fieldtype"] == "Select":
				source = workflow({"on": kind.on, name: "no such choice"})
				with pytest.raises(DefinitionError) as caught:
					parse(source)
				(told,) = (str(each) for each in caught.value.problems if f".{name}:" in str(each))
				assert told.split("choices: ")[1].split(", ") == field["options"].split(), (kind.on, name)

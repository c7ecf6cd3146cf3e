"""The canvas reads and writes the form exactly as the server does, and loses nothing on the way."""

import json
from typing import Any

from dogansystem.engine.definitions.form import from_form, to_form
from dogansystem.engine.definitions.parse import parse
from tests.unit.canvas.model import TABLES, call, definitions, needs_node

pytestmark = needs_node


def read(row: dict[str, Any]) -> dict[str, Any]:
	"""A row of a form whose JSON texts are compared as what they say."""
	return {
		field: json.loads(value)
		if field in TABLES["json"] and isinstance(value, str) and value[:1] in ("{", "[")
		else value
		for field, value in row.items()
	}


def test_every_definition_becomes_the_same_form_and_comes_back():
	sources = definitions()
	assert len(sources) > 230
	forms = [to_form(parse(each, fills_run_as=True)) for each in sources]
	made = call([["form", "to_form", each, TABLES] for each in sources])
	back = call([["form", "from_form", each, TABLES] for each in forms])
	for source, form, ours, again in zip(sources, forms, made, back, strict=True):
		assert again == source
		assert ours["lost"] == []
		assert from_form(ours["form"]) == source
		for table in ("steps", "triggers"):
			assert [read(row) for row in ours["form"][table]] == [read(row) for row in form[table]]


def test_what_cannot_be_read_stays_in_its_field_as_it_is():
	row = {"step_id": "a", "action": "data.set", "params": '{"x": }', "run_when": "succeeded"}
	[found] = call([["form", "from_form", {"steps": [row]}, TABLES]])
	assert found["steps"][0]["params"] == '{"x": }'


def test_what_the_form_has_no_field_for_is_named():
	step = {"id": "a", "action": "data.set", "colour": "red", "retry": {"attempts": 2, "often": True}}
	trigger = {"on": "document", "event": "created", "doctype": "Lead", "field": "status"}
	source = {
		"name": "x",
		"owner": "me",
		"limits": {"speed": 3},
		"steps": [step, "text"],
		"triggers": [trigger],
	}
	[found] = call([["form", "to_form", source, TABLES]])
	assert sorted(found["lost"]) == [
		"limits.speed", "owner", "steps[0].colour", "steps[0].retry.often", "steps[1]", "triggers[0].field",
	]  # fmt: skip

"""What a run is started with, against the workflow's `input` schema."""

import socket
from typing import Any

import pytest

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import check_input, parse
from dogansystem.engine.errors import InputError

SCHEMA = {
	"type": "object",
	"required": ["customer"],
	"additionalProperties": False,
	"properties": {
		"customer": {"type": "string", "minLength": 1},
		"days": {"type": "integer", "minimum": 1, "maximum": 30},
		"kind": {"enum": ["Order", "Quotation"]},
		"when": {"type": "string", "format": "date"},
		"rows": {"type": "array", "items": {"$ref": "#/$defs/row"}},
	},
	"$defs": {"row": {"type": "object", "required": ["qty"], "properties": {"qty": {"type": "number"}}}},
}


def workflow(schema: Any = SCHEMA) -> Definition:
	return parse({"name": "wf", "input": schema, "steps": [{"id": "a", "action": "data.set"}]})


def test_input_that_fits_is_accepted() -> None:
	check_input(
		workflow(),
		{"customer": "A", "days": 3, "kind": "Order", "when": "2025-01-01", "rows": [{"qty": 1.5}]},
	)


@pytest.mark.parametrize(
	("value", "told"),
	[
		({}, "input.customer: is missing; add 'customer'"),
		(None, "input.customer: is missing; add 'customer'"),
		([], "input: must be a mapping, not a list"),
		({"customer": 5}, "input.customer: must be text, not a whole number"),
		({"customer": ""}, "input.customer: has no characters; give at least 1"),
		({"customer": "A", "days": 31}, "input.days: is 31; give at most 30"),
		({"customer": "A", "days": 0}, "input.days: is 0; give at least 1"),
		(
			{"customer": "A", "kind": "order"},
			"input.kind: 'order' is not one of the choices (did you mean 'Order'?)",
		),
		({"customer": "A", "when": "soon"}, "input.when: 'soon' is not a 'date'"),
		({"customer": "A", "rows": [{"qty": 1}, {}]}, "input.rows[1].qty: is missing; add 'qty'"),
		(
			{"customer": "A", "costumer": "B"},
			"input.costumer: unknown parameter 'costumer' (did you mean 'customer'?)",
		),
	],
)
def test_input_that_does_not_fit_is_an_error_that_names_the_path(value: Any, told: str) -> None:
	with pytest.raises(InputError) as caught:
		check_input(workflow(), value)
	assert str(caught.value).startswith(told)


def test_all_errors_come_at_once() -> None:
	with pytest.raises(InputError) as caught:
		check_input(workflow(), {"days": "x", "kind": "y"})
	assert [line.split(":")[0] for line in str(caught.value).split("\n")] == [
		"input.customer",
		"input.days",
		"input.kind",
	]


def test_without_a_schema_everything_is_accepted() -> None:
	for schema in ({}, None):
		source = {"name": "wf", "steps": [{"id": "a", "action": "data.set"}]}
		definition = parse(source if schema is None else {**source, "input": schema})
		for value in (None, {}, {"a": 1}, [1], "x"):
			check_input(definition, value)


def test_no_input_counts_as_an_empty_mapping() -> None:
	check_input(workflow({"type": "object"}), None)


def test_a_schema_that_holds_itself_without_end_is_an_error() -> None:
	with pytest.raises(InputError, match="the `input` schema of wf cannot be used"):
		check_input(workflow({"$ref": "#"}), {"a": 1})


def test_a_schema_is_never_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
	def refuse(*args: Any, **kwargs: Any) -> Any:
		raise AssertionError("reached for the network")

	monkeypatch.setattr(socket.socket, "connect", refuse)
	check_input(workflow({"$schema": "https://example.com/other", "type": "object"}), {})

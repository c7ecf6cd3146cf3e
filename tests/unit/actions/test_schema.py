"""Parameters that do not fit are refused in words that name where and what."""

from typing import Any

import pytest

from dogansystem.actions.data import Set
from dogansystem.actions.registry import core_actions
from dogansystem.actions.schema import ValidationError, compile_check
from dogansystem.engine.errors import PERMANENT, error_names


@pytest.mark.parametrize(
	("action", "params", "message"),
	[
		(
			"document.get",
			{},
			"params.doctype: is missing; add 'doctype' (The document's type, such as Quotation); params.name: is missing; add 'name' (The document's name, such as {{ doc.name }})",
		),
		("document.get", {"doctype": "", "name": "x"}, "params.doctype: has no characters; give at least 1"),
		(
			"document.get",
			{"doctype": "Lead", "name": None},
			"params.name: must be text or a whole number, not nothing",
		),
		(
			"document.get",
			{"doctype": "Lead", "name": "x", "feilds": []},
			"params.feilds: unknown parameter 'feilds' (did you mean 'fields'?)",
		),
		(
			"document.get",
			{"doctype": "Lead", "name": "x", "fields": [1]},
			"params.fields[0]: must be text, not a whole number",
		),
		(
			"document.list",
			{"doctype": "Lead", "limit": "5"},
			"params.limit: must be a whole number, not text",
		),
		("document.list", {"doctype": "Lead", "limit": 0}, "params.limit: is 0; give at least 1"),
		(
			"document.list",
			{"doctype": "Lead", "limit": True},
			"params.limit: must be a whole number, not true or false",
		),
		(
			"document.create",
			{"doctype": "Lead", "values": []},
			"params.values: must be a mapping, not a list",
		),
		("email.send", {"to": "a@example.com", "subject": "S"}, "params: give message or template"),
		(
			"email.send",
			{"to": "a@example.com", "subject": "S", "message": "m", "template": "t"},
			"params: give only one of message, template; leave the others out",
		),
		(
			"email.send",
			{"to": None, "subject": "S", "message": "m"},
			"params.to: must be text or a list, not nothing",
		),
		(
			"email.send",
			{"to": "a@example.com", "subject": "S", "message": "m", "attachments": [{"fname": "a"}]},
			"params.attachments[0].fcontent: is missing; add 'fcontent' (The file's text)",
		),
		(
			"email.send",
			{"to": ["amy"], "subject": "S", "message": "m"},
			"params.to[0]: 'amy' does not fit; Who gets it: addresses, separated by commas or as a list",
		),
		("notify.user", {"user": [], "subject": "S"}, "params.user: has no items; give at least 1"),
		("flow.wait", {}, "params: give for or until"),
		(
			"flow.wait",
			{"for": 1, "until": "2025-01-01"},
			"params: give only one of for, until; leave the others out",
		),
		(
			"flow.stop",
			{"status": "Done"},
			"params.status: 'Done' is not one of the choices; choices: Succeeded, Failed, Cancelled",
		),
		(
			"http.request",
			{"url": "ftp://example.com"},
			"params.url: 'ftp://example.com' does not fit; The address, starting with https:// or http://",
		),
	],
)
def test_a_wrong_parameter_is_named_with_what_it_must_be(
	action: str, params: dict[str, Any], message: str
) -> None:
	with pytest.raises(ValidationError) as failure:
		core_actions()[action].validate(params)
	assert str(failure.value) == message
	assert PERMANENT & set(error_names(failure.value))


def test_several_wrong_parameters_are_named_at_once() -> None:
	with pytest.raises(ValidationError) as failure:
		core_actions()["document.list"].validate({"doctype": 1, "limit": 0, "filters": "x"})
	assert str(failure.value) == (
		"params.doctype: must be text, not a whole number; params.filters: must be a mapping or a list, not text;"
		" params.limit: is 0; give at least 1"
	)


def test_a_long_wrong_value_is_cut_short() -> None:
	with pytest.raises(ValidationError) as failure:
		core_actions()["flow.stop"].validate({"status": "x" * 10_000})
	assert len(str(failure.value)) < 250


def test_a_schema_that_lets_everything_through_costs_nothing() -> None:
	assert compile_check(Set.parameters) is None


def test_other_keywords_are_explained_as_jsonschema_does() -> None:
	check = compile_check(
		{"type": "object", "properties": {"n": {"multipleOf": 2}}, "oneOf": [{"minProperties": 1}]}
	)
	assert check
	with pytest.raises(ValidationError, match=r"^params\.n: 3 is not a multiple of 2; see"):
		check({"n": 3})
	with pytest.raises(ValidationError, match=r"^params: \{\} has none of the possible forms"):
		check({})

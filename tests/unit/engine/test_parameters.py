"""The values of a workflow's parameters: what fits, what is missing, and what a command line says."""

from typing import Any

import pytest

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parameters import (
	changed,
	check,
	check_complete,
	effective,
	from_texts,
	problems_of,
)
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DefinitionError, InputError

PARAMETERS = {
	"limit": {"type": "number", "title": "Ask above this amount", "default": 10000, "minimum": 1},
	"approver": {"type": "string", "format": "user", "title": "Who approves"},
	"customers": {"type": "array", "items": {"type": "string", "format": "link:Customer"}, "title": "Customers", "default": []},
	"mail": {"type": "string", "format": "email", "title": "Copies to", "default": "a@example.com"},
	"code": {"type": "string", "title": "Code", "default": ""},
	"free": {"title": "Anything", "default": None},
}  # fmt: skip
KNOWN = {("User", "cfo@example.com"), ("Customer", "Acme")}


def workflow(parameters: Any = PARAMETERS) -> Definition:
	return parse({"name": "wf", "parameters": parameters, "steps": [{"id": "a", "action": "data.set"}]})


def exists(doctype: str, name: str) -> bool:
	return (doctype, name) in KNOWN


@pytest.mark.contract("`parameters` is a mapping of names to JSON Schemas with a `title`")
@pytest.mark.parametrize(
	("parameters", "place"),
	[
		([], "parameters"),
		({"limit": 5}, "parameters.limit"),
		({"limit": {"type": "nothing", "title": "Limit"}}, "parameters.limit.type"),
		({"limit": {"type": "number"}}, "parameters.limit.title"),
		({"the limit": {"type": "number", "title": "Limit"}}, "parameters.the limit"),
	],
)
def test_it_is_a_mapping_of_names_to_schemas_with_a_title(parameters: Any, place: str) -> None:
	assert workflow().parameters == PARAMETERS
	with pytest.raises(DefinitionError) as caught:
		workflow(parameters)
	assert [problem.path for problem in caught.value.problems] == [place]


@pytest.mark.contract("`format` may be `user`, `role`, `doctype`, `email`, `link:<DocType>`")
def test_the_formats_that_there_are() -> None:
	for name in ("user", "role", "doctype", "email", "link:Sales Order", "date", "time"):
		workflow({"of": {"type": "string", "format": name, "title": "Of"}})
	with pytest.raises(DefinitionError, match=r"no format 'usr' \(did you mean 'user'\?\)"):
		workflow({"of": {"type": "string", "format": "usr", "title": "Of"}})


def test_a_value_that_is_kept_comes_before_the_default() -> None:
	values = effective(workflow(), {"limit": 5, "gone": 1})
	assert values == {"limit": 5, "customers": [], "mail": "a@example.com", "code": "", "free": None}


def test_values_that_fit_are_set_and_null_takes_one_away() -> None:
	given = {"approver": "cfo@example.com", "customers": ["Acme"], "limit": None, "free": {"a": [1]}}
	kept = changed(workflow(), {"limit": 7, "code": "x", "gone": 1}, given, exists)
	assert kept == {
		"code": "x",
		"approver": "cfo@example.com",
		"customers": ["Acme"],
		"free": {"a": [1]},
	}


@pytest.mark.parametrize(
	("given", "told"),
	[
		({"limit": "many"}, "parameters.limit (Ask above this amount): must be a number, not text"),
		({"limit": True}, "parameters.limit (Ask above this amount): must be a number, not true or false"),
		({"limit": 0}, "parameters.limit (Ask above this amount): is 0; give at least 1"),
		({"lmit": 1}, "parameters.lmit: no parameter named 'lmit' (did you mean 'limit'?)"),
		(
			{"approver": "nobody@example.com"},
			"parameters.approver (Who approves): there is no User 'nobody@example.com'; name one that there is",
		),
		({"approver": 5}, "parameters.approver (Who approves): must be text, not a whole number"),
		(
			{"customers": ["Acme", "Umbrella"]},
			"parameters.customers (Customers)[1]: there is no Customer 'Umbrella'; name one that there is",
		),
		({"mail": "a@"}, "parameters.mail (Copies to): 'a@' is no email; write one such as name@example.com"),
	],
)
def test_a_value_that_does_not_fit_names_the_parameter_and_its_title(given: Any, told: str) -> None:
	with pytest.raises(InputError) as caught:
		changed(workflow(), {}, given, exists)
	assert str(caught.value) == told


def test_all_that_is_wrong_is_told_at_once() -> None:
	with pytest.raises(InputError) as caught:
		changed(workflow(), {}, {"limit": "x", "approver": "x", "code": 1}, exists)
	assert [line.split(" ")[0] for line in str(caught.value).split("\n")] == [
		"parameters.limit",
		"parameters.approver",
		"parameters.code",
	]


def test_what_is_not_known_here_is_no_error() -> None:
	assert changed(workflow(), {}, {"approver": "nobody"}, lambda doctype, name: None) == {
		"approver": "nobody"
	}


def test_a_parameter_without_a_value_or_a_default_is_missing() -> None:
	(problem,) = problems_of(workflow(), {})
	missing = "parameters.approver (Who approves): has no value; set one, or give its schema a default"
	assert str(problem) == missing
	for refuse in (check, check_complete):
		with pytest.raises(InputError, match="Who approves"):
			refuse(workflow(), effective(workflow(), {}))
	assert problems_of(workflow(), {"approver": "cfo@example.com"}, exists) == []


def test_a_default_that_names_nobody_keeps_the_workflow_from_being_enabled() -> None:
	definition = workflow({"who": {"type": "string", "format": "user", "title": "Who", "default": "gone"}})
	assert [str(each) for each in problems_of(definition, {}, exists)] == [
		"parameters.who (Who): there is no User 'gone'; name one that there is"
	]


def test_a_value_of_an_older_version_that_does_not_fit_any_more_is_told() -> None:
	(problem,) = problems_of(workflow(), {"limit": "5", "approver": "x"})
	assert str(problem) == "parameters.limit (Ask above this amount): must be a number, not text"


@pytest.mark.parametrize(
	("text", "value"),
	[
		("limit=5000", 5000),
		("limit=2.5", 2.5),
		("limit=many", "many"),
		("limit=NaN", "NaN"),
		("free=true", True),
		('free={"a": [1]}', {"a": [1]}),
		("free=a=b", "a=b"),
		("free=", ""),
		("free=" + "[" * 100_000, "[" * 100_000),
		("code=5000", "5000"),
		("code=007", "007"),
		('code="5"', "5"),
		("code=null", None),
		("lmit=1", 1),
	],
)
def test_a_value_on_the_command_line_is_json_or_else_text(text: str, value: Any) -> None:
	assert from_texts(PARAMETERS, [text]) == {text.split("=")[0]: value}


@pytest.mark.parametrize("text", ["limit", "=5", ""])
def test_what_sets_nothing_is_refused(text: str) -> None:
	with pytest.raises(InputError, match="write NAME=VALUE"):
		from_texts(PARAMETERS, [text])

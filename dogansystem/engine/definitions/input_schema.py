"""The key `input`: a JSON Schema (draft 2020-12) for what a run may be started with."""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.engine.definitions.validator import FORMATS, META, Validator, start
from dogansystem.engine.errors import InputError
from dogansystem.engine.templates.budget import Overrun

MAX_PROBLEMS = 20  # named in one error


def input_schema(value: Any, path: str, problems: Problems) -> Any:
	"""Check that a schema is one; an empty one accepts everything and is left out."""
	if not isinstance(value, dict):
		return problems.refuse(path, f"must be a JSON Schema such as {{type: object}}, not {kind(value)}")
	before = len(problems.found)
	start()
	try:
		for error in META.iter_errors(value):
			place = path
			for key in error.absolute_path:
				place = at(place, key)
			problems.add(place, f"not a valid JSON Schema: {error.message[:200]}; see json-schema.org")
	except (RecursionError, OverflowError):  # a pattern that Python cannot even compile
		problems.add(path, "has a pattern that is nested too deeply or counts too far; write a simpler one")
	except Overrun:
		problems.add(path, "is too large a schema; write a smaller one")
	if len(problems.found) == before:
		_check_references(value, path, problems)
	return value or LEFT_OUT


def _check_references(schema: Mapping[str, Any], path: str, problems: Problems) -> None:
	resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
	for place, reference in _references(schema, path):
		try:
			resolver.lookup(reference)  # what is outside of the schema is not fetched, and so not found
		except Unresolvable:
			problems.add(place, f"{reference!r} stands for nothing in this schema; define it in `$defs`")


def _references(value: Any, path: str) -> Iterator[tuple[str, str]]:
	if isinstance(value, Mapping):
		for key, inner in value.items():
			if key in ("$ref", "$dynamicRef") and isinstance(inner, str):
				yield at(path, key), inner
			elif key not in ("const", "enum", "default", "examples"):
				yield from _references(inner, at(path, key))
	elif isinstance(value, list):
		for index, inner in enumerate(value):
			yield from _references(inner, at(path, index))


def check_input(definition: Definition, value: Any) -> None:
	"""Check what a run is started with; no input at all counts as an empty mapping.

	Raises:
		InputError: it does not fit the workflow's `input` schema; the text names every path (`input.customer`).
	"""
	if definition.input is None:
		return
	given = {} if value is None else value
	validator = Validator(definition.input, format_checker=FORMATS, registry=Registry())
	start()
	try:
		# No more than are named: each holds on to the value and the schema it is about.
		errors = list(islice(validator.iter_errors(given), MAX_PROBLEMS))
	except Overrun:
		raise InputError(
			f"input: is too much to check against the `input` schema of {definition.name}; give less, or simplify it"
		) from None
	except (RecursionError, OverflowError, re.error) as error:
		raise InputError(
			f"the `input` schema of {definition.name} cannot be used: {error}; mend it"
		) from None
	if errors:
		problems = Problems()
		note_all(errors, "input", problems)
		raise InputError("\n".join(map(str, problems.found)))

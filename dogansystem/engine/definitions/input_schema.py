"""The key `input`: a JSON Schema (draft 2020-12) for what a run may be started with.

Schemas are checked within bounds: neither their authors nor those who send the input may hold up or fill a process.
"""

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.engine.errors import InputError
from dogansystem.engine.templates import budget

MAX_PROBLEMS = 20  # named in one error
MAX_KEYWORDS = 1_000_000  # of schemas that are held against values in one check, else `Overrun`: some seconds
# References to lists of references grow without end, and every error on the way is kept.
_PRICES: Mapping[str, int] = {"$ref": 10, "$dynamicRef": 10}
FORMATS = FormatChecker()

Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


def _charged(keyword: Keyword, price: int) -> Keyword:
	"""A keyword of JSON Schema that is charged for each value it is held against."""

	def check(validator: Any, wanted: Any, given: Any, schema: Any) -> Iterator[ValidationError]:
		budget.spend(price)
		yield from keyword(validator, wanted, given, schema) or ()

	return check


def _unique_items(validator: Any, wanted: Any, given: Any, schema: Any) -> Iterator[ValidationError]:
	"""`uniqueItems` in one pass: the library's own compares every mapping with every other."""
	if wanted and isinstance(given, list):
		budget.spend(len(given))
		# Equal JSON has equal text once 1.0 is written as 1.
		same = json.loads(json.dumps(given), parse_float=_number)
		if len({json.dumps(item, sort_keys=True) for item in same}) < len(given):
			yield ValidationError("has the same item twice")


def _number(text: str) -> float:
	number = float(text)
	return int(number) if number.is_integer() else number


_extend: Any = extend  # it has no types
_Validator: Any = _extend(
	Draft202012Validator,
	{
		name: _charged(keyword, _PRICES.get(name, 1))
		for name, keyword in Draft202012Validator.VALIDATORS.items()
	}
	| {"uniqueItems": _unique_items},
)
_META = _Validator(Draft202012Validator.META_SCHEMA, format_checker=FORMATS)


def input_schema(value: Any, path: str, problems: Problems) -> Any:
	"""Check that a schema is one; an empty one accepts everything and is left out."""
	if not isinstance(value, dict):
		return problems.refuse(path, f"must be a JSON Schema such as {{type: object}}, not {kind(value)}")
	budget.start(MAX_KEYWORDS)
	check_schema(value, path, problems)
	return value or LEFT_OUT


def check_schema(schema: Mapping[str, Any], path: str, problems: Problems) -> None:
	"""Note what is wrong with a JSON Schema. The caller has started the budget."""
	before = len(problems.found)
	try:
		for error in _META.iter_errors(schema):
			place = path
			for key in error.absolute_path:
				place = at(place, key)
			problems.add(place, f"not a valid JSON Schema: {error.message[:200]}; see json-schema.org")
	except (RecursionError, OverflowError):  # a pattern that Python cannot even compile
		problems.add(path, "has a pattern that is nested too deeply or counts too far; write a simpler one")
	except budget.Overrun:
		problems.add(path, "is too large a schema; write a smaller one")
	if len(problems.found) == before:
		_check_references(schema, path, problems)


def _check_references(schema: Mapping[str, Any], path: str, problems: Problems) -> None:
	resolver = Registry().with_resource("", DRAFT202012.create_resource(schema)).resolver()
	for place, reference in keywords(schema, ("$ref", "$dynamicRef"), path):
		try:
			resolver.lookup(reference)  # what is outside of the schema is not fetched, and so not found
		except Unresolvable:
			problems.add(place, f"{reference!r} stands for nothing in this schema; define it in `$defs`")


def keywords(schema: Any, names: Collection[str], path: str) -> Iterator[tuple[str, str]]:
	"""Every keyword of these names in a JSON Schema that has a text: its path and the text."""
	if isinstance(schema, Mapping):
		for key, inner in schema.items():
			if key in names and isinstance(inner, str):
				yield at(path, key), inner
			elif key not in ("const", "enum", "default", "examples"):
				yield from keywords(inner, names, at(path, key))
	elif isinstance(schema, list):
		for index, inner in enumerate(schema):
			yield from keywords(inner, names, at(path, index))


def errors_of(
	schema: Mapping[str, Any], value: Any, what: str, formats: FormatChecker = FORMATS
) -> list[ValidationError]:
	"""The first errors of a value held against a schema; `what` names the schema. The caller has started the budget.

	Raises:
		InputError: the schema asks for too much, or cannot be used.
	"""
	validator = _Validator(schema, format_checker=formats, registry=Registry())
	try:
		# No more than are named: each holds on to the value and the schema it is about.
		return list(islice(validator.iter_errors(value), MAX_PROBLEMS))
	except budget.Overrun:
		raise InputError(f"is too much to check against {what}; give less, or simplify it") from None
	except (RecursionError, OverflowError, re.error) as error:
		raise InputError(f"{what} cannot be used: {error}; mend it") from None


def check_input(definition: Definition, value: Any) -> None:
	"""Check what a run is started with; no input at all counts as an empty mapping.

	Raises:
		InputError: it does not fit the workflow's `input` schema; the text names every path (`input.customer`).
	"""
	if definition.input is None:
		return
	budget.start(MAX_KEYWORDS)
	given = {} if value is None else value
	try:
		errors = errors_of(definition.input, given, f"the `input` schema of {definition.name}")
	except InputError as error:
		raise InputError(f"input: {error}") from None
	if errors:
		problems = Problems()
		note_all(errors, "input", problems)
		raise InputError("\n".join(map(str, problems.found)))

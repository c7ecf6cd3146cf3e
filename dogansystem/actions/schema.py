"""Parameters against an action's schema, at run time: templates give their values only then.

A schema is compiled once, when its action runs for the first time. One that constrains nothing costs nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError

from dogansystem.engine.errors import DoganError

MAX_PROBLEMS = 5  # named in one error; the rest are mended with them
MAX_SHOWN = 80  # characters of a wrong value

TYPE_WORDS: Mapping[str, str] = {
	"string": "text",
	"integer": "a whole number",
	"number": "a number",
	"boolean": "true or false",
	"array": "a list",
	"object": "a mapping",
	"null": "nothing",
}
CONSTRAINTS = frozenset({"properties", "required", "anyOf", "oneOf", "allOf", "not", "minProperties", "$ref"})


class ValidationError(DoganError):
	"""Parameters that an action cannot work with. Another attempt would not change them."""


Check = Callable[[Mapping[str, Any]], None]


def compile_check(schema: Mapping[str, Any]) -> Check | None:
	"""A function that raises ValidationError, naming each wrong path, for params that do not fit `schema`.

	None when the schema lets every mapping through.
	"""
	if not CONSTRAINTS & schema.keys() and schema.get("additionalProperties", True) is True:
		return None
	validator = Draft202012Validator(schema)

	def check(params: Mapping[str, Any]) -> None:
		problems = sorted(
			validator.iter_errors(params), key=lambda problem: [str(key) for key in problem.path]
		)
		if problems:
			words = dict.fromkeys(explain(problem) for problem in problems)
			raise ValidationError("; ".join(list(words)[:MAX_PROBLEMS]))

	return check


def explain(problem: SchemaError) -> str:
	"""One problem that jsonschema found, in the words of a person: `params.limit: must be a whole number, not text`."""
	say = EXPLANATIONS.get(str(problem.validator))
	schema: Any = problem.schema
	words = say(problem.validator_value, problem.instance, schema) if say else ""
	return f"{path_of(problem.absolute_path)}: {words or shorten(problem.message)}"


def path_of(keys: Iterable[str | int]) -> str:
	"""`params.attachments[0].fname` for the keys that lead there."""
	return "params" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys)


def shown(value: Any) -> str:
	"""A value as an error shows it, cut short."""
	return shorten(repr(value))


def shorten(text: str) -> str:
	"""`text`, or its beginning if it is long."""
	return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "…"


def type_words(wanted: str | Iterable[str]) -> str:
	"""`text or a list` for the types of a schema."""
	names = [wanted] if isinstance(wanted, str) else list(wanted)
	return " or ".join(TYPE_WORDS[name] for name in names)


def type_of(value: Any) -> str:
	"""What a JSON value is, in words."""
	for name in ("null", "boolean", "integer", "number", "string", "array", "object"):
		if Draft202012Validator.TYPE_CHECKER.is_type(value, name):
			return TYPE_WORDS[name]
	return type(value).__name__


# Each says what is wrong from the keyword's value in the schema, the value given, and the schema around the keyword.


def _wrong_type(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	return f"must be {type_words(wanted)}, not {type_of(given)}"


def _missing(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	return f"needs {' and '.join(key for key in wanted if key not in given)}"


def _unknown(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	known = list(schema.get("properties", {}))
	words = []
	for key in given:
		if key not in known:
			close = get_close_matches(str(key), known, n=1)
			words.append(f"does not know {key!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
	return "; ".join(words)


def _not_listed(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	return f"must be one of {', '.join(map(str, wanted))}, not {shown(given)}"


def _wrong_form(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	"""A pattern says little to a person; the description next to it says it in words."""
	words = schema.get("description")
	return f"{shown(given)} does not fit. {words}" if words else ""


def _out_of_bounds(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	bounds = [
		f"{word} {schema[key]}"
		for key, word in (("minimum", "at least"), ("maximum", "at most"))
		if key in schema
	]
	return f"must be {' and '.join(bounds)}, not {given}"


def _empty(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	return "must not be empty"


def _alternatives(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	"""For `oneOf: [{required: [a]}, {required: [b]}]`, which is how the actions say "one of these"."""
	names = [key for branch in wanted for key in branch.get("required", ())]
	together = sum(key in given for key in names) > 1
	return (
		f"takes {' or '.join(names)}, not both"
		if together
		else f"needs {' or '.join(names)}"
		if names
		else ""
	)


def _together(wanted: Any, given: Any, schema: Mapping[str, Any]) -> str:
	"""For `not: {required: [a, b]}`."""
	names = wanted.get("required")
	return f"takes {' or '.join(names)}, not both" if names else ""


EXPLANATIONS: Mapping[str, Callable[[Any, Any, Mapping[str, Any]], str]] = {
	"type": _wrong_type,
	"required": _missing,
	"additionalProperties": _unknown,
	"enum": _not_listed,
	"pattern": _wrong_form,
	"minimum": _out_of_bounds,
	"maximum": _out_of_bounds,
	"minLength": _empty,
	"minItems": _empty,
	"minProperties": _empty,
	"oneOf": _alternatives,
	"not": _together,
}

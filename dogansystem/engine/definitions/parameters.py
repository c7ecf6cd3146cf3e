"""The key `parameters`: what each site may set without changing the definition, and the values that are set.

A parameter is a JSON Schema with a title. Its values are data: what stands in braces in them is never rendered.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn

from jsonschema import FormatChecker
from jsonschema.exceptions import FormatError, ValidationError

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.input_schema import FORMATS as STANDARD
from dogansystem.engine.definitions.input_schema import MAX_KEYWORDS, check_schema, errors_of, keywords
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind, shown
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.engine.errors import InputError, Problem
from dogansystem.engine.templates import budget

MAX_PARAMETERS = 100  # of one workflow: what a person can look through in one form
LINK = "link:"  # and the DocType whose documents a value names
# Formats whose values name a document. Source: workflow-format.md, parameters.
DOCTYPES: Mapping[str, str] = {"user": "User", "role": "Role", "doctype": "DocType"}
EXAMPLES: Mapping[str, str] = {"email": "name@example.com", "date": "2026-01-31", "time": "09:30:00"}
FORMATS = (*DOCTYPES, "link:<DocType>", *EXAMPLES)

# Whether there is a document, by its DocType and name; None: that is not known here.
Exists = Callable[[str, str], bool | None]

_MISSING = "has no value; set one, or give its schema a default"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


# The key


def parameter_schemas(value: Any, path: str, problems: Problems) -> Any:
	"""The key `parameters`: names with their schemas. Names with a wrong schema are kept, so that templates may use them."""
	if not isinstance(value, dict):
		message = f"must be a mapping of names to JSON Schemas, not {kind(value)}"
		return problems.refuse(
			path, f"{message}; write limit: {{type: number, title: Ask above this amount}}"
		)
	if len(value) > MAX_PARAMETERS:
		return problems.refuse(path, f"has {len(value)} parameters; at most {MAX_PARAMETERS} are allowed")
	budget.start(MAX_KEYWORDS)
	for name, schema in value.items():
		_check_name(name, at(path, name), problems)
		_check_parameter(schema, at(path, name), problems)
	return value or LEFT_OUT


def _check_name(name: str, path: str, problems: Problems) -> None:
	if not _NAME.fullmatch(name):
		better = re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lstrip("0123456789") or "limit"
		message = f"{shown(name)} is not a name: letters, digits and underscores, no digit in front"
		problems.add(path, f"{message}; write {shown(better)}")
	elif len(name) > values.MAX_ID:
		problems.add(path, f"has {len(name)} characters; at most {values.MAX_ID} are allowed, shorten it")


def _check_parameter(schema: Any, path: str, problems: Problems) -> None:
	if not isinstance(schema, dict):
		message = (
			f"must be a JSON Schema with a title such as {{type: number, title: Limit}}, not {kind(schema)}"
		)
		problems.add(path, message)
		return
	before = len(problems.found)
	check_schema(schema, path, problems)
	if len(problems.found) > before:
		return
	if "title" not in schema:
		problems.add(at(path, "title"), "is missing; say what people read beside the value")
	elif values.text(values.MAX_LABEL)(schema["title"], at(path, "title"), problems) is LEFT_OUT:
		problems.add(at(path, "title"), "is empty; say what people read beside the value")
	for place, name in keywords(schema, ("format",), path):
		_check_format(name, place, problems)
	if "default" in schema:
		_note_errors(schema, schema["default"], at(path, "default"), problems, _Formats(_unknown))


def _check_format(name: str, path: str, problems: Problems) -> None:
	if name == "password":
		problems.add(path, "values are no secrets, everybody sees them on runs; use a Dogan Credential")
	elif name.startswith(LINK):
		if not name.removeprefix(LINK).strip():
			problems.add(path, "names no DocType; write one such as link:Customer")
	elif name not in FORMATS:
		problems.unknown(path, f"no format {shown(name)}", name, FORMATS, "formats")


# Values


def effective(definition: Definition, kept: Mapping[str, Any]) -> dict[str, Any]:
	"""The value of each parameter that has one: the one that is kept, or else its default."""
	found = {name: schema["default"] for name, schema in definition.parameters.items() if "default" in schema}
	return found | {name: value for name, value in kept.items() if name in definition.parameters}


def problems_by_name(
	definition: Definition, given: Mapping[str, Any], exists: Exists | None = None
) -> dict[str, list[Problem]]:
	"""What is wrong with each of the `given` values, and which have none. `exists` None: whether what they name is there is
	not asked."""
	formats = _Formats(exists or _unknown)
	budget.start(MAX_KEYWORDS)
	found: dict[str, list[Problem]] = {}
	for name, schema in definition.parameters.items():
		problems, place = Problems(), _place(definition, name)
		if name in given:
			_note_errors(schema, given[name], place, problems, formats)
		else:
			problems.add(place, _MISSING)
		if problems.found:
			found[name] = problems.found
	return found


def problems_of(
	definition: Definition, kept: Mapping[str, Any], exists: Exists | None = None
) -> list[Problem]:
	"""What keeps a workflow from being enabled whose values are these: values that do not fit, and missing ones."""
	found = problems_by_name(definition, effective(definition, kept), exists)
	return [problem for problems in found.values() for problem in problems]


def check(definition: Definition, values: Mapping[str, Any]) -> None:
	"""Raise InputError, which names each parameter by name and title, for values that do not fit, and missing ones."""
	_raise(problems_of(definition, values))


def check_complete(definition: Definition, values: Mapping[str, Any]) -> None:
	"""Raise InputError, which names each of them, if parameters have no value."""
	missing = [name for name in definition.parameters if name not in values]
	_raise([Problem(_place(definition, name), _MISSING) for name in missing])


def changed(
	definition: Definition, kept: Mapping[str, Any], given: Mapping[str, Any], exists: Exists | None = None
) -> dict[str, Any]:
	"""The values that are kept once `given` are set. None takes a value away. Raises InputError."""
	problems = Problems()
	known = list(definition.parameters)
	for name in given:
		if name not in known:
			message = f"no parameter named {name!r}" + ("" if known else f"; {definition.name} has none")
			problems.unknown(f"parameters.{name}", message, name, known, "parameters")
	_raise(problems.found)
	new = {name: value for name, value in given.items() if value is not None}
	wrong = problems_by_name(definition, new, exists)
	_raise([problem for name in new for problem in wrong.get(name, ())])
	return {name: value for name, value in kept.items() if name in known and name not in given} | new


def _raise(problems: Sequence[Problem]) -> None:
	if problems:
		raise InputError("\n".join(map(str, problems)))


def from_texts(schemas: Mapping[str, Mapping[str, Any]], texts: Iterable[str]) -> dict[str, Any]:
	"""Values as a command line has them, `NAME=VALUE`: JSON where it is JSON, else text. Raises InputError.

	Where a parameter takes text only, `5000` and `true` are text too.
	"""
	given = {}
	for text in texts:
		name, equals, value = text.partition("=")
		if not (equals and name.strip()):
			raise InputError(f"{shown(text)} sets nothing: write NAME=VALUE, such as limit=5000.")
		given[name.strip()] = _read(schemas.get(name.strip(), {}), value)
	return given


def _read(schema: Mapping[str, Any], text: str) -> Any:
	try:
		value = json.loads(text, parse_constant=_refuse_constant)
	except (ValueError, RecursionError):
		return text
	return text if schema.get("type") == "string" and not isinstance(value, str | None) else value


def _refuse_constant(name: str) -> NoReturn:
	raise ValueError(f"{name} is no number of JSON")


def _place(definition: Definition, name: str) -> str:
	return f"parameters.{name} ({definition.parameters[name]['title']})"


def _note_errors(
	schema: Mapping[str, Any], value: Any, path: str, problems: Problems, formats: FormatChecker
) -> None:
	try:
		errors = errors_of(schema, value, "its schema", formats)
	except InputError as failure:
		problems.add(path, str(failure))
		return
	for error in errors:
		if error.validator == "format":
			problems.add(_within(error, path), error.message)
		else:
			note_all([error], path, problems)


def _within(error: ValidationError, path: str) -> str:
	for key in error.absolute_path:
		path = at(path, key)
	return path


def _unknown(doctype: str, name: str) -> None:
	"""An `Exists` that knows nothing."""


class _Formats(FormatChecker):
	"""The formats of parameters; those that name a document ask whether it is there."""

	def __init__(self, exists: Exists) -> None:
		super().__init__()
		self._exists = exists

	def check(self, instance: object, format: str) -> None:
		"""Raise FormatError if a text has not this format. What is no text is for `type` to say."""
		if not isinstance(instance, str):
			return
		doctype = format.removeprefix(LINK) if format.startswith(LINK) else DOCTYPES.get(format)
		if doctype:
			if self._exists(doctype, instance) is False:
				raise FormatError(f"there is no {doctype} {shown(instance)}; name one that there is")
		elif not (_ADDRESS.fullmatch(instance) if format == "email" else STANDARD.conforms(instance, format)):
			raise FormatError(f"{shown(instance)} is no {format}; write one such as {EXAMPLES.get(format)}")

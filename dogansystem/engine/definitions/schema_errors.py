"""What jsonschema finds, in the words of a person: each with the path of the value and a remedy."""

from collections.abc import Callable, Mapping
from typing import Any

from dogansystem.engine.definitions.problems import Problems, at, closest, kind, listed, shown

TYPES = {
	"array": "a list",
	"boolean": "true or false",
	"integer": "a whole number",
	"null": "null",
	"number": "a number",
	"object": "a mapping",
	"string": "text",
}


def place_of(error: Any, path: str) -> str:
	"""Where in the definition an error of jsonschema is."""
	for key in error.absolute_path:
		path = at(path, key)
	return path


def note(error: Any, path: str, problems: Problems) -> None:
	"""Note one error; `path` is that of the value the schema was held against."""
	place = place_of(error, path)
	say = _MESSAGES.get(str(error.validator))
	if error.validator == "required":
		for name in error.validator_value:
			if name not in error.instance:
				problems.add(at(place, name), f"is missing; add {name!r}{_about(error, name)}")
	elif error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
		known = list(error.schema.get("properties", {}))
		for name in error.instance:
			if name not in known:
				problems.unknown(at(place, name), f"unknown parameter {name!r}", name, known, "parameters")
	elif say:
		problems.add(place, say(error))
	else:
		problems.add(place, f"{error.message[:200]}; see the description of this value")


def _about(error: Any, name: str) -> str:
	described = error.schema.get("properties", {}).get(name) if error.schema else None
	# `true` and `false` are schemas too, and have nothing to say.
	words = described.get("description") if isinstance(described, Mapping) else None
	return f" ({words})" if words else ""


def _type(error: Any) -> str:
	wanted = error.validator_value if isinstance(error.validator_value, list) else [error.validator_value]
	return f"must be {' or '.join(TYPES.get(each, str(each)) for each in wanted)}, not {kind(error.instance)}"


def _enum(error: Any) -> str:
	options = [str(each) for each in error.validator_value]
	near = closest(str(error.instance), options)
	remedy = f" (did you mean {near!r}?)" if near else f"; choices: {listed(options)}"
	return f"{shown(error.instance)} is not one of the choices{remedy}"


def _alternatives(error: Any) -> str:
	names = required_alone(error.validator_value)
	if names and not error.context:
		return f"give only one of {', '.join(names)}; leave the others out"
	if names:
		return f"give {' or '.join(names)}"
	remedy = error.schema.get("description") or "see the reference"
	return f"{shown(error.instance)} has none of the possible forms, or more than one; {remedy}"


def required_alone(alternatives: Any) -> list[str]:
	"""For alternatives that only say which keys there must be, those keys; else nothing."""
	if not all(isinstance(each, Mapping) and each.keys() == {"required"} for each in alternatives):
		return []
	return [" and ".join(each["required"]) for each in alternatives]


def _pattern(error: Any) -> str:
	# A pattern says little to a person; the description beside it says it in words.
	return f"{shown(error.instance)} does not fit; {error.schema.get('description') or f'the form is {error.validator_value}'}"


_MESSAGES: Mapping[str, Callable[[Any], str]] = {
	"anyOf": _alternatives,
	"const": lambda error: f"must be {shown(error.validator_value)}, not {shown(error.instance)}",
	"enum": _enum,
	"maximum": lambda error: f"is {error.instance}; give at most {error.validator_value}",
	"maxItems": lambda error: f"has {len(error.instance)} items; give at most {error.validator_value}",
	"maxLength": lambda error: f"has {len(error.instance)} characters; give at most {error.validator_value}",
	"minimum": lambda error: f"is {error.instance}; give at least {error.validator_value}",
	"minItems": lambda error: (
		f"has {len(error.instance) or 'no'} items; give at least {error.validator_value}"
	),
	"minLength": lambda error: (
		f"has {len(error.instance) or 'no'} characters; give at least {error.validator_value}"
	),
	"oneOf": _alternatives,
	"pattern": _pattern,
	"type": _type,
}

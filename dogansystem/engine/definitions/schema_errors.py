"""What jsonschema finds, in the words of a person: each with the path of the value and a remedy."""

from collections.abc import Callable, Iterable, Mapping
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


def type_words(wanted: Any) -> str:
	"""`text or a list` for the type, or types, of a schema."""
	names = wanted if isinstance(wanted, list) else [wanted]
	return " or ".join(TYPES.get(name, str(name)) for name in names)


def note_all(errors: Iterable[Any], path: str, problems: Problems) -> None:
	"""Note errors in the order of their places; `path` is that of the value the schema was held against."""
	for error in sorted(errors, key=lambda each: [str(key) for key in each.absolute_path]):
		_note(error, path, problems)


def _note(error: Any, path: str, problems: Problems) -> None:
	for key in error.absolute_path:
		path = at(path, key)
	say = _MESSAGES.get(str(error.validator))
	if error.validator == "required":
		for name in error.validator_value:
			if name not in error.instance:
				problems.add(at(path, name), f"is missing; add {name!r}{_about(error, name)}")
	elif error.validator == "additionalProperties" and isinstance(error.schema, Mapping):
		known = list(error.schema.get("properties", {}))
		for name in error.instance:
			if name not in known:
				problems.unknown(at(path, name), f"unknown parameter {name!r}", name, known, "parameters")
	elif say:
		problems.add(path, say(error))
	else:
		problems.add(path, f"{error.message[:200]}; see the description of this value")


def _about(error: Any, name: str) -> str:
	described = error.schema.get("properties", {}).get(name) if error.schema else None
	# `true` and `false` are schemas too, and have nothing to say.
	words = described.get("description") if isinstance(described, Mapping) else None
	return f" ({words})" if words else ""


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


def _excluded(error: Any) -> str:
	names = required_alone([error.validator_value])
	if names:
		return f"give only one of {names[0].replace(' and ', ', ')}; leave the others out"
	return f"{shown(error.instance)} is not allowed; {error.schema.get('description') or 'see the reference'}"


def _pattern(error: Any) -> str:
	# A pattern says little to a person; the description beside it says it in words.
	remedy = error.schema.get("description") or f"the form is {error.validator_value}"
	return f"{shown(error.instance)} does not fit; {remedy}"


def _format(error: Any) -> str:
	if error.validator_value == "condition":
		return f"{shown(error.instance)} is text, which is always true; write one {{{{ … }}}} around it"
	return f"{error.message[:200]}; see the description of this value"


def _sized(unit: str, bound: str) -> Callable[[Any], str]:
	return lambda error: f"has {len(error.instance) or 'no'} {unit}; give {bound} {error.validator_value}"


_MESSAGES: Mapping[str, Callable[[Any], str]] = {
	"anyOf": _alternatives,
	"const": lambda error: f"must be {shown(error.validator_value)}, not {shown(error.instance)}",
	"enum": _enum,
	"format": _format,
	"maximum": lambda error: f"is {error.instance}; give at most {error.validator_value}",
	"maxItems": _sized("items", "at most"),
	"maxLength": _sized("characters", "at most"),
	"minimum": lambda error: f"is {error.instance}; give at least {error.validator_value}",
	"minItems": _sized("items", "at least"),
	"minLength": _sized("characters", "at least"),
	"minProperties": _sized("keys", "at least"),
	"not": _excluded,
	"oneOf": _alternatives,
	"pattern": _pattern,
	"type": lambda error: f"must be {type_words(error.validator_value)}, not {kind(error.instance)}",
}

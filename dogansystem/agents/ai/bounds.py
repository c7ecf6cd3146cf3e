"""What the parameters of a tool may be. A bound belongs to a parameter, or to a value within one:

- a text, number, true, false or null: always this value; the model does not see the parameter. Null leaves it out.
- `"*"`: anything that the action takes. So is a parameter without a bound.
- a list: one of these; of a list each has to be one of these.
- `{"parties": true}`: addresses of the documents that the agent was given.
- any other mapping: only these keys, each within its own bound.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any

from dogansystem.actions.schema import ValidationError

ANYTHING = "*"
PARTIES = {"parties": True}
Bounds = Mapping[str, Any]


class OutOfBounds(ValidationError):
	"""A model wants a tool to be called with what it may not be called with."""


def is_free(bounds: Bounds, parameter: str) -> bool:
	"""Whether the model may give anything for a parameter."""
	return parameter not in bounds or bounds[parameter] == ANYTHING


def is_fixed(bound: Any) -> bool:
	"""Whether it is always one value, which the model need not give."""
	return bound != ANYTHING and not isinstance(bound, list | Mapping)


def schema(parameters: Mapping[str, Any], bounds: Bounds) -> dict[str, Any]:
	"""The JSON Schema of what a model may give."""
	fixed = {name for name, bound in bounds.items() if is_fixed(bound)}
	properties = {
		name: _schema_of(each, bounds.get(name, ANYTHING))
		for name, each in parameters.get("properties", {}).items()
		if name not in fixed
	}
	required = [each for each in parameters.get("required", ()) if each not in fixed]
	found = {
		"type": "object",
		"properties": properties,
		"additionalProperties": parameters.get("additionalProperties", True),
	}
	more = {key: parameters[key] for key in ("$defs", "definitions") if key in parameters}
	return {**found, **({"required": required} if required else {}), **more}


def _schema_of(parameter: Mapping[str, Any], bound: Any) -> Mapping[str, Any]:
	about = {"description": parameter["description"]} if "description" in parameter else {}
	if isinstance(bound, list):
		types = parameter.get("type", ())
		types = [types] if isinstance(types, str) else types
		one: dict[str, Any] = {"enum": bound}
		if "array" not in types:
			return {**about, **one}
		many = {"type": "array", "items": one}
		return {**about, **(many if set(types) == {"array"} else {"anyOf": [one, many]})}
	if isinstance(bound, Mapping) and bound != PARTIES:
		inner = parameter.get("properties", {})
		properties = {
			key: _schema_of(inner.get(key, {}), each) for key, each in bound.items() if not is_fixed(each)
		}
		return {"type": "object", "properties": properties, "additionalProperties": False, **about}
	return parameter


def within(given: Mapping[str, Any], bounds: Bounds, parties: Collection[str]) -> dict[str, Any]:
	"""What a tool is called with. Raises OutOfBounds, naming what is out of its bounds."""
	found = {name: _within(value, bounds.get(name, ANYTHING), name, parties) for name, value in given.items()}
	found |= {name: bound for name, bound in bounds.items() if is_fixed(bound)}
	return {name: value for name, value in found.items() if not (value is None and name in bounds)}


def _within(value: Any, bound: Any, path: str, parties: Collection[str]) -> Any:
	if bound == ANYTHING:
		return value
	if bound == PARTIES:
		return _one_of(
			value, [each.lower() for each in parties], path, "an address of the documents given", str.lower
		)
	if isinstance(bound, list):
		return _one_of(value, bound, path, f"one of {_shown(bound)}")
	if isinstance(bound, Mapping):
		if not isinstance(value, Mapping):
			raise OutOfBounds(f"{path}: must be a mapping.")
		if unknown := [key for key in value if key not in bound]:
			raise OutOfBounds(f"{path}.{unknown[0]}: may not be given; only {_shown(list(bound))}.")
		inner = {key: _within(each, bound[key], f"{path}.{key}", parties) for key, each in value.items()}
		return inner | {key: each for key, each in bound.items() if is_fixed(each) and each is not None}
	if value != bound or type(value) is not type(bound):
		raise OutOfBounds(f"{path}: is always {_shown(bound)}. Leave it out.")
	return value


def _one_of(value: Any, allowed: Collection[Any], path: str, words: str, form: Any = None) -> Any:
	for each in value if isinstance(value, list) else [value]:
		found = form(each) if form and isinstance(each, str) else each
		if isinstance(each, bool) or not any(found == one and type(found) is type(one) for one in allowed):
			raise OutOfBounds(f"{path}: {_shown(each)} is not allowed; it has to be {words}.")
	return value


def _shown(value: Any) -> str:
	text = json.dumps(value, ensure_ascii=False, default=str)
	return text if len(text) <= 300 else f"{text[:300]}…"

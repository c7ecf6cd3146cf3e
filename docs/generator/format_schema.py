"""The format of workflows as a JSON Schema, for editors: dogansystem/workflow.schema.json.

It is built out of what the checks in `dogansystem.engine` and the actions say, and says less than they do: what depends on
other places of a definition, such as names of steps, only `dogansystem check` sees. It never refuses what the check accepts.
Draft 7, as editors know it best.
"""

import json
from collections.abc import Callable, Mapping
from inspect import getclosurevars
from typing import Any

from dogansystem.actions.registry import core_actions
from dogansystem.engine.definitions import check_steps, check_values, parse
from dogansystem.engine.definitions.parameters import MAX_PARAMETERS
from dogansystem.engine.definitions.triggers.base import Kind
from dogansystem.engine.definitions.triggers.checks import OPERATORS
from dogansystem.engine.definitions.triggers.registry import KINDS
from dogansystem.engine.signals import NAME as SIGNAL
from generator.definition import LIMITS, RETRY, STEP, WORKFLOW

Schema = dict[str, Any]

# A text with something to render. Source: engine/templates/compiled.py, is_template.
TEMPLATE = r"\{[{%#]"
_LABEL = rf"^(?![\s\S]*{TEMPLATE})\s*\S[\s\S]{{0,{check_values.MAX_LABEL - 1}}}\s*$"
_WRITTEN: Schema = {"type": "string", "pattern": r"\S"}
_NAME: Schema = {
	"type": "string",
	"pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$",
	"maxLength": check_values.MAX_LABEL,
}
_ID = "^[A-Za-z_][A-Za-z0-9_]*$"
# Source: engine/durations.py.
_NUMBER = r"[0-9]+(\.[0-9]+)?"
_DURATION = rf"({_NUMBER}|(?=[0-9])({_NUMBER}d\s*)?({_NUMBER}h\s*)?({_NUMBER}m\s*)?({_NUMBER}s)?)"
_PERSON: Schema = {
	"anyOf": [
		{"type": "string", "pattern": r"^(?!\s*[Rr][Oo][Ll][Ee]:)[^\n]*\S[^\n]*$"},
		{
			"type": "object",
			"required": ["role"],
			"additionalProperties": False,
			"properties": {"role": _WRITTEN},
		},
	]
}
# What is a schema in draft 2020-12 is one in draft 7, which validators have at hand.
_A_SCHEMA: Schema = {"$ref": "http://json-schema.org/draft-07/schema#"}
_FILTERS: Schema = {
	"type": ["object", "array"],
	"minProperties": 1,
	"minItems": 1,
	"items": {
		"anyOf": [{"type": "object", "minProperties": 1}, {"type": "array", "minItems": 3, "maxItems": 4}]
	},
	"additionalProperties": {
		"if": {"type": "array"},
		"then": {"minItems": 2, "maxItems": 2, "items": [{"$ref": "#/definitions/operator"}]},
	},
}
# What each check takes, by the name of its function, as in generator.definition.
_TAKES: Mapping[str, Callable[[Mapping[str, Any]], Schema]] = {
	"name": lambda bounds: _NAME,
	"text": lambda bounds: {"type": "string", **_at_most(bounds["most"])},
	"label": lambda bounds: {"type": "string", "pattern": _LABEL},
	"others_doctype": lambda bounds: {"type": "string", "pattern": rf"^(?!\s*Dogan ){_LABEL[1:]}"},
	"step_id": lambda bounds: {"type": "string", "pattern": _ID, "maxLength": check_values.MAX_ID},
	"choice": lambda bounds: {"enum": list(bounds["options"])},
	"whole": lambda bounds: {"type": "integer", "minimum": bounds["least"], "maximum": bounds["most"]},
	"flag": lambda bounds: {"type": "boolean"},
	"duration": lambda bounds: _duration(rf"^\s*{_DURATION}\s*$", **_least(bounds)),
	"offset": lambda bounds: _duration(rf"^\s*(-\s*)?{_DURATION}\s*$"),
	"condition": lambda bounds: {**_WRITTEN, "type": ["string", "boolean"]},
	"items": lambda bounds: {**_WRITTEN, "type": ["string", "array"]},
	"template": lambda bounds: _WRITTEN,
	"data": lambda bounds: {"not": {"type": "null"}},
	"parameters": lambda bounds: {"type": "object"},
	"listed_text": lambda bounds: {"type": "array", "uniqueItems": True, "items": {"type": "string"}},
	"error_names": lambda bounds: {
		"type": "array",
		"minItems": 1,
		"items": {"type": "string", "pattern": _ID},
	},
	"time_of_day": lambda bounds: {"type": "string", "pattern": r"^\s*([01]?[0-9]|2[0-3]):[0-5][0-9]\s*$"},
	"field_value": lambda bounds: {
		"type": ["string", "number", "boolean"],
		"pattern": rf"^(?![\s\S]*{TEMPLATE})",
	},
	"filters": lambda bounds: _FILTERS,
	"signal_name": lambda bounds: {"type": "string", "pattern": SIGNAL},
	"cron": lambda bounds: {"type": "string", "pattern": r"^\s*(@\S+|\S+(\s+\S+){4})\s*$"},
	"timezone": lambda bounds: _WRITTEN,
	"people": lambda bounds: {"anyOf": [*_PERSON["anyOf"], {"type": "array", "items": _PERSON}]},
	"parameter_schemas": lambda bounds: {
		"type": "object",
		"maxProperties": MAX_PARAMETERS,
		"propertyNames": {"pattern": _ID, "maxLength": check_values.MAX_ID},
		"additionalProperties": {
			"allOf": [
				{"type": "object", "required": ["title"], "properties": {"title": _WRITTEN}},
				_A_SCHEMA,
			]
		},
	},
	"input_schema": lambda bounds: {"allOf": [{"type": "object"}, _A_SCHEMA]},
	"steps": lambda bounds: {
		"type": "array",
		"minItems": 1,
		"maxItems": check_steps.MAX_STEPS,
		"items": {"$ref": "#/definitions/step"},
	},
	"_triggers": lambda bounds: {"type": "array", "items": {"$ref": "#/definitions/trigger"}},
	"_limits": lambda bounds: _mapping(parse.LIMITS, LIMITS),
	"retry": lambda bounds: {"$ref": "#/definitions/retry"},
	"compensation": lambda bounds: {"$ref": "#/definitions/compensation"},
}


def write() -> str:
	"""The schema as the file has it."""
	return json.dumps(schema(), ensure_ascii=False, indent="\t") + "\n"


def schema() -> Schema:
	"""The whole schema."""
	return {
		"$schema": "http://json-schema.org/draft-07/schema#",
		"title": "A workflow of DoganSystem",
		**_mapping(parse.KEYS, WORKFLOW, ("name", "steps")),
		"definitions": {
			"step": _step(),
			"compensation": _compensation(),
			"retry": _mapping(check_steps.RETRY, RETRY, ("attempts",)),
			"trigger": _trigger(),
			**_params(),
			"template": {"type": "string", "pattern": TEMPLATE},
			"operator": {"type": "string", "pattern": f"^\\s*({'|'.join(map(_any_case, OPERATORS))})\\s*$"},
		},
	}


def _mapping(
	checks: Mapping[str, Any], meanings: Mapping[str, str], required: tuple[str, ...] = ()
) -> Schema:
	properties = {name: _takes(check) | {"description": meanings[name]} for name, check in checks.items()}
	needed = {"required": list(required)} if required else {}
	return {"type": "object", "additionalProperties": False, **needed, "properties": properties}


def _takes(check: Any) -> Schema:
	"""What a check accepts; of one that is not known here nothing is said."""
	bounds = getclosurevars(check).nonlocals
	take = _TAKES.get(check.__qualname__.partition(".")[0], lambda bounds: {})
	found = take(bounds)
	default = bounds.get("default")
	return dict(found) if default is None else {**found, "default": default}


def _at_most(most: int | None) -> Schema:
	return {} if most is None else {"pattern": rf"^\s*[\s\S]{{0,{most}}}\s*$"}


def _least(bounds: Mapping[str, Any]) -> Schema:
	if bounds["least"]:
		return {"minimum": bounds["least"]}
	return {"exclusiveMinimum": 0} if bounds["positive"] else {"minimum": 0}


def _duration(pattern: str, **bounds: Any) -> Schema:
	return {"type": ["string", "number"], "pattern": pattern, **bounds}


def _any_case(words: str) -> str:
	"""A pattern for words however they are written: draft 7 has no flags."""
	letters = (
		f"[{each.upper()}{each}]" if each.isalpha() else f"\\{each}" if each in "()" else each
		for each in words
	)
	return "".join(letters)


# Steps


def _step() -> Schema:
	made = _mapping(check_steps.KEYS, STEP, ("id", "action"))
	made["properties"]["action"] = _action(STEP["action"], core_actions())
	return {
		**made,
		"not": {"required": ["agent", "capability"]},
		"dependencies": {"max_parallel": ["for_each"]},
		"allOf": _params_by_action(),
	}


def _compensation() -> Schema:
	meanings = {name: STEP[name] for name in check_steps.COMPENSATION}
	made = _mapping(check_steps.COMPENSATION, meanings, ("action",))
	names = [name for name in core_actions() if check_steps.may_undo(name)]
	made["properties"]["action"] = _action("What undoes the step.", names)
	return {**made, "allOf": _params_by_action()}


def _action(meaning: str, names: Any) -> Schema:
	"""The app's own actions by name, and those of other apps, whose families are others."""
	offered = [name for name, action in sorted(core_actions().items()) if name in names and action.offered]
	families = sorted({name.partition(".")[0] for name in core_actions()})
	others = {"type": "string", "pattern": f"^(?!({'|'.join(families)})\\.){_LABEL[1:]}"}
	return {"description": meaning, "anyOf": [{"enum": offered}, others]}


def _params_by_action() -> list[Schema]:
	return [
		{
			"if": {"required": ["action"], "properties": {"action": {"const": name}}},
			"then": _with_params(name, action.parameters),
		}
		for name, action in sorted(core_actions().items())
		if action.offered
	]


def _with_params(name: str, parameters: Mapping[str, Any]) -> Schema:
	is_needed = bool(parameters.get("required")) or "oneOf" in parameters
	reference = {"$ref": f"#/definitions/params.{name}"}
	return {"properties": {"params": reference}, **({"required": ["params"]} if is_needed else {})}


def _params() -> Schema:
	"""The params of each action, by the name of their definition."""
	return {
		f"params.{name}": {
			**_of_value(action.parameters),
			"description": f"{action.summary}. Gives back: {action.returns}",
		}
		for name, action in sorted(core_actions().items())
		if action.offered
	}


# Rules about several values at once, which a template among them may keep.
_JOINT = (
	"contains",
	"dependentSchemas",
	"if",
	"then",
	"else",
	"maxContains",
	"minContains",
	"not",
	"uniqueItems",
)


def _relaxed(schema: Any) -> Any:
	"""The schema of a rendered value as that of a written one, in which a template may stand for any value."""
	if not isinstance(schema, Mapping) or _takes_any_text(schema):
		return schema
	inner = _of_value(schema)
	words = {key: inner.pop(key) for key in ("description", "default") if key in inner}
	return {**words, "anyOf": [{"$ref": "#/definitions/template"}, inner]}


def _takes_any_text(schema: Mapping[str, Any]) -> bool:
	kinds = schema.get("type", "string")
	takes_text = kinds == "string" or "string" in kinds
	holds_others = any(key in schema for key in ("items", "properties", "additionalProperties", *_JOINT))
	bounds = any(
		key in schema for key in ("pattern", "enum", "format", "const", "maxLength", "anyOf", "oneOf")
	)
	return takes_text and not (bounds or holds_others)


def _of_value(schema: Mapping[str, Any]) -> Schema:
	"""The rules for a value that is no template itself, but may hold some."""
	found: Schema = {key: value for key, value in schema.items() if key not in _JOINT}
	for key in ("properties", "patternProperties"):
		if key in found:
			found[key] = {name: _relaxed(each) for name, each in found[key].items()}
	for key in ("items", "additionalProperties"):
		if key in found:
			found[key] = _relaxed(found[key])
	if "not" in schema and _names_keys_alone(schema["not"]):
		found["not"] = schema["not"]
	for key in ("anyOf", "oneOf"):
		if key in found:
			alone = all(map(_names_keys_alone, found[key]))
			found["anyOf" if key == "oneOf" and not alone else key] = [
				each if alone else _relaxed(each) for each in found.pop(key)
			]
	if found.pop("format", None) == "condition":
		found["not"] = {"type": "string"}
	return found


def _names_keys_alone(schema: Any) -> bool:
	return isinstance(schema, Mapping) and set(schema) == {"required"}


# Triggers


def _trigger() -> Schema:
	return {
		"type": "object",
		"required": ["on"],
		"properties": {"on": {"enum": list(KINDS), "description": "What starts a run."}},
		"allOf": [
			{"if": {"required": ["on"], "properties": {"on": {"const": on}}}, "then": _of_kind(kind)}
			for on, kind in KINDS.items()
		],
	}


def _of_kind(kind: Kind) -> Schema:
	checks = {name: key.check for name, key in kind.keys.items()}
	made = _mapping(checks, {name: key.meaning for name, key in kind.keys.items()}, kind.required)
	made["properties"] = {"on": {"description": kind.about}, **made["properties"]}
	goes_with = {
		name: {"properties": {key.only_with[0]: {"const": key.only_with[1]}}}
		for name, key in kind.keys.items()
		if key.only_with
	}
	return {**made, **({"dependencies": goes_with} if goes_with else {}), **kind.rules}

"""A definition as the form Dogan Workflow with its child tables, and back, without loss.

The form keeps data as JSON text, names as text separated by commas, and no value as an empty field.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dogansystem.engine.definition import DEFAULT_DISABLE_AFTER, DEFAULT_PRIORITY, Definition
from dogansystem.engine.definitions.check_steps import KEYS as STEP_KEYS
from dogansystem.engine.definitions.check_steps import RETRY
from dogansystem.engine.definitions.parse import KEYS, LIMITS
from dogansystem.engine.definitions.problems import Problems, at
from dogansystem.engine.definitions.source import unique
from dogansystem.engine.definitions.triggers import registry
from dogansystem.engine.errors import DefinitionError

# Fields that have another name than the key they stand for; `limits.key` is the key `key` of `limits`.
_RENAMED: Mapping[str, str] = {
	"name": "workflow_name",
	"limits.key": "limit_key",
	"input": "input_schema",
	"id": "step_id",
	"join": "join_mode",
	"when": "run_when",
	"if": "condition",
}


def _named(keys: Iterable[str]) -> Mapping[str, str]:
	"""Fields by their keys."""
	return {
		key: _RENAMED.get(key, key.removeprefix("limits.").replace("retry.", "retry_"))
		for outer in keys
		for key in ([f"{outer}.{inner}" for inner in _SPREAD[outer]] if outer in _SPREAD else [outer])
	}


_SPREAD: Mapping[str, Mapping[str, Any]] = {"limits": LIMITS, "retry": RETRY}
WORKFLOW_FIELDS = _named(key for key in KEYS if key not in ("steps", "triggers"))
STEP_FIELDS = _named(STEP_KEYS)
TRIGGER_FIELDS: Mapping[str, str] = registry.fields()
_FLAGS = registry.fields_of_form("flag") | {"offer_to_assistants"}
_VALUES = registry.fields_of_form("value")
_NAMES = registry.fields_of_form("names")
# What a field shows for a key that a definition leaves out; fields not named here are empty.
DEFAULTS: Mapping[str, Any] = {
	"offer_to_assistants": 0,
	"concurrent_runs": 0,
	"when_full": "queue",
	"disable_after": DEFAULT_DISABLE_AFTER,
	"join_mode": "all",
	"run_when": "succeeded",
	"max_parallel": 0,
	"retry_attempts": 0,
	"retry_jitter": 0,
	"on_error": "fail",
	"priority": DEFAULT_PRIORITY,
	**dict.fromkeys(_FLAGS, 0),
}
_JSON = frozenset({"parameters", "input_schema", "output", "params", "compensate"}) | registry.fields_of_form(
	"json"
)
_NUMBERS = frozenset({"concurrent_runs", "disable_after", "max_parallel", "retry_attempts", "priority"})
_ROLE = "role:"  # in front of a role among people, one of whom is on each line
_PATH = re.compile(r"(?P<table>steps|triggers)\[(?P<row>\d+)\](?:\.(?P<rest>.*))?", re.DOTALL)


def tables() -> dict[str, Any]:
	"""Which key is which field, what fields hold, and what they show for a key that is left out: for who shows forms."""
	return {
		"workflow": WORKFLOW_FIELDS,
		"step": STEP_FIELDS,
		"trigger": TRIGGER_FIELDS,
		"kinds": {
			on: {name: key.only_with for name, key in kind.keys.items()}
			for on, kind in registry.KINDS.items()
		},
		"defaults": DEFAULTS,
		"json": sorted(_JSON),
		"numbers": sorted(_NUMBERS),
		"flags": sorted(_FLAGS),
		"values": sorted(_VALUES),
		"names": sorted(_NAMES),
	}


def to_form(definition: Definition) -> dict[str, Any]:
	"""The fields of Dogan Workflow with its rows, for a checked definition."""
	source = definition.source
	form = _fields(source, WORKFLOW_FIELDS)
	form["steps"] = [
		{**_fields(step, STEP_FIELDS), "starts": int(step.get("after") == [])} for step in source["steps"]
	]
	form["triggers"] = [_fields(trigger, TRIGGER_FIELDS) for trigger in source.get("triggers", [])]
	return form


def _fields(source: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, Any]:
	row = {}
	for key, field in fields.items():
		outer, _, inner = key.rpartition(".")
		holder = source.get(outer, {}) if outer else source
		row[field] = _shown(field, holder[inner]) if inner in holder else DEFAULTS.get(field, "")
	return row


def _shown(field: str, value: Any) -> Any:
	if field in _JSON or (field == "for_each" and isinstance(value, list)):
		return json.dumps(value, ensure_ascii=False, indent=1)
	if field in _VALUES:  # in quotes where it would look like no value, or like one in quotes
		return json.dumps(value, ensure_ascii=False) if not value or value.startswith('"') else value
	if field == "notify":
		return "\n".join(f"{_ROLE} {each['role']}" if isinstance(each, dict) else each for each in value)
	if isinstance(value, list):
		return ", ".join(value)
	return int(value) if isinstance(value, bool) else value


def from_form(form: Mapping[str, Any]) -> dict[str, Any]:
	"""The plain data of a definition that a form describes; `parse` checks it.

	Fields of another kind of trigger are passed over, since the form hides them.

	Raises:
		DefinitionError: fields whose JSON cannot be read, each with the path of its key.
	"""
	problems = Problems()
	data = _keys(form, WORKFLOW_FIELDS, "", problems)
	triggers = [
		_trigger(row, f"triggers[{index}]", problems) for index, row in enumerate(form.get("triggers") or [])
	]
	if triggers:
		data["triggers"] = triggers
	data["steps"] = [
		_step(row, f"steps[{index}]", problems) for index, row in enumerate(form.get("steps") or [])
	]
	if problems.found:
		raise DefinitionError(problems.found)
	return data


def _trigger(row: Mapping[str, Any], path: str, problems: Problems) -> dict[str, Any]:
	kind = registry.KINDS.get(row.get("kind") or "")
	keys = {"on"}
	for name, key in kind.keys.items() if kind else ():
		other, value = key.only_with or ("", None)
		if key.only_with is None or row.get(TRIGGER_FIELDS[other]) == value:
			keys.add(name)
	return _keys(row, {key: field for key, field in TRIGGER_FIELDS.items() if key in keys}, path, problems)


def _step(row: Mapping[str, Any], path: str, problems: Problems) -> dict[str, Any]:
	step = _keys(row, STEP_FIELDS, path, problems)
	if _number(row.get("starts")) and "after" not in step:
		step["after"] = []
	return step


def _keys(row: Mapping[str, Any], fields: Mapping[str, str], path: str, problems: Problems) -> dict[str, Any]:
	data: dict[str, Any] = {}
	for key, field in fields.items():
		value = row.get(field)
		if value is None or value == "" or value == DEFAULTS.get(field):
			continue
		outer, _, inner = key.rpartition(".")
		holder = data.setdefault(outer, {}) if outer else data
		try:
			holder[inner] = _READ[field](value) if field in _READ else value
		except ValueError as error:
			message = f"not valid JSON: {error}; write text, lists and mappings as JSON has them"
			problems.add(at(path, key), message)
	return {key: value for key, value in data.items() if value != {} or key in ("output", "input")}


def _json(value: Any) -> Any:
	if not isinstance(value, str):
		return value
	# A lone template needs no quotes: JSON never begins like one.
	return value if value.lstrip().startswith("{{") else json.loads(value, object_pairs_hook=unique)


def _quoted(value: Any) -> Any:
	return _json(value) if isinstance(value, str) and value.startswith('"') else value


def _flag(value: Any) -> bool:
	return bool(_number(value))


def _items(value: Any) -> Any:
	try:
		return json.loads(value) if str(value).lstrip().startswith("[") else value
	except ValueError:
		return value  # an expression that makes a list, such as [doc.owner, user]


def _names(value: Any) -> list[str]:
	return [name for name in (part.strip() for part in re.split(r"[,\n]", str(value))) if name]


def _people(value: Any) -> list[Any]:
	lines = [line.strip() for line in str(value).split("\n")]
	return [
		{"role": line[len(_ROLE) :].strip()} if line.lower().startswith(_ROLE) else line
		for line in lines
		if line
	]


def _number(value: Any) -> Any:
	return int(value) if isinstance(value, str) and value.strip().lstrip("-").isdigit() else value


_READ: Mapping[str, Callable[[Any], Any]] = {
	**dict.fromkeys(_JSON, _json),
	**dict.fromkeys(_NUMBERS, _number),
	"notify": _people,
	"for_each": _items,
	"after": _names,
	"retry_on": _names,
	"retry_jitter": _flag,
	**dict.fromkeys(_FLAGS, _flag),
	**dict.fromkeys(_VALUES, _quoted),
	**dict.fromkeys(_NAMES, _names),
}


def problem_field(path: str) -> tuple[str | None, int | None, str | None]:
	"""The field of the form that the path of a problem is about: table, row (from 0) and fieldname.

	The table and the row are None for a field of the workflow itself; whatever has no field of its own points to the
	nearest one that does, or to nothing.
	"""
	match = _PATH.fullmatch(path)
	if match:
		fields = STEP_FIELDS if match["table"] == "steps" else TRIGGER_FIELDS
		return match["table"], int(match["row"]), _field(match["rest"] or "", fields)
	table = path.split("[")[0]
	if table in ("steps", "triggers"):
		return table, None, None
	return None, None, _field(path, WORKFLOW_FIELDS)


def _field(path: str, fields: Mapping[str, str]) -> str | None:
	keys = re.split(r"[.\[]", path)
	# For a key that is spread over several fields, such as `retry`, the first of them.
	spread = next((field for key, field in fields.items() if key.startswith(f"{keys[0]}.")), None)
	return fields.get(".".join(keys[:2])) or fields.get(keys[0]) or spread

"""Every action by name: the app's own, and those that other apps bring through the hook `dogansystem_actions`."""

import re
from collections.abc import Iterable, Mapping
from importlib import import_module
from inspect import isabstract
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from dogansystem.actions import (
	agent,
	busy,
	channels,
	data,
	deciding,
	document,
	email,
	flow,
	http,
	method,
	notify,
	report,
	script,
	workflow,
)
from dogansystem.actions.base import Action
from dogansystem.actions.base import branches as branches
from dogansystem.actions.base import schemas as schemas
from dogansystem.actions.schema import type_words
from dogansystem.engine.errors import DoganError

NAME = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")
_FAMILIES = (
	document, email, notify, channels, http, method, report, script, data, flow, deciding, agent, workflow, busy
)  # fmt: skip
CORE: tuple[type[Action], ...] = tuple(
	kind for family in _FAMILIES for kind in vars(family).values()
	if isinstance(kind, type) and issubclass(kind, Action) and kind is not Action
)  # fmt: skip


class ActionError(DoganError):
	"""An action of another app that cannot be used."""


def core_actions() -> dict[str, Action]:
	"""The actions that every site has, by name."""
	return {kind.name: kind() for kind in CORE}


def load(paths: Iterable[str]) -> dict[str, Action]:
	"""The actions of other apps, by name, from dotted paths to their classes (`my_app.actions.Print`).

	Raises ActionError naming every path that is wrong, what is wrong with it, and what to do.
	"""
	found: dict[str, Action] = {}
	problems: list[str] = []
	taken = {kind.name: "the app's own" for kind in CORE}
	for path in dict.fromkeys(paths):
		try:
			kind = _import(path)
			_check(kind)
			if kind.name in taken:
				raise ActionError(f"the name {kind.name!r} is taken by {taken[kind.name]}; choose another")
			found[kind.name] = kind()
			taken[kind.name] = path
		except Exception as error:  # another app's code: whatever it raises on import must name its path
			reason = str(error) if isinstance(error, ActionError) else f"{type(error).__name__}: {error}"
			problems.append(f"dogansystem_actions: {path!r}: {reason}")
	if problems:
		raise ActionError("\n".join(problems))
	return found


def describe(actions: Mapping[str, Action]) -> list[dict[str, Any]]:
	"""The actions as the reference and the form show them, sorted by name; those that are not offered are left out.

	Each has `name`, `summary`, `returns`, `external`, `reads_only`, and `parameters`: a list of `name`, `type`
	(in words), `required`, `description` and, where there is one, `default` and `choices`.
	"""
	return [
		{
			"name": name,
			"summary": action.summary,
			"parameters": [
				_describe(key, parameter, key in action.parameters.get("required", ()))
				for key, parameter in action.parameters.get("properties", {}).items()
			],
			"returns": action.returns,
			"external": action.external,
			"reads_only": action.reads_only,
		}
		for name, action in sorted(actions.items())
		if action.offered
	]


def _describe(name: str, parameter: Mapping[str, Any], required: bool) -> dict[str, Any]:
	description = parameter.get("description", "")
	described = {"name": name, "type": _type(parameter), "required": required, "description": description}
	more = {"default": "default", "enum": "choices"}
	return described | {word: parameter[key] for key, word in more.items() if key in parameter}


def _type(parameter: Mapping[str, Any]) -> str:
	if parameter.get("properties") and parameter["type"] == "object":
		required = parameter.get("required", ())
		keys = [key if key in required else f"[{key}]" for key in parameter["properties"]]
		return f"{{{', '.join(keys)}}}"
	return type_words(parameter["type"]) if "type" in parameter else "anything"


def _import(path: str) -> type[Action]:
	module_name, _dot, class_name = path.rpartition(".")
	if not module_name:
		raise ActionError("is not a dotted path to a class, such as my_app.actions.Print")
	try:
		kind = getattr(import_module(module_name), class_name)
	except AttributeError:
		message = f"the module {module_name} has no {class_name}; correct the path in hooks.py"
		raise ActionError(message) from None
	if not (isinstance(kind, type) and issubclass(kind, Action)):
		raise ActionError("is not a class derived from dogansystem.actions.base.Action")
	return kind


def _check(kind: type[Action]) -> None:
	"""Whether a class keeps the contract of Action; the first thing that is wrong is raised."""
	if isabstract(kind):
		raise ActionError("has no method `run`")
	for attribute in ("name", "summary", "returns"):
		if not isinstance(getattr(kind, attribute, None), str):
			raise ActionError(f"has no `{attribute}`; give it a text")
	if not NAME.match(kind.name):
		raise ActionError(f"the name {kind.name!r} is not family.verb in lower case, such as label.print")
	schema = getattr(kind, "parameters", None)
	if not isinstance(schema, Mapping) or schema.get("type") != "object":
		raise ActionError("its `parameters` are not a JSON Schema with type: object")
	try:
		Draft202012Validator.check_schema(schema)
	except SchemaError as error:
		reason = f"{error.json_path}: {error.message}"
		raise ActionError(f"its `parameters` are not a JSON Schema: {reason}") from None

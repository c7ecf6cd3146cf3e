"""What a step can do, from the actions' own schemas."""

import json
from collections.abc import Mapping
from typing import Any

from dogansystem.actions.registry import core_actions, describe
from generator.markdown import choices, code, sections, table


def write() -> str:
	"""The chapter about actions."""
	actions = describe(core_actions())
	return sections(
		"## Actions",
		"A parameter in **bold** is needed. Every parameter may be a template; what is written out is checked when the "
		"workflow is saved, what a template gives when the step runs.",
		table(
			("action", "does"),
			[(f"[{code(each['name'])}](#{_anchor(each['name'])})", each["summary"]) for each in actions],
		),
		*(_action(each) for each in actions),
	)


def _anchor(name: str) -> str:
	return name.replace(".", "")


def _action(action: Mapping[str, Any]) -> str:
	outside = (
		"Reaches outside the database: what it does there cannot be rolled back."
		if action["external"]
		else ""
	)
	parameters = action["parameters"]
	rows = [(_name(each), _type(each), _default(each), each["description"]) for each in parameters]
	return sections(
		f"### {action['name']}",
		f"{action['summary']}. {outside}",
		table(("parameter", "takes", "default", "meaning"), rows)
		if rows
		else "Parameters: any names, each with its value.",
		f"Output: {action['returns']}.",
	)


def _name(parameter: Mapping[str, Any]) -> str:
	return f"**{code(parameter['name'])}**" if parameter["required"] else code(parameter["name"])


def _type(parameter: Mapping[str, Any]) -> str:
	return choices(parameter["choices"]) if "choices" in parameter else parameter["type"]


def _default(parameter: Mapping[str, Any]) -> str:
	if "default" not in parameter:
		return ""
	value = parameter["default"]
	return code(value if isinstance(value, str) else json.dumps(value))

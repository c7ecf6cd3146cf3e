"""What a step can do, from the actions' own schemas: a page for each family."""

import json
from collections.abc import Mapping
from importlib import import_module
from itertools import groupby
from typing import Any

import yaml

from dogansystem.actions.registry import core_actions, describe
from generator.markdown import WRITTEN, choices, code, sections, summary, table


def pages() -> dict[str, str]:
	"""The pages of docs/reference/actions by name: the list of all actions, and one page for each family."""
	actions = describe(core_actions())
	families = {family: tuple(those) for family, those in groupby(actions, key=_family)}
	return {
		"README.md": _index(actions),
		**{f"{family}.md": _page(family, those) for family, those in families.items()},
	}


def _index(actions: list[dict[str, Any]]) -> str:
	return sections(
		"# Actions",
		WRITTEN,
		"A step does one action. Every parameter may be a [template](../templates.md). What is written out is checked when "
		"the workflow is saved; what a template gives is checked when the step runs. [Your own "
		"actions](../../guides/actions.md) says how to add one.",
		table(("action", "does"), [(_link(each["name"]), each["summary"]) for each in actions]),
	)


def _link(action: str) -> str:
	return f"[{code(action)}]({action.partition('.')[0]}.md#{action.replace('.', '')})"


def _page(family: str, actions: tuple[Mapping[str, Any], ...]) -> str:
	module = import_module(f"dogansystem.actions.{family}")
	return sections(
		f"# Actions: {family}",
		WRITTEN,
		summary(module.__doc__),
		"A parameter in **bold** is needed.",
		*(_action(each) for each in actions),
	)


def _family(action: Mapping[str, Any]) -> str:
	return str(action["name"]).partition(".")[0]


def _action(action: Mapping[str, Any]) -> str:
	outside = (
		"Reaches outside the database: what it does there cannot be rolled back."
		if action["external"]
		else ""
	)
	reads = "It only reads." if action["reads_only"] else ""
	parameters = action["parameters"]
	rows = [(_name(each), _type(each), _default(each), each["description"]) for each in parameters]
	return sections(
		f"## {action['name']}",
		f"{action['summary']}. {outside}{reads}",
		table(("parameter", "takes", "default", "meaning"), rows)
		if rows
		else "Parameters: any names, each with its value.",
		f"Output: {action['returns']}.",
		_example(action["name"]),
	)


def _example(name: str) -> str:
	params = core_actions()[name].example
	if not params:
		return ""
	step = [{"id": name.partition(".")[2], "action": name, "params": dict(params)}]
	text = yaml.safe_dump(step, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)
	return f"```yaml\n{text}```"


def _name(parameter: Mapping[str, Any]) -> str:
	return f"**{code(parameter['name'])}**" if parameter["required"] else code(parameter["name"])


def _type(parameter: Mapping[str, Any]) -> str:
	return choices(parameter["choices"]) if "choices" in parameter else parameter["type"]


def _default(parameter: Mapping[str, Any]) -> str:
	if "default" not in parameter:
		return ""
	value = parameter["default"]
	return code(value if isinstance(value, str) else json.dumps(value))

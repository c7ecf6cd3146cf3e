"""The workflows that ship with the app, from their own definitions."""

import json
from collections.abc import Mapping
from typing import Any

from dogansystem.workflows import Template, templates
from generator.markdown import code, listed, sections, table

_ON: Mapping[str, str] = {
	"document": "{doctype} {event}",
	"date": "{doctype}: {field} comes",
	"condition": "{doctype} newly matches",
	"schedule": "the time comes",
	"signal": "the signal {name}",
	"manual": "by hand",
}


def write() -> str:
	"""A table of all, and a part for each."""
	rows = [(f"[{each.name}](#{each.name})", each.title) for each in templates()]
	return sections(table(("template", "what it does"), rows), *map(_part, templates()))


def _part(each: Template) -> str:
	asked = [
		(code(name), schema["title"], _default(schema)) for name, schema in each.definition.parameters.items()
	]
	facts = [
		("starts when", "; ".join(dict.fromkeys(_start(trigger) for trigger in each.definition.triggers))),
		("works with", listed(each.doctypes) if each.doctypes else "the report that it names"),
		*([("needs the app", listed(each.apps))] if each.apps else []),
		("Run As needs", ", ".join(each.roles)),
		*(
			[
				(
					"asks the AI agent",
					f"{each.agent.name}; its user needs {', '.join(each.agent.roles) or 'no role'}",
				)
			]
			if each.agent
			else []
		),
		("files", f"[{each.name}](../../dogansystem/workflows/{each.name}/)"),
	]
	return sections(
		f"## {each.name}",
		f"**{each.title}.** {_without_roles(each)}",
		table(("", ""), facts),
		table(("parameter", "asks", "default"), asked) if asked else "",
	)


def _without_roles(each: Template) -> str:
	return each.description.partition(" Run As needs the role")[0]


def _start(trigger: Any) -> str:
	return _ON.get(trigger.on, trigger.on).format(**trigger.keys)


def _default(schema: Mapping[str, Any]) -> str:
	return code(json.dumps(schema["default"], ensure_ascii=False)) if "default" in schema else "**needed**"

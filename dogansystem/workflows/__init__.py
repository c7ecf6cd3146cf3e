"""The workflows that ship with the app: templates to start from, the same files on a site and in the sandbox."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import NotFound

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Template:
	"""A workflow to start from.

	Attributes:
		source: the YAML text of its definition.
		definition: the same, parsed.
		doctypes: what a site must have for it, such as ERPNext's Quotation.
	"""

	name: str
	title: str
	description: str
	source: str
	definition: Definition
	doctypes: tuple[str, ...]


@cache
def templates() -> tuple[Template, ...]:
	"""Every template, by name."""
	return tuple(_template(path) for path in sorted(FOLDER.glob("*.yaml")))


def template(name: str) -> Template:
	"""The template of this name. Raises NotFound, which lists the names."""
	found = {each.name: each for each in templates()}
	if name not in found:
		raise NotFound(f"There is no template named {name!r}. There are: {', '.join(found)}.")
	return found[name]


def _template(path: Path) -> Template:
	source = path.read_text()
	definition = parse(source, fills_run_as=True, source_name=path.name)
	return Template(
		definition.name, definition.title, definition.description, source, definition, _doctypes(definition)
	)


def _doctypes(definition: Definition) -> tuple[str, ...]:
	"""The DocTypes that a definition names: in its document triggers and in its steps' parameters."""
	named = [trigger.keys["doctype"] for trigger in definition.triggers if trigger.on == "document"]
	named += [step.params["doctype"] for step in definition.steps if "doctype" in step.params]
	return tuple(sorted({name for name in named if "{{" not in name}))

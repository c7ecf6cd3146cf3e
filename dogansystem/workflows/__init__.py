"""The workflows that ship with the app: templates to start from, the same on a site and in the sandbox.

Each is a folder: `workflow.yaml`, `samples.jsonl` with documents to try it on in the sandbox, and `workflow.test.yaml`. In the
samples a date may be counted from today, such as `-10d`, `+3d 09:00:00` or `-30y`. The description ends with the roles that the user
of Run As needs. One that asks an AI agent has that too, `agent.yaml`, whose description ends with the roles of its user, and cases to
evaluate it by, `workflow.eval.yaml`. `input.json` is what a run of the samples is started with, where it needs an input.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.yaml_source import read_yaml
from dogansystem.engine.errors import NotFound
from dogansystem.engine.templates.date_filters import add_months

FOLDER = Path(__file__).parent
DEFINITION, SAMPLES, TEST = "workflow.yaml", "samples.jsonl", "workflow.test.yaml"
AGENT, EVAL, INPUT = "agent.yaml", "workflow.eval.yaml", "input.json"
# DocTypes that ERPNext itself does not have, by the app that brings them.
OTHER_APPS: Mapping[str, tuple[str, ...]] = {"hrms": ("Expense Claim", "Leave Application")}

_COUNTED = re.compile(r"([+-]\d{1,4})([dy])( \d\d:\d\d:\d\d)?")
_ROLES = re.compile(r"Run As needs the roles? ([A-Z][A-Za-z ,]*)\.")
_ROLES_OF_AGENT = re.compile(r"Its user needs the roles? ([A-Z][A-Za-z ,]*)\.")


@dataclass(frozen=True, slots=True)
class TemplateAgent:
	"""The AI agent that a template asks: its `fields`, as of a Dogan Agent, and the `roles` that its user needs."""

	fields: Mapping[str, Any]
	roles: tuple[str, ...]

	@property
	def name(self) -> str:
		"""What the steps call it."""
		return str(self.fields["name"])


@dataclass(frozen=True, slots=True)
class Template:
	"""A workflow to start from.

	Attributes:
		source: the YAML text of its definition.
		definition: the same, parsed.
		doctypes: what a site must have for it, such as ERPNext's Quotation.
		roles: the roles that the user of Run As needs.
		folder: where its files are.
		agent: the AI agent that its steps ask, if they ask one.
	"""

	name: str
	title: str
	description: str
	source: str
	definition: Definition
	doctypes: tuple[str, ...]
	roles: tuple[str, ...]
	folder: Path
	agent: TemplateAgent | None = None

	@property
	def apps(self) -> tuple[str, ...]:
		"""The apps beside ERPNext that bring DocTypes it needs."""
		return tuple(app for app, theirs in OTHER_APPS.items() if set(theirs) & set(self.doctypes))

	@property
	def about(self) -> tuple[str, ...]:
		"""The types of documents that a run of it may be about."""
		named = [trigger.keys.get("doctype") for trigger in self.definition.triggers]
		return tuple(dict.fromkeys(each for each in named if each))

	def samples(self, today: date) -> list[dict[str, Any]]:
		"""Its sample documents, with dates counted from `today`."""
		return samples(self.folder / SAMPLES, today)


@cache
def templates() -> tuple[Template, ...]:
	"""Every template, by name."""
	return tuple(_template(path.parent) for path in sorted(FOLDER.glob(f"*/{DEFINITION}")))


def template(name: str) -> Template:
	"""The template of this name. Raises NotFound, which lists the names."""
	found = {each.name: each for each in templates()}
	if name not in found:
		raise NotFound(f"There is no template named {name!r}. There are: {', '.join(found)}.")
	return found[name]


def samples(path: Path, today: date) -> list[dict[str, Any]]:
	"""The documents in a file of JSON lines, with dates counted from `today`."""
	lines = path.read_text(encoding="utf-8").splitlines()
	return [_dated(json.loads(line), today) for line in lines if line.strip()]


def _template(folder: Path) -> Template:
	source = (folder / DEFINITION).read_text(encoding="utf-8")
	definition = parse(source, fills_run_as=True, source_name=f"{folder.name}/{DEFINITION}")
	return Template(
		definition.name,
		definition.title,
		definition.description,
		source,
		definition,
		_doctypes(definition),
		_roles(_ROLES, definition.description),
		folder,
		_agent(folder / AGENT),
	)


def _agent(path: Path) -> TemplateAgent | None:
	if not path.exists():
		return None
	fields = read_yaml(path.read_text(encoding="utf-8"), Problems())
	return TemplateAgent(fields, _roles(_ROLES_OF_AGENT, fields["description"]))


def _roles(words: "re.Pattern[str]", description: str) -> tuple[str, ...]:
	found = words.search(description)
	return tuple(re.split(r", | and ", found[1])) if found else ()


def _doctypes(definition: Definition) -> tuple[str, ...]:
	"""The DocTypes that a definition names: in its triggers and in its steps' parameters."""
	named = [trigger.keys["doctype"] for trigger in definition.triggers if "doctype" in trigger.keys]
	named += [step.params["doctype"] for step in definition.steps if "doctype" in step.params]
	return tuple(sorted({name for name in named if "{{" not in name}))


def _dated(value: Any, today: date) -> Any:
	if isinstance(value, dict):
		return {key: _dated(inner, today) for key, inner in value.items()}
	if isinstance(value, list):
		return [_dated(inner, today) for inner in value]
	found = _COUNTED.fullmatch(value) if isinstance(value, str) else None
	if not found:
		return value
	number, unit = int(found[1]), found[2]
	# A year without a 29th of February has a 28th.
	day = add_months(today, 12 * number) if unit == "y" else today + timedelta(days=number)
	return day.isoformat() + (found[3] or "")

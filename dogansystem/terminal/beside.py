"""AI agents as files beside the definitions whose steps ask them: `agent.yaml`, `NAME.agent.yaml`.

Such a file has the fields of a Dogan Agent. Its model and its user are those of a sandbox; whoever installs it on a site names others.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from dogansystem.engine.definition import AGENT_ASK, Definition
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.yaml_source import Unreadable, read_yaml
from dogansystem.engine.errors import DefinitionError, NotFound
from dogansystem.homes.sandbox.ai import AGENT, MODEL, TOOL, filled
from dogansystem.protocol import Database, Site
from dogansystem.store import models
from dogansystem.terminal import files
from dogansystem.workflows import templates

NAME, ENDING = "agent.yaml", ".agent.yaml"


def is_agent(path: Path) -> bool:
	"""Whether a file is one of an AI agent, by its name."""
	return path.name == NAME or path.name.endswith(ENDING)


def agents_of(folder: Path, definitions: Sequence[Definition]) -> list[dict[str, Any]]:
	"""The agents in a folder that steps of these workflows ask, as documents. Raises FileError, DefinitionError, ValidationError."""
	wanted = {step.agent for each in definitions for step in each.steps if step.action == AGENT_ASK}
	found = [agent_in(path) for path in sorted(folder.iterdir()) if is_agent(path)] if wanted else []
	return [each for each in found if each["name"] in wanted]


def agent_in(path: Path) -> dict[str, Any]:
	"""The agent in a file, as a document with all its fields. Raises FileError, DefinitionError, ValidationError."""
	problems = Problems()
	try:
		found = read_yaml(files.read_text(path), problems)
	except Unreadable:
		found = None
	if not problems.found and not (
		isinstance(found, Mapping) and found.get("doctype") == AGENT and found.get("name")
	):
		problems.add("", f"is no agent: it has the fields of a {AGENT}, with doctype and name")
	if problems.found:
		raise DefinitionError(problems.found, str(path))
	return as_document(found)


def as_document(given: Mapping[str, Any]) -> dict[str, Any]:
	"""An agent with the defaults of all fields that it leaves out. Raises ValidationError for one that there is not."""
	values = filled(AGENT, {key: each for key, each in given.items() if key != "doctype"})
	tools = [
		{**filled(TOOL, each), "params": json.dumps(each.get("params") or {})}
		for each in given.get("tools") or ()
	]
	rows = {
		"capabilities": [{"capability": each} for each in given.get("capabilities") or ()],
		"tools": tools,
	}
	return {"doctype": AGENT, **values, "kind": models.AI, **rows}


def missing_agents(
	site: Site,
	folder: Path,
	definitions: Sequence[Definition],
	acts: Callable[[str], str] = lambda user: user,
) -> list[dict[str, Any]]:
	"""Those of a folder that a site does not have. `acts`: who acts there in place of a user."""
	found = [each for each in agents_of(folder, definitions) if not _has(site.database, each["name"])]
	return [{**each, "user": acts(each["user"])} for each in found]


def agents_of_templates(site: Site, definition: Definition) -> list[dict[str, Any]]:
	"""The agents that a definition asks, a site does not have, and a template of the app brings; each behind the model of the
	template's samples, which is a script."""
	wanted = {step.agent for step in definition.steps if step.action == AGENT_ASK}
	found: list[dict[str, Any]] = []
	for each in templates():
		if each.agent and each.agent.name in wanted and not _has(site.database, each.agent.name):
			fields = each.agent.fields
			own = f"{fields['model']} of {each.agent.name}"  # those of all templates have one name
			found += [
				{**sample, "name": own}
				for sample in each.samples(date.today())
				if (sample["doctype"], sample["name"]) == (MODEL, fields["model"])
			]
			found.append(as_document({**fields, "model": own}))
	return found


def _has(db: Database, agent: str) -> bool:
	try:
		models.agent(db, agent)
	except NotFound:
		return False
	return True

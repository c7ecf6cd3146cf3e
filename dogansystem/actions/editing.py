"""What an editor of workflows needs: what one can be made of, what is wrong with it, and its text as a definition."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from dogansystem.actions import checking
from dogansystem.engine.definitions import form, source
from dogansystem.engine.definitions.lines import lines_of
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.errors import DefinitionError, Problem
from dogansystem.protocol import Site

FORMAT = Path(__file__).parents[1] / "workflow.schema.json"


def vocabulary(site: Site) -> dict[str, Any]:
	"""What a workflow can be made of: `actions`, and the schemas of the `workflow`, of a `step` and of each kind of `triggers`.

	`tables` say which key of a definition is which field of the form Dogan Workflow.
	"""
	actions = [
		{
			"name": name,
			"summary": action.summary,
			"schema": action.parameters,
			"returns": action.returns,
			"branches": action.branches_of({}),
			"branches_from": action.branches_from,
			"external": action.external,
			"example": action.example,
		}
		for name, action in sorted(site.actions().items())
		if action.offered
	]
	return {"actions": actions, **_format(), "tables": form.tables()}


def problems_of(site: Site, definition: Mapping[str, Any]) -> list[dict[str, Any]]:
	"""What is wrong with a definition, and what the site lacks for it: `path` and `message` of each problem."""
	return _listed(_found(site, definition))


def from_text(site: Site, text: str) -> dict[str, Any]:
	"""The `definition` in YAML or JSON text, as far as it can be read, and its `problems`, each with its `line` from 1.

	None where it cannot be read.
	"""
	problems = Problems()
	definition = None
	try:
		definition = source.read(text, problems)
		if not isinstance(definition, dict):
			problems.add("", "a workflow is a mapping with `name` and `steps`; write these keys")
	except Unreadable:
		pass  # why stands among the problems
	read = definition if isinstance(definition, dict) else None
	found = problems.found or _found(site, read or {})
	lines = lines_of(text, (each.path for each in found))
	listed = [each | {"line": line} for each, line in zip(_listed(found), lines, strict=True)]
	return {"definition": read, "problems": listed}


def _found(site: Site, definition: Mapping[str, Any]) -> list[Problem]:
	try:
		return checking.missing(site, checking.check(site, definition))
	except DefinitionError as error:
		return error.problems


def _listed(problems: Iterable[Problem]) -> list[dict[str, Any]]:
	return [{"path": problem.path, "message": problem.message} for problem in problems]


@cache
def _format() -> dict[str, Any]:
	"""The schemas of a workflow, a step and each kind of trigger, as the published one has them."""
	published = json.loads(FORMAT.read_text(encoding="utf-8"))
	found = published["definitions"]
	kinds = {each["if"]["properties"]["on"]["const"]: each["then"] for each in found["trigger"]["allOf"]}
	step = {**found["step"]["properties"], "retry": found["retry"], "compensate": found["compensation"]}
	return {"workflow": published["properties"], "step": step, "triggers": kinds}

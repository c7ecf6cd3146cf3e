"""What the canvas of a workflow needs: actions with the schemas of their parameters, what is wrong with a definition, YAML, and
the definition that a run has."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import frappe

import dogansystem
from dogansystem.api.access import need_manager, need_run, need_user
from dogansystem.api.arguments import as_object, checked
from dogansystem.engine.definitions import form, source, yaml_text
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.yaml_source import Unreadable
from dogansystem.engine.errors import DefinitionError, Problem, UnreadableVersion
from dogansystem.homes.frappe.permissions import RUN
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import versions

FORMAT = Path(dogansystem.__file__).parent / "workflow.schema.json"


@frappe.whitelist()
@checked
def vocabulary() -> dict[str, Any]:
	"""What a workflow can be made of on this site: `actions`, and the schemas of a `step` and of each kind of `triggers`.

	`tables` say which key of a definition is which field of the form Dogan Workflow.
	"""
	need_user()
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
		for name, action in sorted(current_site().actions().items())
		if action.offered
	]
	return {"actions": actions, **_format(), "tables": form.tables()}


@frappe.whitelist(methods=["POST"])
@checked
def check(definition: dict | str) -> list[dict[str, str]]:
	"""What is wrong with a definition, and what the site lacks for it: `path` and `message` of each problem."""
	need_manager()
	return _problems(as_object(definition, "definition"))


@frappe.whitelist(methods=["POST"])
@checked
def to_yaml(definition: dict | str) -> str:
	"""A definition, valid or not, as YAML text."""
	need_user()
	return yaml_text.to_yaml(as_object(definition, "definition"))


@frappe.whitelist(methods=["POST"])
@checked
def from_yaml(text: dict | str) -> dict[str, Any]:
	"""The `definition` in YAML or JSON text, as far as it can be read, and its `problems`. None where it cannot."""
	need_manager()
	problems = Problems()
	try:
		definition = source.read(text, problems)
	except Unreadable:
		return {"definition": None, "problems": _listed(problems.found)}
	if not isinstance(definition, dict):
		problems.add("", "a workflow is a mapping with `name` and `steps`; write these keys")
		return {"definition": None, "problems": _listed(problems.found)}
	return {"definition": definition, "problems": _listed(problems.found) or _problems(definition)}


@frappe.whitelist()
@checked
def of_run(run: str) -> dict[str, Any] | None:
	"""The definition that a run goes by; None if it cannot be read any more."""
	need_run(run)
	version = frappe.db.get_value(RUN, run, "version")
	try:
		return dict(versions.load(current_site(), version).source) if version else None
	except UnreadableVersion:
		return None


def _problems(definition: dict[str, Any]) -> list[dict[str, str]]:
	orchestrator = Orchestrator(current_site())
	try:
		return _listed(orchestrator.what_is_missing(orchestrator.check(definition)))
	except DefinitionError as error:
		return _listed(error.problems)


def _listed(problems: list[Problem]) -> list[dict[str, str]]:
	return [{"path": problem.path, "message": problem.message} for problem in problems]


@cache
def _format() -> dict[str, Any]:
	"""The schemas of a step and of each kind of trigger, as the published one has them."""
	found = json.loads(FORMAT.read_text(encoding="utf-8"))["definitions"]
	kinds = {each["if"]["properties"]["on"]["const"]: each["then"] for each in found["trigger"]["allOf"]}
	retry = found["retry"]
	step = {**found["step"]["properties"], "retry": retry}
	return {"step": step, "triggers": kinds}

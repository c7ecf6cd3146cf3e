"""Runs and definitions of workflows, to read: for an agent that explains what went wrong."""

from collections.abc import Set
from typing import Any

from dogansystem.actions import checking
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import parameters, text
from dogansystem.engine.compared import changes
from dogansystem.engine.definitions.yaml_text import to_yaml
from dogansystem.engine.errors import DefinitionError, NotAllowed, UnreadableVersion
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Site
from dogansystem.protocol.people import ADMINISTRATOR, MANAGERS, USER_ROLE
from dogansystem.store import reads, versions

READERS = MANAGERS | {USER_ROLE}  # who may read every definition
MAX_STEPS = 50  # of a run that are told


class Explain(Action):
	"""Only for who may read every run: what a run holds of documents, its steps were allowed to read, and others may not be."""

	name = "workflow.explain"
	summary = "Read a run: how it ended, its steps, and the definition it went by"
	parameters = parameters({"run": text("The name of the run")})
	returns = (
		"{run, workflow, status, error, error_step, cause, document, input, parameters, steps: id, action, status, error, attempts,"
		" and of failed ones params; definition: YAML text}"
	)
	reads_only = True

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		site = context.site
		_need_one_of(MANAGERS, site, "read every run")
		found = reads.run_as_json(site.database, params["run"])
		kept = ("run", "workflow", "version", "status", "error", "error_step", "cause", "document", "input")
		told = {key: found[key] for key in (*kept, "parameters")}
		return told | {"steps": _steps(found["steps"]), "definition": _definition(site, params["run"])}


class Check(Action):
	"""Nothing is kept of it. Other workflows of the site are known to it, as when the definition is saved."""

	name = "workflow.check"
	summary = "Check a definition of a workflow, and compare it with the one that is kept"
	parameters = parameters({"definition": text("The definition, in YAML or JSON")})
	returns = (
		"{valid, problems: texts, workflow, differences: texts, from the workflow of its name as it is now}"
	)
	reads_only = True

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		site = context.site
		_need_one_of(READERS, site, "read definitions")
		found: dict[str, Any] = {"valid": False, "problems": [], "workflow": None, "differences": []}
		try:
			definition = checking.check(site, params["definition"])
		except DefinitionError as error:
			return {**found, "problems": [str(each) for each in error.problems]}
		found |= {"valid": True, "workflow": definition.name}
		now = checking.saved(site, definition.name)
		if now is not None:
			found["differences"] = [str(each) for each in changes(now, definition.source)]
		return found


def _need_one_of(roles: Set[str], site: Site, what: str) -> None:
	if site.user != ADMINISTRATOR and site.people.roles(site.user).isdisjoint(roles):
		raise NotAllowed(
			f"User {site.user} may not {what}: that needs the role {' or '.join(sorted(roles))}."
		)


def _steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""What became of each step, those that failed first."""
	in_order = sorted(steps, key=lambda each: each["status"] != FAILED)
	kept = ("id", "index", "action", "status", "error", "attempts")
	return [
		{key: each[key] for key in (*kept, *(["params"] if each["status"] == FAILED else []))}
		for each in in_order[:MAX_STEPS]
	]


def _definition(site: Site, run: str) -> str | None:
	"""The definition that a run went by; None where it cannot be read any more."""
	query = "SELECT version FROM `tabDogan Workflow Run` WHERE name = %s"
	try:
		return to_yaml(dict(versions.load(site, site.database.sql(query, (run,))[0][0]).source))
	except UnreadableVersion:
		return None

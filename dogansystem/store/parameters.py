"""The values of a workflow's parameters: kept on the workflow, outside its versions; a run keeps those it started with."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine import log
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions import parameters
from dogansystem.engine.errors import InputError
from dogansystem.engine.outputs import decode, encode
from dogansystem.engine.templates.render import to_json_value
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, reads

_SMALLER = "Keep less: name a document that holds it."

Values = dict[str, Any]


def kept(db: Database, workflow: str, *, locked: bool = False) -> Values:
	"""The values that were set; empty if there is no such workflow. `locked`: they stay so until the transaction ends."""
	query = "SELECT parameter_values FROM `tabDogan Workflow` WHERE name = %s"
	row = dialect.first(db.sql(query + (dialect.for_update(db) if locked else ""), (workflow,)))
	return (decode(row[0]) or {}) if row else {}


def as_column(values: Mapping[str, Any]) -> str | None:
	"""Values as a column holds them. Raises OutputNotJSON or OutputTooLarge."""
	return encode(values, "The values of the parameters", _SMALLER) if values else None


# Of a workflow


def save(site: Site, definition: Definition, enabled: bool | None, given: Mapping[str, Any]) -> None:
	"""Save a workflow, and set `given` with it. Raises InputError, also where it is enabled and a value is missing or does
	not fit; of a workflow that is not enabled, the log says so."""
	values = _with(site, definition, given)
	_check(site, definition, values, enabled)
	site.catalog.save_workflow(definition, enabled, values if given else None)


def change(site: Site, definition: Definition, given: Mapping[str, Any]) -> Values:
	"""Set some values; gives those that a run started now has. Raises InputError."""
	values = _with(site, definition, given)
	_check(site, definition, values, None)
	site.catalog.keep_parameters(definition.name, values)
	return parameters.effective(definition, values)


def check_enabled(site: Site, definition: Definition) -> None:
	"""Raise InputError if a workflow cannot be enabled because a value is missing or does not fit."""
	_check(site, definition, kept(site.database, definition.name), True)


def described(site: Site, definition: Definition) -> list[dict[str, Any]]:
	"""Each parameter as `Orchestrator.get_parameters` gives it."""
	known = kept(site.database, definition.name)
	values = parameters.effective(definition, known)
	problems = parameters.problems_by_name(definition, values, site.documents.exists)
	return [
		{
			"name": name,
			"title": schema["title"],
			"value": values.get(name),
			"is_set": name in known,
			"problem": "; ".join(each.message for each in problems.get(name, ())) or None,
			"schema": schema,
		}
		for name, schema in definition.parameters.items()
	]


def _with(site: Site, definition: Definition, given: Mapping[str, Any]) -> Values:
	"""What is kept once `given` are set."""
	if not (definition.parameters or given):
		return {}
	site.database.begin()
	known = kept(site.database, definition.name, locked=bool(given))
	return parameters.changed(definition, known, to_json_value(dict(given)), site.documents.exists)


def _check(site: Site, definition: Definition, known: Mapping[str, Any], enabled: bool | None) -> None:
	"""`enabled` None: as the workflow is."""
	problems = parameters.problems_of(definition, known, site.documents.exists)
	if problems and enabled is None:
		found = reads.enabled_workflow(site.database, definition.name)
		enabled = bool(found and found[1])
	if problems and enabled:
		told = "\n".join(map(str, problems))
		raise InputError(f"Workflow {definition.name!r} cannot be enabled:\n{told}")
	for problem in problems:
		log.event(log.WARNING, "workflow.parameters", workflow=definition.name, message=str(problem))


# Of a run


def of_start(db: Database, definition: Definition) -> Values:
	"""The values that a run of this definition starts with: those that were set, or else the defaults."""
	if not definition.parameters:
		return {}
	return parameters.effective(definition, kept(db, definition.name))


def of_retry(db: Database, definition: Definition, had: Mapping[str, Any]) -> Values:
	"""The values with which a run goes on that goes over to another version: its own, and for parameters that are new to
	it what a run would start with. Raises InputError for one without a value."""
	values = parameters.effective(definition, of_start(db, definition) | dict(had))
	parameters.check_complete(definition, values)
	return values

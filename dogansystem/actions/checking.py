"""A definition held against what a site has: its actions, its DocTypes, its other workflows."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from dogansystem.actions.base import branches, schemas
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.definitions.problems import Problems, at
from dogansystem.engine.errors import Problem, UnreadableVersion
from dogansystem.protocol import Site
from dogansystem.store import reads, versions

CREDENTIAL = "Dogan Credential"


def check(site: Site, source: str | Mapping[str, Any]) -> Definition:
	"""The definition in YAML, JSON or plain data. Raises DefinitionError with every problem found."""
	actions = site.actions()
	return parse(
		source,
		actions=schemas(actions),
		branches=branches(actions),
		source_of=partial(saved, site),
		fields_of=site.documents.fields_of,
		fills_run_as=site.catalog.fills_run_as,
	)


def missing(site: Site, definition: Definition) -> list[Problem]:
	"""What the site lacks for an enabled workflow: apps, settings, credentials. Each says what to do."""
	problems, actions = Problems(), site.actions()
	for index, step in enumerate(definition.steps):
		action = actions.get(step.action)
		if action and (reason := action.missing(site, step.params)):
			problems.add(at(f"steps[{index}]", "action"), reason)
	for trigger in definition.triggers:
		name = trigger.keys.get("credential")
		if name and site.documents.exists(CREDENTIAL, name) is False:
			remedy = "add a Dogan Credential of that name that signs webhooks"
			problems.add(
				f"triggers[{trigger.position}].credential", f"there is no credential {name!r}; {remedy}"
			)
	return problems.found


_beside: ContextVar[Mapping[str, Mapping[str, Any]] | None] = ContextVar("workflows_beside", default=None)


@contextmanager
def beside(sources: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
	"""Check definitions, for as long as the block lasts, as if these workflows were saved already: several that come together."""
	token = _beside.set(sources)
	try:
		yield
	finally:
		_beside.reset(token)


def saved(site: Site, workflow: str) -> Mapping[str, Any] | None:
	"""A saved workflow as plain data, where there is one that can be read."""
	together = _beside.get() or {}
	if workflow in together:
		return together[workflow]
	found = reads.enabled_workflow(site.database, workflow)
	try:
		return versions.load(site, found[0]).source if found and found[0] else None
	except UnreadableVersion:
		return None

"""Models, tool servers and AI agents of a sandbox, as documents that are loaded with others: `{doctype: Dogan Model, …}`.

A tool server stands before the agents that use its tools.
"""

from collections.abc import Mapping
from typing import Any

from dogansystem.agents.ai.mcp.servers import check_server
from dogansystem.agents.ai.setup import as_agent, check_agent, check_model
from dogansystem.engine.errors import DefinitionError, InputError
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.protocol import Site
from dogansystem.store import catalog, models, schema
from dogansystem.store.moment import moment

MODEL, AGENT, TOOL, CAPABILITY = "Dogan Model", "Dogan Agent", "Dogan Agent Tool", "Dogan Agent Capability"
SERVER, SERVER_TOOL = "Dogan Tool Server", "Dogan Server Tool"
LOADED = frozenset({MODEL, AGENT, SERVER})
_TABLES = {AGENT: {"tools": TOOL, "capabilities": CAPABILITY}, SERVER: {"tools": SERVER_TOOL}}
_TITLES = {MODEL: "model_name", AGENT: "agent_name", SERVER: "server_name"}


def load_ai(site: Site, given: Mapping[str, Any]) -> None:
	"""Keep a model, a tool server or an AI agent as its fields say. Raises ValidationError, naming what is wrong."""
	doctype, name = str(given.get("doctype")), given.get("name")
	if not isinstance(name, str) or not name:
		raise ValidationError(f"A {doctype} needs a name.")
	values = filled(doctype, {key: value for key, value in given.items() if key != "doctype"})
	try:
		if doctype == MODEL:
			check_model(values)
		elif doctype == SERVER:
			values["tools"] = [filled(SERVER_TOOL, each) for each in values.get("tools") or ()]
			check_server(values)
		else:
			values["tools"] = [filled(TOOL, each) for each in values.get("tools") or ()]
			values["capabilities"] = [
				each if isinstance(each, Mapping) else {"capability": str(each)}
				for each in values.get("capabilities") or ()
			]
			values |= {"kind": models.AI, "user": values.get("user") or site.user}
			check_agent(site, as_agent(values), is_trusted=True)
	except (DefinitionError, InputError, KeyError, TypeError, ValueError) as error:
		raise ValidationError(f"{doctype} {name!r}: {error}") from None
	catalog.save_record(site.database, doctype, values, _TABLES.get(doctype, {}), moment(site), site.user)


def filled(doctype: str, given: Mapping[str, Any]) -> dict[str, Any]:
	"""The fields of a record of ours, with their defaults. Raises ValidationError for one that there is not."""
	(described,) = (each for each in schema.doctypes() if each["name"] == doctype)
	fields = {each["fieldname"]: each for each in described["fields"]}
	if unknown := [key for key in given if key not in fields and key != "name"]:
		raise ValidationError(f"{doctype} has no field {unknown[0]!r}; it has {', '.join(_named(fields))}.")
	defaults = {name: _number(each) for name, each in fields.items() if "default" in each}
	title = {_TITLES[doctype]: given["name"]} if doctype in _TITLES and "name" in given else {}
	return {**defaults, **title, **given}


def _named(fields: Mapping[str, Mapping[str, Any]]) -> list[str]:
	return [name for name, each in fields.items() if not each["fieldtype"].endswith("Break")]


def _number(field: Mapping[str, Any]) -> Any:
	kinds = {"Int": int, "Check": int, "Float": float}
	return kinds.get(field["fieldtype"], str)(field["default"])

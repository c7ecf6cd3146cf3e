"""Servers whose tools agents may use: what a person has looked at and allowed, and what has changed since.

A tool is used as it was when somebody accepted it: its description and parameters as they are kept go to the model, and a tool that
the server describes otherwise by now is refused until a person has accepted that.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.agents.ai.mcp import wire
from dogansystem.engine.errors import InputError, NotAllowed, NotFound
from dogansystem.protocol import Database
from dogansystem.store import models

MAX_TOOLS = 200  # of one server
MAX_DEFINITION = 20_000  # characters of what a server says about a tool
MAX_DEPTH = 20  # of lists and mappings in it
NAME = re.compile(r"[A-Za-z0-9_./:-]{1,128}\Z")
MAX_DESCRIPTION = 1000  # characters that a model is told
TIMEOUT = 60.0  # seconds that a call may take in all, where neither server nor step says so
COUNTS = (
	"name",
	"title",
	"description",
	"inputSchema",
	"outputSchema",
	"annotations",
)  # what makes a tool another one
SAME, NEW, CHANGED, GONE = "", "New", "Changed", "Gone"  # how a tool is, beside what somebody has accepted
MIRRORED = "x-mcp-header"  # a parameter that its server wants in a header too

Definition = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Known:
	"""A tool of a server as it was accepted."""

	name: str
	allowed: bool
	definition: Definition


@dataclass(frozen=True, slots=True)
class Server:
	"""A Dogan Tool Server. `timeout`: seconds for a call."""

	name: str
	address: str
	credential: str = ""
	timeout: float = TIMEOUT
	tools: tuple[Known, ...] = ()

	def tool(self, name: str) -> Known:
		"""A tool that somebody has allowed. Raises NotFound or NotAllowed."""
		known = next((each for each in self.tools if each.name == name), None)
		if known is None:
			raise NotFound(
				f"Tool server {self.name!r} has no tool {name!r}: read its tools, or name another one."
			)
		if not known.allowed:
			raise NotAllowed(
				f"Tool {name!r} of tool server {self.name!r} is not allowed: a System Manager allows it there."
			)
		return known


def server_of(db: Database, name: str) -> Server:
	"""A tool server by its name. Raises NotFound."""
	return as_server(models.tool_server(db, name))


def as_server(found: Mapping[str, Any]) -> Server:
	"""A tool server out of its fields."""
	rows = found.get("tools") or ()
	tools = tuple(
		Known(each["tool_name"], bool(each.get("allowed")), models.json_of(each.get("definition")) or {})
		for each in rows
	)
	timeout = float(found.get("timeout_seconds") or TIMEOUT)
	return Server(found["name"], found.get("address") or "", found.get("credential") or "", timeout, tools)


def check_server(found: Mapping[str, Any]) -> None:
	"""Raise InputError, naming the field, unless a server can be asked as it is set up."""
	server = as_server(found)
	if not server.address.startswith(("https://", "http://")):
		raise InputError("address: must begin with https:// or http://.")
	if server.timeout <= 0:
		raise InputError("timeout_seconds must be more than 0.")
	for known in server.tools:
		if known.allowed and (wrong := problem(known.definition)):
			raise InputError(f"tools: {known.name!r} cannot be allowed: {wrong}.")
		if known.allowed and known.definition.get("name") != known.name:
			raise InputError(f"tools: {known.name!r} is another tool than its definition says.")


def problem(definition: Definition) -> str | None:
	"""Why a tool cannot be used, whoever allows it; None: it can."""
	name, schema = definition.get("name"), definition.get("inputSchema")
	if not isinstance(name, str) or not NAME.match(name):  # people decide on calls by it: it is no sentence
		return "its name has to be of letters, digits and _ - . / : and of 128 characters at most"
	if wire.is_deeper(definition, MAX_DEPTH):
		return f"what the server says about it is nested more than {MAX_DEPTH} deep"
	if len(canonical(definition)) > MAX_DEFINITION:
		return f"what the server says about it is longer than {MAX_DEFINITION:,} characters"
	if not isinstance(schema, Mapping) or schema.get("type", "object") != "object":
		return "its inputSchema has to be a JSON Schema of an object"
	properties, required = schema.get("properties", {}), schema.get("required", [])
	if not isinstance(properties, Mapping) or not all(map(_is_property, properties.values())):
		return "the properties of its inputSchema have to be a mapping of JSON Schemas"
	if not isinstance(required, list) or not all(isinstance(each, str) for each in required):
		return "required has to be a list of names in its inputSchema"
	return "it wants parameters in headers, which is not supported" if _has(schema, MIRRORED) else None


def _is_property(schema: Any) -> bool:
	types = schema.get("type", "") if isinstance(schema, Mapping) else None
	return isinstance(types, str) or (
		isinstance(types, list) and all(isinstance(each, str) for each in types)
	)


def canonical(definition: Definition) -> str:
	"""What counts of a definition, as text that is the same for the same tool."""
	return json.dumps(
		{key: definition[key] for key in COUNTS if key in definition}, sort_keys=True, ensure_ascii=False
	)


def compared(rows: Sequence[Mapping[str, Any]], found: Sequence[Definition]) -> list[dict[str, Any]]:
	"""The rows of a server's tools, beside what the server says now.

	A tool that is allowed keeps what was accepted; what the server says otherwise stands beside it. Of a tool that is not allowed
	nothing was accepted yet.
	"""
	now = {each["name"]: json.loads(canonical(each)) for each in found if problem(each) is None}
	kept = []
	for row in rows:
		offered = now.pop(row["tool_name"], None)
		was = models.json_of(row.get("definition")) or {}
		if offered is None:
			kept.append({**row, "state": GONE, "found": None})
		elif not row.get("allowed"):
			kept.append({**row, **as_row(offered, NEW)})
		elif canonical(offered) == canonical(was):
			kept.append({**row, "state": SAME, "found": None})
		else:
			kept.append({**row, "state": CHANGED, "found": _text(offered)})
	return [*kept, *(as_row(each, NEW) for each in now.values())][: MAX_TOOLS * 2]


def as_row(definition: Definition, state: str) -> dict[str, Any]:
	"""A tool as a row that is not allowed yet, or is as the server says."""
	hints = definition.get("annotations")
	says_it_reads = bool(isinstance(hints, Mapping) and hints.get("readOnlyHint") is True)
	return {
		"tool_name": definition["name"],
		"state": state,
		"description": plain(str(definition.get("description") or "")),
		"says_it_reads": int(says_it_reads),
		"definition": _text(definition),
		"found": None,
	}


def form(server: Server, tool: str) -> tuple[Definition, str]:
	"""The parameters of a tool as a JSON Schema, and what a model is told about it. Raises NotFound or NotAllowed."""
	definition = server.tool(tool).definition
	said = plain(str(definition.get("description") or definition.get("title") or tool))[:MAX_DESCRIPTION]
	return definition.get("inputSchema") or {
		"type": "object"
	}, f"{tool} of the server {server.name}. It says of itself: {said}"


def plain(text: str) -> str:
	"""A text of a server without what cannot be seen, or turns the direction of writing. Ends of lines stay."""
	return "".join(
		each
		for each in text
		if each in "\n\t" or unicodedata.category(each) not in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")
	)


def _text(definition: Definition) -> str:
	return json.dumps(definition, indent=1, ensure_ascii=False)


def _has(value: Any, key: str) -> bool:
	if isinstance(value, Mapping):
		return key in value or any(_has(each, key) for each in value.values())
	return isinstance(value, list) and any(_has(each, key) for each in value)

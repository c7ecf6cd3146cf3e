"""The server for assistants, over any HTTP server: a request in, an answer out, and nothing kept between two.

It speaks the versions with `initialize` and the one without. It gives no session, sends nothing by itself, and answers with one JSON
object. Who asks, and what they may do, is for the caller: `tools` are those of the one who asks.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dogansystem.agents.ai.mcp import wire

MAX_BODY = 1024 * 1024  # bytes of a request
MAX_DEPTH = 40  # of lists and mappings within each other, as in a definition
MAX_ID = 200  # characters
PAGE = 100  # tools in one answer
FRESH = 60_000  # milliseconds for which a client may keep a list
INSTRUCTIONS = (
	"Each tool that begins with run_ starts a workflow. If it does not end in time, its answer has the name of the run: call get_run"
	" with it. explain_run says why a run failed or what it waits for. Approvals are listed here and decided by people elsewhere."
)


class Refused(Exception):
	"""A tool cannot do what it is asked. The text is for the assistant."""


@dataclass(frozen=True, slots=True)
class Tool:
	"""What an assistant may call. `call` gets the arguments; it gives a mapping, or raises Refused."""

	name: str
	description: str
	schema: Mapping[str, Any]
	call: Callable[[dict[str, Any]], "Mapping[str, Any] | Failed"]
	title: str = ""
	reads_only: bool = False

	def described(self) -> dict[str, Any]:
		"""As `tools/list` gives it."""
		title = {"title": self.title} if self.title else {}
		hints = {"readOnlyHint": self.reads_only, "openWorldHint": False}
		return {
			"name": self.name,
			**title,
			"description": self.description,
			"inputSchema": self.schema,
			"annotations": hints,
		}


@dataclass(frozen=True, slots=True)
class Failed:
	"""Given by a tool that has done what it was asked, and what it did has failed."""

	told: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
	"""What came over HTTP. Names of headers are in lower case."""

	verb: str
	headers: Mapping[str, str]
	body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
	"""What goes back. `content` None: nothing."""

	status: int
	content: Mapping[str, Any] | None = None
	headers: Mapping[str, str] = field(default_factory=dict)


class Wrong(Exception):
	"""A request that is not answered with a result. `status` is HTTP's."""

	def __init__(self, code: int, message: str, status: int = 400, data: Any = None) -> None:
		super().__init__(message)
		self.code, self.message, self.status, self.data = code, message, status, data


@dataclass(frozen=True, slots=True)
class Asked:
	"""A request that was read. `is_modern`: it says its version itself."""

	method: str
	params: Mapping[str, Any]
	is_modern: bool


def answer(request: Request, tools: Callable[[], Sequence[Tool]]) -> Answer:
	"""Answer a request. Raises what tools raise other than Refused: the caller undoes what they have done."""
	if request.verb != "POST":
		return Answer(405, None, {"Allow": "POST"})
	identity = None
	try:
		message = _read(request)
		if "id" not in message:
			return Answer(202)
		identity = _identity(message["id"])
		asked = _asked(message, request.headers)
		result = _METHODS[asked.method](asked, tools)
	except Wrong as wrong:
		return Answer(wrong.status, wire.error(wrong.code, wrong.message, identity, wrong.data))
	if asked.is_modern:
		result = {
			"resultType": wire.COMPLETE,
			**result,
			"_meta": {f"{wire.PREFIX}serverInfo": wire.OURSELVES},
		}
	return Answer(200, {"jsonrpc": "2.0", "id": identity, "result": result})


def _read(request: Request) -> Mapping[str, Any]:
	"""The one message that a request holds."""
	if len(request.body) > MAX_BODY:
		raise Wrong(wire.INVALID_REQUEST, f"The request is larger than {MAX_BODY:,} bytes.", 413)
	if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
		raise Wrong(wire.INVALID_REQUEST, "The content type has to be application/json.", 415)
	try:
		message = json.loads(request.body.decode(), parse_constant=_no_number)
		json.dumps(message, ensure_ascii=False).encode()  # half a character has no form in UTF-8
	except (ValueError, RecursionError):
		raise Wrong(wire.PARSE_ERROR, "The request is no JSON in UTF-8.") from None
	if isinstance(message, list):
		raise Wrong(
			wire.INVALID_REQUEST, "One message in each request: this version of the protocol has no batches."
		)
	if (
		not isinstance(message, dict)
		or message.get("jsonrpc") != "2.0"
		or not isinstance(message.get("method"), str)
	):
		raise Wrong(wire.INVALID_REQUEST, "The request is no request of JSON-RPC 2.0.")
	if wire.is_deeper(message, MAX_DEPTH):
		raise Wrong(wire.INVALID_REQUEST, f"The request is nested more than {MAX_DEPTH} deep.")
	return message


def _no_number(name: str) -> None:
	raise ValueError(name)


def _identity(given: Any) -> str | int:
	if isinstance(given, bool) or not isinstance(given, str | int) or len(str(given)) > MAX_ID:
		raise Wrong(
			wire.INVALID_REQUEST, f"The id has to be a text or a whole number of at most {MAX_ID} characters."
		)
	return given


def _asked(message: Mapping[str, Any], headers: Mapping[str, str]) -> Asked:
	"""What is asked, in which version. Raises Wrong where header and body say different things."""
	method, params = message["method"], message.get("params", {})
	if not isinstance(params, dict):
		raise Wrong(wire.INVALID_PARAMS, "params has to be a mapping.")
	header, own = headers.get("mcp-protocol-version"), wire.meta(params).get(wire.VERSION)
	is_modern = own is not None or (header is not None and header not in (*wire.LEGACY, wire.ASSUMED))
	if is_modern:
		_check_modern(method, params, headers, own)
	elif method in _OF_MODERN:
		raise Wrong(wire.INVALID_PARAMS, f"{wire.VERSION} is missing in _meta.")
	if method not in _METHODS or (is_modern and method in _OF_LEGACY):
		raise Wrong(wire.METHOD_NOT_FOUND, f"There is no method {method[:100]!r}.", 404 if is_modern else 200)
	return Asked(method, params, is_modern)


def _check_modern(method: str, params: Mapping[str, Any], headers: Mapping[str, str], own: Any) -> None:
	header = headers.get("mcp-protocol-version")
	if own is not None and header != own:
		raise Wrong(
			wire.HEADER_MISMATCH, f"MCP-Protocol-Version and {wire.VERSION} in _meta have to be the same."
		)
	if header != wire.MODERN:
		told = {"supported": list(wire.VERSIONS), "requested": str(header)[:100]}
		raise Wrong(wire.UNSUPPORTED_VERSION, "Unsupported protocol version", data=told)
	if own is None or not isinstance(wire.meta(params).get(wire.CAPABILITIES), dict):
		raise Wrong(wire.INVALID_PARAMS, f"{wire.VERSION} and {wire.CAPABILITIES} have to stand in _meta.")
	wanted = {"mcp-method": method, **({"mcp-name": params.get("name")} if method == "tools/call" else {})}
	for name, value in wanted.items():
		if wire.of_header(headers.get(name, "")) != value:
			raise Wrong(
				wire.HEADER_MISMATCH, f"The header {name} has to be there, and to say what the body says."
			)


def _initialize(asked: Asked, tools: Any) -> dict[str, Any]:
	wanted = asked.params.get("protocolVersion")
	version = wanted if wanted in wire.LEGACY else wire.LEGACY[0]
	return {
		"protocolVersion": version,
		"capabilities": {"tools": {}},
		"serverInfo": wire.OURSELVES,
		"instructions": INSTRUCTIONS,
	}


def _discover(asked: Asked, tools: Any) -> dict[str, Any]:
	known = {
		"supportedVersions": list(wire.VERSIONS),
		"capabilities": {"tools": {}},
		"instructions": INSTRUCTIONS,
	}
	return {**known, "ttlMs": FRESH, "cacheScope": "private"}


def _ping(asked: Asked, tools: Any) -> dict[str, Any]:
	return {}


def _list(asked: Asked, tools: Callable[[], Sequence[Tool]]) -> dict[str, Any]:
	"""A page of the tools, by their names. The cursor is the last name of the page before."""
	since = asked.params.get("cursor", "")
	if not isinstance(since, str):
		raise Wrong(wire.INVALID_PARAMS, "cursor has to be one that an answer has given.", 200)
	left = [each for each in sorted(tools(), key=lambda each: each.name) if each.name > since]
	found: dict[str, Any] = {"tools": [each.described() for each in left[:PAGE]]}
	if len(left) > PAGE:
		found["nextCursor"] = left[PAGE - 1].name
	return {**found, "ttlMs": FRESH, "cacheScope": "private"} if asked.is_modern else found


def _call(asked: Asked, tools: Callable[[], Sequence[Tool]]) -> dict[str, Any]:
	name, given = asked.params.get("name"), asked.params.get("arguments", {})
	tool = next((each for each in tools() if each.name == name), None)
	if tool is None:
		raise Wrong(wire.INVALID_PARAMS, f"Unknown tool: {str(name)[:100]}", 200)
	if not isinstance(given, dict):
		raise Wrong(wire.INVALID_PARAMS, "arguments has to be a mapping.", 200)
	try:
		told = tool.call(given)
	except Refused as refused:
		return {"content": [{"type": "text", "text": str(refused)}], "isError": True}
	is_error = isinstance(told, Failed)
	found = dict(told.told if isinstance(told, Failed) else told)
	text = json.dumps(found, ensure_ascii=False, default=str)
	return {
		"content": [{"type": "text", "text": text}],
		"structuredContent": json.loads(text),
		"isError": is_error,
	}


_OF_LEGACY = {"initialize": _initialize, "ping": _ping}
_OF_MODERN = {"server/discover": _discover}
_METHODS: Mapping[str, Callable[[Asked, Any], dict[str, Any]]] = {
	**_OF_LEGACY,
	**_OF_MODERN,
	"tools/list": _list,
	"tools/call": _call,
}

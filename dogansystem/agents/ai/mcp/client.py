"""Asking tool servers, over the app's guarded HTTP: which tools there are, and to call one.

A server that knows no version without `initialize` is spoken to as it wants: a session for each exchange, ended with it. Everything
that comes back is what somebody outside has written.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from dogansystem.actions import http
from dogansystem.actions.base import StepContext
from dogansystem.actions.credentials import Signature
from dogansystem.agents.ai.mcp import servers, wire
from dogansystem.agents.ai.mcp.events import Events
from dogansystem.agents.ai.mcp.servers import Definition, Known, Server
from dogansystem.agents.ai.providers import ANY_STATUS, sign_in
from dogansystem.engine.errors import DoganError, NotAllowed, NotFound, Timeout

MAX_PAGES = 20  # of a list of tools
MAX_DEPTH = 60  # of lists and mappings in an answer
MAX_EXCERPT = 300  # characters of what a server says is wrong
GOODBYE = 5.0  # seconds that the end of a session may take
# What an answer says that is no word about the version: another handshake would not help.
NO_VERSION = frozenset({401, 403, 407, 413, 429})


class ToolServerError(DoganError):
	"""A tool server does not do what it is asked: the text has what it says."""


class NoModern(Exception):
	"""The server wants an `initialize` first."""


def tools_of(server: Server, context: StepContext) -> list[Definition]:
	"""All tools that a server offers now, as it describes them. Raises ToolServerError, and what `http.send` raises."""
	with _talking(server, context) as talk:
		return talk.tools()


def call(server: Server, tool: str, params: Mapping[str, Any], context: StepContext) -> Any:
	"""Call a tool that somebody has accepted, if it is still what was accepted; gives its result as data.

	Raises NotFound, NotAllowed, ToolServerError, and what `http.send` raises.
	"""
	known = server.tool(tool)
	with _talking(server, context) as talk:
		# In a dry run or a test nothing goes out: what stands in for the server answers the call alone.
		if context.site.outbound is None:
			_check_unchanged(server, known, talk.tools())
		try:
			result = talk.ask(
				"tools/call", {"name": tool, "arguments": dict(params)}, key=context.idempotency_key
			)
		except (Timeout, ConnectionError) as error:
			raise type(error)(f"{error} Nobody knows whether the call was made.") from None
	return _value(server, result)


def _check_unchanged(server: Server, known: Known, offered: Sequence[Definition]) -> None:
	now = [each for each in offered if each["name"] == known.name]
	if not now:
		raise NotFound(f"Tool server {server.name!r} does not offer {known.name!r} any more.")
	if any(servers.canonical(each) != servers.canonical(known.definition) for each in now):
		raise NotAllowed(
			f"Tool {known.name!r} of tool server {server.name!r} is not described as it was when somebody accepted it. A System"
			" Manager has to read its tools again and accept the change."
		)


@contextmanager
def _talking(server: Server, context: StepContext) -> Iterator["_Talk"]:
	signed = sign_in(f"Tool server {server.name!r}", server.credential, context)
	talk = _Talk(server, signed, context, time.monotonic() + (context.timeout or server.timeout))
	try:
		yield talk
	finally:
		talk.end()


@dataclass(slots=True)
class _Talk:
	"""Some requests to one server. `until`: by `time.monotonic`, of all of them. `version`: of a server that was shaken hands with."""

	server: Server
	signed: Signature = field(repr=False)
	context: StepContext
	until: float
	version: str = ""
	session: str = ""
	sent: int = 0

	def tools(self) -> list[Definition]:
		found: list[Definition] = []
		params: dict[str, Any] = {}
		for _page in range(MAX_PAGES):
			result = self.ask("tools/list", params)
			tools = result.get("tools")
			if not isinstance(tools, list) or not all(isinstance(each, Mapping) for each in tools):
				raise self._error("its list of tools is none")
			found += [each for each in tools if isinstance(each.get("name"), str)]
			if len(found) > servers.MAX_TOOLS:
				break
			if not (cursor := result.get("nextCursor")):
				return found
			params = {"cursor": cursor}
		raise self._error(
			f"it has more than {servers.MAX_TOOLS} tools, or more than {MAX_PAGES} pages of them"
		)

	def ask(self, method: str, params: Mapping[str, Any], key: str = "") -> Mapping[str, Any]:
		"""The result of a request. `key`: by which the server may know it when it comes again."""
		if not self.version:
			try:
				return self._result(*self._send(method, self._modern(params), key=key), is_modern=True)
			except NoModern:
				self._shake_hands()
		had_session = bool(self.session)
		status, message = self._send(method, params, key=key)
		if status == 404 and had_session:  # the server has forgotten it
			self._shake_hands()
			status, message = self._send(method, params, key=key)
		return self._result(status, message)

	def end(self) -> None:
		"""End the session. Whether the server takes notice is its own business."""
		if self.session:
			headers = self._headers("") | {"Mcp-Session-Id": self.session}
			params = {
				"url": self.server.address,
				"method": "DELETE",
				"headers": headers,
				"expect": ANY_STATUS,
			}
			with suppress(DoganError, ConnectionError):
				http.send(params, self.signed, replace(self.context, timeout=GOODBYE))

	def _modern(self, params: Mapping[str, Any]) -> dict[str, Any]:
		about = {wire.VERSION: wire.MODERN, wire.CAPABILITIES: {}, f"{wire.PREFIX}clientInfo": wire.OURSELVES}
		return {**params, "_meta": about}

	def _shake_hands(self) -> None:
		self.version, self.session = wire.LEGACY[0], ""
		hello = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": wire.OURSELVES}
		result = self._result(*self._send("initialize", hello))
		version = result.get("protocolVersion")
		if version not in (*wire.LEGACY, wire.ASSUMED):
			raise self._error(
				f"it speaks the version {str(version)[:40]!r}; known are {', '.join(wire.VERSIONS)}"
			)
		self.version = version
		self._send("notifications/initialized", {}, is_notice=True)

	def _headers(self, method: str, name: Any = None) -> dict[str, str]:
		headers = {"Accept": "application/json, text/event-stream", "Accept-Encoding": "identity"}
		if self.version:
			if method != "initialize":
				headers["MCP-Protocol-Version"] = self.version
			return headers | ({"Mcp-Session-Id": self.session} if self.session else {})
		named = {"Mcp-Name": wire.as_header(name)} if isinstance(name, str) else {}
		return headers | {"MCP-Protocol-Version": wire.MODERN, "Mcp-Method": method} | named

	def _send(
		self, method: str, params: Mapping[str, Any], *, key: str = "", is_notice: bool = False
	) -> tuple[int, Mapping[str, Any] | None]:
		"""Send a message; gives the status and the message that answers it, if one does."""
		left = self.until - time.monotonic()
		if left <= 0:
			raise Timeout(
				f"Tool server {self.server.name!r} took too long. Try again later, or raise its timeout."
			)
		self.sent += 1
		identity = None if is_notice else self.sent
		body = {
			"jsonrpc": "2.0",
			**({} if is_notice else {"id": identity}),
			"method": method,
			"params": params,
		}
		request = {
			"url": self.server.address,
			"method": "POST",
			"json": body,
			"headers": self._headers(method, params.get("name")),
			"expect": ANY_STATUS,
		}
		events = Events(lambda message: _answers(message, identity))
		# Only the call itself has the step's key: a server that knows keys would take the rest for the same request.
		own = key or f"{self.context.idempotency_key}:{self.sent}"
		within = replace(self.context, timeout=left, idempotency_key=own)
		try:
			found = http.send(request, self.signed, within, events.take)
		except DoganError as error:
			raise type(error)(f"Tool server {self.server.name!r}: {error}") from None
		if method == "initialize":
			self.session = found["headers"].get("mcp-session-id", "")
		message = found["body"] if events.found is None else dict(events.found)
		if wire.is_deeper(message, MAX_DEPTH):
			raise self._error(f"its answer is nested more than {MAX_DEPTH} deep")
		if events.found is not None:
			message = self.signed.redact_all(message)
		if message == {} and self.context.site.outbound is not None:  # a dry run's answer to everything
			message = {"id": identity, "result": {}}
		is_answer = isinstance(message, Mapping) and _answers(message, identity)
		return found["status"], message if is_answer else None

	def _result(
		self, status: int, message: Mapping[str, Any] | None, *, is_modern: bool = False
	) -> Mapping[str, Any]:
		error = (message or {}).get("error")
		error = error if isinstance(error, Mapping) else {}
		if is_modern and _wants_hands_shaken(status, error):
			raise NoModern
		if error:
			raise self._error(f"{error.get('code')} {error.get('message')}")
		result = (message or {}).get("result")
		if not isinstance(result, Mapping):
			raise self._error(
				f"answered {status}, and nothing that is an answer of MCP. Check its address and credential"
			)
		if (kind := result.get("resultType", wire.COMPLETE)) != wire.COMPLETE:
			raise self._error(
				f"its answer is {str(kind)[:40]!r}: it wants something of a person, whom nobody asks here"
			)
		return result

	def _error(self, text: str) -> ToolServerError:
		said = " ".join(servers.plain(text).split())[:MAX_EXCERPT]
		return ToolServerError(f"Tool server {self.server.name!r}: {said}.")


def _answers(message: Mapping[str, Any], identity: int | None) -> bool:
	"""Whether it is the answer to a request. One that could not be read is answered without its id."""
	own = message.get("id")
	return ("result" in message and own == identity and own is not None) or (
		"error" in message and own in (identity, None)
	)


def _wants_hands_shaken(status: int, error: Mapping[str, Any]) -> bool:
	"""Whether a server's answer to a request without a handshake shows that it wants one."""
	code, told = error.get("code"), error.get("data")
	if code == wire.UNSUPPORTED_VERSION:
		supported = told.get("supported") if isinstance(told, Mapping) else ()
		return any(each in (supported or ()) for each in wire.LEGACY)
	if code in wire.OF_MODERN or (status == 404 and code == wire.METHOD_NOT_FOUND):
		return False
	return 400 <= status < 500 and status not in NO_VERSION


def _value(server: Server, result: Mapping[str, Any]) -> Any:
	"""What a tool has given: its data, or its texts. Raises ToolServerError if it has failed."""
	content = result.get("content")
	texts = (
		[_text(each) for each in content if isinstance(each, Mapping)] if isinstance(content, list) else []
	)
	text = servers.plain("\n".join(texts))
	if result.get("isError"):
		raise ToolServerError(
			f"Tool server {server.name!r}: {text[:2000] or 'the tool has failed, and it does not say why'}"
		)
	return text if result.get("structuredContent") is None else result["structuredContent"]


def _text(block: Mapping[str, Any]) -> str:
	kind = block.get("type")
	if kind == "text":
		return str(block.get("text") or "")
	if kind == "resource_link":
		return f"[link: {block.get('uri')}]"
	resource = block.get("resource")
	if kind == "resource" and isinstance(resource, Mapping) and "text" in resource:
		return str(resource["text"])
	return f"[{str(kind)[:40]}, left out]"

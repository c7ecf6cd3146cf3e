"""A tool server over a socket that speaks MCP as tests want it: with sessions or without, in JSON or in events, honest or not."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODERN, LEGACY = "2026-07-28", "2025-11-25"
ADD = {
	"name": "add",
	"description": "Adds two numbers",
	"inputSchema": {
		"type": "object",
		"properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
		"required": ["a", "b"],
	},
	"annotations": {"readOnlyHint": True},
}
Message = Mapping[str, Any]
Handler = BaseHTTPRequestHandler


def text(words: str, **more: Any) -> dict[str, Any]:
	"""A result of a tool."""
	return {"content": [{"type": "text", "text": words}], **more}


@dataclass
class ToolServer:
	"""What it offers and how; `received` is what came: verb, headers in lower case, message.

	Attributes:
		stream: `chunked`, or `open`: it says no length, and stays open after the answer; empty: JSON.
		instead: called with the handler and each request; true: it has answered.
		forgets: after so many requests of a session it knows the session no more.
	"""

	tools: list[dict[str, Any]] = field(default_factory=lambda: [ADD])
	call: Callable[[str, Mapping[str, Any]], Any] = lambda name, given: text(
		str(given.get("a", 0) + given.get("b", 0))
	)
	is_modern: bool = True
	stream: str = ""
	page: int = 0
	forgets: int = 0
	instead: Callable[[Handler, Message], bool] = lambda handler, message: False
	received: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)
	sessions: dict[str, int] = field(default_factory=dict)
	over: threading.Event = field(default_factory=threading.Event)
	port: int = 0

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.port}/mcp"

	def methods(self) -> list[str]:
		"""What was asked, one after another."""
		return [message["method"] if message else verb for verb, _headers, message in self.received]

	def answer(self, handler: Handler, headers: Mapping[str, str], message: Message) -> None:
		method, params = message["method"], message.get("params", {})
		if self.is_modern and (
			headers.get("mcp-protocol-version") != MODERN or headers.get("mcp-method") != method
		):
			return send(handler, 400, {"jsonrpc": "2.0", "error": {"code": -32020, "message": "headers"}})
		more: dict[str, str] = {}
		if not self.is_modern:
			session = headers.get("mcp-session-id", "")
			if method == "initialize":
				more["Mcp-Session-Id"] = f"session-{len(self.sessions) + 1}"
				self.sessions[more["Mcp-Session-Id"]] = 0
			elif session not in self.sessions or (self.forgets and self.sessions[session] >= self.forgets):
				return send(handler, 404 if session else 400, {"error": "no session"})
			else:
				self.sessions[session] += 1
		if "id" not in message:
			return send(handler, 202, None)
		result = self._result(method, params)
		whole = {"jsonrpc": "2.0", "id": message["id"], **result}
		if self.stream and method == "tools/call":
			return send_events(handler, whole, is_chunked=self.stream == "chunked", over=self.over)
		send(handler, 200, whole, more)

	def _result(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
		complete = {"resultType": "complete"} if self.is_modern else {}
		if method == "initialize":
			return {
				"result": {
					"protocolVersion": LEGACY,
					"capabilities": {"tools": {}},
					"serverInfo": {"name": "x", "version": "1"},
				}
			}
		if method == "tools/list":
			since = int(params.get("cursor") or 0)
			until = since + self.page if self.page else len(self.tools)
			more = {"nextCursor": str(until)} if until < len(self.tools) else {}
			return {"result": {"tools": self.tools[since:until], **more, **complete}}
		if method == "tools/call":
			return {"result": {**complete, **self.call(params["name"], params["arguments"])}}
		return {"error": {"code": -32601, "message": "no such method"}}


def send(handler: Handler, status: int, content: Any, headers: Mapping[str, str] | None = None) -> None:
	body = b"" if content is None else json.dumps(content).encode()
	handler.send_response(status)
	for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
		handler.send_header(name, value)
	handler.send_header("Content-Length", str(len(body)))
	handler.end_headers()
	handler.wfile.write(body)


def event(message: Any) -> bytes:
	return f"event: message\r\ndata: {json.dumps(message)}\r\n\r\n".encode()


def begin_stream(handler: Handler, *, is_chunked: bool = True) -> Callable[[bytes], None]:
	"""Answer with a stream of events; gives what writes a piece of it."""
	handler.send_response(200)
	handler.send_header("Content-Type", "text/event-stream")
	if is_chunked:
		handler.send_header("Transfer-Encoding", "chunked")
	handler.close_connection = True
	handler.end_headers()

	def write(piece: bytes) -> None:
		handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if is_chunked else piece)
		handler.wfile.flush()

	return write


def send_events(handler: Handler, message: Any, *, is_chunked: bool, over: threading.Event) -> None:
	write = begin_stream(handler, is_chunked=is_chunked)
	write(b": one moment\n\n")
	write(event({"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}}))
	whole = event(message)
	write(whole[:20])
	write(whole[20:])
	if is_chunked:
		handler.wfile.write(b"0\r\n\r\n")
	else:
		over.wait(20)  # it does not hang up


@contextmanager
def serving(**how: Any) -> Iterator[ToolServer]:
	"""A tool server for the length of the block."""
	known = ToolServer(**how)

	class Serving(BaseHTTPRequestHandler):
		protocol_version = "HTTP/1.1"

		def take(self) -> None:
			body = self.rfile.read(int(self.headers.get("content-length") or 0))
			headers = {name.lower(): value for name, value in self.headers.items()}
			message = json.loads(body) if body else None
			known.received.append((self.command, headers, message))
			try:
				if known.instead(self, message or {}):
					return
				if message is None:
					known.sessions.pop(headers.get("mcp-session-id", ""), None)
					return send(self, 200, None)
				known.answer(self, headers, message)
			except (BrokenPipeError, ConnectionResetError):
				self.close_connection = True

		do_POST = do_GET = do_DELETE = take

		def log_message(self, *_: object) -> None:
			pass

	server = ThreadingHTTPServer(("127.0.0.1", 0), Serving)
	server.daemon_threads = True
	known.port = server.server_port
	thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
	thread.start()
	try:
		yield known
	finally:
		known.over.set()
		server.shutdown()
		thread.join()
		server.server_close()


def drip(handler: Handler, piece: bytes, over: threading.Event, pause: float = 0.02) -> None:
	"""Send a piece again and again, and never come to an end."""
	write = begin_stream(handler)
	while not over.is_set():
		write(piece)
		time.sleep(pause)

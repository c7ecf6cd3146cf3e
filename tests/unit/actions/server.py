"""A real HTTP server for the tests of http.request, in a thread of the test process."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

MEGABYTE = 1024 * 1024


@dataclass
class Received:
	"""One request as it arrived; `address` is the local address it was sent to."""

	method: str
	path: str
	query: list[tuple[str, str]]
	headers: dict[str, str]
	body: bytes
	address: str


@dataclass
class Server:
	"""The running server and what it received."""

	port: int
	received: list[Received] = field(default_factory=list)

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.port}"


class Handler(BaseHTTPRequestHandler):
	record: Server
	protocol_version = "HTTP/1.1"

	def answer(self) -> None:
		parts = urlsplit(self.path)
		body = self.rfile.read(int(self.headers.get("content-length") or 0))
		query = parse_qsl(parts.query, keep_blank_values=True)
		headers = {name.lower(): value for name, value in self.headers.items()}
		address = self.connection.getsockname()[0]
		self.record.received.append(Received(self.command, parts.path, query, headers, body, address))
		name = parts.path.strip("/").partition("/")[0]
		try:
			ROUTES[name](self, dict(query))
		except (BrokenPipeError, ConnectionResetError):
			pass  # the client had enough
		self.close_connection = True

	do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

	def log_message(self, *args: Any) -> None:
		pass

	def send(self, status: int, body: bytes = b"", **headers: str) -> None:
		self.send_response(status)
		headers.setdefault("Content_Length", str(len(body)))
		for name, value in headers.items():
			self.send_header(name.replace("_", "-"), value)
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(body)


def echo(handler: Handler, query: dict[str, str]) -> None:
	last = handler.record.received[-1]
	body = {"method": last.method, "headers": last.headers, "query": last.query, "body": last.body.decode()}
	handler.send(
		200,
		json.dumps(body).encode(),
		Content_Type="application/json",
		X_Echo=last.headers.get("authorization", ""),
	)


def status(handler: Handler, query: dict[str, str]) -> None:
	code = int(query["code"])
	handler.send(code, query.get("body", "").encode(), Content_Type="text/plain")


def raw(handler: Handler, query: dict[str, str]) -> None:
	body = bytes.fromhex(query["hex"]) * int(query.get("times", "1"))
	handler.send(200, body, Content_Type=query["type"])


def redirect(handler: Handler, query: dict[str, str]) -> None:
	handler.send(int(query.get("code", "302")), b"moved", Location=query["to"])


def again(handler: Handler, query: dict[str, str]) -> None:
	left = int(query["left"])
	handler.send(302, Location=f"/again?left={left - 1}") if left else handler.send(200, b"arrived")


def large(handler: Handler, query: dict[str, str]) -> None:
	handler.send(200, b"x" * int(query["bytes"]), Content_Type="text/plain")


def packed(handler: Handler, query: dict[str, str]) -> None:
	body = gzip.compress(b"x" * int(query["bytes"]))
	cut = int(query.get("cut", len(body)))
	handler.send(200, body[:cut], Content_Type="text/plain", Content_Encoding=query.get("as", "gzip"))


def cut_off(handler: Handler, query: dict[str, str]) -> None:
	handler.send(int(query.get("code", "200")), b"begin", Content_Length="1000")


def drip(write: Callable[[bytes], object]) -> None:
	for _second in range(200):
		write(b"X: y\r\n")
		time.sleep(0.05)


def slow_body(handler: Handler, query: dict[str, str]) -> None:
	handler.send_response(200)
	handler.end_headers()  # without a length: it ends when the connection does
	drip(handler.wfile.write)


def slow_headers(handler: Handler, query: dict[str, str]) -> None:
	handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
	drip(handler.wfile.write)


def silent(handler: Handler, query: dict[str, str]) -> None:
	time.sleep(2)


ROUTES: dict[str, Callable[[Handler, dict[str, str]], None]] = {
	"again": again,
	"cut_off": cut_off,
	"echo": echo,
	"large": large,
	"packed": packed,
	"raw": raw,
	"redirect": redirect,
	"silent": silent,
	"slow_body": slow_body,
	"slow_headers": slow_headers,
	"status": status,
}


@contextmanager
def serving(tls: Any = None) -> Iterator[Server]:
	"""A server on all loopback addresses (127.0.0.0/8) for as long as the block runs; `tls` is an SSLContext."""
	record = Server(0)
	handler = type("RecordingHandler", (Handler,), {"record": record})
	server = ThreadingHTTPServer(("0.0.0.0", 0), handler)
	if tls:
		server.socket = tls.wrap_socket(server.socket, server_side=True)
	server.handle_error = lambda *args: None  # type: ignore[method-assign]
	record.port = server.server_address[1]
	thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
	thread.start()
	try:
		yield record
	finally:
		server.shutdown()
		server.server_close()
		thread.join()

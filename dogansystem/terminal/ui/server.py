"""The web server of `dogansystem ui`: files of the page, and calls as JSON. It is for one person on this machine.

Whoever does not have the secret in the address gets nothing. Another page in the same browser does not have it, and is turned
away besides: by `Origin` and the content type when it sends a form or asks from afar, by `Host` when a name of its own leads here
(DNS rebinding).
"""

import json
import logging
import secrets
import sys
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
MAX_BODY = 4 * 1024 * 1024  # bytes of a call
PATIENCE = 60.0  # seconds that a connection may be silent
PAGE = Path(__file__).parent / "page"  # what script/ui builds, and index.html
FILES = {
	"": ("index.html", "text/html"),
	"ui.js": ("ui.js", "text/javascript"),
	"ui.css": ("ui.css", "text/css"),
}
_HEADERS = {
	"Cache-Control": "no-store",
	"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
	" connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	"Cross-Origin-Resource-Policy": "same-origin",
	"Referrer-Policy": "no-referrer",
	"X-Content-Type-Options": "nosniff",
}

Call = Callable[
	[str, Mapping[str, Any]], tuple[int, Any]
]  # a method's name and arguments: a status and what it answers

_log = logging.getLogger(__name__)


def is_built() -> bool:
	"""Whether the page is there: it is built where Node is, and travels in the wheel."""
	return all((PAGE / name).exists() for name, _ in FILES.values())


class Server(ThreadingHTTPServer):
	"""Serves the page on a port of this machine, 0: a free one. `url` is where, with the secret."""

	daemon_threads = True

	def __init__(self, port: int, call: Call) -> None:
		self.call = call
		self.secret = secrets.token_urlsafe(32)
		super().__init__((LOOPBACK, port), _Handler)
		# As somebody types it, or as we print it.
		self.hosts = frozenset(f"{name}:{self.server_port}" for name in (LOOPBACK, "localhost"))

	def handle_error(self, request: Any, client_address: Any) -> None:
		"""Log what went wrong with a request. A page that was left before its answer came is nothing to tell."""
		if not isinstance(sys.exc_info()[1], ConnectionError):
			_log.exception("ui.error")

	@property
	def url(self) -> str:
		return f"http://{LOOPBACK}:{self.server_port}/{self.secret}/"


class _Handler(BaseHTTPRequestHandler):
	server: Server
	protocol_version = "HTTP/1.1"
	server_version = "dogansystem"
	sys_version = ""
	timeout = PATIENCE

	def do_GET(self) -> None:
		found = FILES.get(self._path()[0]) if self._may() else None
		if found is None:
			self._answer(
				HTTPStatus.NOT_FOUND, b"There is no such page. Open the address that the command prints."
			)
		else:
			self._answer(HTTPStatus.OK, (PAGE / found[0]).read_bytes(), found[1])

	def do_POST(self) -> None:
		length = self.headers.get("Content-Length", "")
		if not length.isdigit() or int(length) > MAX_BODY:
			self.close_connection = True  # what is left of it would be read as the next request
			return self._answer(
				HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"The call is too large, or of no known length."
			)
		body = self.rfile.read(int(length))
		where, _, method = self._path()[0].partition("/")
		is_json = self.headers.get("Content-Type", "").partition(";")[0].strip() == "application/json"
		if not self._may() or where != "call" or not is_json:
			return self._answer(HTTPStatus.FORBIDDEN, b"Open the address that the command prints.")
		try:
			given = json.loads(body)
		except (ValueError, RecursionError):
			given = None
		if not isinstance(given, dict):
			return self._json(HTTPStatus.BAD_REQUEST, {"error": "The arguments are one JSON object."})
		self._json(*self.server.call(method, given))

	def _path(self) -> tuple[str, bool]:
		"""The path behind the secret, and whether that is right."""
		first, _, rest = self.path.partition("?")[0].removeprefix("/").partition("/")
		return rest, secrets.compare_digest(first.encode(), self.server.secret.encode())

	def _may(self) -> bool:
		origin = self.headers.get("Origin")
		hosts = self.server.hosts
		is_ours = origin is None or origin.removeprefix("http://") in hosts
		return self._path()[1] and self.headers.get("Host") in hosts and is_ours

	def _json(self, status: int, value: Any) -> None:
		self._answer(status, json.dumps(value, default=str).encode(), "application/json")

	def _answer(self, status: int, body: bytes, kind: str = "text/plain") -> None:
		self.send_response(status)
		for name, value in _HEADERS.items():
			self.send_header(name, value)
		self.send_header("Content-Type", f"{kind}; charset=utf-8")
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def log_message(self, format: str, *args: Any) -> None:
		"""The path holds the secret: it is written down nowhere."""
		_log.debug("ui.request status=%s", args[1] if len(args) > 1 else "")

"""A server that writes down what it is sent: for gateways, chats and sign-in servers of tests on a site."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Recorder:
	"""What came, and what is answered: a status and JSON data."""

	port: int = 0
	received: list[dict[str, Any]] = field(default_factory=list)
	answer: Callable[[dict[str, Any]], tuple[int, Any]] = lambda request: (200, {})

	@property
	def url(self) -> str:
		return f"http://127.0.0.1:{self.port}"


@contextmanager
def recording() -> Iterator[Recorder]:
	"""A server for the length of the block."""
	recorder = Recorder()

	class Handler(BaseHTTPRequestHandler):
		def take(self) -> None:
			parts = urlsplit(self.path)
			body = self.rfile.read(int(self.headers.get("content-length") or 0))
			headers = {name.lower(): value for name, value in self.headers.items()}
			request = {
				"path": parts.path,
				"query": dict(parse_qsl(parts.query)),
				"headers": headers,
				"body": body,
			}
			recorder.received.append(request)
			status, data = recorder.answer(request)
			content = json.dumps(data).encode()
			self.send_response(status)
			self.send_header("Content-Type", "application/json")
			self.send_header("Content-Length", str(len(content)))
			self.end_headers()
			self.wfile.write(content)

		do_GET = do_POST = take

		def log_message(self, *args: Any) -> None:
			pass

	server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	recorder.port = server.server_port
	thread = threading.Thread(target=server.serve_forever, daemon=True)
	thread.start()
	try:
		yield recorder
	finally:
		server.shutdown()
		server.server_close()
		thread.join()

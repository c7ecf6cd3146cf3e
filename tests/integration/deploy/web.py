"""A small web process that stands for a frontend: says who it is and what it was asked. Run as a program."""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME, PORT = sys.argv[1], int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
	"""Answers everything with its own name; an upgrade with 101 and its name as the first words."""

	protocol_version = "HTTP/1.1"
	wbufsize = -1  # head and body in one piece

	def do_GET(self) -> None:
		"""Any request."""
		if self.headers.get("Upgrade"):
			self.send_response(101)
			self.send_header("Upgrade", self.headers["Upgrade"])
			self.send_header("Connection", "upgrade")
			self.end_headers()
			self.wfile.write(f"{NAME}\n".encode())
			self.close_connection = True
			return
		self.rfile.read(int(self.headers.get("Content-Length") or 0))
		status = 503 if self.path == "/maintenance" else 200
		body = json.dumps({"node": NAME, "headers": dict(self.headers.items())}).encode()
		self.send_response(status)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	do_POST = do_GET

	def log_message(self, *_: object) -> None:
		"""Say nothing."""


server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
print(server.server_port, flush=True)
server.serve_forever()

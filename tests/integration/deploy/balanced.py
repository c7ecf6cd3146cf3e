"""nginx with our configuration in front of three real web processes, all on ports of their own."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NODES = ("one", "two", "three")
WEB = Path(__file__).with_name("web.py")
STARTS = 10.0  # seconds

_MAIN = """
daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 512; }}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	include {folder}/lb.conf;
}}
"""


@dataclass(frozen=True, slots=True)
class Answer:
	"""What came back: a status (0: nothing came), the node that answered, the headers it was sent."""

	status: int
	node: str = ""
	headers: dict[str, str] = field(default_factory=dict)


def addresses(text: str) -> list[str]:
	"""The frontends that a configuration names, each once, in order."""
	return list(dict.fromkeys(re.findall(r"\bserver (\d+\.\d+\.\d+\.\d+:\d+)", text)))


def write(folder: Path, text: str, port: int = 8080, nodes: dict[str, int] | None = None) -> Path:
	"""Put a configuration into a folder, with its addresses replaced by ports of this machine; gives nginx's main file."""
	for address, node in zip(addresses(text), (nodes or {}).values(), strict=False):
		text = text.replace(f"server {address}", f"server 127.0.0.1:{node}")
	(folder / "lb.conf").write_text(text.replace("listen 80;", f"listen 127.0.0.1:{port};"))
	main = folder / "nginx.conf"
	main.write_text(_MAIN.format(folder=folder, user="user root;" if os.getuid() == 0 else ""))
	return main


class Balanced:
	"""Used as a context: at its end nothing of it lives."""

	def __init__(self, nginx: str, folder: Path, text: str) -> None:
		self._nginx, self._folder, self._text = nginx, folder, text
		self._nodes: dict[str, subprocess.Popen[str]] = {}
		self._ports: dict[str, int] = {}

	def __enter__(self) -> "Balanced":
		for name in NODES:
			self.start(name)
		with socket.socket() as free:
			free.bind(("127.0.0.1", 0))
			self.port = free.getsockname()[1]
		main = write(self._folder, self._text, self.port, self._ports)
		self._server = subprocess.Popen(
			[self._nginx, "-p", self._folder, "-c", main], stderr=subprocess.DEVNULL
		)
		deadline = time.monotonic() + STARTS
		while self.ask("GET", "/").status == 0:
			assert self._server.poll() is None and time.monotonic() < deadline, self.log()
			time.sleep(0.05)
		return self

	def __exit__(self, *_: object) -> None:
		self._server.send_signal(signal.SIGTERM)
		self._server.wait(STARTS)
		for name in list(self._nodes):
			self.kill(name)

	def start(self, name: str) -> None:
		"""Start a node, again on the port it had."""
		command = [sys.executable, str(WEB), name, str(self._ports.get(name, 0))]
		node = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
		assert node.stdout
		self._ports[name] = int(node.stdout.readline())
		self._nodes[name] = node

	def kill(self, name: str) -> None:
		"""`kill -9` of a node."""
		node = self._nodes.pop(name)
		node.kill()
		node.wait()
		assert node.stdout
		node.stdout.close()

	def ask(self, method: str, path: str, **headers: str) -> Answer:
		"""One request over a connection of its own."""
		connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
		try:
			sent = {"Host": "erp.example.com", **headers}
			connection.request(method, path, body=b"{}" if method == "POST" else None, headers=sent)
			answer = connection.getresponse()
			body = answer.read()
		except (OSError, http.client.HTTPException):
			return Answer(0)
		finally:
			connection.close()
		try:
			found: dict[str, Any] = json.loads(body)
		except ValueError:
			return Answer(answer.status)
		return Answer(answer.status, found["node"], found["headers"])

	def upgrade(self, session: str) -> str:
		"""Open a web socket; gives what comes first through it."""
		with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
			line.sendall(
				b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: erp.example.com\r\n"
				b"Upgrade: websocket\r\nConnection: Upgrade\r\nCookie: sid=" + session.encode() + b"\r\n\r\n"
			)
			heard = b""
			while chunk := line.recv(4096):
				heard += chunk
		head, _, rest = heard.partition(b"\r\n\r\n")
		assert b" 101 " in head.split(b"\r\n")[0], head
		return rest.decode().strip()

	def tried_in_vain(self) -> int:
		"""How often nginx has sent a request to a node that was not there, or that died over it."""
		return sum("[error]" in line and "upstream" in line for line in self.log().splitlines())

	def log(self) -> str:
		"""nginx's own."""
		return (self._folder / "error.log").read_text()

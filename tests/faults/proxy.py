"""A line to a MariaDB server that can be cut: before a COMMIT arrives, or after it and before its answer."""

import socket
import threading
from random import Random

# A packet that commits, behind its header: COM_QUERY and the statement, or one that ends with it.
COMMIT, COMMITS = b"\x03COMMIT", (b"\x03BEGIN NOT ATOMIC ", b" COMMIT; END")


class Proxy:
	"""Passes everything on, and cuts every so-many-th line that commits. `port` is where to connect to.

	Attributes:
		every: a COMMIT in how many is cut; 0: none.
		before: cuts made before the server heard of it.
		after: cuts made when it had committed, and nobody was told.
	"""

	def __init__(self, port: int, seed: int = 1) -> None:
		self._target = port
		self._chance = Random(seed)
		self._listening = socket.create_server(("127.0.0.1", 0))
		self.port: int = self._listening.getsockname()[1]
		self.every = 0
		self.before = self.after = 0
		threading.Thread(target=self._accept, daemon=True).start()

	def close(self) -> None:
		self._listening.close()

	def _accept(self) -> None:
		while True:
			try:
				client, _ = self._listening.accept()
				server = socket.create_connection(("127.0.0.1", self._target))
			except OSError:
				return
			for each in (client, server):
				each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
			line = _Line(self, client, server)
			threading.Thread(target=line.ask, daemon=True).start()
			threading.Thread(target=line.answer, daemon=True).start()

	def fate(self, packet: bytes) -> str:
		"""What becomes of a packet: pass, before or after."""
		said = packet[4:]
		commits = said == COMMIT or (said.startswith(COMMITS[0]) and said.endswith(COMMITS[1]))
		if not (self.every and commits and self._chance.randrange(self.every) == 0):
			return "pass"
		if self._chance.random() < 0.5:
			self.before += 1
			return "before"
		self.after += 1
		return "after"


class _Line:
	def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
		self._proxy, self._client, self._server = proxy, client, server
		self._cut = False

	def ask(self) -> None:
		"""Pass on what the client says."""
		try:
			while packet := self._client.recv(1 << 20):
				fate = self._proxy.fate(packet)
				if fate == "before":
					break
				self._cut = fate == "after"
				self._server.sendall(packet)
		except OSError:
			pass
		if not self._cut:
			self._end()

	def answer(self) -> None:
		"""Pass on what the server says, but not the answer to the COMMIT that the line is cut at."""
		try:
			while packet := self._server.recv(1 << 20):
				if self._cut:
					break
				self._client.sendall(packet)
		except OSError:
			pass
		self._end()

	def _end(self) -> None:
		for each in (self._client, self._server):
			try:
				each.shutdown(socket.SHUT_RDWR)
			except OSError:
				pass
			each.close()

"""An end to a network exchange as a whole. Socket timeouts bound each read, and a server that sends a byte now and then
stays inside them for hours."""

import socket
import threading
from time import monotonic
from types import TracebackType

REPEAT = 0.05  # seconds between attempts to end an exchange whose socket was not there yet


class Deadline:
	"""Within the block, an exchange that takes longer than `seconds` has its socket shut under it.

	Whoever reads from the socket then meets an error or an early end; `passed` says why.
	"""

	def __init__(self, seconds: float):
		self.seconds = seconds
		self.passed = False
		self._end = monotonic() + seconds
		self._socket: socket.socket | None = None
		self._over = threading.Event()
		self._thread = threading.Thread(target=self._watch, name="dogansystem-http-deadline", daemon=True)

	def __enter__(self) -> "Deadline":
		self._thread.start()
		return self

	def __exit__(
		self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
	) -> None:
		self._over.set()
		self._thread.join()

	def left(self) -> float:
		"""Seconds that remain; never less than a millisecond, because a socket takes 0 for "do not wait"."""
		return max(self._end - monotonic(), 0.001)

	def watch(self, connected: socket.socket) -> None:
		"""Name the socket that the exchange goes through from here on."""
		self._socket = connected

	def _watch(self) -> None:
		if self._over.wait(self.left()):
			return
		self.passed = True
		while not self._over.wait(REPEAT):
			self._shut()

	def _shut(self) -> None:
		if self._socket is None:
			return
		try:
			# Not the socket's own method: on TLS that one takes the session apart under the reader.
			socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
		except OSError:
			pass  # closed meanwhile

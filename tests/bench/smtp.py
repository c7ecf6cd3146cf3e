"""A mail server that takes every mail and delivers none: what arrived is kept as it came over the wire."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from threading import Thread


@dataclass(frozen=True)
class Delivered:
	"""A mail as it was delivered: whom it was for, and its text."""

	to: tuple[str, ...]
	message: Message

	@property
	def html(self) -> str:
		"""What a mail program shows of it."""
		parts = (each for each in self.message.walk() if each.get_content_type() == "text/html")
		return next(parts).get_payload(decode=True).decode()


class _Conversation(socketserver.StreamRequestHandler):
	"""As much of SMTP as a client needs that signs in nowhere and encrypts nothing."""

	def handle(self) -> None:
		self._say("220 sink")
		recipients: list[str] = []
		while line := self.rfile.readline().decode().strip():
			word = line.split(":", 1)[0].upper()
			if word.startswith("RCPT"):
				recipients.append(line.partition("<")[2].partition(">")[0])
			if word == "DATA":
				self._say("354 go on")
				self.server.mails.append(Delivered(tuple(recipients), message_from_bytes(self._data())))
				recipients = []
			self._say("221 bye" if word == "QUIT" else "250 ok")
			if word == "QUIT":
				return

	def _data(self) -> bytes:
		lines = []
		while (line := self.rfile.readline()) not in (b".\r\n", b""):
			lines.append(line[1:] if line.startswith(b"..") else line)
		return b"".join(lines)

	def _say(self, text: str) -> None:
		self.wfile.write(f"{text}\r\n".encode())


class Sink(socketserver.ThreadingTCPServer):
	"""Listens on a free port of this machine; `mails` is what has arrived."""

	daemon_threads = True

	def __init__(self) -> None:
		super().__init__(("127.0.0.1", 0), _Conversation)
		self.mails: list[Delivered] = []

	@property
	def port(self) -> int:
		return self.server_address[1]

	def to(self, address: str) -> list[Delivered]:
		"""The mails for one address, in the order they came."""
		return [each for each in self.mails if address in each.to]


@contextmanager
def mail_server() -> Iterator[Sink]:
	"""A server for as long as the block lasts."""
	with Sink() as sink:
		thread = Thread(target=sink.serve_forever, daemon=True)
		thread.start()
		try:
			yield sink
		finally:
			sink.shutdown()
			thread.join()

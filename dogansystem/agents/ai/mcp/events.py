"""Server-sent events, as an answer over streamable HTTP comes in them. Source: html.spec.whatwg.org, 9.2.6."""

import json
from collections.abc import Callable, Mapping
from typing import Any


class Events:
	"""Reads a stream piece by piece until a message comes that is looked for: `found`."""

	def __init__(self, is_wanted: Callable[[Mapping[str, Any]], bool]) -> None:
		self.found: Mapping[str, Any] | None = None
		self._is_wanted = is_wanted
		self._line = bytearray()
		self._data: list[bytes] = []
		self._after_return = False

	def take(self, piece: bytes) -> bool:
		"""Read a piece; gives whether that was enough. A line ends with CR, LF, or both."""
		for line in piece.splitlines(keepends=True):
			if self._after_return and line == b"\n":
				self._after_return = False
				continue
			self._after_return = line.endswith(b"\r")
			self._line += line.rstrip(b"\r\n")
			if line.endswith((b"\r", b"\n")) and self._end_line():
				return True
		return False

	def _end_line(self) -> bool:
		line, self._line = bytes(self._line), bytearray()
		if line:
			name, _, value = line.partition(b":")
			if name == b"data":
				self._data.append(value.removeprefix(b" "))
			return False
		data, self._data = b"\n".join(self._data), []
		self.found = self._message(data) if data else None
		return self.found is not None

	def _message(self, data: bytes) -> Mapping[str, Any] | None:
		try:
			message = json.loads(data.decode())
		except (ValueError, RecursionError):
			return None
		return message if isinstance(message, Mapping) and self._is_wanted(message) else None

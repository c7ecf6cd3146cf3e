"""The body of a response: read within bounds, unpacked within bounds, given as JSON data or text."""

import base64
import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
from http.client import IncompleteRead
from typing import Any, NoReturn

import requests

from dogansystem.engine.errors import HTTPError

CHUNK = 64 * 1024  # bytes
GZIP_WINDOW = 31  # zlib's word for a gzip header and the largest window


def read(response: requests.Response, limit: int) -> tuple[bytes, bool]:
	"""At most `limit` bytes of the unpacked body, and whether there is more.

	Raises HTTPError for a packing that was not asked for, and what urllib3 raises for a connection that breaks.
	"""
	packing = response.headers.get("content-encoding", "identity").strip().lower()
	if packing not in ("", "identity", "gzip", "x-gzip"):
		raise HTTPError(f"the answer is packed as {packing!r}; only gzip was asked for")
	unpack = zlib.decompressobj(GZIP_WINDOW) if "gzip" in packing else None
	data, begun = b"", False
	while len(data) <= limit:
		chunk = response.raw.read(CHUNK, decode_content=False)
		if not chunk:
			if response.raw.length_remaining:  # urllib3 before 2 says nothing
				raise IncompleteRead(data, response.raw.length_remaining)
			if unpack and begun and not unpack.eof:
				raise HTTPError("the answer ends in the middle of what was packed")
			return data, False
		begun = True
		try:
			# Bounded here and not by urllib3: a megabyte of zeros packs into a kilobyte.
			data += unpack.decompress(chunk, limit + 1 - len(data)) if unpack else chunk
		except zlib.error:
			raise HTTPError(f"the answer says it is packed as {packing}, but is not") from None
	return data[:limit], True


def read_events(response: requests.Response, limit: int, take: Callable[[bytes], bool]) -> bool:
	"""Give `take` each piece of a stream as it comes, until that says that it has enough; gives whether `limit` bytes were not
	enough. Whoever asks for a stream asks for one that is not packed. Raises as `read` does.
	"""
	if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
		raise HTTPError("the answer is a stream and packed, which was not asked for")
	size = 0
	# Of a body that ends with its connection a larger piece comes when it is full, and the server may wait before.
	is_cut = response.raw.chunked or "content-length" in response.headers
	for piece in response.raw.stream(CHUNK if is_cut else 1, decode_content=False):
		size += len(piece)
		if take(piece):
			return False
		if size > limit:
			return True
	return False


def parse(data: bytes, content_type: str) -> Any:
	"""The body as data: JSON by its content type, else text; base64 if it is no text; None if empty.

	Raises HTTPError for a body that says it is JSON and is not.
	"""
	kind = Message()
	kind["content-type"] = content_type
	text = _text(data, kind.get_content_charset("utf-8"))
	if text is None:
		return base64.b64encode(data).decode()
	if not text:
		return None
	if not is_json(kind.get_content_type()):
		return text
	try:
		return json.loads(text, parse_constant=_no_number)
	except (ValueError, RecursionError) as error:
		raise HTTPError(f"the answer says it is JSON, but is not: {error}") from None


def is_events(content_type: str) -> bool:
	"""Whether an answer is a stream of events."""
	return content_type.partition(";")[0].strip().lower() == "text/event-stream"


def is_json(kind: str) -> bool:
	"""Whether a media type is JSON: `application/json`, `application/problem+json`."""
	return kind.endswith(("/json", "+json"))


def _text(data: bytes, charset: str) -> str | None:
	for name in (charset, "utf-8"):
		with suppress(LookupError, UnicodeError):
			return data.decode(name).removeprefix("\ufeff")
	return None


def _no_number(name: str) -> NoReturn:
	raise ValueError(f"{name} is not a number in JSON")

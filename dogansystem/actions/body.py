"""The body of a response: read within bounds, unpacked within bounds, given as JSON data or text."""

import base64
import json
import zlib
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

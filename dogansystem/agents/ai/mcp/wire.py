"""JSON-RPC as MCP has it: versions, error codes, and the headers that repeat what a request says."""

import base64
import re
from collections.abc import Mapping
from typing import Any

from dogansystem import __version__

MODERN = "2026-07-28"  # each request says its version; there is no session
LEGACY = ("2025-11-25", "2025-06-18")  # `initialize` comes first
VERSIONS = (MODERN, *LEGACY)
ASSUMED = "2025-03-26"  # of a legacy request that does not say its version

PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS, INTERNAL_ERROR = (
	-32700,
	-32600,
	-32601,
	-32602,
	-32603,
)
HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION = -32020, -32021, -32022
OF_MODERN = frozenset({HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION})

PREFIX = "io.modelcontextprotocol/"  # of what stands in `_meta`
VERSION, CAPABILITIES = f"{PREFIX}protocolVersion", f"{PREFIX}clientCapabilities"
OURSELVES = {"name": "dogansystem", "version": __version__}
COMPLETE = "complete"  # what kind of result it is, where nothing else is asked for

_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?\Z")
_PACKED = re.compile(r"=\?base64\?(.*)\?=\Z", re.DOTALL)


def as_header(text: str) -> str:
	"""A text as the value of a header; packed where a header cannot hold it."""
	if _PLAIN.match(text) and not _PACKED.match(text):
		return text
	return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def of_header(value: str) -> str | None:
	"""The text that a header holds; None: it is packed in a way that nobody can read."""
	packed = _PACKED.match(value)
	if packed is None:
		return value
	try:
		return base64.b64decode(packed[1], validate=True).decode()
	except ValueError:
		return None


def is_deeper(value: Any, left: int) -> bool:
	"""Whether lists and mappings are nested more than so many levels deep."""
	inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else None
	return inner is not None and (left == 0 or any(is_deeper(each, left - 1) for each in inner))


def error(code: int, message: str, identity: Any = None, data: Any = None) -> dict[str, Any]:
	"""An answer that says what is wrong. `identity` None: nobody knows which request it answers."""
	found: dict[str, Any] = {"code": code, "message": message}
	if data is not None:
		found["data"] = data
	return {"jsonrpc": "2.0", **({} if identity is None else {"id": identity}), "error": found}


def meta(params: Mapping[str, Any]) -> Mapping[str, Any]:
	"""What `params` say about the request itself."""
	found = params.get("_meta")
	return found if isinstance(found, Mapping) else {}

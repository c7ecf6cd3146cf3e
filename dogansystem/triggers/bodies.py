"""The body of a delivery as data: JSON and forms as what they say, all else as text, and what is no text in base64."""

import base64
import json
from email.message import Message
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from dogansystem.engine.definitions.source import unique
from dogansystem.engine.errors import InputError
from dogansystem.engine.outputs import encode
from dogansystem.engine.templates.render import to_json_value
from dogansystem.triggers.signatures import Request

MAX_FIELDS = 1000  # of a form
_FORM = "application/x-www-form-urlencoded"


def read(request: Request) -> Any:
	"""The body as data, None if there is none. Raises InputError for a body that is not what it says it is."""
	packing = request.headers.get("content-encoding", "identity").strip().lower()
	if packing not in ("", "identity"):
		raise InputError(f"The body is packed as {packing!r}. Send it as it is.")
	kind = Message()
	kind["content-type"] = request.headers.get("content-type", "")
	text = _text(request.body, kind)
	if text is None:
		return base64.b64encode(request.body).decode()
	if not text.strip():
		return None
	if kind.get_content_type().endswith(("/json", "+json")):
		return _json(text)
	return as_mapping(_pairs(text)) if kind.get_content_type() == _FORM else text


def as_mapping(pairs: list[tuple[str, str]]) -> dict[str, Any]:
	"""Names and values as a mapping; a name that comes again has the list of its values."""
	found: dict[str, Any] = {}
	for name, value in pairs:
		if name not in found:
			found[name] = value
		elif isinstance(found[name], list):
			found[name].append(value)
		else:
			found[name] = [found[name], value]
	return found


def _text(data: bytes, kind: Message) -> str | None:
	try:
		return data.decode(kind.get_content_charset("utf-8")).removeprefix("\ufeff")
	except (LookupError, ValueError):
		return None


def _json(text: str) -> Any:
	try:
		found = to_json_value(json.loads(text, parse_constant=_no_number, object_pairs_hook=unique))
		encode(found, "The body", "Send less.")
		return found
	except (ValueError, RecursionError) as error:
		raise InputError(f"The body says it is JSON, but is not: {error}.") from None


def _pairs(text: str) -> list[tuple[str, str]]:
	try:
		return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
	except ValueError:
		raise InputError(f"The body is a form of more than {MAX_FIELDS} fields. Send JSON.") from None


def _no_number(name: str) -> NoReturn:
	raise ValueError(f"{name} is no number")

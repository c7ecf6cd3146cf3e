"""What an answer of a provider's server says that is none of its model."""

from collections.abc import Mapping
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any

from dogansystem.agents.ai.conversation import ModelBusy, ModelError

BUSY = frozenset({408, 409, 425, 429})  # and all from 500 on
MAX_PAUSE = 3600.0  # seconds: longer than that nobody is made to wait by a server
MAX_EXCERPT = 300  # characters of what it says


def check(status: int, headers: Mapping[str, str], body: Any) -> None:
	"""Raise ModelBusy or ModelError unless the status says that there is an answer."""
	if 200 <= status < 300:
		return
	text = f"answered {status}: {_words(body)}"
	if status in BUSY or status >= 500:
		raise ModelBusy(text, pause(headers), status)
	raise ModelError(text, status)


def pause(headers: Mapping[str, str]) -> float | None:
	"""Seconds until a server wants to be asked again, by its `retry-after-ms` or `retry-after`: seconds, or a date."""
	text = headers.get("retry-after-ms", "")
	try:
		if text:
			return min(max(float(text) / 1000, 0.0), MAX_PAUSE)
		text = headers.get("retry-after", "")
		return min(max(float(text), 0.0), MAX_PAUSE) if text else None
	except ValueError:
		pass
	try:
		left = (parsedate_to_datetime(text) - datetime.now(timezone.utc)).total_seconds()
		return min(max(left, 0.0), MAX_PAUSE)
	except (TypeError, ValueError):
		return None


def _words(body: Any) -> str:
	found = body
	for key in ("error", "message"):
		if isinstance(found, Mapping) and key in found:
			found = found[key]
	return " ".join(str(found).split())[:MAX_EXCERPT] or "nothing"


def mapping(body: Any) -> Mapping[str, Any]:
	"""The body of an answer. Raises ModelError if it is not the JSON object that a model's answer is."""
	if not isinstance(body, Mapping):
		text = f"its answer is no JSON object: {_words(body)}. Check the model's address."
		raise ModelError(text, may_have_answered=True)
	return body


def number(value: Any) -> int | None:
	"""A count of tokens, where there is one."""
	return (
		int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else None
	)

"""Rendered parameters as they are kept beside an attempt: without secrets, and bounded.

Secrets are known by the name they stand under, by the way they stand in an address or a header, and by the type of a
DocType's field. Credentials of the site are named in parameters, never written out in them.
"""

import re
from collections.abc import Container
from functools import lru_cache
from typing import Any

from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge
from dogansystem.engine.outputs import decode, encode

HIDDEN = "[secret]"
MAX_KEPT = 64 * 1024  # characters of an attempt's parameters, as JSON
MAX_EARLIER = 4 * 1024  # of those of each attempt that was tried again
_SHORT_TEXT, _SHORT_LIST = 500, 20  # what is left of texts, lists and mappings where all of it is too much

_SECRET_NAME = re.compile(
	r"passw|passphrase|pwd|secret(?!ar)|token(?!s)|api[-_ ]?key|access[-_ ]?key|private[-_ ]?key|^(?:proxy-)?authori[sz]ation$|cookie"
	r"|signature|credentials",
	re.IGNORECASE,
)
_IN_TEXT = (
	(re.compile(r"(://)[^/\s:@]+:[^/\s@]+@"), rf"\1{HIDDEN}@"),
	(re.compile(r"\b(Bearer|Basic)\s+(?=[\w.~+/=-]*[\d=])[\w.~+/=-]{12,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
	(
		re.compile(
			r"([?&][^=&?\s]{0,40}(?:passw|pwd|secret|token|key|sig)[^=&?\s]{0,40}=)[^&#\s\"']+", re.IGNORECASE
		),
		rf"\1{HIDDEN}",
	),
	(
		re.compile(
			r"([\"'][^\"'\s]{0,40}(?:passw|pwd|secret|token|api_?key)[^\"'\s]{0,40}[\"']\s*:\s*[\"'])[^\"']+",
			re.IGNORECASE,
		),
		rf"\1{HIDDEN}",
	),
)


def kept(params: Any, hidden: Container[str] = ()) -> str | None:
	"""Rendered parameters (JSON data) as JSON text to be kept. `hidden` are names of fields that hold passwords.

	More than `MAX_KEPT` characters are cut where they are longest, and it is said there. None: they have no form in JSON.
	"""
	return _encoded(without_secrets(params, hidden), MAX_KEPT)


def earlier(text: str | None) -> Any:
	"""What is kept of the parameters of an attempt that is tried again; `text` is what `kept` gave."""
	if text is None or len(text) <= MAX_EARLIER:
		return decode(text)
	return decode(_encoded(decode(text), MAX_EARLIER))


def without_secrets(value: Any, hidden: Container[str] = ()) -> Any:
	"""JSON data with `[secret]` in the place of whatever looks like a secret."""
	kind = type(value)
	if kind is str:
		return _text(value) if _is_suspect(value) else value
	if kind is dict:
		return {
			key: _covered(inner) if key in hidden or _is_secret(key) else without_secrets(inner, hidden)
			for key, inner in value.items()
		}
	if kind is list:
		return [without_secrets(inner, hidden) for inner in value]
	return value


@lru_cache(maxsize=4096)
def _is_secret(name: str) -> bool:
	return bool(_SECRET_NAME.search(name))


def _covered(value: Any) -> Any:
	"""A value under the name of a secret: whether there is one may be seen."""
	if isinstance(value, dict):
		return {key: _covered(inner) for key, inner in value.items()}
	if isinstance(value, list):
		return [_covered(inner) for inner in value]
	return value if value in (None, "", True, False) else HIDDEN


def _is_suspect(text: str) -> bool:
	"""Whether a text is worth a closer look: most are not, and this costs next to nothing."""
	return "://" in text or "=" in text or "earer" in text or "asic " in text or '":' in text or "':" in text


def _text(text: str) -> str:
	for pattern, instead in _IN_TEXT:
		text = pattern.sub(instead, text)
	return text


def _encoded(value: Any, limit: int) -> str | None:
	try:
		text = encode(value, "parameters")
		if len(text) <= limit:
			return text
	except OutputTooLarge:
		pass
	except OutputNotJSON:
		return None
	text = encode(_shortened(value), "parameters")
	return text if len(text) <= limit else encode(f"… ({len(text):,} characters and more)", "parameters")


def _shortened(value: Any, depth: int = 0) -> Any:
	if isinstance(value, str) and len(value) > _SHORT_TEXT:
		return f"{value[:_SHORT_TEXT]}… ({len(value):,} characters)"
	if isinstance(value, list | dict) and depth > 4:
		return "…"
	if isinstance(value, list):
		rest = [f"… ({len(value) - _SHORT_LIST:,} more)"] if len(value) > _SHORT_LIST else []
		return [*(_shortened(each, depth + 1) for each in value[:_SHORT_LIST]), *rest]
	if isinstance(value, dict):
		return {key: _shortened(inner, depth + 1) for key, inner in list(value.items())[: 2 * _SHORT_LIST]}
	return value

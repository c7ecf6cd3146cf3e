"""Inputs and outputs as JSON: what can be kept, how it is written, and how large it may be."""

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge

MAX_BYTES = 1024 * 1024  # of JSON in UTF-8. Source: workflow-format.md, semantics 9
_SMALLER_OUTPUT = "Give back less: name the fields you need, lower the limit, or store it in a document."


def encode(value: Any, what: str, remedy: str = _SMALLER_OUTPUT) -> str:
	"""`value` as compact JSON text.

	Dates become `YYYY-MM-DD`, datetimes `YYYY-MM-DD HH:MM:SS[.ffffff]`, decimals numbers, sets and tuples lists.

	Raises:
		OutputNotJSON: something in it has no form in JSON.
		OutputTooLarge: more than `MAX_BYTES`; `remedy` says what to do about it. Both name `what`.
	"""
	try:
		text = _ENCODER.encode(value)
		check_size(text, what, remedy)
	except (TypeError, ValueError, RecursionError) as error:
		reason = f"{what} cannot be kept as JSON: {error}. Use text, numbers, lists and mappings."
		raise OutputNotJSON(reason) from None
	return text


def check_size(text: str, what: str, remedy: str = _SMALLER_OUTPUT) -> None:
	"""Raise OutputTooLarge if a JSON text is more than is kept."""
	size = len(text) if text.isascii() else len(text.encode())
	if size > MAX_BYTES:
		raise OutputTooLarge(f"{what} is {size:,} bytes of JSON; at most {MAX_BYTES:,} are kept. {remedy}")


def decode(text: str | None) -> Any:
	"""The value that `encode` wrote; None for an empty column."""
	return json.loads(text) if text else None


def _plain(value: Any) -> Any:
	if isinstance(value, datetime):
		return value.isoformat(sep=" ")
	if isinstance(value, date | time | timedelta | UUID):
		return str(value)
	if isinstance(value, Decimal):
		return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)
	if isinstance(value, set | frozenset):
		return sorted(value, key=str)
	raise TypeError(f"{type(value).__name__} has no form in JSON")


# Made once: `json.dumps` makes one for each call that asks for anything special.
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=_plain)

"""Values of documents: what JSON can hold, and how it reads as text."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Any

from dogansystem.homes.sandbox.errors import ValidationError


def as_text(value: Any) -> str:
	"""A value as Frappe writes it into a text column."""
	if value is None:
		return ""
	return str(int(value)) if isinstance(value, bool) else str(plain(value, ""))


def plain(value: Any, path: str) -> Any:
	"""A copy of `value` in JSON's own types; dates become text. Raises ValidationError, naming `path`, for others."""
	if value is None or isinstance(value, str | int):
		return value
	if isinstance(value, float | Decimal):
		if isfinite(value):
			return float(value)
		raise ValidationError(f"{path} is {value}, which no document can hold. Give a number.")
	if isinstance(value, Mapping):
		return {_key(key, path): plain(each, f"{path}.{key}") for key, each in value.items()}
	if isinstance(value, list | tuple):
		return [plain(each, f"{path}[{number}]") for number, each in enumerate(value)]
	if isinstance(value, datetime):
		return value.replace(tzinfo=None).isoformat(sep=" ")
	if isinstance(value, date | time | timedelta):
		return str(value)
	raise ValidationError(
		f"{path} is a {type(value).__name__}, which no document can hold. Give text, numbers, lists or mappings."
	)


def _key(key: Any, path: str) -> str:
	if not isinstance(key, str):
		raise ValidationError(f"{path} has the key {key!r}; a document's keys are field names.")
	return key

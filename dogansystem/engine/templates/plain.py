"""Values as plain JSON data: what templates give, and what plain Python data may hold."""

import math
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

from jinja2 import Undefined

from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge

MAX_DEPTH = 60  # lists and mappings inside each other
MAX_VALUES = 500_000  # values in one piece of data; every row's cell is one
MAX_TEXT = 4 * 1024 * 1024  # characters in all; less than 1 MB of it may be kept, see outputs.MAX_BYTES

_LISTS = (list, tuple, set, frozenset, range, KeysView, ValuesView, ItemsView, Iterator)
_PLAIN = frozenset({str, int, bool, type(None)})


def to_json_value(value: Any) -> Any:
	"""`value` as data that JSON has a form for; containers are copied.

	Dates become `YYYY-MM-DD`, datetimes `YYYY-MM-DD HH:MM:SS[.ffffff]`, times and time spans their text. A Decimal
	becomes a number if that number is written the same way, else text. Tuples, sets (sorted), ranges, views and
	iterators become lists.

	Raises:
		OutputNotJSON: something in it has no form in JSON, or lies too deep.
		OutputTooLarge: more than `MAX_VALUES` values or `MAX_TEXT` characters.
	"""
	if type(value) in _PLAIN and (type(value) is not str or (len(value) <= MAX_TEXT and value.isascii())):
		return value
	return _Copy().of(value, 0)


def whole(text: str) -> str:
	"""`text`, if it has only whole characters. Raises OutputNotJSON: half of one (a lone surrogate) has no form in
	UTF-8, so that no database and no other server would take it."""
	if not text.isascii():
		try:
			text.encode()
		except UnicodeEncodeError as error:
			raise OutputNotJSON(
				f"{text[error.start : error.end]!r} is half of a character (a lone surrogate); give whole characters"
			) from None
	return text


class _Copy:
	"""One walk through a value. It counts, so that a value that holds itself many times over ends soon."""

	def __init__(self) -> None:
		self.values = 0
		self.text = 0

	def of(self, value: Any, depth: int) -> Any:
		self.values += 1
		if self.values > MAX_VALUES:
			raise OutputTooLarge(f"more than {MAX_VALUES:,} values; give back less")
		if isinstance(value, str):
			return self.characters(str(value))
		if value is None or isinstance(value, bool):
			return value
		if isinstance(value, int | float | Decimal):
			return number(value)
		if not isinstance(value, (Mapping, *_LISTS)):
			return text_of(value)
		if depth >= MAX_DEPTH:
			raise OutputNotJSON(
				f"more than {MAX_DEPTH} lists or mappings inside each other, or one inside itself"
			)
		if isinstance(value, Mapping):
			return {self.characters(key_of(key)): self.of(inner, depth + 1) for key, inner in value.items()}
		items = sorted(value, key=str) if isinstance(value, set | frozenset) else value
		return [self.of(inner, depth + 1) for inner in islice(items, MAX_VALUES + 1)]

	def characters(self, text: str) -> str:
		self.text += len(text)
		if self.text > MAX_TEXT:
			raise OutputTooLarge(f"more than {MAX_TEXT:,} characters; give back less")
		return whole(text)


def number(value: int | float | Decimal) -> int | float | str:
	"""A number as JSON has it. Raises OutputNotJSON for infinity and what is not a number."""
	if isinstance(value, int):
		return int(value)
	if not (value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)):
		raise OutputNotJSON(f"{value} has no form in JSON; give a number, or null")
	if isinstance(value, float):
		return float(value)
	if value == value.to_integral_value() and abs(value) < 2**53:
		return int(value)
	return float(value) if Decimal(repr(float(value))) == value else str(value)


def key_of(key: Any) -> str:
	"""A mapping's key as text; JSON has no others."""
	if isinstance(key, str):
		return str(key)
	if isinstance(key, int) and not isinstance(key, bool):
		return str(int(key))
	raise OutputNotJSON(f"the key {type(key).__name__} {str(key)[:40]!r} has no form in JSON; keys are text")


def text_of(value: Any) -> str:
	"""The text of a date, a time, a time span or an id. Raises OutputNotJSON for anything else."""
	if isinstance(value, datetime):
		return value.isoformat(sep=" ")
	if isinstance(value, date | time | timedelta | UUID):
		return str(value)
	if isinstance(value, Undefined):
		str(value)  # raises the error that names what is missing
	raise OutputNotJSON(
		f"a {type(value).__name__} has no form in JSON; give text, numbers, lists and mappings"
	)

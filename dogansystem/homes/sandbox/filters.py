"""Filters and sort orders of `document.list`, with the answers Frappe's `get_list` gives on MariaDB.

A document of the sandbox has no field types, so a comparison takes its type from the two values: a number on either
side makes it a comparison of numbers, as MariaDB does. A field that is missing or null is empty: 0 beside numbers, ""
beside texts and dates. Where Frappe v15 builds a query that nobody can mean (`= None` becomes `= 0.0`, `between` forgets its
numbers, a 0 is neither set nor not set), the sandbox does what the filter says.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from dogansystem.homes.sandbox.errors import DataError, ValidationError
from dogansystem.homes.sandbox.text import fold, order_key
from dogansystem.homes.sandbox.values import as_text, is_number

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_DATETIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,6}))?\Z")
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_LAST_MOMENT = "23:59:59.999999"

Test = Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Filter:
	"""One condition on one field."""

	field: str
	operator: str
	value: Any

	def holds(self, document: Mapping[str, Any]) -> bool:
		"""Whether the document fulfils it."""
		given = document.get(self.field)
		if isinstance(given, list | dict) and self.operator != "is":
			raise ValidationError(
				f"The field {self.field!r} holds a table, and the sandbox does not look into tables."
				' Filter by a field of the document itself, or ask whether it ["is", "set"].'
			)
		return OPERATORS[self.operator](given, self.value)


def parse_filters(filters: Any, doctype: str) -> list[Filter]:
	"""Filters as `frappe.get_list` takes them: a mapping, or a list of lists.

	Raises DataError or ValidationError, naming the filter and its remedy, for anything else.
	"""
	if not filters:
		return []
	if isinstance(filters, Mapping):
		return [_from_pair(field, value) for field, value in filters.items()]
	if isinstance(filters, str | bytes) or not isinstance(filters, Sequence):
		raise ValidationError(
			f'Filters are a mapping such as {{"status": "Open"}} or a list of lists, not {filters!r}.'
		)
	return [found for given in filters for found in _from_item(given, doctype)]


def _from_item(given: Any, doctype: str) -> list[Filter]:
	if isinstance(given, Mapping):
		return [_from_pair(field, value) for field, value in given.items()]
	if isinstance(given, str | bytes) or not isinstance(given, Sequence) or len(given) < 3:
		raise ValidationError(
			f'Each filter of a list has a field, an operator and a value, such as ["status", "=", "Open"]; {given!r}'
			" has not."
		)
	if len(given) == 3:
		return [_checked(*given)]
	if given[0] not in (doctype, f"tab{doctype}"):
		raise ValidationError(
			f"The filter {given!r} is about {given[0]!r}: the sandbox filters {doctype} by its own fields only."
		)
	return [_checked(given[1], given[2], given[3])]


def _from_pair(field: Any, value: Any) -> Filter:
	if isinstance(value, str | bytes) or not isinstance(value, Sequence):
		return _checked(field, "=", value)
	if len(value) != 2 or not isinstance(value[0], str):
		raise ValidationError(
			f'The filter on {field!r} is {value!r}: write an operator and a value, such as ["in", {list(value)!r}].'
		)
	return _checked(field, value[0], value[1])


def _checked(field: Any, operator: Any, value: Any) -> Filter:
	name = check_field(field)
	word = str(operator or "=").lower().strip()
	if word not in OPERATORS:
		raise ValidationError(
			f"The filter on {name!r} has the operator {operator!r}; the sandbox knows {', '.join(OPERATORS)}."
			f' For one of several values write ["in", […]].'
		)
	if word == "between" and not (isinstance(value, list | tuple) and len(value) == 2):
		raise ValidationError(f'The filter on {name!r}: "between" takes two values, not {value!r}.')
	if word == "is" and str(value).lower() not in ("set", "not set"):
		raise ValidationError(f'The filter on {name!r}: "is" takes "set" or "not set", not {value!r}.')
	if isinstance(value, Mapping) or (isinstance(value, list | tuple) and word not in _LISTS):
		raise ValidationError(f"The filter on {name!r}: {word!r} takes one value, not {value!r}.")
	return Filter(name, word, value)


def check_field(field: Any) -> str:
	"""A field's name as it may stand in filters, fields and sort orders. Raises DataError for anything else."""
	if not isinstance(field, str) or not FIELD_NAME.match(field):
		raise DataError(
			f"{field!r} is no field name: letters, digits and underscores, such as valid_till; no functions."
		)
	return field


def parse_order(order_by: str | None) -> list[tuple[str, bool]]:
	"""Fields and whether each is sorted downwards, from `creation desc, name`. Default: the last changed first."""
	if not order_by or not order_by.strip():
		return [("modified", True)]
	return [_order_part(part) for part in order_by.split(",")]


def _order_part(part: str) -> tuple[str, bool]:
	words = part.replace("`", "").split()
	field = words[0].rpartition(".")[2] if words else ""
	direction = words[1].lower() if len(words) > 1 else "asc"
	if len(words) > 2 or not FIELD_NAME.match(field) or direction not in ("asc", "desc"):
		raise DataError(
			f"order_by: {part.strip()!r} cannot be read: write a field and asc or desc, such as creation desc."
		)
	return field, direction == "desc"


def sort(rows: list[dict[str, Any]], order: Sequence[tuple[str, bool]]) -> None:
	"""Sort documents, which come in the order they were created in. Of equals, the last field's direction decides."""
	if order[-1][1]:
		rows.reverse()
	for field, descending in reversed(order):
		if descending:
			# `reverse=True` would keep equals in place, as it must.
			rows.sort(key=lambda row: _sort_key(row.get(field)), reverse=True)
		else:
			rows.sort(key=lambda row: _sort_key(row.get(field)))


def _sort_key(value: Any) -> tuple[int, Any]:
	if value is None:
		return (0, 0)
	if is_number(value):
		return (1, value)
	return (2, order_key(as_text(value)))


def _compare(given: Any, wanted: Any) -> int:
	"""-1, 0 or 1, as numbers if either is one."""
	left: Any
	right: Any
	if is_number(given) or is_number(wanted):
		left, right = _number(given), _number(wanted)
	else:
		left, right = _moments(as_text(given), as_text(wanted))
	return int(left > right) - int(left < right)


def _equal(given: Any, wanted: Any) -> bool:
	if wanted is None:
		return not _is_set(given)
	return _compare(given, wanted) == 0


def _like(given: Any, pattern: Any) -> bool:
	if given is None:
		return as_text(pattern) == ""
	return bool(_like_pattern(as_text(pattern)).match(fold_kept(as_text(given))))


def _not_like(given: Any, pattern: Any) -> bool:
	return not _like("" if given is None else given, pattern)


def _in(given: Any, values: Any) -> bool:
	if isinstance(given, str):
		# MariaDB gets the values as texts, and a text column compares them as such.
		return any(_compare(given, as_text(option)) == 0 for option in _options(values))
	options = _options(values)
	if given is not None:
		options = [option for option in options if option != ""]  # no number is the empty text
	return any(_compare(given, option) == 0 for option in options)


def _between(given: Any, bounds: Any) -> bool:
	if given is None or given == "":
		return False
	low, high = bounds
	if isinstance(given, str) and _DATETIME.match(given) and isinstance(high, str) and _DATE.match(high):
		high = f"{high} {_LAST_MOMENT}"
	elif isinstance(given, str) and _DATE.match(given):
		low, high = _day(low), _day(high)
	return _compare(given, low) >= 0 and _compare(given, high) <= 0


def _is(given: Any, word: Any) -> bool:
	return _is_set(given) is (str(word).lower() == "set")


def _is_set(value: Any) -> bool:
	return value not in (None, "", 0, [], {}) and not (isinstance(value, str) and not value.rstrip(" "))


OPERATORS: Mapping[str, Test] = {
	"=": _equal,
	"!=": lambda given, wanted: not _equal(given, wanted),
	">": lambda given, wanted: _compare(given, wanted) > 0,
	"<": lambda given, wanted: _compare(given, wanted) < 0,
	">=": lambda given, wanted: _compare(given, wanted) >= 0,
	"<=": lambda given, wanted: _compare(given, wanted) <= 0,
	"like": _like,
	"not like": _not_like,
	"in": _in,
	"not in": lambda given, values: not _in(given, values),
	"between": _between,
	"is": _is,
}
_LISTS = frozenset({"in", "not in", "between"})


def _options(values: Any) -> list[Any]:
	"""What `in` compares with: the values, or a text split at its commas. Nothing at all means the empty text."""
	if values is None:
		return [""]
	if isinstance(values, str):
		values = values.split(",")
	elif not isinstance(values, list | tuple | set | frozenset):
		values = [values]
	options = [
		"" if value is None else value.strip() if isinstance(value, str) else value for value in values
	]
	return options or [""]


def _number(value: Any) -> float:
	"""A value as MariaDB reads it beside a number: a text counts as far as it is one, else 0."""
	if value is None:
		return 0
	if is_number(value):
		return value if isinstance(value, float) else int(value)
	found = _NUMBER.match(as_text(value))
	return float(found[0]) if found else 0


def _moments(left: str, right: str) -> tuple[Any, Any]:
	"""Two texts as they are compared. A date beside a datetime is its first moment."""
	first, second = _moment(left), _moment(right)
	if first and second:
		return first, second
	if fold(left) == fold(right):
		return 0, 0
	return order_key(left), order_key(right)


@lru_cache(4096)
def _moment(text: str) -> str | None:
	if _DATE.match(text):
		return f"{text} 00:00:00.000000"
	found = _DATETIME.match(text)
	if not found:
		return None
	day, minute, second, fraction = found.groups()
	return f"{day} {minute}{second or ':00'}.{(fraction or '').ljust(6, '0')}"


def _day(value: Any) -> Any:
	return value[:10] if isinstance(value, str) and _moment(value) else value


@lru_cache(1024)
def _like_pattern(pattern: str) -> re.Pattern[str]:
	"""A LIKE pattern as a regular expression. A backslash is itself: Frappe escapes it."""
	parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in fold_kept(pattern))
	return re.compile("".join(parts) + r"\Z", re.DOTALL)


def fold_kept(text: str) -> str:
	"""Folded, but with its trailing spaces: LIKE counts them."""
	return fold(text + ".")[:-1]

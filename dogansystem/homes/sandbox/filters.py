"""Filters and sort orders of `document.list`, as `frappe.get_list` takes them.

A document of the sandbox has no field types, so a comparison takes its type from the two values: beside a number it is
one of numbers, else one of texts, letter by letter. A missing field is 0 beside a number and "" beside a text. `like`
does not tell upper case from lower case.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.homes.sandbox.errors import DataError, ValidationError
from dogansystem.homes.sandbox.values import as_text

FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
MAX_PATTERN = 1000  # characters of a `like`: the time it takes grows with them
_DATE_LENGTH = len("2025-01-01")
_LAST_MOMENT = " 23:59:59.999999"


@dataclass(frozen=True, slots=True)
class Filter:
	"""One condition on one field."""

	field: str
	operator: str
	value: Any

	def holds(self, document: Mapping[str, Any]) -> bool:
		"""Whether the document fulfils it. Raises ValidationError for a field that holds a table."""
		given = document.get(self.field)
		if isinstance(given, list | dict) and self.operator != "is":
			raise ValidationError(
				f"The field {self.field!r} holds a table, and the sandbox does not look into tables."
				' Filter by a field of the document itself, or ask whether it ["is", "set"].'
			)
		return OPERATORS[self.operator](given, self.value)


def parse_filters(filters: Any, doctype: str) -> list[Filter]:
	"""A mapping, or a list of lists, as conditions that must all hold.

	Raises DataError or ValidationError, naming the filter and its remedy, for anything else.
	"""
	if not filters or isinstance(filters, Mapping):
		return _from_item(filters or {}, doctype)
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
	if len(given) > 3 and given[0] not in (doctype, f"tab{doctype}"):
		raise ValidationError(
			f"The filter {given!r} is about {given[0]!r}: the sandbox filters {doctype} by its own fields only."
		)
	return [_checked(*(given[1:4] if len(given) > 3 else given))]


def _from_pair(field: Any, value: Any) -> Filter:
	if isinstance(value, str | bytes) or not isinstance(value, Sequence):
		return _checked(field, "=", value)
	if len(value) != 2 or not isinstance(value[0], str):
		raise ValidationError(
			f'The filter on {field!r} is {value!r}: write an operator and a value, such as ["in", {list(value)!r}].'
		)
	return _checked(field, value[0], value[1])


def _checked(field: Any, given: Any, value: Any) -> Filter:
	name, word = check_field(field), str(given or "=").lower().strip()
	if word not in OPERATORS:
		raise ValidationError(
			f"The filter on {name!r} has the operator {given!r}; the sandbox knows {', '.join(OPERATORS)}."
			' For one of several values write ["in", […]].'
		)
	is_list = isinstance(value, list | tuple)
	if word == "between" and not (is_list and len(value) == 2):
		raise ValidationError(f'The filter on {name!r}: "between" takes two values, not {value!r}.')
	if word == "is" and str(value).lower() not in ("set", "not set"):
		raise ValidationError(f'The filter on {name!r}: "is" takes "set" or "not set", not {value!r}.')
	if isinstance(value, Mapping) or (is_list and word not in ("in", "not in", "between")):
		raise ValidationError(f"The filter on {name!r}: {word!r} takes one value, not {value!r}.")
	if "like" in word and len(as_text(value)) > MAX_PATTERN:
		raise ValidationError(f"The filter on {name!r}: {word!r} takes at most {MAX_PATTERN:,} characters.")
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
		rows.sort(key=lambda row, field=field: _sort_key(row.get(field)), reverse=descending)  # type: ignore[misc]


def _sort_key(value: Any) -> tuple[int, Any]:
	if value is None:
		return 0, 0
	return (1, value) if _is_number(value) else (2, as_text(value))


# Operators


def _is_number(value: Any) -> bool:
	return isinstance(value, int | float)  # checkboxes too: they are 0 and 1


def _number(value: Any) -> float:
	try:
		return float(value or 0)
	except (TypeError, ValueError):
		return 0.0


def _pair(given: Any, wanted: Any) -> tuple[Any, Any]:
	"""Two values as they are compared."""
	if _is_number(given) or _is_number(wanted):
		return _number(given), _number(wanted)
	return as_text(given), as_text(wanted)


def _comparing(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
	return lambda given, wanted: compare(*_pair(given, wanted))


_same, _not_after = _comparing(operator.eq), _comparing(operator.le)


def _equal(given: Any, wanted: Any) -> bool:
	return not _is_set(given) if wanted is None else _same(given, wanted)


def _in(given: Any, values: Any) -> bool:
	options = values.split(",") if isinstance(values, str) else values
	if not isinstance(options, list | tuple):
		options = [options]
	stripped = [each.strip() if isinstance(each, str) else each for each in options] or [""]
	return any(_same(given, "" if each is None else each) for each in stripped)


def _between(given: Any, bounds: Any) -> bool:
	if given in (None, ""):
		return False
	low, high = bounds
	if isinstance(given, str) and isinstance(high, str):
		if len(given) > _DATE_LENGTH == len(high):
			high += _LAST_MOMENT  # a date as the end of a time means all of that day
		elif len(given) == _DATE_LENGTH:
			low, high = as_text(low)[:_DATE_LENGTH], high[:_DATE_LENGTH]
	return _not_after(low, given) and _not_after(given, high)


def _is_set(value: Any) -> bool:
	return value not in (None, "", 0, [], {})


def like(text: str, pattern: str) -> bool:
	"""Whether a text fits a pattern in which `%` is any text and `_` one character.

	Each part between two `%` is looked for once, from left to right: where one fits first leaves most for the others.
	"""
	first, *others = pattern.casefold().split("%")
	left = text.casefold()
	if _find(left[: len(first)], first) != 0:
		return False
	left = left[len(first) :]
	if not others:
		return not left
	last = others.pop()
	for part in others:
		at = _find(left, part)
		if at < 0:
			return False
		left = left[at + len(part) :]
	return len(left) >= len(last) and _find(left[len(left) - len(last) :], last) == 0


def _find(text: str, part: str) -> int:
	"""Where `part` begins, -1 if nowhere. Without repetitions, a regular expression has nothing to try again."""
	if "_" not in part:
		return text.find(part)
	found = re.search(".".join(map(re.escape, part.split("_"))), text, re.DOTALL)
	return found.start() if found else -1


OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
	"=": _equal,
	"!=": lambda given, wanted: not _equal(given, wanted),
	">": _comparing(operator.gt),
	"<": _comparing(operator.lt),
	">=": _comparing(operator.ge),
	"<=": _not_after,
	# Nothing is like nothing but the empty text, as in a database.
	"like": lambda given, pattern: (
		(given is not None or pattern == "") and like(as_text(given), as_text(pattern))
	),
	"not like": lambda given, pattern: not like(as_text(given), as_text(pattern)),
	"in": _in,
	"not in": lambda given, values: not _in(given, values),
	"between": _between,
	"is": lambda given, word: _is_set(given) is (str(word).lower() == "set"),
}

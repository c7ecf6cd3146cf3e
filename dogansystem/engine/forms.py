"""Fields that people fill in along with a decision, or in an ask: what may stand in them. Pure."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from dogansystem.engine.errors import DecisionIncomplete, InputError
from dogansystem.engine.sentence import Sentence, _

TEXTS = {  # characters
	**dict.fromkeys(("Data", "Link", "Autocomplete", "Phone"), 140),
	**{"Small Text": 2000, "Text": 20_000, "Long Text": 20_000},
}
NUMBERS = ("Float", "Currency", "Percent", "Duration", "Rating")
MAX_FIELDS = 50


@dataclass(frozen=True, slots=True)
class Field:
	"""A field that is asked.

	Attributes:
		type: a Frappe fieldtype, one of TYPES.
		options: of a Select what may be chosen; of a Link the DocType.
	"""

	name: str
	label: str = ""
	type: str = "Data"
	options: tuple[str, ...] = ()
	required: bool = False
	default: Any = None


def field_of(given: Mapping[str, Any]) -> Field:
	"""A field as a step names it. Raises InputError."""
	options = given.get("options") or ()
	chosen = options.split("\n") if isinstance(options, str) else options
	kind = given.get("type", "Data")
	found = Field(
		given["name"],
		str(given.get("label") or given["name"].replace("_", " ").capitalize()),
		kind,
		tuple(text for each in chosen if (text := str(each).strip())),
		bool(given.get("required")),
	)
	if kind in ("Select", "Link") and not found.options:
		raise InputError(f"fields: {found.name} is a {kind}: say in `options` {_OPTIONS[kind]}.")
	default = given.get("default")
	return found if _is_empty(default) else _with_default(found, default)


_OPTIONS = {"Select": "what may be chosen", "Link": "the DocType it leads to"}


def _with_default(field: Field, default: Any) -> Field:
	value = _checked(field, default, "fields: the default of ")
	return Field(field.name, field.label, field.type, field.options, field.required, value)


def as_json(field: Field) -> dict[str, Any]:
	"""A field as it is kept and shown."""
	return {
		"name": field.name,
		"label": field.label,
		"type": field.type,
		"options": list(field.options),
		"required": field.required,
		"default": field.default,
	}


def without_values(fields: Sequence[Field]) -> dict[str, Any]:
	"""What the fields hold if nobody fills them in."""
	return {each.name: each.default for each in fields}


def checked_values(fields: Sequence[Field], values: Mapping[str, Any], *, complete: bool) -> dict[str, Any]:
	"""The values given, each as its field has it. With `complete` those that are required must be there.

	Raises DecisionIncomplete, or InputError for a value that does not fit or a field that was not asked.
	"""
	if not isinstance(values, Mapping):
		raise InputError("values: must be a mapping of field names to values.")
	known = {each.name: each for each in fields}
	if unknown := [name for name in values if name not in known]:
		asked = f"asked are {', '.join(known)}" if known else "nothing is asked beside the decision"
		raise InputError(f"values: {unknown[0]!r} was not asked; {asked}.")
	found = {
		name: _checked(known[name], value, "values: ")
		for name, value in values.items()
		if not _is_empty(value)
	}
	missing = [
		each for each in fields if each.required and each.name not in found and _is_empty(each.default)
	]
	if complete and missing:
		names = ", ".join(f"{each.label} ({each.name})" for each in missing)
		raise DecisionIncomplete(Sentence(_("values: {0} must be filled in."), names))
	return found


def _is_empty(value: Any) -> bool:
	return value is None or (isinstance(value, str) and not value.strip())


def _checked(field: Field, value: Any, where: str) -> Any:
	try:
		return _TYPES[field.type](field, value)
	except (ValueError, TypeError, OverflowError) as error:
		reason = str(error) if isinstance(error, _Unfit) else _WORDS.get(field.type, "a text")
		raise InputError(f"{where}{field.name} must be {reason}, not {str(value)[:80]!r}.") from None


class _Unfit(ValueError):
	"""What a value would have to be."""


def _text(field: Field, value: Any) -> str:
	if isinstance(value, bool) or not isinstance(value, str | int | float):
		raise _Unfit("a text")
	text, most = str(value), TEXTS[field.type]
	if len(text) > most:
		raise _Unfit(f"at most {most} characters long")
	text.encode()  # half of a character is none that a database takes
	return text


def _number(field: Field, value: Any) -> float | int:
	if isinstance(value, bool):
		raise TypeError
	found = value if isinstance(value, int | float) else float(value)
	if not math.isfinite(found) or abs(found) >= 1e15:
		raise ValueError
	return found


def _whole(field: Field, value: Any) -> int:
	found = _number(field, value)
	if found != int(found):
		raise ValueError
	return int(found)


def _check(field: Field, value: Any) -> Any:
	if value not in (True, False, 0, 1, "0", "1"):
		raise ValueError
	return int(value) if isinstance(value, str) else value


def _select(field: Field, value: Any) -> str:
	if isinstance(value, bool) or str(value).strip() not in field.options:
		raise _Unfit(f"one of {', '.join(field.options)}")
	return str(value).strip()


def _moment(kind: type[date] | type[time]) -> Callable[[Field, Any], str]:
	def read(field: Field, value: Any) -> str:
		if not isinstance(value, str):
			raise TypeError
		if kind is not time and not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
			raise ValueError  # newer versions of Python also read weeks
		kind.fromisoformat(value.strip())
		return value.strip()

	return read


_TYPES: Mapping[str, Callable[[Field, Any], Any]] = {
	**dict.fromkeys(TEXTS, _text),
	**dict.fromkeys(NUMBERS, _number),
	"Int": _whole,
	"Check": _check,
	"Select": _select,
	"Date": _moment(date),
	"Datetime": _moment(datetime),
	"Time": _moment(time),
}
TYPES = tuple(_TYPES)
_WORDS = {
	**dict.fromkeys(NUMBERS, "a number"),
	"Int": "a whole number",
	"Check": "true or false",
	"Date": "a date such as 2026-01-31",
	"Datetime": "a moment such as 2026-01-31 09:00",
	"Time": "a time such as 09:00",
}

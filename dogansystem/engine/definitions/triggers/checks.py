"""Checks of values that only triggers have. Each gives the value as a definition keeps it, as in `check_values`."""

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, closest, kind, shown
from dogansystem.engine.definitions.triggers.base import seconds
from dogansystem.engine.durations import duration_text
from dogansystem.engine.templates.render import is_template

MISSED = ("skip", "once", "all")
SHORTEST = 1.0  # seconds between two times of a schedule, or two looks
LARGEST = 10**18  # of a number in a field
OWN = "Dogan "  # how the names of the app's own DocTypes begin
# As `frappe.get_list` takes them.
OPERATORS = (
	"=", "!=", ">", "<", ">=", "<=", "like", "not like", "in", "not in", "is", "between", "timespan", "previous", "next",
	"descendants of", "ancestors of", "not descendants of", "not ancestors of", "descendants of (inclusive)",
)  # fmt: skip
_RANDOM = re.compile(r"(^|[^A-Za-z])[HhRr]($|[^A-Za-z])")  # croniter's own signs for a minute drawn by lot
_TIME = re.compile(r"\d{1,2}:\d{2}", re.ASCII)
_FIELD = re.compile(r"`?[A-Za-z_][A-Za-z0-9_.]{0,139}`?", re.ASCII)


def cron(value: Any, path: str, problems: Problems) -> Any:
	"""Five fields as cron has them, or a name such as `@daily`, that come around again."""
	if not values.is_text(value, path, problems):
		return LEFT_OUT
	text = " ".join(value.split())
	message = f"{shown(value)} is not a cron expression"
	remedy = "give minute, hour, day, month and weekday, such as '0 9 * * 1-5'"
	if not (text.startswith("@") or len(text.split()) == 5) or _RANDOM.search(text):
		return problems.refuse(path, f"{message}; {remedy}")
	try:
		croniter(text, datetime(2024, 1, 1)).get_next(datetime)
	except (ValueError, KeyError, AttributeError, TypeError, IndexError) as error:
		return problems.refuse(path, f"{message} that ever comes: {error}; {remedy}")
	return text


def timezone(value: Any, path: str, problems: Problems) -> Any:
	"""The name of a timezone in the IANA database."""
	name = values.label(value, path, problems)
	if name is LEFT_OUT:
		return name
	try:
		ZoneInfo(name)
	except (ValueError, OSError, KeyError):
		near = None if problems.is_full else closest(name, sorted(available_timezones()))
		remedy = f" (did you mean {near!r}?)" if near else "; write one such as Europe/Istanbul"
		return problems.refuse(path, f"no timezone named {name!r}{remedy}")
	return name


def others_doctype(value: Any, path: str, problems: Problems) -> Any:
	"""A DocType that is none of the app's own."""
	name = values.label(value, path, problems)
	if name is not LEFT_OUT and name.startswith(OWN):
		return problems.refuse(path, f"{name!r} is the app's own: it starts nothing; name another DocType")
	return name


def offset(value: Any, path: str, problems: Problems) -> Any:
	"""A duration that may have a minus in front, kept as text in its author's units; none at all is left out."""
	sign, rest = "", value
	if isinstance(value, str) and value.strip().startswith("-"):
		sign, rest = "-", value.strip()[1:].strip()
	elif isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
		sign, rest = "-", -value
	try:
		return sign + duration_text(rest) if seconds(rest) else LEFT_OUT
	except ValueError:
		remedy = "write -3d for three days before, 2d for two days after"
		return problems.refuse(path, f"{shown(value)} is not an offset; {remedy}")


def time_of_day(value: Any, path: str, problems: Problems) -> Any:
	"""A time such as 09:00."""
	if isinstance(value, str) and _TIME.fullmatch(value.strip()):
		try:
			return time.fromisoformat(value.strip().zfill(5)).strftime("%H:%M")
		except ValueError:
			pass
	return problems.refuse(
		path, f"{shown(value)} is not a time of day; write hours and minutes, such as 09:00"
	)


def field_value(value: Any, path: str, problems: Problems) -> Any:
	"""A value that a field may have, kept as text; empty text means an empty field."""
	if isinstance(value, bool):
		return str(int(value))
	if isinstance(value, int | float):
		if abs(value) >= LARGEST:
			return problems.refuse(path, "is no number that a field holds; give a smaller one")
		return f"{value:.15g}" if isinstance(value, float) else str(value)
	if not isinstance(value, str):
		return problems.refuse(path, f"must be one value, not {kind(value)}; add a trigger for each value")
	if is_template(value):
		return problems.refuse(path, "is not a place for a template; write the value itself, or use `if`")
	return value.strip() if values.is_text(value, path, problems, values.MAX_LABEL) else LEFT_OUT


def filters(value: Any, path: str, problems: Problems) -> Any:
	"""Filters as `document.list` takes them: a mapping, or a list. Templates stand in values."""
	if not isinstance(value, dict | list):
		return problems.refuse(path, f"must be a mapping such as {{status: Open}}, not {kind(value)}")
	if not value:
		return problems.refuse(path, "is empty; give a filter such as {status: Open}, or leave the key out")
	if isinstance(value, dict):
		fit = [_pair(field, given, at(path, str(field)), problems) for field, given in value.items()]
	else:
		fit = [_listed(each, at(path, index), problems) for index, each in enumerate(value)]
	return value if all(fit) else LEFT_OUT


def _listed(given: Any, path: str, problems: Problems) -> bool:
	if isinstance(given, dict) and given:
		return all([_pair(field, each, at(path, str(field)), problems) for field, each in given.items()])
	if not isinstance(given, list) or len(given) not in (3, 4):
		problems.add(path, f'{shown(given)} is no filter; write one such as ["status", "=", "Open"]')
		return False
	*doctype, field, operator, value = given
	if doctype and not isinstance(doctype[0], str):
		problems.add(path, f"{shown(doctype[0])} is not the name of a DocType; leave it out")
		return False
	return _field(field, path, problems) and _operation(operator, value, path, problems)


def _pair(field: Any, given: Any, path: str, problems: Problems) -> bool:
	if not _field(field, path, problems):
		return False
	if not isinstance(given, list):
		return _operation("=", given, path, problems)
	if len(given) != 2:
		remedy = 'write an operator and a value, such as ["in", ["Open", "Overdue"]]'
		problems.add(path, f"{shown(given)} is no filter; {remedy}")
		return False
	return _operation(given[0], given[1], path, problems)


def _field(field: Any, path: str, problems: Problems) -> bool:
	if isinstance(field, str) and _FIELD.fullmatch(field):
		return True
	problems.add(path, f"{shown(field)} is not the name of a field; write one such as status")
	return False


def _operation(operator: Any, value: Any, path: str, problems: Problems) -> bool:
	word = operator.strip().lower() if isinstance(operator, str) else ""
	if word not in OPERATORS:
		problems.unknown(path, f"{shown(operator)} is not an operator", word, OPERATORS, "operators")
		return False
	parts = value if isinstance(value, list) else [value]
	if any(isinstance(each, Mapping | list) for each in parts):
		problems.add(path, f"{shown(value)} is neither a value nor a list of values; write one of these")
		return False
	return True

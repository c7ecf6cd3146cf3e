"""Checks of single values. Each notes what is wrong and gives the value as a definition keeps it.

A check gives `LEFT_OUT` for what a definition does not keep: wrong values, which have been noted, and those that say
no more than leaving the key out would.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dogansystem.engine import durations
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind, listed, shown
from dogansystem.engine.templates.render import as_expression, is_template

MAX_LABEL = 140  # characters of a name, and of what Frappe keeps in a Data or Link field
MAX_ID = 64  # characters of a step's id

Check = Callable[[Any, str, Problems], Any]

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def mapping(
	value: Any, path: str, problems: Problems, keys: Mapping[str, Check], required: Iterable[str] = ()
) -> dict[str, Any]:
	"""The known keys of a mapping, checked, in the order of `keys`. Unknown, empty and missing ones are noted."""
	if not isinstance(value, dict):
		problems.add(path, f"must be a mapping with the keys {listed(keys)}, not {kind(value)}")
		return {}
	for key in value:
		if key not in keys:
			problems.unknown(at(path, key), f"unknown key {key!r}", key, keys, "known keys")
	for key in required:
		if key not in value:
			problems.add(at(path, key), f"is missing; add {key!r}")
	kept = {}
	for key, check in keys.items():
		if key not in value:
			continue
		if value[key] is None:
			problems.add(at(path, key), "has no value; give it one, or leave the key out")
		elif (found := check(value[key], at(path, key), problems)) is not LEFT_OUT:
			kept[key] = found
	return kept


def is_text(value: Any, path: str, problems: Problems, most: int | None = None) -> bool:
	"""Whether a value is text of at most `most` characters; if not, that is noted."""
	if not isinstance(value, str):
		problems.add(path, f"must be text, not {kind(value)}; put it in quotes")
	elif most is not None and len(value.strip()) > most:
		problems.add(path, f"has {len(value.strip())} characters; at most {most} are allowed, shorten it")
	else:
		return True
	return False


def text(most: int | None = None) -> Check:
	"""Text that people read, of at most `most` characters; empty text is left out."""

	def check(value: Any, path: str, problems: Problems) -> Any:
		return (is_text(value, path, problems, most) and value.strip()) or LEFT_OUT

	return check


def label(value: Any, path: str, problems: Problems) -> Any:
	"""Text that names something of the site: not empty, and taken as it stands."""
	if not is_text(value, path, problems, MAX_LABEL):
		return LEFT_OUT
	if not value.strip():
		return problems.refuse(path, "is empty; give it a value, or leave the key out")
	if is_template(value):
		return problems.refuse(path, "is not a place for a template; write the value itself")
	return value.strip()


def name(value: Any, path: str, problems: Problems) -> Any:
	"""A workflow's name."""
	if not is_text(value, path, problems, MAX_LABEL) or _NAME.fullmatch(value):
		return value if isinstance(value, str) else LEFT_OUT
	better = re.sub(r"[^a-z0-9]+", "-", value.lower()).strip("-") or "follow-up-quotation"
	message = f"{value!r} is not a name: lower case letters, digits and hyphens only; write {better!r}"
	return problems.refuse(path, message)


def step_id(value: Any, path: str, problems: Problems) -> Any:
	"""A step's id, which templates use as `steps.<id>`."""
	if not is_text(value, path, problems, MAX_ID) or _ID.fullmatch(value):
		return value if isinstance(value, str) else LEFT_OUT
	better = re.sub(r"[^A-Za-z0-9]+", "_", value).strip("_") or "send_mail"
	better = f"step_{better}" if better[0].isdigit() else better
	message = f"{value!r} is not an id: letters, digits and underscores, no digit in front; write {better!r}"
	return problems.refuse(path, message)


def choice(*options: str, default: str | None = None) -> Check:
	"""One of a few words; the default says nothing and is left out."""

	def check(value: Any, path: str, problems: Problems) -> Any:
		if isinstance(value, str) and value in options:
			return LEFT_OUT if value == default else value
		problems.unknown(path, f"{shown(value)} is not one of the choices", str(value), options, "choices")
		return LEFT_OUT

	return check


def whole(least: int, most: int, default: int | None = None) -> Check:
	"""A whole number within bounds; the default says nothing and is left out."""

	def check(value: Any, path: str, problems: Problems) -> Any:
		if isinstance(value, bool) or not isinstance(value, int):
			return problems.refuse(path, f"must be a whole number from {least} to {most}, not {shown(value)}")
		if not least <= value <= most:
			return problems.refuse(path, f"is {value}; give a number from {least} to {most}")
		return LEFT_OUT if value == default else value

	return check


def flag(value: Any, path: str, problems: Problems) -> Any:
	"""True or false; false says nothing and is left out."""
	if not isinstance(value, bool):
		return problems.refuse(path, f"must be true or false, not {shown(value)}")
	return value or LEFT_OUT


def duration(least: float = 0.0, positive: bool = True) -> Check:
	"""A duration of at least `least` seconds, kept as text in its author's units."""

	def check(value: Any, path: str, problems: Problems) -> Any:
		try:
			seconds = durations.parse_duration(value)
		except ValueError as error:
			return problems.refuse(path, str(error))
		if seconds < least or (positive and seconds == 0):
			wanted = f"at least {durations.format_duration(least)}" if least else "more than 0s"
			return problems.refuse(path, f"{shown(value)} is too short; give {wanted}")
		return durations.duration_text(value)

	return check


def error_names(value: Any, path: str, problems: Problems) -> Any:
	"""The names of errors in `retry.on`."""
	names = listed_text(value, path, problems)
	if names is LEFT_OUT:
		return names
	if not names:
		return problems.refuse(path, "names no error; name one such as Timeout, or leave the key out")
	for index, each in enumerate(names):
		if not _ID.fullmatch(each):
			message = f"{shown(each)} is not the name of an error; write one such as Timeout"
			problems.add(at(path, index), message)
	return names


def listed_text(value: Any, path: str, problems: Problems) -> Any:
	"""A list of texts."""
	if not isinstance(value, list):
		example = f"; write [{value}]" if isinstance(value, str) and not is_template(value) else ""
		return problems.refuse(path, f"must be a list of names, not {kind(value)}{example}")
	fits = [is_text(each, at(path, index), problems) for index, each in enumerate(value)]
	return value if all(fits) else LEFT_OUT


def people(value: Any, path: str, problems: Problems) -> Any:
	"""A user, `{role: …}`, or a list of such; kept as a list."""
	if not isinstance(value, list):
		return (
			people([value], path, problems)
			if isinstance(value, str | dict)
			else _no_people(value, path, problems)
		)
	kept = [_person(each, at(path, index), problems) for index, each in enumerate(value)]
	return [each for each in kept if each is not LEFT_OUT] or LEFT_OUT


def _person(value: Any, path: str, problems: Problems) -> Any:
	if isinstance(value, dict):
		kept = mapping(value, path, problems, {"role": _one_line}, ["role"])
		return kept or LEFT_OUT
	if not isinstance(value, str):
		return _no_people(value, path, problems)
	if value.strip().lower().startswith("role:"):
		role = value.strip()[len("role:") :].strip()
		return problems.refuse(
			path, f"{shown(value)} is text; write a role as {{role: {role}}}, without quotes"
		)
	return _one_line(value, path, problems)


def _one_line(value: Any, path: str, problems: Problems) -> Any:
	name = label(value, path, problems)
	if name is not LEFT_OUT and "\n" in name:
		return problems.refuse(path, "has several lines; write one user or role for each entry of a list")
	return name


def _no_people(value: Any, path: str, problems: Problems) -> Any:
	message = f"must be a user such as sales@example.com, a role as {{role: Sales User}}, or a list of both, not {kind(value)}"
	return problems.refuse(path, message)


def data(value: Any, path: str, problems: Problems) -> Any:
	"""Any data; templates in it are checked with the whole definition in view."""
	return value


def parameters(value: Any, path: str, problems: Problems) -> Any:
	"""The parameters of an action; none is the same as leaving the key out."""
	if not isinstance(value, dict):
		message = (
			f"must be a mapping of the action's parameters, not {kind(value)}; see the action's reference"
		)
		return problems.refuse(path, message)
	return value or LEFT_OUT


def template(value: Any, path: str, problems: Problems) -> Any:
	"""Text that may hold templates, kept in a Data field."""
	text = _written(value, path, problems, "text", "doc.customer")
	return text if text is not LEFT_OUT and is_text(text, path, problems, MAX_LABEL) else LEFT_OUT


def condition(value: Any, path: str, problems: Problems) -> Any:
	"""The key `if`: an expression, with or without braces, or true or false."""
	if isinstance(value, bool):
		return "{{ true }}" if value else "{{ false }}"
	text = _written(value, path, problems, "one expression", "doc.total > 100")
	return text if text is LEFT_OUT else as_expression(text)


def items(value: Any, path: str, problems: Problems) -> Any:
	"""The key `for_each`: a list, or an expression that gives one."""
	if isinstance(value, list):
		return value
	text = _written(value, path, problems, "a list or an expression that gives one", "steps.quotes.output")
	return text if text is LEFT_OUT else as_expression(text)


def _written(value: Any, path: str, problems: Problems, wanted: str, example: str) -> Any:
	if isinstance(value, str) and value.strip():
		return value.strip()
	message = f'must be {wanted}, not {shown(value)}; write one such as "{{{{ {example} }}}}"'
	return problems.refuse(path, message)

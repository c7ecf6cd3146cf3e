"""What a kind of trigger is: its keys with their checks, and what follows from them.

The check, the form, what is stored and the reference read a kind from its class and from nowhere else. What starts the
runs is in the room `triggers`, in a file of the same name.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dogansystem.engine.definitions.check_values import Check
from dogansystem.engine.definitions.problems import Problems, at, listed
from dogansystem.engine.durations import parse_duration

# Before a run's first step.
IN_START = frozenset({"input", "trigger", "doc", "parameters", "now", "today", "user", "run"})
IN_LOOK = frozenset({"now", "parameters", "today", "user"})  # before there is a document


@dataclass(frozen=True, slots=True)
class Key:
	"""A key of a trigger.

	Attributes:
		check: what it takes.
		meaning: for the reference.
		field: its field on the form Dogan Workflow Trigger; empty: the key's own name.
		form: what the field holds: `text`, `names` (with commas between), `json`, `flag` (a checkbox), or `value`, text that
			may be empty.
		required: whether it has to be given.
		default: what it is where it is left out; None: it is not there.
		is_duration: it is built as seconds.
		only_with: another key and the value of it that this key goes with.
		in_reach: the names that templates in it may use; empty: it takes none.
		field_types: it names a field of the document, of one of these types if any are given.
		names_fields: it is made of filters.
	"""

	check: Check
	meaning: str
	field: str = ""
	form: str = "text"
	required: bool = False
	default: Any = None
	is_duration: bool = False
	only_with: tuple[str, str] | None = None
	in_reach: frozenset[str] = frozenset()
	field_types: tuple[str, ...] | None = None
	names_fields: bool = False


class Kind:
	"""A kind of trigger. One object of each class is in the registry."""

	on: ClassVar[str]
	about: ClassVar[str]
	keys: ClassVar[Mapping[str, Key]]
	rules: ClassVar[
		Mapping[str, Any]
	] = {}  # what `check` asks of the keys together, as keywords of a JSON Schema (draft 7)
	starts_as: ClassVar[str] = ""  # of kinds whose runs nobody starts, so that run_as is needed: `a schedule`
	doctype: ClassVar[str] = ""  # of a kind that is about documents of one type

	@property
	def required(self) -> tuple[str, ...]:
		"""The keys that have to be given."""
		return tuple(name for name, key in self.keys.items() if key.required)

	def check(self, given: Mapping[str, Any], kept: Mapping[str, Any], path: str, problems: Problems) -> None:
		"""Note what is wrong with the keys together. `given` as written, `kept` as far as each alone is right."""
		for name, key in self.keys.items():
			if key.only_with is None or name not in given:
				continue
			other, value = key.only_with
			if kept.get(other, value) != value:
				message = f"only goes with `{other}: {value}`; leave it out, or change the {other}"
				problems.add(at(path, name), message)

	def check_fields(
		self, kept: Mapping[str, Any], path: str, fields: Collection[str], problems: Problems
	) -> None:
		"""Note names that are no fields of the trigger's DocType. `fields` may be a mapping to their types."""
		for name, key in self.keys.items():
			if name not in kept:
				continue
			if key.field_types is not None:
				check_field(kept, at(path, name), kept[name], key.field_types, fields, problems)
			elif key.names_fields:
				for field in fields_of_filters(kept[name]):
					check_field(kept, at(path, name), field, (), fields, problems)

	def built(self, source: Mapping[str, Any]) -> dict[str, Any]:
		"""The keys of a trigger that has been checked: durations in seconds, with defaults."""
		found = {}
		for name, value in source.items():
			key = self.keys.get(name)
			found[name] = seconds(value) if key and key.is_duration else value
		for name, key in self.keys.items():
			if key.default is not None:
				found.setdefault(name, key.default)
		return found


def seconds(value: Any) -> float:
	"""Seconds of a duration, which may have a minus in front. Raises ValueError."""
	if isinstance(value, str) and value.strip().startswith("-"):
		return -parse_duration(value.strip()[1:])
	return parse_duration(value)


def check_field(
	trigger: Mapping[str, Any],
	path: str,
	field: str,
	types: tuple[str, ...],
	fields: Collection[str],
	problems: Problems,
) -> None:
	"""Note a field that the trigger's DocType does not have, or that has none of the types wanted."""
	doctype = trigger.get("doctype")
	if field not in fields:
		problems.unknown(path, f"{doctype} has no field {field!r}", field, sorted(fields), "fields")
	elif types and isinstance(fields, Mapping) and fields[field] not in types:
		fitting = listed(sorted(name for name, type_ in fields.items() if type_ in types))
		message = f"{field!r} of {doctype} is of type {fields[field]}, not {' or '.join(types)}"
		problems.add(path, f"{message}; use one of {fitting}")


def as_list(filters: Any) -> list[list[Any]]:
	"""Filters as a list of `[field, operator, value]`, or of four with the DocType in front."""
	if isinstance(filters, Mapping):
		return [
			[field, *value] if isinstance(value, list | tuple) else [field, "=", value]
			for field, value in filters.items()
		]
	return [
		each
		for given in filters or ()
		for each in (as_list(given) if isinstance(given, Mapping) else [given])
	]


def fields_of_filters(filters: Any) -> list[str]:
	"""The names of the document's own fields in checked filters. Those of another DocType, or with a dot, are left out."""
	return [each[0] for each in as_list(filters) if len(each) == 3 and "." not in each[0]]

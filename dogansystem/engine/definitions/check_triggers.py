"""Checks of triggers: each kind has keys of its own, in `triggers/<kind>.py`. Source: workflow-format.md, Triggers."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, kind
from dogansystem.engine.definitions.triggers.registry import KINDS

FieldsOf = Callable[[str], Collection[str] | None]


def trigger(value: Any, path: str, problems: Problems) -> dict[str, Any]:
	"""One trigger, checked, as a definition keeps it."""
	if not isinstance(value, dict):
		problems.add(path, f"must be a mapping such as {{on: manual}}, not {kind(value)}")
		return {}
	on = value.get("on")
	place = at(path, "on")
	if on is None:
		problems.add(place, f"is missing; say what starts a run: {', '.join(KINDS)}")
		return {}
	if values.choice(*KINDS)(on, place, problems) is LEFT_OUT:
		return {}
	return _checked(on, value, path, problems)


def _checked(on: str, value: Mapping[str, Any], path: str, problems: Problems) -> dict[str, Any]:
	own = KINDS[on]
	known = dict(value)
	for key in [key for key in value if key != "on" and key not in own.keys]:
		owners = [other for other, each in KINDS.items() if key in each.keys]
		if owners:
			del known[key]
			message = f"{key!r} belongs to `on: {' | '.join(owners)}`, not to {on}; leave it out"
			problems.add(at(path, key), message)
	checks = {"on": values.choice(*KINDS), **{name: key.check for name, key in own.keys.items()}}
	kept = values.mapping(known, path, problems, checks, own.required)
	own.check(known, kept, path, problems)
	return kept


def check_fields(triggers: Sequence[Mapping[str, Any]], fields_of: FieldsOf, problems: Problems) -> None:
	"""Note what names no field of the trigger's DocType, where its fields are known."""
	for index, each in enumerate(triggers):
		fields = fields_of(each["doctype"]) if "doctype" in each else None
		if fields is not None:
			KINDS[each["on"]].check_fields(each, at("triggers", index), fields, problems)


def check_run_as(checked: Mapping[str, Any], problems: Problems) -> None:
	"""Note a missing `run_as` where a trigger's runs are started by nobody."""
	kinds = [KINDS[each["on"]] for each in checked.get("triggers", []) if each.get("on") in KINDS]
	words = next((kind.starts_as for kind in kinds if kind.starts_as), None)
	if "run_as" not in checked and words:
		problems.add(
			"run_as", f"is missing; {words} starts as nobody, so name the user who acts in the steps"
		)

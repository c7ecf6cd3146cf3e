"""Checks of triggers: each kind has keys of its own. Source: workflow-format.md, Triggers."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter

from dogansystem.engine.definitions import check_values as values
from dogansystem.engine.definitions.check_values import Check
from dogansystem.engine.definitions.problems import LEFT_OUT, Problems, at, closest, kind, shown

EVENTS = ("created", "updated", "submitted", "cancelled", "deleted", "changed")
MISSED = ("skip", "once", "all")
# Kinds that the format has and nothing starts yet.
NOT_YET = ("date", "webhook", "email", "condition", "signal", "run")
_RANDOM = re.compile(r"(^|[^A-Za-z])[HhRr]($|[^A-Za-z])")  # croniter's own signs for a minute drawn by lot
SHORTEST = 1.0  # seconds between two times of a schedule


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


KEYS: Mapping[str, Mapping[str, Check]] = {
	"document": {
		"doctype": values.label,
		"event": values.choice(*EVENTS),
		"field": values.label,
		"if": values.condition,
	},
	"schedule": {
		"cron": cron,
		"every": values.duration(SHORTEST),
		"timezone": timezone,
		"missed": values.choice(*MISSED),
	},
	"manual": {"role": values.label},
}
REQUIRED: Mapping[str, tuple[str, ...]] = {"document": ("doctype", "event")}


def trigger(value: Any, path: str, problems: Problems) -> dict[str, Any]:
	"""One trigger, checked, as a definition keeps it."""
	if not isinstance(value, dict):
		problems.add(path, f"must be a mapping such as {{on: manual}}, not {kind(value)}")
		return {}
	on = value.get("on")
	place = at(path, "on")
	if on is None:
		problems.add(place, f"is missing; say what starts a run: {', '.join(KEYS)}")
		return {}
	if on in NOT_YET:
		kinds = ", ".join(KEYS)
		problems.add(place, f"{on!r} starts nothing in this version; use {kinds}, or wait for a later one")
		return {}
	if values.choice(*KEYS)(on, place, problems) is LEFT_OUT:
		return {}
	keys = {"on": values.choice(*KEYS), **KEYS[on]}
	known = dict(value)
	for key in [key for key in value if key not in keys]:
		owners = [other for other in KEYS if key in KEYS[other]]
		if owners:
			del known[key]
			message = f"{key!r} belongs to `on: {' | '.join(owners)}`, not to {on}; leave it out"
			problems.add(at(path, key), message)
	kept = values.mapping(known, path, problems, keys, REQUIRED.get(on, ()))
	_together(on, known, path, problems)
	return kept


def _together(on: str, value: Mapping[str, Any], path: str, problems: Problems) -> None:
	"""Keys that need or exclude each other."""
	if on == "document":
		event = value.get("event")
		if event == "changed" and "field" not in value:
			problems.add(at(path, "field"), "is missing; `event: changed` names the field to watch")
		if "field" in value and event in EVENTS[:-1]:
			problems.add(
				at(path, "field"), "only goes with `event: changed`; leave it out, or change the event"
			)
	elif on == "schedule" and "cron" in value and "every" in value:
		problems.add(at(path, "every"), "a schedule has either `cron` or `every`; leave one out")
	elif on == "schedule" and "cron" not in value and "every" not in value:
		problems.add(at(path, "cron"), "is missing; give `cron: '0 9 * * *'` or `every: 15m`")

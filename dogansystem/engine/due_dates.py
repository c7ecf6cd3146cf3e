"""When a `date` trigger's time has come for a document: the value of its field, plus the offset, at a time of the day.

Whole days of the offset are days of the calendar: two days after 28 March at 09:00 is 30 March at 09:00, whatever the clock
did in between. What is left of it is hours and minutes that pass. A local time that the clock skips in spring is due right
after the gap; of one that it passes twice in autumn, the first counts.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dogansystem.engine.schedule import moment_of

DAY = 86_400.0  # seconds
_DATE_LENGTH = len("2025-01-01")


def moment(keys: Mapping[str, Any], value: Any, timezone: str) -> float | None:
	"""Seconds since 1970 (UTC) at which the trigger with `keys` is due for a field's value; None for what is no date.

	A Datetime counts with its own time unless the trigger has `at`. Fractions of a second do not count.
	"""
	text, zone = str(value).strip(), ZoneInfo(timezone)
	try:
		local = datetime.fromisoformat(text)
		if local.tzinfo:
			local = local.astimezone(zone).replace(tzinfo=None)
		if "at" in keys or len(text) <= _DATE_LENGTH:
			local = datetime.combine(local.date(), time.fromisoformat(keys.get("at", "00:00")))
		offset = float(keys["offset"])
		days = int(offset / DAY)
		return moment_of(local.replace(microsecond=0) + timedelta(days=days), zone) + offset - days * DAY
	except (ValueError, OverflowError):
		return None


def days_between(keys: Mapping[str, Any], since: float, until: float, timezone: str) -> tuple[date, date]:
	"""The first and the last day on which a value can lie that is due after `since` and up to `until`; a day more on either
	side for changes of the clock."""
	zone, shift = ZoneInfo(timezone), timedelta(seconds=keys["offset"])
	first = datetime.fromtimestamp(since, zone).replace(tzinfo=None) - shift
	last = datetime.fromtimestamp(until, zone).replace(tzinfo=None) - shift
	return first.date() - timedelta(days=1), last.date() + timedelta(days=2)

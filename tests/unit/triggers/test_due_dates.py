"""When a date trigger's time has come for a value: offsets, times of the day, and days on which the clock changes."""

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dogansystem.engine.definitions.triggers.date import DateKind
from dogansystem.engine.due_dates import days_between, moment

BERLIN = "Europe/Berlin"


def due(value: Any, zone: str = BERLIN, **keys: Any) -> str | None:
	"""When it is due, as text in UTC."""
	found = moment(DateKind().built(keys), value, zone)
	return None if found is None else datetime.fromtimestamp(found, timezone.utc).strftime("%Y-%m-%d %H:%M")


@pytest.mark.parametrize(
	("value", "keys", "expected"),
	[
		("2026-01-10", {}, "2026-01-09 23:00"),
		("2026-01-10", {"at": "09:30"}, "2026-01-10 08:30"),
		("2026-01-10", {"offset": "-3d", "at": "09:00"}, "2026-01-07 08:00"),
		("2026-01-10", {"offset": "2d"}, "2026-01-11 23:00"),
		("2026-01-10", {"offset": "-2h"}, "2026-01-09 21:00"),
		("2026-01-10 15:30:00", {}, "2026-01-10 14:30"),
		("2026-01-10 15:30:00.123456", {"offset": "-90m"}, "2026-01-10 13:00"),
		("2026-01-10 15:30:00", {"at": "08:00", "offset": "1d"}, "2026-01-11 07:00"),
		("2026-01-10T15:30:00+00:00", {}, "2026-01-10 15:30"),
		# Whole days are days of the calendar, although one of them has 23 hours and another one 25.
		("2026-03-28", {"offset": "2d", "at": "09:00"}, "2026-03-30 07:00"),
		("2026-10-26", {"offset": "-2d", "at": "09:00"}, "2026-10-24 07:00"),
		# Hours are hours.
		("2026-03-29 04:00:00", {"offset": "-3h"}, "2026-03-28 23:00"),
		# 02:30 is not there on the one day, and there twice on the other.
		("2026-03-29", {"at": "02:30"}, "2026-03-29 01:00"),
		("2026-10-25", {"at": "02:30"}, "2026-10-25 00:30"),
		("", {}, None),
		("ACME", {}, None),
		("2026-02-30", {}, None),
		(5, {}, None),
		("0001-01-01", {"offset": "-3d"}, None),
		("9999-12-31", {"offset": "3d"}, None),
	],
)
def test_a_value_is_due(value: Any, keys: dict[str, Any], expected: str | None) -> None:
	assert due(value, **keys) == expected


zones = st.sampled_from(
	["UTC", BERLIN, "Asia/Kathmandu", "America/St_Johns", "Pacific/Apia", "Australia/Lord_Howe"]
)
offsets = st.one_of(
	st.integers(-400, 400).map(lambda days: f"{days}d"), st.integers(-200, 200).map(lambda hours: f"{hours}h")
)


@given(
	st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)),
	zones,
	offsets,
	st.sampled_from([None, "00:00", "02:30", "23:59"]),
	st.booleans(),
	st.floats(0, 1e6),
)
def test_a_value_that_is_due_lies_between_the_days_that_are_looked_at(
	value: datetime, zone: str, offset: Any, at: str | None, is_date: bool, length: float
) -> None:
	keys = DateKind().built({"offset": offset, **({"at": at} if at else {})})
	text = value.date().isoformat() if is_date else value.isoformat(" ")
	found = moment(keys, text, zone)
	assert found is not None
	for since, until in ((found - length - 1, found), (found - 1, found + length)):
		first, last = days_between(keys, since, until, zone)
		assert first.isoformat() <= text <= last.isoformat()


@given(st.datetimes(datetime(2015, 1, 1), datetime(2030, 1, 1)), zones, st.integers(-30, 30))
def test_days_move_the_day_and_not_the_time(value: datetime, zone: str, days: int) -> None:
	keys = DateKind().built({"offset": f"{days}d", "at": "12:00"})
	found = moment(keys, value.date().isoformat(), zone)
	assert found is not None
	local = datetime.fromtimestamp(found, ZoneInfo(zone))
	# Apia had no 30 December 2011; noon is there on every day since.
	assert ((local.date() - value.date()).days, local.hour) == (days, 12)

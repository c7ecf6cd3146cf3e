"""When schedules are due, across changes of the clock and after downtime."""

from datetime import datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dogansystem.engine.definition import Trigger
from dogansystem.engine.schedule import MAX_TIMES, ON_TIME, due_times, next_due

BERLIN = "Europe/Berlin"


def schedule(**keys: Any) -> Trigger:
	return Trigger("schedule", {"missed": "once", **keys}, 0)


def at(text: str, timezone: str = BERLIN, fold: int = 0) -> float:
	return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(timezone), fold=fold).timestamp()


def text(moment: float, timezone: str = BERLIN) -> str:
	return datetime.fromtimestamp(moment, ZoneInfo(timezone)).isoformat(timespec="minutes")


def following(trigger: Trigger, after: float, count: int, timezone: str = BERLIN) -> list[str]:
	found = []
	for _ in range(count):
		after = next_due(trigger, after, timezone)
		found.append(text(after, timezone))
	return found


@pytest.mark.contract("| `schedule` | `cron` or `every`")
def test_every_counts_from_the_time_before() -> None:
	assert next_due(schedule(every=900.0), 1000.0, "UTC") == 1900.0


@pytest.mark.contract("| `schedule` | `cron` or `every`, `timezone`")
def test_cron_is_due_at_its_local_time() -> None:
	trigger = schedule(cron="0 9 * * 1-5")
	assert following(trigger, at("2025-03-06T08:00"), 3) == [
		"2025-03-06T09:00+01:00",
		"2025-03-07T09:00+01:00",
		"2025-03-10T09:00+01:00",
	]


def test_the_triggers_own_timezone_comes_first() -> None:
	trigger = schedule(cron="0 9 * * *", timezone="Asia/Tokyo")
	due = next_due(trigger, at("2025-03-06T08:00"), BERLIN)
	assert text(due, "Asia/Tokyo") == "2025-03-07T09:00+09:00"


def test_a_due_time_itself_is_not_due_again() -> None:
	trigger = schedule(cron="0 9 * * *")
	due = at("2025-03-06T09:00")
	assert next_due(trigger, due, BERLIN) == at("2025-03-07T09:00")
	assert next_due(trigger, due - 0.001, BERLIN) == due


def test_across_a_change_of_the_clock_a_daily_time_stays_at_its_local_time() -> None:
	assert following(schedule(cron="0 9 * * *"), at("2025-03-29T10:00"), 2) == [
		"2025-03-30T09:00+02:00",
		"2025-03-31T09:00+02:00",
	]


def test_a_time_that_the_clock_skips_is_due_right_after_the_gap() -> None:
	assert following(schedule(cron="30 2 * * *"), at("2025-03-29T12:00"), 2) == [
		"2025-03-30T03:00+02:00",
		"2025-03-31T02:30+02:00",
	]


def test_several_times_in_the_gap_are_due_once() -> None:
	assert following(schedule(cron="*/20 * * * *"), at("2025-03-30T01:30"), 4) == [
		"2025-03-30T01:40+01:00",
		"2025-03-30T03:00+02:00",
		"2025-03-30T03:20+02:00",
		"2025-03-30T03:40+02:00",
	]


def test_a_midnight_that_the_clock_skips_is_due_at_the_days_first_moment() -> None:
	assert following(
		schedule(cron="0 0 * * *"), at("2024-04-25T12:00", "Africa/Cairo"), 1, "Africa/Cairo"
	) == ["2024-04-26T01:00+03:00"]


def test_a_gap_of_half_an_hour_is_found_too() -> None:
	zone = "Australia/Lord_Howe"
	assert following(schedule(cron="15 2 * * *"), at("2025-10-04T12:00", zone), 1, zone) == [
		"2025-10-05T02:30+11:00"
	]


def test_a_time_that_comes_twice_is_due_the_first_time_only() -> None:
	assert following(schedule(cron="30 2 * * *"), at("2025-10-25T12:00"), 2) == [
		"2025-10-26T02:30+02:00",
		"2025-10-27T02:30+01:00",
	]
	second = at("2025-10-26T02:10", fold=1)
	assert following(schedule(cron="30 2 * * *"), second, 1) == ["2025-10-27T02:30+01:00"]


@pytest.mark.parametrize("missed", ["skip", "once", "all"])
def test_a_time_that_has_just_come_is_fired(missed: str) -> None:
	due = at("2025-03-06T09:00")
	times, following_due = due_times(schedule(cron="0 9 * * *", missed=missed), due, due + 30, BERLIN)
	assert times == [due]
	assert following_due == at("2025-03-07T09:00")


def test_nothing_is_fired_before_it_is_due() -> None:
	assert due_times(schedule(every=60.0), 1000.0, 999.9, "UTC") == ([], 1000.0)


@pytest.mark.parametrize(
	("missed", "fired"),
	[
		("skip", []),
		("once", ["2025-03-09"]),
		("all", ["2025-03-06", "2025-03-07", "2025-03-08", "2025-03-09"]),
	],
)
def test_after_downtime_missed_decides(missed: str, fired: list[str]) -> None:
	trigger = schedule(cron="0 9 * * *", missed=missed)
	times, following_due = due_times(trigger, at("2025-03-06T09:00"), at("2025-03-09T17:00"), BERLIN)
	assert [text(moment)[:10] for moment in times] == fired
	assert following_due == at("2025-03-10T09:00")


@pytest.mark.parametrize(
	("missed", "fired"), [("skip", [1600.0]), ("once", [1600.0]), ("all", [1000.0, 1300.0, 1600.0])]
)
def test_a_last_time_that_is_not_late_is_fired_in_any_case(missed: str, fired: list[float]) -> None:
	times, following_due = due_times(schedule(every=300.0, missed=missed), 1000.0, 1600.0 + ON_TIME, "UTC")
	assert times == fired
	assert following_due == 1900.0


def test_skip_leaves_out_a_last_time_that_is_late() -> None:
	times, following_due = due_times(schedule(every=300.0, missed="skip"), 1000.0, 1600.1 + ON_TIME, "UTC")
	assert times == []
	assert following_due == 1900.0


@pytest.mark.parametrize("keys", [{"every": 60.0}, {"cron": "* * * * *"}])
def test_all_goes_on_in_the_next_answer_when_there_are_very_many(keys: dict[str, Any]) -> None:
	trigger = schedule(missed="all", **keys)
	now = 60.0 * (MAX_TIMES + 500)
	first, following_due = due_times(trigger, 60.0, now, "UTC")
	assert (len(first), following_due) == (MAX_TIMES, first[-1] + 60)
	second, following_due = due_times(trigger, following_due, now, "UTC")
	assert (len(second), following_due) == (500, now + 60)


def test_years_of_downtime_are_counted_in_no_time() -> None:
	times, following_due = due_times(schedule(cron="* * * * *"), 0.0, 1_000_000_030.0, "UTC")
	assert times == [1_000_000_020.0]
	assert following_due == 1_000_000_080.0


def test_the_last_time_is_found_while_the_clock_repeats_an_hour() -> None:
	now = at("2025-10-26T02:10", fold=1)
	times, _ = due_times(schedule(cron="30 2 * * *"), at("2025-10-20T02:30"), now, BERLIN)
	assert [text(moment) for moment in times] == ["2025-10-26T02:30+02:00"]


@settings(deadline=None)
@given(
	st.sampled_from(
		["*/7 * * * *", "30 2 * * *", "0 0 1 * *", "15 1-3 * * 0", "0 9 * * 1-5", "59 23 31 * *"]
	),
	st.sampled_from(
		[BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"]
	),
	st.integers(1_500_000_000, 1_900_000_000),
	st.integers(0, 5_000_000),
)
def test_however_often_it_is_asked_the_same_times_come_out(
	cron: str, zone: str, start: int, span: int
) -> None:
	trigger = schedule(cron=cron, missed="all")
	due = next_due(trigger, start, zone)
	times, following_due = due_times(trigger, due, start + span, zone)
	assert all(earlier < later for earlier, later in pairwise([start, *times, following_due]))
	if times and following_due > start + span:
		last, after_last = due_times(schedule(cron=cron, missed="once"), due, start + span, zone)
		assert last == times[-1:]
		assert after_last == following_due

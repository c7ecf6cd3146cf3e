"""Durations: seconds, or `30s 15m 2h 1d`. Source: workflow-format.md."""

from typing import Any

import pytest

from dogansystem.engine.durations import duration_text, format_duration, parse_duration


@pytest.mark.parametrize(
	("value", "seconds"),
	[
		(0, 0.0),
		(30, 30.0),
		(0.25, 0.25),
		("30", 30.0),
		("30s", 30.0),
		("15m", 900.0),
		("2h", 7200.0),
		("1d", 86400.0),
		("1.5h", 5400.0),
		(" 1h 30m ", 5400.0),
		("1d2h3m4s", 93784.0),
		("0s", 0.0),
		("0.1h0.2s", 360.2),
	],
)
@pytest.mark.contract("Durations are seconds or `30s 15m 2h 1d`.")
def test_a_duration_is_read(value: Any, seconds: float) -> None:
	assert parse_duration(value) == seconds


@pytest.mark.parametrize(
	"value",
	[
		*[
			"",
			" ",
			"s",
			"5x",
			"5 minutes",
			"30m1h",
			"1h1h",
			"-5s",
			"1h-5m",
			"1,5h",
			"٣s",
			"1e3",
			"5ms",
			"1w",
			"h5",
		],
		*[-1, True, None, [], float("nan"), float("inf"), 10**400, "9" * 99, "99999999d"],
	],
	ids=lambda value: repr(value)[:20],
)
def test_what_is_no_duration_is_told_how_to_write_one(value: Any) -> None:
	with pytest.raises(ValueError, match="write seconds as a number, or text such as 30s, 15m, 2h, 1d"):
		parse_duration(value)


@pytest.mark.parametrize(
	("seconds", "text"),
	[
		*[
			(0, "0s"),
			(30, "30s"),
			(90, "1m30s"),
			(3600, "1h"),
			(86400 + 3600, "1d1h"),
			(0.5, "0.5s"),
			(90.25, "90.25s"),
		],
		(1e-9, "0s"),
	],
)
def test_seconds_are_written_for_people(seconds: float, text: str) -> None:
	assert format_duration(seconds) == text


@pytest.mark.parametrize(
	("value", "text"),
	[(90, "90s"), (90.0, "90s"), (0.5, "0.5s"), ("90", "90s"), ("1h 30m", "1h30m"), ("60m", "60m")],
)
def test_a_definition_keeps_a_duration_in_its_authors_units(value: Any, text: str) -> None:
	assert duration_text(value) == text

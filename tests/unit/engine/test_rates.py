"""Rates as they are written."""

import pytest

from dogansystem.engine.rates import parse_rate


@pytest.mark.parametrize(
	("text", "rate"),
	[
		("10/m", (10, 60)),
		(" 1 / s ", (1, 1)),
		("500/h", (500, 3600)),
		("100000/d", (100_000, 86_400)),
		("", None),
		(" ", None),
	],
)
def test_a_rate_is_read(text: str, rate: tuple[int, float] | None) -> None:
	assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["10", "0/m", "-1/m", "10/w", "1.5/m", "100001/d", "10/m/s", "m", "٣/m"])
def test_what_is_no_rate_is_told_how_to_write_one(text: str) -> None:
	with pytest.raises(ValueError, match=r"write one such as 10/m"):
		parse_rate(text)

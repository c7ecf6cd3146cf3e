"""Values as JSON has them."""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from jinja2 import Undefined
from markupsafe import Markup

from dogansystem.engine.errors import OutputNotJSON, OutputTooLarge
from dogansystem.engine.templates.plain import MAX_TEXT, MAX_VALUES, to_json_value


def numbers() -> Iterator[int]:
	yield from (1, 2)


@pytest.mark.parametrize(
	("value", "plain"),
	[
		(None, None),
		(True, True),
		(5, 5),
		(1.5, 1.5),
		("a", "a"),
		(Markup("<b>"), "<b>"),
		(date(2025, 3, 1), "2025-03-01"),
		(datetime(2025, 3, 1, 9), "2025-03-01 09:00:00"),
		(datetime(2025, 3, 1, 9, 0, 0, 5), "2025-03-01 09:00:00.000005"),
		(time(9, 30), "09:30:00"),
		(timedelta(minutes=90), "1:30:00"),
		(Decimal("10.10"), 10.1),
		(Decimal("10"), 10),
		(Decimal("1E+3"), 1000),
		(Decimal("0.12345678901234567890"), "0.12345678901234567890"),
		(Decimal("123456789012345678901"), "123456789012345678901"),
		(Decimal("1E+400"), "1E+400"),
		((1, "a"), [1, "a"]),
		({3, 1, 2}, [1, 2, 3]),
		(range(2), [0, 1]),
		(numbers(), [1, 2]),
		({"a": 1}.items(), [["a", 1]]),
		({"a": 1}.keys(), ["a"]),
		({1: "x"}, {"1": "x"}),
		(UUID(int=5), "00000000-0000-0000-0000-000000000005"),
		({"a": [date(2025, 3, 1), {"b": (None,)}]}, {"a": ["2025-03-01", {"b": [None]}]}),
	],
)
def test_a_value_takes_its_form_in_json(value: Any, plain: Any) -> None:
	given = to_json_value(value)
	assert given == plain
	assert type(given) is type(plain)
	json.dumps(given, allow_nan=False)


@pytest.mark.parametrize(
	"value",
	[
		object(),
		b"x",
		len,
		[1, {"a": object()}],
		float("nan"),
		float("-inf"),
		Decimal("NaN"),
		Decimal("sNaN"),
		1j,
		{None: 1},
		{True: 1},
		{(1, 2): 3},
	],
)
def test_what_has_no_form_in_json_is_an_error(value: Any) -> None:
	with pytest.raises(OutputNotJSON, match="has no form in JSON"):
		to_json_value(value)


def test_a_list_in_itself_is_an_error() -> None:
	endless: list[Any] = []
	endless.append(endless)
	with pytest.raises(OutputNotJSON, match="inside itself"):
		to_json_value(endless)


def test_too_many_values_are_an_error_however_small_they_are_in_memory() -> None:
	value: Any = [1]
	for _ in range(40):
		value = [value, value]
	with pytest.raises(OutputTooLarge, match=f"more than {MAX_VALUES:,} values"):
		to_json_value(value)


def test_too_much_text_is_an_error() -> None:
	for value in ("x" * (MAX_TEXT + 1), ["x" * MAX_TEXT, "y"], {"x" * MAX_TEXT: "y"}):
		with pytest.raises(OutputTooLarge, match=f"more than {MAX_TEXT:,} characters"):
			to_json_value(value)


def test_what_is_undefined_names_itself() -> None:
	from jinja2 import StrictUndefined, UndefinedError

	with pytest.raises(UndefinedError, match="'customer' is undefined"):
		to_json_value([StrictUndefined(name="customer")])
	with pytest.raises(OutputNotJSON):
		to_json_value([Undefined(name="customer")])


def test_containers_are_copies() -> None:
	value = {"a": [1]}
	given = to_json_value(value)
	given["a"].append(2)
	assert value == {"a": [1]}

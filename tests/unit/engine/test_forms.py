"""Fields that people fill in: what may stand in them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_of

from dogansystem.engine.errors import InputError
from dogansystem.engine.forms import TYPES, Field, as_json, checked_values, field_of
from dogansystem.engine.outputs import encode

OPTIONS = {"Select": ["low", "high"], "Link": "Customer"}

FITS: list[tuple[str, Any, Any]] = [
	("Data", "x", "x"),
	("Data", 5, "5"),
	("Link", "Acme", "Acme"),
	("Int", "7", 7),
	("Int", 7.0, 7),
	("Float", "7.5", 7.5),
	("Currency", 7, 7),
	("Check", True, True),
	("Check", "1", 1),
	("Select", " low ", "low"),
	("Date", "2026-01-31", "2026-01-31"),
	("Datetime", "2026-01-31 09:00:00", "2026-01-31 09:00:00"),
	("Time", "09:00", "09:00"),
]
DOES_NOT: list[tuple[str, Any]] = [
	("Data", "x" * 141),
	("Data", ["x"]),
	("Data", True),
	("Data", "\ud800"),
	("Int", 7.5),
	("Int", "seven"),
	("Int", True),
	("Float", "nan"),
	("Float", "1e999"),
	("Currency", {"amount": 1}),
	("Check", "yes"),
	("Check", 2),
	("Select", "huge"),
	("Select", ["low"]),
	("Date", "31.01.2026"),
	("Date", 20260131),
	("Date", "20260131"),
	("Date", "2026-W05-6"),
	("Datetime", "soon"),
	("Time", "25:00"),
]


def field(kind: str, **more: Any) -> Field:
	options = {"options": OPTIONS[kind]} if kind in OPTIONS else {}
	return field_of({"name": "it", "type": kind, **options, **more})


@pytest.mark.parametrize(("kind", "given_value", "kept"), FITS)
def test_what_fits_is_kept(kind: str, given_value: Any, kept: Any):
	assert checked_values([field(kind)], {"it": given_value}, complete=True) == {"it": kept}


@pytest.mark.parametrize(("kind", "given_value"), DOES_NOT)
def test_what_does_not_fit_is_refused_with_the_field_and_what_it_takes(kind: str, given_value: Any):
	with pytest.raises(InputError, match="values: it must be"):
		checked_values([field(kind)], {"it": given_value}, complete=True)


@given(
	any_of.sampled_from(TYPES),
	any_of.recursive(
		any_of.none() | any_of.booleans() | any_of.floats() | any_of.text() | any_of.integers(), any_of.lists
	),
)
def test_whatever_is_given_is_refused_or_kept_as_json(kind: str, value: Any):
	try:
		found = checked_values([field(kind)], {"it": value}, complete=True)
	except InputError:
		return
	encode(found, "values")


def test_a_select_without_options_and_a_default_that_does_not_fit_are_refused():
	for wrong in ({"type": "Select"}, {"type": "Link"}, {"type": "Int", "default": "x"}):
		with pytest.raises(InputError, match="fields: "):
			field_of({"name": "it", **wrong})


def test_a_field_is_read_as_it_was_kept():
	for kind in TYPES:
		found = field(kind, required=True, label="It")
		assert field_of(as_json(found)) == found

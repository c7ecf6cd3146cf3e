"""`from` and `to` of a change: a value that is named, beside the value that a document has."""

from typing import Any

import pytest

from dogansystem.triggers.document import is_value


@pytest.mark.parametrize(
	("wanted", "value", "same"),
	[
		("Open", "Open", True), ("Open", "open", False), ("Open", "Closed", False), ("Open", None, False),
		("", None, True), ("", "", True), ("", 0, True), ("", "Open", False), ("", 1, False),
		("0", None, True), ("0", False, True), ("0.0", 0.0, True), ("0", 1, False),
		("1", 1, True), ("1", True, True), ("1", 1.0, True), ("1.50", 1.5, True), ("1", 2, False), ("one", 1, False),
		("1", "1", True), ("1.0", "1", False), ("2026-01-05", "2026-01-05", True),
	],
)  # fmt: skip
def test_a_value_is_the_one_that_is_named(wanted: str, value: Any, same: bool) -> None:
	assert is_value(wanted, value) is same

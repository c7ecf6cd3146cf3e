"""What was found beside what was expected: texts with a star, lists of as many, mappings with more keys."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dogansystem.proving.expected import differences, fits, pair_off

RUN: dict[str, Any] = {
	"status": "Succeeded",
	"steps": [
		{"id": "a", "index": None, "status": "Succeeded"},
		{"id": "a", "index": 0, "status": "Failed"},
		{"id": "b", "index": None, "status": "Skipped"},
	],
	"output": {"sent": 1, "more": True},
	"documents": {
		"created": [{"doctype": "ToDo", "name": "1"}],
		"updated": [{"doctype": "Lead", "name": "2"}],
	},
	"outbox": [
		{"to": ["a@example.com"], "subject": "Q-1 expires"},
		{"to": ["b@example.com"], "subject": "Q-2 expires"},
	],
	"error": None,
}


@pytest.mark.parametrize(
	("expected", "found"),
	[
		("*Q-1*", "about Q-1."),
		("[x]*", "[x]*"),  # as it stands, although [x] would be one of several letters
		({"a": 1}, {"a": 1, "b": 2}),
		("a@example.com", ["a@example.com"]),
		([1, 2], [1, 2]),
		(None, None),
		(1, 1.0),
		({"a": [{"b": "c*"}]}, {"a": [{"b": "cd", "e": 1}]}),
	],
)
def test_what_fits(expected: Any, found: Any):
	assert fits(expected, found)


@pytest.mark.parametrize(
	("expected", "found"),
	[
		("Q-1", "Q-12"),
		({"a": 1, "b": None}, {"a": 1}),
		([1], [1, 2]),
		([], [1]),
		([2, 1], [1, 2]),
		(None, "None"),
		(True, 1),
		(0, False),
		("a@example.com", ["a@example.com", "b@example.com"]),
	],
)
def test_what_does_not(expected: Any, found: Any):
	assert not fits(expected, found)


def test_nothing_that_is_not_named_is_compared():
	assert differences({}, RUN) == []
	assert differences({"steps": {"a": "Succeeded"}, "error": None, "output": {"sent": 1}}, RUN) == []


def test_documents_and_messages_come_in_any_order_but_each_counts_once():
	assert differences({"outbox": [{"subject": "Q-2*"}, {"subject": "*"}]}, RUN) == []
	assert differences({"documents": [{"doctype": "Lead"}, {"doctype": "ToDo"}]}, RUN) == []
	assert differences({"outbox": [{"subject": "Q-2*"}, {"subject": "Q-2*"}]}, RUN)
	assert differences({"outbox": [{"subject": "Q-1*"}]}, RUN) == []  # the other one is not named
	assert differences({"outbox": []}, RUN)
	assert differences({"outbox": []}, {**RUN, "outbox": []}) == []


def test_a_difference_names_its_place():
	(found,) = differences({"steps": {"a": "Succeeded", "b": "Succeeded"}}, RUN)
	assert (found.place, found.expected, found.found) == ("steps.b", "Succeeded", "Skipped")
	assert [each.place for each in differences({"output": {"sent": 2, "none": 1}}, RUN)] == [
		"output.sent",
		"output.none",
	]


@given(st.lists(st.sampled_from("abc"), max_size=6), st.randoms())
def test_what_is_unordered_fits_itself_in_any_order(letters: list[str], chance: Any):
	mixed = list(letters)
	chance.shuffle(mixed)
	assert pair_off([{"x": each} for each in mixed], [{"x": each, "y": 1} for each in letters])
	if "a" in letters:
		wrong = [{"x": "z" if number == letters.index("a") else each} for number, each in enumerate(letters)]
		assert not pair_off(wrong, [{"x": each} for each in letters])


def test_a_star_among_many_is_matched_without_trying_every_order():
	found = [{"x": str(number)} for number in range(300)]
	assert pair_off([{"x": "*"}] * 299 + [{"x": "0"}], found)
	assert not pair_off([{"x": "*"}] * 299 + [{"x": "none"}], found)

"""Conditions as rows, and back as the template that they are."""

import pytest

from tests.unit.canvas.model import call, needs_node

pytestmark = needs_node

BUILT = [
	"{{ doc.grand_total > 1000 }}",
	'{{ doc.status == "Open and \\"free\\"" and not doc.closed }}',
	'{{ doc.status != "a or b" or doc.total <= -1.5 or user == doc.owner }}',
	'{{ "urgent" in doc.tags and doc.checked == true }}',
	"{{ doc.customer }}",
]
NOT_BUILT = [
	"{{ doc.total * 2 > 10 }}",
	"{{ doc.a and doc.b or doc.c }}",
	"{{ doc.a | length > 1 }}",
	"{% if doc.a %}1{% endif %}",
]


@pytest.mark.parametrize("condition", BUILT)
def test_what_was_built_is_read_back_as_rows(condition):
	[rows] = call([["condition", "rows_of", condition]])
	assert rows["rows"]
	assert call([["condition", "condition_of", rows]]) == [condition]


def test_other_quotes_say_the_same():
	[rows] = call([["condition", "rows_of", "doc.status == 'Lead'"]])
	assert call([["condition", "condition_of", rows]]) == ['{{ doc.status == "Lead" }}']


def test_all_else_stays_a_template():
	assert call([["condition", "rows_of", each] for each in NOT_BUILT]) == [None] * len(NOT_BUILT)


def test_filters_stay_in_the_form_they_had():
	mapping = {"status": "Open", "valid_till": ["<", "{{ today }}"], "name": ["in", ["a", "b"]]}
	listed = [["status", "=", "Open"], ["status", "!=", "Lost"]]
	for filters in (mapping, listed):
		[rows] = call([["rows", "rows_of_filters", filters]])
		assert call([["rows", "filters_of", rows, filters]]) == [filters]
	other = [["a", "b"], {"Item": 1}, {"x": ["<", 1, 2]}]
	assert (
		call([["rows", "rows_of_filters", each] for each in ([other[0]], [[1, "=", 2]], other[2])])
		== [None] * 3
	)

"""Conditions in Python, as Frappe's own automation has them, as expressions of templates that mean the same."""

from datetime import date
from typing import Any

import pytest

from dogansystem.engine.templates.render import render
from dogansystem.homes.frappe.adopting.python import Untranslatable, translated

DOC = {
	"status": "Open",
	"total": 120.5,
	"qty": 0,
	"customer": None,
	"due": "2026-01-05",
	"flag": 1,
	"tags": "a, b",
}
SAME = [
	'doc.status == "Open"',
	"doc.status != 'Open' or doc.total > 100",
	"doc.total > 100 and not doc.qty",
	"doc.status in ('Open', 'Overdue')",
	'doc.status not in ["Closed"]',
	"doc.customer is None",
	"doc.customer is not None or doc.flag",
	"doc.get('status') == 'Open'",
	"doc.get('total', 0) * 2 - 1 >= 240",
	"1 < doc.total < 200",
	"-doc.total < 0",
	"len(doc.status) == 4",
	"int(doc.total) % 2 == 0",
	"(doc.total if doc.flag else 0) > 5",
	"True and doc.flag",
	"'a' in doc.tags",
]


class Fields(dict):
	"""A document as Frappe's conditions see it."""

	__getattr__ = dict.get


@pytest.mark.parametrize("condition", SAME)
def test_a_condition_means_the_same(condition: str) -> None:
	expected = eval(condition, {}, {"doc": Fields(DOC)})
	assert bool(render(translated(condition), {"doc": DOC})) is bool(expected)


def test_todays_date_is_compared_with_fields() -> None:
	values: dict[str, Any] = {"doc": DOC, "today": date(2026, 1, 5), "user": "a@example.com"}
	for condition in (
		"doc.due == nowdate()",
		"doc.due <= frappe.utils.today()",
		"doc.due == frappe.utils.nowdate()",
	):
		assert render(translated(condition), values) is True
	assert render(translated('frappe.session.user == "a@example.com"'), values) is True


@pytest.mark.parametrize(
	("condition", "reason"),
	[
		("frappe.db.get_value('A', doc.a, 'b')", "no function frappe.db.get_value"),
		("[each for each in doc.items]", "has no form"),
		("lambda: 1", "has no form"),
		("doc.a is doc.b", "has no form"),
		("doc.a ** 2 > 4", "has no form"),
		("other.a", "nothing is called 'other'"),
		("doc.a ==", "no Python expression"),
		("doc.items[0].qty", "has no form"),
		("f'{doc.a}'", "has no form"),
		("doc.save()", "no function doc.save"),
	],
)
def test_what_has_no_form_is_refused_with_its_reason(condition: str, reason: str) -> None:
	with pytest.raises(Untranslatable, match=reason.replace(".", r"\.")):
		translated(condition)

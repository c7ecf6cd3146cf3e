"""Filters of `document.list` give the answers of `frappe.get_list`, on both dialects."""

import re
import time
from collections.abc import Iterator
from typing import Any

import pymysql
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dogansystem.homes.databases.address import MariaDBServer, parse_address
from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.errors import DataError, ValidationError
from dogansystem.homes.sandbox.filters import like, parse_filters

PROPERTY = settings(
	max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

# Words that every collation orders and tells apart in the same way: the sandbox compares letter by letter.
TEXTS = ["", "a", "ab", "abc", "b", "open", "10", "9"]
DATES = ["2025-01-01", "2025-01-02", "2025-06-15"]
MOMENTS = ["2025-01-01 00:00:00.000000", "2025-01-01 12:30:00.000000", "2025-01-02 23:59:59.500000"]
NUMBERS = [-1, 0, 1, 2, 10]
AMOUNTS = [0.0, 0.5, 1.0, 10.25]
PATTERNS = ["%", "a%", "%B", "_", "a_c", "%b%", "%_c", "%z%", "open", ""]
COMPARISONS = ["=", "!=", "<", "<=", ">", ">="]

# A document's fields by the type they have on a bench.
documents = st.fixed_dictionaries(
	{},
	optional={
		"subject": st.one_of(st.none(), st.sampled_from(TEXTS)),
		"quantity": st.sampled_from(NUMBERS),
		"amount": st.sampled_from(AMOUNTS),
		"day": st.one_of(st.none(), st.sampled_from(DATES)),
		"moment": st.one_of(st.none(), st.sampled_from(MOMENTS)),
	},
)


def _comparison(field: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, str, Any]]:
	return st.tuples(st.just(field), st.sampled_from(COMPARISONS), values)


def _one_of_many(field: str, values: list[Any], min_size: int = 0) -> st.SearchStrategy[tuple[str, str, Any]]:
	chosen = st.lists(st.sampled_from(values), min_size=min_size, max_size=3)
	return st.tuples(st.just(field), st.sampled_from(["in", "not in"]), chosen)


def _between(field: str, values: list[Any]) -> st.SearchStrategy[tuple[str, str, Any]]:
	bounds = st.lists(st.sampled_from(values), min_size=2, max_size=2)
	return st.tuples(st.just(field), st.just("between"), bounds)


conditions = st.one_of(
	_comparison("subject", st.sampled_from(TEXTS[1:])),
	_comparison("quantity", st.sampled_from(NUMBERS)),
	_comparison("amount", st.sampled_from(AMOUNTS)),
	_comparison("day", st.sampled_from(DATES)),
	_comparison("moment", st.sampled_from(MOMENTS)),
	st.tuples(st.just("subject"), st.sampled_from(["like", "not like"]), st.sampled_from(PATTERNS)),
	_one_of_many("subject", TEXTS),
	# A field that is missing here has no type, so it may be the empty text, which no number column holds.
	_one_of_many("quantity", NUMBERS, min_size=1),
	_one_of_many("day", DATES),
	_between("day", DATES),
	_between("moment", DATES),
	st.tuples(
		st.sampled_from(["subject", "day", "moment"]),  # of a number 0 it says neither
		st.just("is"),
		st.sampled_from(["set", "not set"]),
	),
)


class Bench:
	"""A table as Frappe makes it for a DocType, asked with the SQL that Frappe v15 builds for a filter."""

	def __init__(self, server: MariaDBServer) -> None:
		self.connection = pymysql.connect(
			host=server.host,
			port=server.port,
			user=server.user,
			password=server.password,
			database=server.database,
			charset="utf8mb4",
			autocommit=True,
		)
		self.run("DROP TABLE IF EXISTS `bench_table`")
		self.run(
			"CREATE TABLE `bench_table` (name VARCHAR(140) PRIMARY KEY, subject VARCHAR(140), day DATE,"
			" quantity INT NOT NULL DEFAULT 0, amount DECIMAL(21,9) NOT NULL DEFAULT 0, moment DATETIME(6))"
			" CHARACTER SET=utf8mb4 COLLATE=utf8mb4_unicode_ci"
		)

	def run(self, query: str, values: Any = None) -> list[Any]:
		with self.connection.cursor() as cursor:
			cursor.execute(query, values)
			return list(cursor.fetchall())

	def fill(self, rows: list[dict[str, Any]]) -> None:
		self.run("DELETE FROM `bench_table`")
		for number, row in enumerate(rows):
			columns = ", ".join(["name", *row])
			marks = ", ".join(["%s"] * (len(row) + 1))
			self.run(f"INSERT INTO `bench_table` ({columns}) VALUES ({marks})", [str(number), *row.values()])

	def matching(self, condition: tuple[str, str, Any]) -> set[str]:
		where, values = _frappe_sql(*condition)
		return {row[0] for row in self.run(f"SELECT name FROM `bench_table` WHERE {where}", values)}


def _frappe_sql(field: str, operator: str, value: Any) -> tuple[str, list[Any]]:
	"""As `DatabaseQuery.prepare_filter_condition` does for these column types."""
	empty = {"day": "'0001-01-01'", "moment": "'0001-01-01 00:00:00.000000'"}.get(field, "''")
	column, if_null = field, f"ifnull({field}, {empty})"
	if field == "moment" and operator in COMPARISONS and len(value) == len("2025-01-01"):
		value += " 00:00:00.000000"
	if field in ("quantity", "amount"):
		if_null = column
	if operator in ("in", "not in"):
		options = [str(option) for option in value] or [""]
		narrow = operator == "in" and "" not in options
		if_null = column if narrow else f"ifnull({field}, '')"
		return f"{if_null} {operator} ({', '.join(['%s'] * len(options))})", [
			each.strip() for each in options
		]
	if operator == "between":
		low, high = value
		if field == "moment":
			low, high = f"{low} 00:00:00.000000", f"{high} 23:59:59.999999"
		return f"{column} between %s and %s", [low, high]
	if operator == "is":
		return (f"{column} != ''", []) if value == "set" else (f"ifnull({column}, '') = ''", [])
	if operator in ("like", "not like"):
		shown = if_null if operator == "not like" or not value else column
		return f"{shown} {operator} %s", [value.replace("\\", "\\\\")]
	if operator == "=" and value:
		return f"{column} = %s", [value]
	if operator in (">", ">=") and field in ("day", "moment"):
		return f"{column} {operator} %s", [value]
	return f"{if_null} {operator} %s", [value]


@pytest.fixture
def bench(mariadb_url: str) -> Iterator[Bench]:
	address = parse_address(mariadb_url)
	assert isinstance(address, MariaDBServer)
	opened = Bench(address)
	yield opened
	opened.run("DROP TABLE `bench_table`")
	opened.connection.close()


@PROPERTY
@given(rows=st.lists(documents, min_size=1, max_size=8), condition=conditions)
def test_a_filter_matches_what_it_matches_in_the_database_of_a_bench(
	bench: Bench, rows: list[dict[str, Any]], condition: tuple[str, str, Any]
) -> None:
	bench.fill(rows)
	(parsed,) = parse_filters([list(condition)], "Lead")
	assert {str(number) for number, row in enumerate(rows) if parsed.holds(row)} == bench.matching(condition)


# A second opinion that needs no server, on values that leave no room for opinions.

plain_documents = st.fixed_dictionaries(
	{"docstatus": st.sampled_from([0, 1])},
	optional={"word": st.sampled_from(["red", "green", "blue"]), "number": st.integers(-3, 3)},
)
ORACLE = {
	"=": lambda left, right: left == right,
	"!=": lambda left, right: left != right,
	"<": lambda left, right: left < right,
	"<=": lambda left, right: left <= right,
	">": lambda left, right: left > right,
	">=": lambda left, right: left >= right,
	"in": lambda left, right: left in (right or [""]),
	"not in": lambda left, right: left not in (right or [""]),
}
plain_conditions = st.one_of(
	st.tuples(st.just("number"), st.sampled_from(COMPARISONS), st.integers(-3, 3)),
	st.tuples(st.just("word"), st.sampled_from(COMPARISONS), st.sampled_from(["red", "green", "blue"])),
	st.tuples(
		st.just("word"), st.sampled_from(["in", "not in"]), st.lists(st.sampled_from(["red", "green"]))
	),
	st.tuples(st.just("docstatus"), st.sampled_from(COMPARISONS), st.sampled_from([0, 1])),
	st.sampled_from([("name", "=", "Doc-1"), ("name", "in", ["Doc-1", "Doc-3"])]),
)


def _expected(row: dict[str, Any], condition: tuple[str, str, Any]) -> bool:
	field, operator, value = condition
	missing = {"number": 0, "word": ""}.get(field)
	if field == "name":
		return row["name"] in ([value] if operator == "=" else value)
	return bool(ORACLE[operator](row.get(field, missing), value))


@PROPERTY
@given(
	rows=st.lists(plain_documents, max_size=6),
	wanted=st.lists(plain_conditions, max_size=3),
	as_mapping=st.booleans(),
)
def test_all_filters_must_hold_on_both_dialects(
	sandbox: Sandbox, rows: list[dict[str, Any]], wanted: list[tuple[str, str, Any]], as_mapping: bool
) -> None:
	sandbox.database.execute("DELETE FROM sandbox_document")
	stored = [{"doctype": "Lead", "name": f"Doc-{number}", **row} for number, row in enumerate(rows)]
	sandbox.load_documents(stored)
	filters: Any = [list(condition) for condition in wanted]
	if as_mapping and len({field for field, _, _ in wanted}) == len(wanted):
		filters = {field: [operator, value] for field, operator, value in wanted}
	found = sandbox.documents.list("Lead", filters, order_by="creation asc")
	sandbox.database.rollback()
	expected = [row["name"] for row in stored if all(_expected(row, condition) for condition in wanted)]
	assert [row["name"] for row in found] == expected


def _holds(filters: Any, **values: Any) -> bool:
	return all(condition.holds(values) for condition in parse_filters(filters, "Lead"))


def test_equal_to_none_means_not_set() -> None:
	assert _holds({"status": None}, status="")
	assert _holds({"status": None})
	assert not _holds({"status": None}, status="Open")
	assert _holds({"status": ["!=", None]}, status="Open")


def test_numbers_lie_between_numbers() -> None:
	assert _holds({"amount": ["between", [1, 2]]}, amount=1.5)
	assert not _holds({"amount": ["between", [1, 2]]}, amount=3)
	assert not _holds({"amount": ["between", [-1, 2]]})


def test_dates_lie_between_datetimes_of_their_day() -> None:
	assert _holds({"day": ["between", ["2025-01-01 10:00:00", "2025-01-02 08:00:00"]]}, day="2025-01-01")


def test_in_takes_a_text_with_commas() -> None:
	assert _holds({"status": ["in", "Open, Closed"]}, status="Closed")
	assert not _holds({"status": ["in", "Open, Closed"]}, status="Lost")


def test_a_filter_may_name_its_own_doctype() -> None:
	assert _holds([["Lead", "status", "=", "Open"]], status="Open")
	with pytest.raises(ValidationError, match="filters Lead by its own fields only"):
		parse_filters([["Lead Item", "status", "=", "Open"]], "Lead")


@pytest.mark.parametrize(
	("filters", "message"),
	[
		("status = 'Open'", "Filters are a mapping"),
		({"status": ["Open", "Closed"]}, "has the operator 'Open'.*For one of several values"),
		({"status": ["Open"]}, r"write an operator and a value"),
		([["status", "Open"]], "a field, an operator and a value"),
		({"amount": ["between", [1]]}, '"between" takes two values'),
		({"amount": ["is", "empty"]}, '"is" takes "set" or "not set"'),
		({"amount": ["=", [1, 2]]}, "takes one value"),
		({"amount": ["timespan", "last week"]}, "the sandbox knows =, !=, >"),
		({"count(name)": 1}, "is no field name"),
		({"name`; DROP TABLE sandbox_document; --": 1}, "is no field name"),
	],
)
def test_what_cannot_be_read_says_what_to_write(filters: Any, message: str) -> None:
	with pytest.raises(ValidationError, match=message):
		parse_filters(filters, "Lead")


def test_a_table_of_a_document_can_only_be_set_or_not() -> None:
	assert _holds({"items": ["is", "set"]}, items=[{"item": "A"}])
	assert _holds({"items": ["is", "not set"]}, items=[])
	with pytest.raises(ValidationError, match="does not look into tables"):
		_holds({"items": "A"}, items=[{"item": "A"}])


@pytest.mark.parametrize(
	("order_by", "expected"),
	[
		("amount", ["C", "A", "B", "D"]),
		("amount desc", ["D", "B", "A", "C"]),
		("`tabLead`.`amount` asc, name desc", ["C", "B", "A", "D"]),
		("Lead.subject", ["C", "D", "A", "B"]),
		("creation desc", ["A", "B", "C", "D"]),
		(None, ["D", "B", "C", "A"]),
	],
)
def test_rows_are_sorted_as_asked(sandbox: Sandbox, order_by: str | None, expected: list[str]) -> None:
	sandbox.load_documents(
		[
			{"doctype": "Lead", "name": "A", "amount": 2, "subject": "b", "creation": "4", "modified": "1"},
			{"doctype": "Lead", "name": "B", "amount": 2, "subject": "e", "creation": "3", "modified": "3"},
			{"doctype": "Lead", "name": "C", "creation": "2", "modified": "2"},
			{"doctype": "Lead", "name": "D", "amount": 10, "subject": "9", "creation": "1", "modified": "4"},
		]
	)
	assert [row["name"] for row in sandbox.documents.list("Lead", order_by=order_by)] == expected


@pytest.mark.parametrize(
	"order_by", ["sleep(1)", "name; DROP TABLE x", "name sideways", "name asc nulls", "(select 1)", "name,"]
)
def test_an_order_that_is_no_order_is_refused(sandbox: Sandbox, order_by: str) -> None:
	with pytest.raises(DataError, match=r"order_by: .* cannot be read"):
		sandbox.documents.list("Lead", order_by=order_by)


def test_rows_have_the_fields_asked_for(sandbox: Sandbox) -> None:
	sandbox.load_documents([{"doctype": "Lead", "name": "A", "status": "Open"}])
	list_of = sandbox.documents.list
	assert list_of("Lead") == [{"name": "A"}]
	assert list_of("Lead", fields=["status", "nothing"]) == [{"status": "Open", "nothing": None}]
	assert list_of("Lead", fields=["name as lead"]) == [{"lead": "A"}]
	assert list_of("Lead", fields=["*"])[0]["doctype"] == "Lead"
	with pytest.raises(DataError, match="no functions"):
		list_of("Lead", fields=["count(name)"])


def test_the_limit_cuts_and_zero_does_not(sandbox: Sandbox) -> None:
	sandbox.load_documents({"doctype": "Lead", "name": f"L{number}"} for number in range(5))
	assert len(sandbox.documents.list("Lead", limit=2)) == 2
	assert len(sandbox.documents.list("Lead", limit=0)) == 5


PATTERN_ALPHABET = st.text(st.sampled_from("ab%_"), max_size=8)


@PROPERTY
@given(text=st.text(st.sampled_from("abB.\n"), max_size=8), pattern=PATTERN_ALPHABET)
def test_a_pattern_matches_what_it_says(text: str, pattern: str) -> None:
	parts = (".*" if char == "%" else "." if char == "_" else re.escape(char) for char in pattern)
	expected = re.fullmatch("".join(parts), text, re.DOTALL | re.IGNORECASE)
	assert like(text, pattern) is bool(expected)


def test_a_pattern_with_many_wildcards_takes_no_time() -> None:
	began = time.monotonic()
	assert not like("a" * 100_000 + "b", "%a" * 12 + "%c")
	assert not like("a" * 20_000, "%a_a" * 20 + "b")
	assert time.monotonic() - began < 2
	with pytest.raises(ValidationError, match="at most 1,000 characters"):
		parse_filters({"subject": ["like", "%" * 1001]}, "Lead")

"""data.table makes HTML, CSV and XLSX: what people typed in stays text."""

import io
from html.parser import HTMLParser
from typing import Any

import openpyxl
import pytest

from dogansystem import Sandbox
from dogansystem.actions.schema import ValidationError

from .conftest import USER, act

ROWS = [{"item": "Bolt", "qty": 2}, {"item": "<b>Nut</b> & Co", "qty": -5, "more": ["a", "b"]}]
FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1+1", '=HYPERLINK("x")']
HARMLESS = ["Bolt", "-5", "+5,5", "a=b", "", "-1.5"]


class Texts(HTMLParser):
	"""The cells of a table, row by row, and every tag that it has."""

	def __init__(self, text: str) -> None:
		super().__init__()
		self.rows: list[list[str]] = []
		self.tags: set[str] = set()
		self.feed(text)

	def handle_starttag(self, tag: str, attrs: Any) -> None:
		self.tags.add(tag)
		if tag == "tr":
			self.rows.append([])
		elif tag in ("td", "th"):
			self.rows[-1].append("")

	def handle_data(self, data: str) -> None:
		self.rows[-1][-1] += data


def content(site: Sandbox, output: dict[str, str]) -> bytes:
	with site.acting_as(USER):
		return site.files.read(output["file"], 1_000_000).content


def cells(site: Sandbox, output: dict[str, str]) -> list[list[Any]]:
	book = openpyxl.load_workbook(io.BytesIO(content(site, output)))
	return [[(cell.value, cell.data_type) for cell in row] for row in book.active.iter_rows()]


@pytest.mark.contract("| `data.table` | rows, [columns], [as: html, csv, xlsx] | `{html}` or `{file}` |")
@pytest.mark.contract("table (rows as an HTML table, CSV or XLSX File)")
def test_html_shows_every_field_as_text(site: Sandbox) -> None:
	output = act(site, "data.table", rows=ROWS)

	found = Texts(output["html"])
	assert list(output) == ["html"]
	assert found.rows == [
		["item", "qty", "more"],
		["Bolt", "2", ""],
		["<b>Nut</b> & Co", "-5", '["a", "b"]'],
	]
	assert found.tags == {"table", "thead", "tbody", "tr", "th", "td"}


def test_columns_choose_order_and_name_the_fields(site: Sandbox) -> None:
	columns = [{"fieldname": "qty", "label": "<Quantity>", "fieldtype": "Int", "options": None}, "item"]
	assert Texts(act(site, "data.table", rows=ROWS, columns=columns)["html"]).rows[:2] == [
		["<Quantity>", "item"],
		["2", "Bolt"],
	]


def test_rows_may_be_lists_and_a_table_may_be_empty(site: Sandbox) -> None:
	assert Texts(act(site, "data.table", rows=[[1, None], [True, "b"]])["html"]).rows == [
		["1", ""],
		["true", "b"],
	]
	assert Texts(act(site, "data.table", rows=[[1]], columns=["One"])["html"]).rows == [["One"], ["1"]]
	assert Texts(act(site, "data.table", rows=[], columns=["item"])["html"]).rows == [["item"]]
	assert content(site, act(site, "data.table", rows=[], **{"as": "csv"})) == b"\r\n"


def test_a_csv_file_is_the_users_own_and_holds_the_rows(site: Sandbox) -> None:
	output = act(site, "data.table", rows=ROWS, **{"as": "csv", "file_name": "stock"})

	assert (output["file_name"], output["file_url"]) == ("stock.csv", "/private/files/stock.csv")
	assert content(site, output).decode() == (
		'item,qty,more\r\nBolt,2,\r\n<b>Nut</b> & Co,-5,"[""a"", ""b""]"\r\n'
	)
	file = act(site, "document.get", doctype="File", name=output["file"])
	assert (file["is_private"], file["owner"]) == (1, USER)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_cell_that_could_be_a_formula_is_text(site: Sandbox, text: str) -> None:
	rows: list[Any] = [{text: text}]
	csv = act(site, "data.table", rows=rows, **{"as": "csv"})
	assert act(site, "data.parse", file=csv["file"], options={"header": False}) == [
		[f"'{text}"],
		[f"'{text}"],
	]
	((head,), (cell,)) = cells(site, act(site, "data.table", rows=rows, **{"as": "xlsx"}))
	assert {head[1], cell[1]} == {"s"}
	assert cell[0].strip() == text.strip()


@pytest.mark.parametrize("text", HARMLESS)
def test_other_text_is_left_as_it_is(site: Sandbox, text: str) -> None:
	output = act(site, "data.table", rows=[["x", text]], **{"as": "csv"})
	assert act(site, "data.parse", file=output["file"], options={"header": False}) == [["x", text]]


def test_numbers_stay_numbers_in_xlsx_and_characters_that_it_cannot_hold_are_left_out(site: Sandbox) -> None:
	output = act(site, "data.table", rows=[[-5, 2.5, True, None, "a\x00b"]], **{"as": "xlsx"})
	((*values, text),) = cells(site, output)
	assert [value for value, _kind in values] == [-5, 2.5, True, None]
	assert text == ("ab", "s")


@pytest.mark.parametrize("name", ["../a", "a/b", "..", "a%2fb", "x" * 300, "a\nb", "ş" * 120])
def test_a_file_name_that_no_file_should_have_is_refused(site: Sandbox, name: str) -> None:
	with pytest.raises(ValidationError, match=r"params\.file_name"):
		act(site, "data.table", rows=[], **{"as": "csv", "file_name": name})


def test_rows_that_are_neither_mappings_nor_lists_are_refused(site: Sandbox) -> None:
	with pytest.raises(ValidationError, match=r"params\.rows\[0\]"):
		act(site, "data.table", rows=["a"])


def test_without_the_library_the_error_says_how_to_get_it(
	site: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
	with pytest.raises(Exception, match=r"pip install 'dogansystem\[xlsx\]'") as failure:
		act(site, "data.table", rows=[], **{"as": "xlsx"})
	assert type(failure.value).__name__ == "NotAvailable"

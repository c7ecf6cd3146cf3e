"""data.parse reads CSV, JSON, XML and files; what is broken or hostile is an error that says where."""

import io
import zipfile
from typing import Any

import openpyxl
import pytest

from dogansystem import Sandbox
from dogansystem.actions import parsing
from dogansystem.engine.errors import PERMANENT, error_names

from .conftest import act

ORDERS = """<?xml version="1.0" encoding="iso-8859-9"?>
<orders date="2026-01-05">
	<order id="1"><customer>Çelik &amp; Co</customer><qty>2</qty></order>
	<order id="2"><customer><![CDATA[<b>]]></customer><qty/></order>
	<note lang="tr">acele</note>
</orders>"""
BOMB = "<!DOCTYPE a [<!ENTITY a0 'lol'>" + "".join(
	f"<!ENTITY a{number} '{f'&a{number - 1};' * 10}'>" for number in range(1, 10)
)
BOMB += "]><a>&a9;</a>"
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


def sheet(*rows: list[Any], title: str = "Prices") -> bytes:
	book = openpyxl.Workbook()
	book.active.title = title
	for row in rows:
		book.active.append(row)
	other = book.create_sheet("Other")
	other.append(["only"])
	other.append(["here"])
	file = io.BytesIO()
	book.save(file)
	return file.getvalue()


def file_of(site: Sandbox, file_name: str, content: bytes) -> str:
	with site.acting_as("sales@example.com"):
		return str(site.files.create(file_name, content)["file"])


def assert_refused(site: Sandbox, words: str, **params: Any) -> None:
	with pytest.raises(Exception, match=words) as failure:
		act(site, "data.parse", **params)
	assert PERMANENT & set(error_names(failure.value))


@pytest.mark.contract(
	"| `data.parse` | one of csv, json, xml, file; [options] | list of rows, or the value |"
)
@pytest.mark.contract("parse (CSV, JSON, XML text or a File to rows)")
def test_csv_gives_rows_by_the_names_in_its_first_line(site: Sandbox) -> None:
	text = '\ufeffname,qty\r\n"Çelik, Ltd",2\r\n\r\n"says ""yes""",\r\n'
	assert act(site, "data.parse", csv=text) == [
		{"name": "Çelik, Ltd", "qty": "2"},
		{"name": 'says "yes"', "qty": ""},
	]


def test_csv_without_names_gives_lists(site: Sandbox) -> None:
	options = {"header": False, "delimiter": ";"}
	assert act(site, "data.parse", csv="a;b\n1;2", options=options) == [["a", "b"], ["1", "2"]]


def test_a_short_line_is_filled_up_and_nothing_gives_nothing(site: Sandbox) -> None:
	assert act(site, "data.parse", csv="a,b,\n1\n") == [{"a": "1", "b": ""}]
	assert act(site, "data.parse", csv="") == []
	assert act(site, "data.parse", csv="a,b\n") == []


@pytest.mark.parametrize(
	("text", "words"),
	[
		("a,a\n1,2", "two columns are named 'a'"),
		("a,b\n1,2,3", "row 2: '3' stands in column 3"),
		('a,b\n"1,2', r"params\.csv: line 2"),
	],
)
def test_csv_that_does_not_fit_its_names_is_an_error_that_says_where(
	site: Sandbox, text: str, words: str
) -> None:
	assert_refused(site, words, csv=text)


def test_json_gives_the_value_or_the_rows_in_it(site: Sandbox) -> None:
	text = '{"data": {"orders": [{"id": 1}]}}'
	assert act(site, "data.parse", json=text) == {"data": {"orders": [{"id": 1}]}}
	assert act(site, "data.parse", json=text, options={"rows": "data.orders"}) == [{"id": 1}]
	assert_refused(
		site, "no 'order' of data.order; there is orders", json=text, options={"rows": "data.order"}
	)


@pytest.mark.parametrize("text", ["{", "[1,]", "NaN", "", "[" * 100_000])
def test_what_is_no_json_is_an_error(site: Sandbox, text: str) -> None:
	assert_refused(site, r"params\.json: is not JSON", json=text)


def test_xml_gives_mappings_lists_and_text(site: Sandbox) -> None:
	assert act(site, "data.parse", xml=ORDERS) == {
		"orders": {
			"@date": "2026-01-05",
			"order": [
				{"@id": "1", "customer": "Çelik & Co", "qty": "2"},
				{"@id": "2", "customer": "<b>", "qty": None},
			],
			"note": {"@lang": "tr", "#text": "acele"},
		}
	}


def test_rows_of_xml_are_a_list_also_when_there_is_one_or_none(site: Sandbox) -> None:
	options = {"rows": "orders.order"}
	assert act(site, "data.parse", xml="<orders><order><id>1</id></order></orders>", options=options) == [
		{"id": "1"}
	]
	assert act(site, "data.parse", xml="<orders><order/></orders>", options=options) == []
	assert len(act(site, "data.parse", xml=ORDERS, options=options)) == 2


@pytest.mark.parametrize("text", [BOMB, EXTERNAL, "<!DOCTYPE a SYSTEM 'http://127.0.0.1/a.dtd'><a/>"])
def test_xml_with_entities_is_refused_before_they_are_read(site: Sandbox, text: str) -> None:
	assert_refused(site, "has a document type", xml=text)
	file = file_of(site, "a.xml", text.encode("utf-16"))
	assert_refused(site, "has a document type", file=file)


def test_xml_that_is_broken_or_too_deep_is_an_error(site: Sandbox) -> None:
	assert_refused(site, r"params\.xml: is not XML", xml="<a><b></a>")
	assert_refused(site, r"params\.xml: is not XML", xml="<a>&nothing;</a>")
	assert_refused(site, "more than 100 elements within each other", xml="<a>" * 5000)


@pytest.mark.contract("parse (CSV, JSON, XML text or a File to rows)")
def test_a_file_is_read_by_its_ending(site: Sandbox) -> None:
	rows = [{"name": "Çelik", "qty": "2"}]
	assert act(site, "data.parse", file=file_of(site, "a.csv", "name,qty\nÇelik,2".encode())) == rows
	assert act(site, "data.parse", file=file_of(site, "a.TSV", "name\tqty\nÇelik\t2".encode())) == rows
	assert act(site, "data.parse", file=file_of(site, "a.json", b'[{"a": 1}]')) == [{"a": 1}]
	assert act(site, "data.parse", file=file_of(site, "a.xml", b"<a>1</a>")) == {"a": "1"}
	assert act(site, "data.parse", file=file_of(site, "b.xml", ORDERS.encode("iso-8859-9"))) == act(
		site, "data.parse", xml=ORDERS
	)


def test_a_file_in_another_encoding_needs_its_name(site: Sandbox) -> None:
	file = file_of(site, "a.csv", "name\nÇelik Şti".encode("windows-1254"))

	assert act(site, "data.parse", file=file, options={"encoding": "windows-1254"}) == [{"name": "Çelik Şti"}]
	assert_refused(site, "is not text in utf-8. Name its encoding", file=file)
	assert_refused(site, "no encoding 'klingon'", file=file, options={"encoding": "klingon"})
	assert_refused(site, "no encoding 'hex'", file=file, options={"encoding": "hex"})


def test_an_xlsx_file_gives_the_rows_of_a_sheet(site: Sandbox) -> None:
	file = file_of(
		site, "a.xlsx", sheet(["item", "price", "on"], ["Bolt", 2.5, True], [None, None], ["Nut", None])
	)

	assert act(site, "data.parse", file=file) == [
		{"item": "Bolt", "price": 2.5, "on": True},
		{"item": "Nut", "price": None, "on": None},
	]
	assert act(site, "data.parse", file=file, options={"sheet": "Other"}) == [{"only": "here"}]
	assert_refused(site, "has no sheet 'Third'", file=file, options={"sheet": "Third"})


def test_a_file_of_another_kind_is_an_error_that_names_the_kinds(site: Sandbox) -> None:
	assert_refused(site, r"a\.docx: is no \.csv", file=file_of(site, "a.docx", b"PK"))
	assert_refused(site, "no XLSX file that can be read", file=file_of(site, "b.xlsx", b"PK not a zip"))


def test_a_sample_file_is_read_and_one_without_content_says_so(site: Sandbox) -> None:
	site.load_documents(
		[
			{"doctype": "File", "name": "F-1", "file_name": "a.csv", "content": "a\n1"},
			{"doctype": "File", "name": "F-2", "file_name": "b.csv"},
		]
	)
	assert act(site, "data.parse", file="F-1") == [{"a": "1"}]
	assert_refused(site, "'b.csv' has no content here", file="F-2")


def test_a_file_that_is_too_large_is_not_read(site: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
	monkeypatch.setattr(parsing, "MAX_FILE", 10)
	assert_refused(site, "has 11 bytes; at most 10 are read", file=file_of(site, "a.csv", b"x" * 11))


def with_part(content: bytes, name: str, part: bytes) -> bytes:
	"""An XLSX file with one of its parts in place of what it was."""
	file = io.BytesIO()
	with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
		for each in old.namelist():
			new.writestr(each, part if each == name else old.read(each))
	return file.getvalue()


def test_an_xlsx_file_that_unpacks_to_very_much_is_not_unpacked(site: Sandbox) -> None:
	hostile = with_part(sheet(["a"]), "xl/worksheets/sheet1.xml", b" " * (parsing.MAX_UNPACKED + 1))
	assert len(hostile) < parsing.MAX_FILE
	assert_refused(site, "unpacks to more than", file=file_of(site, "a.xlsx", hostile))


@pytest.mark.parametrize("text", [BOMB.encode(), EXTERNAL.encode("utf-16")])
def test_an_xlsx_file_with_entities_is_refused(site: Sandbox, text: bytes) -> None:
	hostile = with_part(sheet(["a"]), "xl/worksheets/sheet1.xml", text)
	assert_refused(site, "has a document type in xl/worksheets", file=file_of(site, "a.xlsx", hostile))


def test_a_sheet_that_says_it_is_endless_is_read_for_what_it_holds(site: Sandbox) -> None:
	content = sheet(["a", "b"], [1, 2])
	with zipfile.ZipFile(io.BytesIO(content)) as packed:
		part = packed.read("xl/worksheets/sheet1.xml").replace(b'ref="A1:B2"', b'ref="A1:XFD1048576"')
	assert b"XFD1048576" in part
	file = file_of(site, "a.xlsx", with_part(content, "xl/worksheets/sheet1.xml", part))
	assert act(site, "data.parse", file=file) == [{"a": 1, "b": 2}]


def test_a_sheet_with_a_cell_in_its_last_row_is_refused(site: Sandbox) -> None:
	content = sheet(["a"], [1])
	with zipfile.ZipFile(io.BytesIO(content)) as packed:
		part = (
			packed.read("xl/worksheets/sheet1.xml")
			.replace(b'r="2"', b'r="1048576"')
			.replace(b"A2", b"A1048576")
		)
	file = file_of(site, "a.xlsx", with_part(content, "xl/worksheets/sheet1.xml", part))
	assert_refused(site, "more than 100,000 rows", file=file)


@pytest.mark.parametrize("params", [{}, {"csv": "a", "json": "[]"}])
def test_exactly_one_thing_is_read(site: Sandbox, params: dict[str, str]) -> None:
	with pytest.raises(Exception, match="csv"):
		act(site, "data.parse", **params)

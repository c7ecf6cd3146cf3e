"""Rows as a table: HTML for a mail, CSV or XLSX for a file.

What people typed in stands in the cells. It must not become markup in a mail, nor a formula in a spreadsheet.
"""

import csv
import io
import json
import re
from collections.abc import Sequence
from html import escape
from typing import Any

from dogansystem.actions.schema import Schema
from dogansystem.engine.errors import NotAvailable

ROWS: Schema = {
	"type": "array",
	"items": {
		"type": ["object", "array"],
		"description": "A row: a mapping of fields to values, or a list of values",
	},
	"description": "The rows: mappings, such as document.list gives them, or lists of values",
}
COLUMNS: Schema = {
	"type": "array",
	"minItems": 1,
	"items": {
		"type": ["string", "object"],
		"required": ["fieldname"],
		"properties": {
			"fieldname": {"type": "string", "description": "The field of each row"},
			"label": {"type": "string", "description": "What stands above it"},
		},
		"description": "A column: a field's name, or {fieldname, label}",
	},
	"description": "The columns in their order: field names, or {fieldname, label} such as report.run gives them; "
	"the rows' own fields if left out. For rows that are lists, what stands above them",
}
FORM: Schema = {
	"type": "string",
	"enum": ["html", "csv", "xlsx"],
	"default": "html",
	"description": "html: a table as text; csv, xlsx: a file",
}
# What makes a spreadsheet read text as a formula, in wide letters too.
_FORMULA = re.compile(r"\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)*")
_FRAME = 'border="1" cellpadding="4" cellspacing="0" style="border-collapse: collapse"'

Table = tuple[list[str] | None, list[list[Any]]]  # what stands above the columns, and the cells


def made(rows: Sequence[Any], columns: Sequence[Any] | None, form: str) -> str | bytes:
	"""The table in the `form` that is asked for: HTML as text, a file as bytes."""
	head, cells = _table(rows, columns)
	if form == "html":
		return _html(head, cells)
	return _csv(head, cells) if form == "csv" else _xlsx(head, cells)


def _table(rows: Sequence[Any], columns: Sequence[Any] | None) -> Table:
	if any(isinstance(row, list) for row in rows):
		head = [_label(column) for column in columns] if columns else None
		return head, [row if isinstance(row, list) else list(row.values()) for row in rows]
	if columns is None:
		columns = list(dict.fromkeys(field for row in rows for field in row))
	fields = [column if isinstance(column, str) else column["fieldname"] for column in columns]
	return [_label(column) for column in columns], [[row.get(field) for field in fields] for row in rows]


def _label(column: Any) -> str:
	return column if isinstance(column, str) else str(column.get("label") or column["fieldname"])


def _text(value: Any) -> str:
	if value is None:
		return ""
	return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _html(head: list[str] | None, cells: list[list[Any]]) -> str:
	def line(kind: str, values: Sequence[Any]) -> str:
		return "<tr>" + "".join(f"<{kind}>{escape(_text(value))}</{kind}>" for value in values) + "</tr>"

	above = f"<thead>{line('th', head)}</thead>" if head else ""
	return f"<table {_FRAME}>{above}<tbody>{''.join(line('td', row) for row in cells)}</tbody></table>"


def _csv(head: list[str] | None, cells: list[list[Any]]) -> bytes:
	text = io.StringIO()
	writer = csv.writer(text)
	writer.writerows([[_harmless(value) for value in row] for row in ([head] if head else []) + cells])
	return (text.getvalue() or "\r\n").encode(errors="replace")  # a file without bytes is none


def _harmless(value: Any) -> str:
	"""A cell as text that no spreadsheet takes for a formula: an apostrophe in front says that it is text."""
	text = _text(value)
	is_formula = isinstance(value, str) and _FORMULA.match(text) and not _NUMBER.fullmatch(text)
	return f"'{text}" if is_formula else text


def _xlsx(head: list[str] | None, cells: list[list[Any]]) -> bytes:
	try:
		from openpyxl import Workbook
		from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, WriteOnlyCell
	except ImportError:
		raise needs_openpyxl() from None
	book = Workbook(write_only=True)
	sheet = book.create_sheet()

	def cell(value: Any) -> Any:
		if value is None or isinstance(value, bool | int | float):
			return value
		found = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", _text(value)))
		found.data_type = "s"  # text, whatever it begins with
		return found

	for row in ([head] if head else []) + cells:
		sheet.append([cell(value) for value in row])
	file = io.BytesIO()
	book.save(file)
	return file.getvalue()


def needs_openpyxl() -> NotAvailable:
	"""What to raise where the library for XLSX is not there. Every bench has it: Frappe needs it."""
	return NotAvailable(
		"XLSX needs the Python package openpyxl, which is not installed here. Install it with "
		"`pip install 'dogansystem[xlsx]'`, or take csv."
	)

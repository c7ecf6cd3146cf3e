"""Text and files as data: CSV, JSON, XML, XLSX. Whatever cannot be read is a ValidationError that says where.

What is read comes from outside: from mails, from other servers. So XML has no entities and no document type, packed files
are looked at before they are unpacked, and everything has a limit.
"""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from datetime import date, datetime, time, timedelta
from pathlib import PurePath
from typing import Any, NoReturn
from xml.parsers import expat

from dogansystem.actions import pdf
from dogansystem.actions.schema import ValidationError, shown
from dogansystem.actions.tables import needs_openpyxl
from dogansystem.protocol import StoredFile

MAX_FILE = 5 * 1024 * 1024  # bytes that are read; what they hold has to fit into an output anyway
MAX_UNPACKED = 50 * 1024 * 1024  # bytes of an XLSX file, unpacked
MAX_ROWS = 100_000  # of a sheet, empty ones included
MAX_DEPTH = 100  # of elements of XML within each other
_BEGINNING = 2000  # bytes of a part of an XLSX file in which a document type would stand

Options = Mapping[str, Any]


def parse_csv(text: str, options: Options, path: str = "params.csv") -> list[Any]:
	"""Rows as mappings by the names in the first line, or as lists with `header: false`. Empty lines are left out."""
	reader = csv.reader(
		io.StringIO(text.removeprefix("\ufeff"), newline=""),
		delimiter=options.get("delimiter", ","),
		strict=True,
	)
	try:
		lines = list(reader)
	except csv.Error as error:
		raise ValidationError(f"{path}: line {reader.line_num}: {error}.") from None
	return _rows(lines, options, path, "")


def parse_json(text: str, options: Options, path: str = "params.json") -> Any:
	"""The value; with `rows`, the list at that place in it."""
	try:
		value = json.loads(text.removeprefix("\ufeff"), parse_constant=_no_number)
	except (ValueError, RecursionError) as error:
		raise ValidationError(f"{path}: is not JSON: {error}.") from None
	return _at(value, options, path)


def _no_number(name: str) -> NoReturn:
	raise ValueError(f"{name} is not a number in JSON")


def parse_xml(text: str | bytes, options: Options, path: str = "params.xml") -> Any:
	"""The root element by its name; with `rows`, the elements at that place, as a list even if there is one.

	An element is its text; with attributes or elements in it, a mapping: attributes as `@name`, elements by their names
	(a list where there are several), text beside them as `#text`. An empty one is null.
	"""
	# Text has been decoded: what it says of its encoding is not true any more.
	parser = expat.ParserCreate("utf-8" if isinstance(text, str) else None)
	builder = _Builder(path)
	parser.buffer_text = True
	parser.StartElementHandler, parser.EndElementHandler = builder.start, builder.end
	parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = builder.text, builder.refuse
	try:
		parser.Parse(text.encode() if isinstance(text, str) else text, True)
	except expat.ExpatError as error:
		raise ValidationError(f"{path}: is not XML: {error}.") from None
	except (UnicodeError, LookupError) as error:
		raise ValidationError(f"{path}: its text cannot be read: {error}.") from None
	return _at(builder.root, options, path)


class _Builder:
	"""Makes mappings of what expat reads."""

	def __init__(self, path: str) -> None:
		self.root: dict[str, Any] = {}
		self._path = path
		self._open: list[dict[str, Any]] = [self.root]

	def start(self, name: str, attributes: dict[str, str]) -> None:
		if len(self._open) > MAX_DEPTH:
			raise ValidationError(f"{self._path}: has more than {MAX_DEPTH} elements within each other.")
		self._open.append({f"@{key}": value for key, value in attributes.items()})

	def end(self, name: str) -> None:
		element = self._open.pop()
		text = element.pop("#text", "").strip()
		if text and element:
			element["#text"] = text
		_add(self._open[-1], name, element or text or None)

	def text(self, text: str) -> None:
		self._open[-1]["#text"] = self._open[-1].get("#text", "") + text

	def refuse(self, *_: Any) -> None:
		raise ValidationError(
			f"{self._path}: has a document type (<!DOCTYPE …>), in which entities could be hidden. Send it without."
		)


def _add(element: dict[str, Any], name: str, value: Any) -> None:
	if name not in element:
		element[name] = value
	elif isinstance(element[name], list):
		element[name].append(value)
	else:
		element[name] = [element[name], value]


def parse_file(file: StoredFile, options: Options) -> Any:
	"""What is in a file, by the ending of its name."""
	kind = PurePath(file.file_name).suffix.lower()
	path = f"params.file: {file.file_name}"
	if kind == ".xlsx":
		return _rows(_sheet(file.content, options, path), options, path, None)
	if kind == ".pdf":
		return pdf.text_of(file.content, file.file_name)
	if kind == ".xml":
		encoding = options.get("encoding")
		return parse_xml(_decoded(file.content, encoding, path) if encoding else file.content, options, path)
	parsers: Mapping[str, Callable[[str, Options, str], Any]] = {
		".csv": parse_csv,
		".txt": parse_csv,
		".tsv": lambda text, options, path: parse_csv(text, {"delimiter": "\t", **options}, path),
		".json": parse_json,
	}
	if kind not in parsers:
		raise ValidationError(
			f"{path}: is no .csv, .tsv, .txt, .json, .xml, .xlsx or .pdf file. Name one that is, or give its text as csv, json or xml."
		)
	return parsers[kind](_decoded(file.content, options.get("encoding", "utf-8"), path), options, path)


def _decoded(content: bytes, encoding: str, path: str) -> str:
	try:
		return content.decode(encoding)
	except LookupError:
		raise ValidationError(
			f"params.options.encoding: there is no encoding {shown(encoding)}; write one such as windows-1254."
		) from None
	except ValueError:
		raise ValidationError(
			f"{path}: is not text in {encoding}. Name its encoding, such as options: {{encoding: windows-1254}}."
		) from None


def _sheet(content: bytes, options: Options, path: str) -> list[list[Any]]:
	"""The rows of one sheet of an XLSX file. Formulas give the value that was last computed."""
	try:
		import openpyxl
	except ImportError:
		raise needs_openpyxl() from None
	try:
		_check_packed(content, path)
		with closing(openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)) as book:
			sheet = book[options["sheet"]] if "sheet" in options else book.worksheets[0]
			sheet.reset_dimensions()  # what the file says about its size need not be true
			rows = _limited(sheet.iter_rows(values_only=True), path)
			return [[_plain(value) for value in row] for row in rows]
	except ValidationError:
		raise
	except Exception as error:  # the library raises whatever a broken file makes it stumble over
		sheet_words = f" or has no sheet {shown(options['sheet'])}" if "sheet" in options else ""
		raise ValidationError(
			f"{path}: is no XLSX file that can be read{sheet_words} ({type(error).__name__}: {error})."
		) from None


def _check_packed(content: bytes, path: str) -> None:
	"""Raise ValidationError for a file that would grow past all bounds, or that hides entities."""
	with zipfile.ZipFile(io.BytesIO(content)) as packed:
		parts = packed.infolist()
		if sum(part.file_size for part in parts) > MAX_UNPACKED:
			raise ValidationError(f"{path}: unpacks to more than {MAX_UNPACKED:,} bytes. Split it.")
		for part in parts:
			with packed.open(part) as opened:
				if b"<!DOCTYPE" in opened.read(_BEGINNING).replace(b"\0", b""):
					raise ValidationError(
						f"{path}: has a document type in {part.filename}, which no XLSX file needs."
					)


def _limited(rows: Iterable[tuple[Any, ...]], path: str) -> Iterator[tuple[Any, ...]]:
	for number, row in enumerate(rows):
		if number >= MAX_ROWS:
			raise ValidationError(f"{path}: has more than {MAX_ROWS:,} rows. Split it.")
		if any(value is not None for value in row):
			yield row


def _plain(value: Any) -> Any:
	return str(value) if isinstance(value, datetime | date | time | timedelta) else value


def _rows(lines: list[list[Any]], options: Options, path: str, missing: Any) -> list[Any]:
	"""The rows by the names in the first one, unless `header` is false. `missing` stands at the end of a short line."""
	filled = [line for line in lines if any(not _is_empty(cell) for cell in line)]
	if not options.get("header", True) or not filled:
		return filled
	names = [str(cell).strip() if cell is not None else "" for cell in filled[0]]
	for name in names:
		if name and names.count(name) > 1:
			raise ValidationError(f"{path}: two columns are named {shown(name)}. {_LISTS}")
	return [_row(line, names, f"{path}: row {number}", missing) for number, line in enumerate(filled[1:], 2)]


_LISTS = "Name each column in the first line once, or take options: {header: false}, which gives lists."


def _row(line: list[Any], names: list[str], where: str, missing: Any) -> dict[str, Any]:
	for number, cell in enumerate(line):
		if not _is_empty(cell) and (number >= len(names) or not names[number]):
			raise ValidationError(
				f"{where}: {shown(cell)} stands in column {number + 1}, which has no name. {_LISTS}"
			)
	cells = [*line, *[missing] * (len(names) - len(line))]
	return {name: cell for name, cell in zip(names, cells, strict=False) if name}


def _is_empty(cell: Any) -> bool:
	return cell is None or (isinstance(cell, str) and not cell.strip())


def _at(value: Any, options: Options, path: str) -> Any:
	"""The list at the place that `rows` names, such as orders.order; without it, the value as it is."""
	place = options.get("rows")
	if place is None:
		return value
	for name in place.split("."):
		if not isinstance(value, dict) or name not in value:
			known = ", ".join(value) if isinstance(value, dict) else "nothing with a name"
			raise ValidationError(
				f"params.options.rows: there is no {shown(name)} of {place}; there is {known[:200]}."
			)
		value = value[name]
	return value if isinstance(value, list) else [] if value is None else [value]

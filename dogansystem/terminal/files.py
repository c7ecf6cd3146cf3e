"""Files that people give to the command: definitions, inputs, documents. Every error names the file and the place."""

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any, NoReturn, TextIO

from dogansystem.actions import registry
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DoganError
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.homes.sandbox.filters import check_field
from dogansystem.homes.sandbox.naming import check_name

SCHEMA = Path(__file__).parents[1] / "workflow.schema.json"  # the format as a JSON Schema
MAX_BYTES = 1024 * 1024  # of a definition, an input or a document; more is a mistake, or an attack
MAX_DEPTH = 100  # lists and mappings inside each other, as deep as what handles them can go


class FileError(DoganError):
	"""A file that cannot be used: not there, not readable, not JSON, not a document."""


def definition(path: Path, fills_run_as: bool = False) -> Definition:
	"""The definition in a YAML or JSON file; with `fills_run_as` one without `run_as` too. Raises FileError or DefinitionError."""
	try:
		actions = registry.core_actions()
		return parse(
			read_text(path),
			actions=registry.schemas(actions),
			branches=registry.branches(actions),
			fills_run_as=fills_run_as,
			source_name=str(path),
		)
	except RecursionError:
		raise FileError(f"{path}: nested too deeply.") from None


def json_value(text: str, what: str) -> Any:
	"""JSON given on the command line, or `@FILE` with JSON in it. Raises FileError."""
	if text.startswith("@"):
		return _json(read_text(Path(text[1:])), text[1:])
	return _json(text, what, ' Write it as \'{"key": "value"}\', or give @FILE.')


def document(path: Path) -> dict[str, Any]:
	"""The one document in a JSON file, with `doctype` and `name`. Raises FileError."""
	return _document(_json(read_text(path), str(path)), str(path))


def documents(path: Path) -> Iterator[dict[str, Any]]:
	"""The documents in a file of JSON lines, each with `doctype` and `name`. Raises FileError, naming the line."""
	try:
		with path.open(encoding="utf-8") as file:
			for number, line in enumerate(_lines(file, path), start=1):
				where = f"{path}, line {number}"
				if line.strip():
					yield _document(_json(line, where, " Each line is one document."), where)
	except (OSError, UnicodeDecodeError) as error:
		raise FileError(f"{path}: cannot be read: {_reason(error)}") from None


def _lines(file: TextIO, path: Path) -> Iterator[str]:
	while line := file.readline(MAX_BYTES + 1):
		if len(line) > MAX_BYTES:
			raise FileError(f"{path}: a line is longer than {MAX_BYTES:,} characters.")
		yield line


def _json(text: str, where: str, remedy: str = "") -> Any:
	try:
		found = json.loads(text, parse_constant=_refuse_constant)
		_check(found, where, "", 0)
		return found
	except ValueError as error:
		raise FileError(f"{where}: not JSON: {error}.{remedy}") from None
	except RecursionError:
		raise FileError(
			f"{where}: lists and mappings lie more than {MAX_DEPTH} deep inside each other."
		) from None


def _refuse_constant(name: str) -> NoReturn:
	raise ValueError(f"{name} is no number of JSON")


def _check(value: Any, where: str, path: str, depth: int) -> None:
	"""Raise FileError for what JSON allows and no database takes."""
	if depth > MAX_DEPTH:
		raise RecursionError
	if isinstance(value, dict):
		for key, each in value.items():
			_check(key, where, path or "its keys", depth)
			_check(each, where, f"{path}.{key}".removeprefix("."), depth + 1)
	elif isinstance(value, list):
		for number, each in enumerate(value):
			_check(each, where, f"{path}[{number}]", depth + 1)
	elif isinstance(value, float) and not isfinite(value):
		raise FileError(f"{where}: {path}: the number is larger than any that can be kept.")
	elif isinstance(value, str) and any("\ud800" <= char <= "\udfff" for char in value):
		raise FileError(f"{where}: {path}: a text holds half of a character (a lone surrogate).")


def _document(value: Any, where: str) -> dict[str, Any]:
	if not isinstance(value, Mapping):
		raise FileError(f"{where}: a document is a JSON object, not {type(value).__name__}.")
	for key in ("doctype", "name"):
		if not value.get(key) or not isinstance(value[key], str):
			raise FileError(f"{where}: the document has no {key!r}. Each one needs doctype and name.")
	try:
		check_name("DocType", value["doctype"])
		check_name(value["doctype"], value["name"])
		for field in value:
			check_field(field)
	except ValidationError as error:
		raise FileError(f"{where}: {error}") from None
	return dict(value)


def read_text(path: Path) -> str:
	"""The text in a file. Raises FileError."""
	try:
		with path.open("rb") as file:
			content = file.read(MAX_BYTES + 1)
		if len(content) > MAX_BYTES:
			raise FileError(f"{path}: larger than {MAX_BYTES:,} bytes.")
		return content.decode()
	except (OSError, ValueError) as error:
		raise FileError(f"{path}: cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
	return (error.strerror if isinstance(error, OSError) else None) or str(error)

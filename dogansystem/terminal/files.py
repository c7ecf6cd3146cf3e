"""Files that people give to the command: definitions, inputs, documents. Every error names the file and the place."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from dogansystem.actions import registry
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import DoganError

MAX_BYTES = 1024 * 1024  # of a definition or an input; more is a mistake, or an attack


class FileError(DoganError):
	"""A file that cannot be used: not there, not readable, not JSON, not a document."""


def definition(path: Path) -> Definition:
	"""The definition in a YAML or JSON file. Raises FileError or DefinitionError."""
	return parse(_text(path), actions=registry.schemas(registry.core_actions()), source_name=str(path))


def json_value(text: str, what: str) -> Any:
	"""JSON given on the command line, or `@FILE` with JSON in it. Raises FileError."""
	source = text
	if text.startswith("@"):
		what, source = text[1:], _text(Path(text[1:]))
	try:
		return json.loads(source)
	except ValueError as error:
		raise FileError(
			f'{what}: not JSON: {error}. Write it as \'{{"key": "value"}}\', or give @FILE.'
		) from None


def document(path: Path) -> dict[str, Any]:
	"""The one document in a JSON file, with `doctype` and `name`. Raises FileError."""
	try:
		return _checked(json.loads(_text(path)), str(path))
	except ValueError as error:
		raise FileError(f"{path}: not JSON: {error}") from None


def documents(path: Path) -> Iterator[dict[str, Any]]:
	"""The documents in a file of JSON lines, each with `doctype` and `name`. Raises FileError, naming the line."""
	try:
		with path.open(encoding="utf-8") as lines:
			for number, line in enumerate(lines, start=1):
				if line.strip():
					yield _checked(_line(line, f"{path}, line {number}"), f"{path}, line {number}")
	except (OSError, UnicodeDecodeError) as error:
		raise FileError(f"{path}: cannot be read: {_reason(error)}") from None


def _line(line: str, where: str) -> Any:
	try:
		return json.loads(line)
	except ValueError as error:
		raise FileError(f"{where}: not JSON: {error}. Each line is one document.") from None


def _checked(value: Any, where: str) -> dict[str, Any]:
	if not isinstance(value, Mapping):
		raise FileError(f"{where}: a document is a JSON object, not {type(value).__name__}.")
	for key in ("doctype", "name"):
		if not value.get(key) or not isinstance(value[key], str):
			raise FileError(f"{where}: the document has no {key!r}. Each one needs doctype and name.")
	return dict(value)


def _text(path: Path) -> str:
	try:
		if path.stat().st_size > MAX_BYTES:
			raise FileError(f"{path}: larger than {MAX_BYTES:,} bytes.")
		return path.read_text(encoding="utf-8")
	except (OSError, UnicodeDecodeError) as error:
		raise FileError(f"{path}: cannot be read: {_reason(error)}") from None


def _reason(error: Exception) -> str:
	return (error.strerror if isinstance(error, OSError) else None) or str(error)

"""What a definition is written in: YAML text, JSON text or plain data. All become plain data: mappings with text as
keys, lists, text, finite numbers, true, false, null."""

import json
from collections.abc import Mapping
from typing import Any

from dogansystem.engine.definitions.problems import Problems, at, kind
from dogansystem.engine.definitions.yaml_source import MAX_DEPTH, MAX_VALUES, Unreadable, read_yaml
from dogansystem.engine.errors import OutputNotJSON
from dogansystem.engine.templates.plain import to_json_value

MAX_SIZE = 1024 * 1024  # bytes of text of one definition


def read(source: Any, problems: Problems, name: str = "") -> Any:
	"""`source` as plain data. Raises Unreadable when a problem ends the reading; it has been noted then."""
	data = read_text(source, problems, name) if isinstance(source, str) else source
	return _Plain(problems).of(data, "", 0)


def read_text(text: str, problems: Problems, name: str) -> Any:
	text = text.removeprefix("\ufeff")
	if len(text) > MAX_SIZE or len(text.encode(errors="replace")) > MAX_SIZE:
		problems.add(
			"", f"more than {MAX_SIZE:,} bytes; keep large texts in documents or templates of the site"
		)
		raise Unreadable
	if text.lstrip()[:1] in ("{", "["):
		try:
			return json.loads(text, object_pairs_hook=unique)
		except json.JSONDecodeError as error:
			if name.endswith(".json"):
				place = f"line {error.lineno}, column {error.colno}"
				message = f"not valid JSON: {error.msg}; check the commas, quotes and brackets there"
				problems.add(place, message)
				raise Unreadable from None
		except (ValueError, RecursionError):
			pass  # the YAML reader says where it is
	return read_yaml(text, problems)


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
	"""A mapping of pairs. Raises ValueError if a key stands twice."""
	data = dict(pairs)
	if len(data) != len(pairs):
		raise ValueError("a key stands twice")
	return data


class _Plain:
	"""Copies data while it checks that JSON has a form for it."""

	def __init__(self, problems: Problems) -> None:
		self.problems = problems
		self.values = 0
		self.characters = 0

	def of(self, value: Any, path: str, depth: int) -> Any:
		self.values += 1
		if self.values > MAX_VALUES:
			self.stop(path, f"more than {MAX_VALUES:,} values; write a smaller definition")
		if depth > MAX_DEPTH:
			self.stop(path, f"more than {MAX_DEPTH} lists and mappings inside each other; write it flatter")
		if isinstance(value, Mapping):
			return {
				self.key(key, path): self.of(inner, at(path, str(key)), depth + 1)
				for key, inner in value.items()
			}
		if isinstance(value, list | tuple):
			return [self.of(inner, at(path, index), depth + 1) for index, inner in enumerate(value)]
		return self.scalar(value, path)

	def stop(self, path: str, message: str) -> None:
		self.problems.add(path, message)
		raise Unreadable

	def key(self, key: Any, path: str) -> str:
		if not isinstance(key, str):
			self.problems.add(path, f"the key {key!r} is {kind(key)}; keys are text")
		return str(self.scalar(str(key), path))

	def scalar(self, value: Any, path: str) -> Any:
		if isinstance(value, str):
			self.characters += len(value)
			if self.characters > MAX_SIZE:
				message = (
					f"more than {MAX_SIZE:,} characters in all; keep large texts in documents of the site"
				)
				self.stop(path, message)
		elif isinstance(value, int) and value.bit_length() > 1024:
			self.problems.add(path, "is a number with too many digits; write it as text")
			return 0
		elif not (value is None or isinstance(value, int | float)):
			self.problems.add(path, f"is {kind(value)}, which JSON has no form for; write it as text")
			return None
		try:
			return to_json_value(value)
		except OutputNotJSON as error:
			self.problems.add(path, str(error))
			return type(value)()

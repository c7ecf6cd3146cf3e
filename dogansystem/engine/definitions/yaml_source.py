"""YAML text as plain data, with the rules of YAML 1.2: `on`, `yes` and dates are text, only true and false are not.

Built from the parser's events, because a loader would follow aliases that grow without end, take the last of two
equal keys, and read the key `on` as true.
"""

import math
import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from dogansystem.engine.definitions.problems import Problems, at

MAX_VALUES = 50_000  # values of one definition, each alias counted with all that it stands for
MAX_DEPTH = 40  # lists and mappings inside each other

_NULL = re.compile(r"~|null|Null|NULL|")
_BOOLEAN = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER = re.compile(r"[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100}")
_FLOAT = re.compile(
	r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
	r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_STANDARD = "tag:yaml.org,2002:"
_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Unreadable(Exception):
	"""The text cannot be read any further; the problem has been noted."""


@dataclass(slots=True)
class _Open:
	"""A list or mapping that has begun."""

	data: Any
	path: str
	anchor: str | None
	values_before: int
	key: str | None = None
	merges: bool = False  # whether the key is `<<` without quotes
	merged: list[Any] = field(default_factory=list)


def read_yaml(text: str, problems: Problems) -> Any:
	"""The one document in `text` as plain data. Raises Unreadable when a problem ends the reading."""
	try:
		return _Reader(text, problems).read()
	except yaml.MarkedYAMLError as error:
		mark = error.problem_mark or error.context_mark
		words = error.problem or error.context or "not valid YAML"
		_note(
			problems, text, mark.line if mark else 0, mark.column if mark else 0, f"not valid YAML: {words}"
		)
	except yaml.reader.ReaderError as error:
		before = text[: error.position]
		column = len(before) - before.rfind("\n") - 1
		_note(problems, text, before.count("\n"), column, f"not valid YAML: {error.reason}")
	except UnicodeEncodeError as error:  # the parser in C takes UTF-8, which has no form for these
		before = text[: error.start]
		column = len(before) - before.rfind("\n") - 1
		_note(problems, text, before.count("\n"), column, "holds half of a character (a lone surrogate)")
	raise Unreadable


def _note(problems: Problems, text: str, line: int, column: int, message: str) -> None:
	lines = text.split("\n")
	around = "".join(lines[max(line - 1, 0) : line + 1])
	remedy = "check the indentation, colons and quotes there"
	if "{{" in around:
		remedy = 'text with {{ … }} stands in quotes: "{{ … }}"'
	elif "\t" in around:
		remedy = "indent with spaces, not with tabs"
	problems.add(f"line {line + 1}, column {column + 1}", f"{message}; {remedy}")


class _Reader:
	def __init__(self, text: str, problems: Problems) -> None:
		self.text = text
		self.problems = problems
		self.stack: list[_Open] = []
		self.anchors: dict[str, tuple[Any, int]] = {}
		self.values = 0
		self.documents: list[Any] = []

	def read(self) -> Any:
		for event in yaml.parse(self.text, Loader=_PARSER):
			if isinstance(event, yaml.ScalarEvent):
				self.value(event, self.scalar(event), event.anchor, 1)
			elif isinstance(event, yaml.AliasEvent):
				self.alias(event)
			elif isinstance(event, yaml.CollectionStartEvent):
				self.begin(event)
			elif isinstance(event, yaml.CollectionEndEvent):
				self.end(event)
		if len(self.documents) > 1:
			self.problems.add("", "holds more than one document (`---`); keep one definition to a file")
			raise Unreadable
		return self.documents[0] if self.documents else None

	def stop(self, event: Any, message: str) -> None:
		mark = event.start_mark
		self.problems.add(f"line {mark.line + 1}, column {mark.column + 1}", message)
		raise Unreadable

	def count(self, event: Any, values: int) -> None:
		self.values += values
		if self.values > MAX_VALUES:
			self.stop(event, f"more than {MAX_VALUES:,} values, aliases included; write a smaller definition")

	def place(self) -> str:
		"""The path of the value that comes next."""
		if not self.stack:
			return ""
		top = self.stack[-1]
		return at(top.path, len(top.data) if isinstance(top.data, list) else top.key or "")

	def begin(self, event: Any) -> None:
		if len(self.stack) >= MAX_DEPTH:
			self.stop(event, f"more than {MAX_DEPTH} lists and mappings inside each other; write it flatter")
		if self.stack and isinstance(self.stack[-1].data, dict) and self.stack[-1].key is None:
			self.stop(event, 'a key is text; a template stands in quotes: "{{ … }}"')
		self.tag(event, "map", "seq")
		data: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
		self.stack.append(_Open(data, self.place(), event.anchor, self.values))

	def end(self, event: Any) -> None:
		done = self.stack.pop()
		for mapping in done.merged:
			done.data = {
				**done.data,
				**{key: value for key, value in mapping.items() if key not in done.data},
			}
		self.value(event, done.data, done.anchor, self.values - done.values_before + 1, counted=1)

	def alias(self, event: Any) -> None:
		if event.anchor not in self.anchors:
			self.stop(
				event, f"the alias *{event.anchor} stands for nothing before it; define &{event.anchor} first"
			)
		data, weight = self.anchors[event.anchor]
		self.value(event, data, None, weight)

	def value(
		self, event: Any, data: Any, anchor: str | None, weight: int, counted: int | None = None
	) -> None:
		"""Take a finished value to where it belongs: a key, a mapping's or list's value, or the document."""
		self.count(event, weight if counted is None else counted)
		if anchor:
			self.anchors[anchor] = (data, weight)
		if not self.stack:
			self.documents.append(data)
			return
		top = self.stack[-1]
		if isinstance(top.data, list):
			top.data.append(data)
		elif top.key is None:
			top.key = self.key(event, data)
			top.merges = top.key == "<<" and isinstance(event, yaml.ScalarEvent) and event.implicit[0]
		else:
			self.pair(event, top, data)

	def pair(self, event: Any, top: _Open, data: Any) -> None:
		key, top.key = top.key, None
		if top.merges:
			given = data if isinstance(data, list) else [data]
			if not all(isinstance(each, dict) for each in given):
				self.stop(event, "`<<` merges mappings; give it an alias of one")
			top.merged += given
		elif key in top.data:
			line = event.start_mark.line + 1
			self.problems.add(
				at(top.path, str(key)), f"stands twice, the second time in line {line}; keep one"
			)
		else:
			top.data[key] = data

	def key(self, event: Any, data: Any) -> str:
		if isinstance(event, yaml.ScalarEvent):
			# As it is written: `on` and `1` are text here.
			return str(event.value)
		if not isinstance(data, str):
			self.stop(event, "a key is text")
		return str(data)

	def tag(self, event: Any, *allowed: str) -> str | None:
		"""The event's tag, such as `str` for `!!str`, or None; any tag but these ends the reading."""
		tag = None if event.tag is None else str(event.tag).removeprefix(_STANDARD)
		if tag not in (None, "!", *allowed):
			self.stop(event, f"the tag {tag!r} is not allowed; write plain YAML")
		return tag

	def scalar(self, event: Any) -> Any:
		tag = self.tag(event, "bool", "float", "int", "null", "str")
		text = str(event.value)
		if (tag is None and not event.implicit[0]) or tag in ("!", "str"):
			return text
		value = plain_scalar(text)
		if isinstance(value, float) and not math.isfinite(value):
			self.problems.add(self.place(), f"{text} is not a number that JSON has; give a finite number")
			return None
		return value


def plain_scalar(text: str) -> Any:
	"""What a scalar without quotes is. Source: YAML 1.2.2, chapter 10.3, the core schema."""
	if _NULL.fullmatch(text):
		return None
	if _BOOLEAN.fullmatch(text):
		return text.lower() == "true"
	if _INTEGER.fullmatch(text):
		return int(text, 0 if text[:2] in ("0o", "0x") else 10)
	if _FLOAT.fullmatch(text):
		return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
	return text

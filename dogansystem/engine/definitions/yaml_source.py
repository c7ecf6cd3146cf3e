"""YAML text as plain data, by the rules of YAML 1.2: `on`, `yes` and dates are text, only true and false are not.

PyYAML reads the text into nodes. They become data here, because its constructors follow aliases that grow without end,
take the last of two equal keys, and read the key `on` as true.
"""

import re
from typing import Any

import yaml

from dogansystem.engine.definitions.problems import Problems, at

MAX_VALUES = 50_000  # values of one definition, each alias counted with all that it stands for
MAX_DEPTH = 40  # lists and mappings inside each other

_TAG = "tag:yaml.org,2002:"
# Source: YAML 1.2.2, chapter 10.3, the core schema.
_SCALARS = {
	"null": re.compile(r"(?:~|null|Null|NULL|)\Z"),
	"bool": re.compile(r"(?:true|True|TRUE|false|False|FALSE)\Z"),
	"int": re.compile(r"(?:[-+]?[0-9]{1,100}|0o[0-7]{1,100}|0x[0-9a-fA-F]{1,100})\Z"),
	"float": re.compile(
		r"(?:[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
		r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\Z"
	),
}
_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Loader(_BASE):  # type: ignore[misc]
	"""Reads text into nodes, whose scalars are what YAML 1.2 says they are."""

	yaml_implicit_resolvers: dict[Any, Any] = {}


for _name, _pattern in _SCALARS.items():
	Loader.add_implicit_resolver(_TAG + _name, _pattern, None)


class Unreadable(Exception):
	"""The text cannot be read any further; the problem has been noted."""


def read_yaml(text: str, problems: Problems) -> Any:
	"""The one document in `text` as plain data. Raises Unreadable when a problem ends the reading."""
	try:
		_check_events(text, problems)
		node = yaml.compose(text, Loader=Loader)
		return None if node is None else _Data(problems).of(node, "", 0)
	except yaml.MarkedYAMLError as error:
		mark = error.problem_mark or error.context_mark
		words = error.problem or error.context or "not valid YAML"
		place = (mark.line, mark.column) if mark else (0, 0)
		_note(problems, text, *place, f"not valid YAML: {words}")
	except yaml.reader.ReaderError as error:
		_note(problems, text, *_place(text, error.position), f"not valid YAML: {error.reason}")
	except UnicodeEncodeError as error:  # the parser in C takes UTF-8, which has no form for these
		_note(problems, text, *_place(text, error.start), "holds half of a character (a lone surrogate)")
	raise Unreadable


def _place(text: str, position: int) -> tuple[int, int]:
	before = text[:position]
	return before.count("\n"), len(before) - before.rfind("\n") - 1


def _note(problems: Problems, text: str, line: int, column: int, message: str) -> None:
	around = "".join(text.split("\n")[max(line - 1, 0) : line + 1])
	remedy = "check the indentation, colons and quotes there"
	if "{{" in around:
		remedy = 'text with {{ … }} stands in quotes: "{{ … }}"'
	elif "\t" in around:
		remedy = "indent with spaces, not with tabs"
	elif "undefined alias" in message:
		remedy = "define it with & before it is used with *"
	problems.add(f"line {line + 1}, column {column + 1}", f"{message}; {remedy}")


def _stop(problems: Problems, mark: Any, message: str) -> None:
	problems.add(f"line {mark.line + 1}, column {mark.column + 1}", message)
	raise Unreadable


def _check_events(text: str, problems: Problems) -> None:
	"""Stop at what PyYAML would follow too far: it composes nodes by recursion in C, which ends the process."""
	depth = documents = 0
	for event in yaml.parse(text, Loader=Loader):
		if isinstance(event, yaml.CollectionStartEvent):
			depth += 1
			if depth > MAX_DEPTH:
				message = f"more than {MAX_DEPTH} lists and mappings inside each other; write it flatter"
				_stop(problems, event.start_mark, message)
		elif isinstance(event, yaml.CollectionEndEvent):
			depth -= 1
		elif isinstance(event, yaml.DocumentStartEvent):
			documents += 1
	if documents > 1:
		problems.add("", "holds more than one document (`---`); keep one definition to a file")
		raise Unreadable


class _Data:
	"""Makes data of nodes, and counts it."""

	def __init__(self, problems: Problems) -> None:
		self.problems = problems
		self.values = 0

	def of(self, node: Any, path: str, depth: int) -> Any:
		self.values += 1
		if self.values > MAX_VALUES or depth > MAX_DEPTH:  # an alias that stands for itself is endlessly deep
			message = f"more than {MAX_VALUES:,} values, aliases included, or an alias of itself; write less"
			_stop(self.problems, node.start_mark, message)
		tag = node.tag.removeprefix(_TAG)
		if isinstance(node, yaml.MappingNode) and tag == "map":
			return self.mapping(node, path, depth)
		if isinstance(node, yaml.SequenceNode) and tag == "seq":
			return [self.of(each, at(path, index), depth + 1) for index, each in enumerate(node.value)]
		if not isinstance(node, yaml.ScalarNode) or tag not in (*_SCALARS, "str"):
			_stop(self.problems, node.start_mark, f"the tag {tag!r} is not allowed; write plain YAML")
		return plain_scalar(node.value) if tag in _SCALARS and _SCALARS[tag].match(node.value) else node.value

	def mapping(self, node: Any, path: str, depth: int) -> dict[str, Any]:
		data: dict[str, Any] = {}
		merged: list[Any] = []
		for key, value in node.value:
			if not isinstance(key, yaml.ScalarNode):
				_stop(self.problems, key.start_mark, 'a key is text; a template stands in quotes: "{{ … }}"')
			name = str(key.value)  # as it is written: `on` and `1` are text here
			inner = self.of(value, at(path, name), depth + 1)
			if name == "<<" and not key.style:
				merged += inner if isinstance(inner, list) else [inner]
				if not all(isinstance(each, dict) for each in merged):
					_stop(self.problems, value.start_mark, "`<<` merges mappings; give it an alias of one")
			elif name in data:
				line = value.start_mark.line + 1
				self.problems.add(at(path, name), f"stands twice, the second time in line {line}; keep one")
			else:
				data[name] = inner
		for each in merged:
			data |= {name: inner for name, inner in each.items() if name not in data}
		return data


def plain_scalar(text: str) -> Any:
	"""What a scalar without quotes is."""
	tag = next((tag for tag, pattern in _SCALARS.items() if pattern.match(text)), "str")
	if tag == "null":
		return None
	if tag == "bool":
		return text.lower() == "true"
	if tag == "int":
		return int(text, 0 if text[:2] in ("0o", "0x") else 10)
	return float(text.lower().replace(".inf", "inf").replace(".nan", "nan")) if tag == "float" else text

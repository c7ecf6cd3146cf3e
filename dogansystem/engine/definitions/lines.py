"""Where in the text of a definition a path stands, so that an editor can mark what is wrong there."""

import re
from collections.abc import Iterable
from typing import Any

import yaml

from dogansystem.engine.definitions.yaml_source import Loader

_PLACE = re.compile(r"line (\d+), column \d+")
_INDEX = re.compile(r"\[(\d+)\]")


def lines_of(text: str, paths: Iterable[str]) -> list[int]:
	"""The line of each path, such as `steps[2].after`, from 1. Of what is not there: the line of what it is missing in.

	Text that is no YAML has only the places that its own errors name, `line 3, column 5`; anything else is in line 1.
	"""
	wanted = list(paths)
	try:
		# Errors of the reader name their lines; only what it has read is looked into further.
		root = None if all(map(_PLACE.match, wanted)) else yaml.compose(text, Loader=Loader)
	except (yaml.YAMLError, UnicodeEncodeError, RecursionError):
		root = None
	return [_line(root, path) for path in wanted]


def _line(root: Any, path: str) -> int:
	if place := _PLACE.match(path):
		return int(place[1])
	node, line, rest = root, 1, path
	while node is not None and rest:
		node, at, rest = _step(node, rest)
		line = line if at is None else at.start_mark.line + 1
	return line


def _step(node: Any, path: str) -> tuple[Any, Any, str]:
	"""What the first part of a path leads to, the node whose line shows it, and the rest of the path; None: nothing there."""
	index = _INDEX.match(path)
	if index and isinstance(node, yaml.SequenceNode) and int(index[1]) < len(node.value):
		found = node.value[int(index[1])]
		return found, found, path[index.end() :].removeprefix(".")
	if isinstance(node, yaml.MappingNode):
		# A key may have a point in it: the longest one that fits is meant.
		fits = [pair for pair in node.value if _begins(path, str(pair[0].value))]
		if fits:
			key, value = max(fits, key=lambda pair: len(pair[0].value))
			return value, key, path[len(key.value) :].removeprefix(".")
	return None, None, path


def _begins(path: str, key: str) -> bool:
	return bool(key) and path.startswith(key) and path[len(key) : len(key) + 1] in ("", ".", "[")

"""Collecting what is wrong in a definition, all of it, each with its path and a remedy."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any, Final

from dogansystem.engine.errors import Problem

MAX_PROBLEMS = 200  # kept of one definition; the rest are mended with them
MAX_MESSAGE = 1000  # characters of a path or a message: both quote what somebody wrote
MAX_NAME = 140  # characters of a name that somebody may have misspelt
MAX_NAMES = 2000  # looked at to find which one was meant

_WORDS = {
	bool: "true or false",
	dict: "a mapping",
	float: "a number",
	int: "a whole number",
	list: "a list",
	str: "text",
	type(None): "nothing",
}


LEFT_OUT: Final = object()  # what a check gives for a value that a definition does not keep


class Problems:
	"""The problems found so far, in the order they were found."""

	def __init__(self) -> None:
		self.found: list[Problem] = []

	@property
	def is_full(self) -> bool:
		"""Whether no more are kept. Looking for what somebody meant takes long, and is not worth it any more."""
		return len(self.found) >= MAX_PROBLEMS

	def add(self, path: str, message: str) -> None:
		"""Note a problem; the same one twice is noted once."""
		problem = Problem(shortened(path, MAX_MESSAGE), shortened(message, MAX_MESSAGE))
		if not self.is_full and problem not in self.found:
			self.found.append(problem)

	def refuse(self, path: str, message: str) -> Any:
		"""Note a problem of a value that is then left out."""
		self.add(path, message)
		return LEFT_OUT

	def unknown(self, path: str, message: str, name: str, names: Iterable[str], others: str) -> None:
		"""Note a name that does not exist, with the nearest one, or else with all there are (`others: a, b`)."""
		if self.is_full:
			return
		known = list(names)
		near = closest(name, known)
		remedy = f" (did you mean {near!r}?)" if near else f"; {others}: {listed(known)}" if known else ""
		self.add(path, message + remedy)


def closest(name: str, names: Iterable[str]) -> str | None:
	"""The name that was probably meant, or None. Upper and lower case count as the same.

	Comparing two long texts can take minutes, comparing with very many names seconds: neither is a slip of the pen.
	"""
	if len(name) > MAX_NAME:
		return None
	known = {each.lower(): each for each in islice(names, MAX_NAMES) if len(each) <= MAX_NAME}
	near = get_close_matches(name.lower(), known, 1)
	return known[near[0]] if near else None


def listed(names: Iterable[str]) -> str:
	"""The first names of many."""
	known = list(names)
	return ", ".join(known[:20]) + (", …" if len(known) > 20 else "")


def at(path: str, key: str | int) -> str:
	"""The path of what lies under `key` of `path`: `steps[2].after`."""
	if isinstance(key, int):
		return f"{path}[{key}]"
	return f"{path}.{key}" if path else key


def kind(value: Any) -> str:
	"""What a value is, in words: `a list`."""
	if isinstance(value, Mapping):
		return _WORDS[dict]
	return _WORDS.get(type(value), type(value).__name__)


def shown(value: Any) -> str:
	"""A wrong value as it appears in a message, shortened."""
	return shortened(repr(value), 58)


def shortened(text: str, most: int) -> str:
	"""At most so many characters of a text."""
	return text if len(text) <= most else f"{text[: most - 1]}…"

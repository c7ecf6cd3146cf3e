"""Collecting what is wrong in a definition, all of it, each with its path and a remedy."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from dogansystem.engine.errors import Problem

MAX_PROBLEMS = 200  # kept of one definition; the rest are mended with them

_WORDS = {
	bool: "true or false",
	dict: "a mapping",
	float: "a number",
	int: "a whole number",
	list: "a list",
	str: "text",
	type(None): "nothing",
}


class Problems:
	"""The problems found so far, in the order they were found."""

	def __init__(self) -> None:
		self.found: list[Problem] = []

	def add(self, path: str, message: str) -> None:
		"""Note a problem; the same one twice is noted once."""
		problem = Problem(path, message)
		if len(self.found) < MAX_PROBLEMS and problem not in self.found:
			self.found.append(problem)

	def unknown(self, path: str, message: str, name: str, names: Iterable[str], others: str) -> None:
		"""Note a name that does not exist, with the nearest one, or else with all there are (`others: a, b`)."""
		known = list(names)
		near = closest(name, known)
		remedy = f" (did you mean {near!r}?)" if near else f"; {others}: {listed(known)}" if known else ""
		self.add(path, message + remedy)


def closest(name: str, names: Iterable[str]) -> str | None:
	"""The name that was probably meant, or None. Upper and lower case count as the same."""
	known = {each.lower(): each for each in names}
	near = get_close_matches(name.lower()[:200], known, 1)
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
	text = repr(value)
	return text if len(text) <= 60 else f"{text[:57]}…"

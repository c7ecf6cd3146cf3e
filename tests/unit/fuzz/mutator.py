"""Inputs that are almost right: what people and programs write, changed in places by a seeded chance.

Pure noise is refused at the door. What gets far inside is a good definition with one value exchanged, a key moved, two
definitions grown together, a line of text doubled, or a template whose words stand in another order.
"""

import copy
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.source import read
from dogansystem.engine.definitions.yaml_source import Unreadable

ROOT = Path(__file__).parents[3]
GOOD = ("tests/unit/definitions/good", "dogansystem/workflows", "examples")
FOLDERS = (*GOOD * 4, "tests/unit/definitions/broken")  # the good ones more often: most changes break them
MAX_CHANGES = 4  # of one input

ODD_TEXTS = (
	"", " ", "\0", "\n", "a\0b", "\ud800", "\U0010ffff", "\u202e", "é" * 200, "x" * 300, "x" * 70_000, "null", "~", "on",
	"yes", "1e999", "-0", "NaN", "0x1f", "__proto__", "constructor", "__class__", "../..", "/etc/passwd", "C:\\a",
	"' OR '1'='1", "`a`", "a;b--", "%s", "%(a)s", "{}", "{0}", "{{", "}}", "{%", "{{ 1 }}", "{{ nope }}", "{{ doc.a }}",
	"{{ steps.a.output }}", "{{ item }}", "{{ [1] * 10 ** 9 }}", "{% for a in range(10**9) %}{% endfor %}", "${a}",
	"<script>", "5m", "-5m", "1h1h", "1d", "0", "9" * 400, "* * * * *", "@daily", "Europe/Istanbul", "2025-01-01",
	"document", "schedule", "data.set", "email.send", "http.request", "failed", "a", "b", "after", "steps",
)  # fmt: skip
ODD_NUMBERS = (
	0, 1, -1, 2, 0.5, -0.0, 1e-300, 1e308, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, float("inf"),
	float("-inf"), float("nan"),
)  # fmt: skip


def definitions() -> list[Any]:
	"""Definitions to begin with, good ones and bad ones, as data."""
	found: list[Any] = []
	for text in texts():
		try:
			found.append(read(text, Problems()))
		except Unreadable:
			pass
	return found


def texts() -> list[str]:
	"""The texts of definitions to begin with."""
	return [text for path in files() if len(text := path.read_text(errors="replace")) < 20_000]


def files() -> Iterator[Path]:
	for folder in FOLDERS:
		yield from sorted(
			path
			for path in (ROOT / folder).iterdir()
			if path.suffix in (".yaml", ".json") and ".test." not in path.name
		)


def odd_value(chance: Random, depth: int = 0) -> Any:
	"""Something that is seldom right: odd texts and numbers, nothing, and lists and mappings of these."""
	kind = chance.randrange(8 if depth < 3 else 5)
	if kind <= 2:
		return chance.choice(ODD_TEXTS)
	if kind == 3:
		return chance.choice(ODD_NUMBERS)
	if kind == 4:
		return chance.choice((None, True, False))
	several = range(chance.randrange(4))
	if kind == 5:
		return [odd_value(chance, depth + 1) for _ in several]
	if kind == 6:
		return {chance.choice(ODD_TEXTS): odd_value(chance, depth + 1) for _ in several}
	return chance.choice((b"bytes", {1: 2}, (1, 2), {"a"}, object, {None: None}))


def changed_data(chance: Random, corpus: Sequence[Any]) -> Any:
	"""One of `corpus` with a few changes, some of them taken from another one."""
	data = copy.deepcopy(chance.choice(corpus))
	for _ in range(chance.randint(1, MAX_CHANGES)):
		other = _part(chance, chance.choice(corpus))
		data = _changed(chance, data, other)
	return data


def _changed(chance: Random, data: Any, other: Any) -> Any:
	places = list(_containers(data))
	if not places:
		return odd_value(chance)
	place = chance.choice(places)
	if isinstance(place, dict):
		_change_mapping(chance, place, other)
	else:
		_change_list(chance, place, other)
	return data


def _containers(value: Any) -> Iterator[Any]:
	if isinstance(value, dict):
		yield value
		for inner in value.values():
			yield from _containers(inner)
	elif isinstance(value, list):
		yield value
		for inner in value:
			yield from _containers(inner)


def _part(chance: Random, data: Any) -> Any:
	found = chance.choice(list(_containers(data)) or [data])
	return copy.deepcopy(found)


def _change_mapping(chance: Random, place: dict[Any, Any], other: Any) -> None:
	keys = list(place)
	change = chance.randrange(6)
	if change == 0 and keys:
		del place[chance.choice(keys)]
	elif change == 1:
		place[chance.choice(ODD_TEXTS)] = odd_value(chance)
	elif change == 2 and isinstance(other, dict) and other:
		key = chance.choice(list(other))
		place[key] = other[key]
	elif change == 3 and len(keys) > 1:
		first, second = chance.sample(keys, 2)
		place[first], place[second] = place[second], place[first]
	elif change == 4 and keys:
		place[chance.choice(keys)] = other
	elif keys:
		place[chance.choice(keys)] = odd_value(chance)


def _change_list(chance: Random, place: list[Any], other: Any) -> None:
	change = chance.randrange(6)
	if change == 0 and place:
		place.pop(chance.randrange(len(place)))
	elif change == 1:
		place.insert(chance.randint(0, len(place)), odd_value(chance))
	elif change == 2 and place:
		place.append(copy.deepcopy(chance.choice(place)))
	elif change == 3:
		chance.shuffle(place)
	elif change == 4:
		place.append(other)
	elif place:
		place[chance.randrange(len(place))] = odd_value(chance)


YAML_WORDS = (
	"&a ", "*a", "<<: *a", "!!str ", "!!python/name:os ", "? ", "- ", ": ", "{", "}", "[", "]", "|\n", ">-\n", "---\n",
	"...\n", "#", "'", '"', "\t", "%YAML 1.1\n", "\x85", "\ufeff", "@", "`", ",",
)  # fmt: skip


def changed_text(chance: Random, corpus: Sequence[str], words: Sequence[str] = YAML_WORDS) -> str:
	"""One of `corpus` with a few changes of its lines and characters."""
	text = chance.choice(corpus)
	for _ in range(chance.randint(1, MAX_CHANGES)):
		at = chance.randint(0, len(text))
		change = chance.randrange(7)
		if change == 0:
			text = text[:at] + chance.choice(words) + text[at:]
		elif change == 1:
			text = text[:at] + text[at + chance.randint(1, 20) :]
		elif change == 2:
			text = text[:at] + chance.choice(ODD_TEXTS[:-20]) + text[at:]
		elif change == 3:
			lines = text.splitlines(keepends=True) or [""]
			line = chance.choice(lines)
			text = "".join([*lines[: chance.randint(0, len(lines))], line, *lines])
		elif change == 4:
			start = chance.randint(0, len(text))
			text = text[:at] + text[start : start + chance.randint(1, 200)] + text[at:]
		elif change == 5 and text:
			at = chance.randrange(len(text))
			text = (
				text[:at]
				+ chr(chance.choice((0, 9, 10, 13, 27, 34, 39, 58, 123, 125, 0x85, 0xD7FF)))
				+ text[at + 1 :]
			)
		else:
			text = text[:at] + "\n" + " " * chance.randrange(9) + text[at:]
	return text[:100_000]

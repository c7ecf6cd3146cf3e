"""What came of a run beside what was expected.

Of documents and messages those that are named must be there, each for itself; an empty list says that there are none. Other
lists must have as many members as expected, and mappings may have more keys.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

PILES = frozenset({"documents", "outbox"})  # in no order, and with others that a test need not name
NOTHING: Mapping[str, Any] = {
	"status": None,
	"outbox": [],
	"documents": {"created": [], "updated": []},
}  # no run


@dataclass(frozen=True, slots=True)
class Differs:
	"""A place where what was found is not what was expected."""

	place: str
	expected: Any
	found: Any

	def as_json(self) -> dict[str, Any]:
		"""As `test --json` prints it."""
		return {"place": self.place, "expected": self.expected, "found": self.found}


def differences(expected: Mapping[str, Any], run: Mapping[str, Any]) -> list[Differs]:
	"""Everything in which a run, as `run --json` prints one, is not as expected; what is not named is not compared."""
	found = {
		**run,
		"steps": {each["id"]: each["status"] for each in run.get("steps", ()) if each["index"] is None},
		"documents": [*run["documents"]["created"], *run["documents"]["updated"]],
	}
	return [each for name, value in expected.items() for each in _differing(name, value, found.get(name))]


def _differing(name: str, expected: Any, found: Any) -> list[Differs]:
	if name in PILES:
		return _missing(name, expected, found)
	if fits(expected, found):
		return []
	if isinstance(expected, Mapping) and isinstance(found, Mapping):
		return [
			each
			for key, value in expected.items()
			for each in _differing(f"{name}.{key}", value, found.get(key))
		]
	if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found) == 1:
		return _differing(f"{name}[0]", expected[0], found[0])
	return [Differs(name, expected, found)]


def _missing(name: str, expected: Sequence[Any], found: Sequence[Any]) -> list[Differs]:
	if pair_off(expected, found) if expected else not found:
		return []
	alone = [number for number, one in enumerate(expected) if not any(fits(one, each) for each in found)]
	if not alone:  # some are there, but not as many
		return [Differs(name, expected, [_part(each, expected) for each in found])]
	return [
		Differs(f"{name}[{number}]", expected[number], [_part(each, [expected[number]]) for each in found])
		for number in alone
	]


def _part(found: Any, expected: Sequence[Any]) -> Any:
	"""Of what was found the keys that somebody asks for, or what names it."""
	asked = {key: None for one in expected if isinstance(one, Mapping) for key in one}
	keys = [*asked] or ["doctype", "name", "kind", "to", "subject"]
	return {key: found[key] for key in keys if key in found} if isinstance(found, Mapping) else found


def fits(expected: Any, found: Any) -> bool:
	"""Whether what was found is as expected. In texts `*` stands for anything; a list of one may be written without brackets."""
	if isinstance(expected, Mapping):
		return isinstance(found, Mapping) and all(
			key in found and fits(value, found[key]) for key, value in expected.items()
		)
	if isinstance(expected, str) and isinstance(found, list) and len(found) == 1:
		return fits(expected, found[0])
	if isinstance(expected, list):
		return isinstance(found, list) and len(expected) == len(found) and all(map(fits, expected, found))
	if isinstance(expected, str) and isinstance(found, str):
		return expected == found or fnmatchcase(found, expected)
	return bool(expected == found) and isinstance(expected, bool) == isinstance(found, bool)


def pair_off(expected: Sequence[Any], found: Sequence[Any]) -> bool:
	"""Whether each expected one has a found one of its own, in whatever order: a matching, by augmenting paths."""
	fitting = [[place for place, each in enumerate(found) if fits(one, each)] for one in expected]
	taken: dict[int, int] = {}

	def place_of(one: int, tried: set[int]) -> bool:
		for place in fitting[one]:
			if place not in tried:
				tried.add(place)
				if place not in taken or place_of(taken[place], tried):
					taken[place] = one
					return True
		return False

	return all(place_of(one, set()) for one in range(len(expected)))

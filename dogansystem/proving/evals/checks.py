"""An agent's answer beside what was expected of it. Pure."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.schema_errors import note_all
from dogansystem.proving.evals.reading import EvalCase
from dogansystem.proving.expected import fits

WITHIN = 1e-9  # of a number, where a case says nothing
SHOWN = 200  # characters of a value in a reason
MISSING = object()  # what is at a place that is not there
_PLACE = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Outcome:
	"""What came of a case.

	Attributes:
		branch: how the step ended; None: it did not, and `error` says why.
		answer: the value, or the text where none was asked for.
		calls: those that were made, with what they gave, as in the step's output.
		wanted: all that the model wanted to be made, refused ones too: tool, params.
	"""

	branch: str | None = None
	answer: Any = None
	calls: Sequence[Mapping[str, Any]] = ()
	wanted: Sequence[Mapping[str, Any]] = ()
	error: str = ""


def reasons(case: EvalCase, found: Outcome) -> list[str]:
	"""Why a case has not passed; empty: it has. The rubric is for `judging`."""
	why = [f"the forbidden call {_shown(each)} was wanted" for each in _forbidden(case, found)]
	if found.branch is None:
		return [*why, found.error or "the step did not end"]
	if found.branch not in case.branches:
		words = f": {_shown(found.answer)}" if found.branch == "gave_up" else ""
		return [*why, f"it ended in {found.branch}, not in {' or '.join(case.branches)}{words}"]
	if found.branch == "answered":
		why += [text for check in case.checks if (text := _differs(check, found.answer))]
	made = [each for each in found.calls if "error" not in each]
	for wanted in case.expect.get("calls", ()):
		if not any(_is_call(wanted, each) for each in made):
			others = ", ".join(str(each["tool"]) for each in made) or "none"
			why.append(f"the call {_shown(wanted)} was not made; made: {others}")
	return why


def _forbidden(case: EvalCase, found: Outcome) -> list[Any]:
	return [
		each for each in case.expect.get("forbidden", ()) if any(_is_call(each, one) for one in found.wanted)
	]


def _is_call(expected: Any, call: Mapping[str, Any]) -> bool:
	if isinstance(expected, str):
		return bool(call["tool"] == expected)
	return bool(call["tool"] == expected["tool"]) and fits(
		expected.get("params", {}), call.get("params") or {}
	)


def _differs(check: Mapping[str, Any], answer: Any) -> str:
	"""In what an answer differs from a check; empty: in nothing."""
	place = check.get("at", "")
	found = value_at(answer, place)
	where = place or "the answer"
	if "lacks" in check:
		holds = found is not MISSING and _has(found, check["lacks"])
		return f"{where} has {_shown(check['lacks'])}: {_shown(found)}" if holds else ""
	if found is MISSING:
		return f"{where} is not there"
	if "schema" in check:
		problems = Problems()
		note_all(Draft202012Validator(check["schema"]).iter_errors(found), where, problems)
		return "; ".join(map(str, problems.found))
	if "contains" in check:
		return (
			""
			if _has(found, check["contains"])
			else f"{where} lacks {_shown(check['contains'])}: {_shown(found)}"
		)
	if "number" in check:
		return _no_number(where, check, found)
	return (
		"" if same(check["equals"], found) else f"{where} is {_shown(found)}, not {_shown(check['equals'])}"
	)


def _no_number(where: str, check: Mapping[str, Any], found: Any) -> str:
	if isinstance(found, bool) or not isinstance(found, int | float):
		return f"{where} is {_shown(found)}, which is no number"
	within = check.get("within", WITHIN)
	if abs(found - check["number"]) <= within + WITHIN:  # what a float is off by is nobody's mistake
		return ""
	return f"{where} is {found}, not within {within:g} of {check['number']}"


def value_at(value: Any, place: str) -> Any:
	"""What is at `lines[1].rate` of a value, or MISSING."""
	for key, number in _PLACE.findall(place):
		if key and isinstance(value, Mapping) and key in value:
			value = value[key]
		elif number and isinstance(value, list) and int(number) < len(value):
			value = value[int(number)]
		else:
			return MISSING
	return value


def _has(found: Any, part: Any) -> bool:
	"""Whether a text has a part, whatever its case; a list a member; a mapping these keys with these values."""
	if isinstance(found, str):
		return str(part).casefold() in found.casefold()
	if isinstance(found, list):
		return any(fits(part, each) if isinstance(part, Mapping) else same(part, each) for each in found)
	return (
		fits(part, found) if isinstance(found, Mapping) and isinstance(part, Mapping) else same(part, found)
	)


def same(one: Any, other: Any) -> bool:
	"""Whether two values are equal as JSON has them: 1 and 1.0 are, 1 and true are not."""
	if isinstance(one, Mapping) and isinstance(other, Mapping):
		return one.keys() == other.keys() and all(same(each, other[key]) for key, each in one.items())
	if isinstance(one, list) and isinstance(other, list):
		return len(one) == len(other) and all(map(same, one, other))
	return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _shown(value: Any) -> str:
	text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
	return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

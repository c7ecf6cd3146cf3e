"""Files of tests, `*.test.yaml`: read, and checked as a definition is, each problem with its path."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dogansystem.engine.definition import AGENT_ASK, ASKING, Definition
from dogansystem.engine.definitions.problems import Problems, at, kind
from dogansystem.engine.definitions.yaml_source import Unreadable, read_yaml
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import DefinitionError
from dogansystem.engine.states import RUN_STATES

NOW = "2026-01-05 09:00"  # a Monday: what a test has that names no time
HTTP = "http "  # what the key of another server's answer begins with: `http GET https://example.com/rates`
EVENTS = frozenset({"created", "updated", "changed", "submitted", "cancelled", "deleted"})
CLOCKS = frozenset({"schedule", "date", "condition"})  # triggers that the clock starts
WITHIN = {"schedule": "8d", "date": "1d", "condition": "1d"}  # how long they are waited for

_KEYS = {
	"name": str,
	"now": str,
	"documents": list,
	"start": Mapping,
	"parameters": Mapping,
	"answers": Mapping,
	"signals": list,
	"expect": Mapping,
}
_EXPECT = {
	"status": str,
	"steps": Mapping,
	"output": object,
	"documents": list,
	"outbox": list,
	"error": object,
}
_START = {
	"by": str,
	"within": object,
	"doc": Mapping,
	"event": str,
	"input": object,
	"webhook": object,
	"signal": object,
}
_ANSWER = {"decision": str, "by": str, "comment": str, "values": Mapping}
_SAID = {"text": str, "value": object, "call": Mapping, "calls": list, "give_up": str}
_RESPONSE = {"status": int, "json": object, "text": str, "headers": Mapping}
_SIGNAL = {"name": str, "key": object, "data": object, "after": object}
_DELIVERY = {"body": object, "headers": Mapping, "query": Mapping, "delivery": object}


@dataclass(frozen=True, slots=True)
class Case:
	"""One test.

	Attributes:
		now: the clock's first moment, in the test's timezone.
		start: what starts the run; empty: somebody, by hand.
		answers: what people say to a step, in the order in which they are asked, by its id.
		said: what the models of AI agents say to a step, one for each turn, by its id.
		responses: what other servers answer, in the order in which they are asked, by `GET https://…`.
		expect: what is compared. `status: null` says that no run starts.
	"""

	name: str
	now: datetime
	documents: tuple[Mapping[str, Any], ...]
	start: Mapping[str, Any]
	parameters: Mapping[str, Any]
	answers: Mapping[str, tuple[Mapping[str, Any], ...]]
	said: Mapping[str, tuple[Mapping[str, Any], ...]]
	responses: Mapping[str, tuple[Mapping[str, Any], ...]]
	signals: tuple[Mapping[str, Any], ...]
	expect: Mapping[str, Any]


def read(text: str, name: str, definition_of: Callable[[str], Definition]) -> tuple[Definition, list[Case]]:
	"""The workflow of a file of tests, and its tests. `name` is the file's, for errors.

	Raises DefinitionError with everything that is wrong, and what `definition_of` raises for the file it is given.
	"""
	problems = Problems()
	try:
		found = read_yaml(text, problems)
	except Unreadable:
		found = None
	if problems.found:
		raise DefinitionError(problems.found, name)
	_keys(found, "", {"workflow": str, "tests": list}, {"workflow", "tests"}, problems)
	if problems.found:
		raise DefinitionError(problems.found, name)
	definition = definition_of(found["workflow"])
	if not found["tests"]:
		problems.add("tests", "has no test. Write one.")
	cases = [
		_case(each, at("tests", index), definition, problems) for index, each in enumerate(found["tests"])
	]
	if problems.found:
		raise DefinitionError(problems.found, name)
	return definition, [case for case in cases if case]


def one(given: Mapping[str, Any], definition: Definition) -> Case:
	"""What is given of a test that names and compares nothing. Raises DefinitionError."""
	problems = Problems()
	case = _case({**given, "name": "", "expect": {"status": "Succeeded"}}, "", definition, problems)
	if case is None:
		raise DefinitionError(problems.found)
	return case


def _case(found: Any, path: str, definition: Definition, problems: Problems) -> Case | None:
	before = len(problems.found)
	if not _keys(found, path, _KEYS, {"name", "expect"}, problems):
		return None
	now = _moment(found.get("now", NOW), at(path, "now"), problems)
	_documents(found.get("documents", []), at(path, "documents"), problems)
	_start(found.get("start", {}), at(path, "start"), definition, problems)
	answers = dict(_answers(found.get("answers", {}), at(path, "answers"), definition, problems))
	_parameters(found.get("parameters", {}), at(path, "parameters"), definition, problems)
	for index, signal in enumerate(found.get("signals", [])):
		place = at(at(path, "signals"), index)
		if _keys(signal, place, _SIGNAL, {"name"}, problems):
			_duration(signal.get("after", 0), at(place, "after"), problems)
	_expect(found["expect"], at(path, "expect"), definition, problems)
	if len(problems.found) > before or now is None:
		return None
	return Case(
		found["name"],
		now,
		tuple(found.get("documents", ())),
		_whole(found.get("start", {})),
		found.get("parameters", {}),
		{key: given for key, given in answers.items() if _is_of(definition, key, ASKING)},
		{key: given for key, given in answers.items() if _is_of(definition, key, {AGENT_ASK})},
		{key.removeprefix(HTTP): given for key, given in answers.items() if key.startswith(HTTP)},
		tuple(found.get("signals", ())),
		found["expect"],
	)


def _keys(found: Any, path: str, known: Mapping[str, Any], needed: set[str], problems: Problems) -> bool:
	"""Whether it is a mapping of known keys with values of their kinds."""
	if not isinstance(found, Mapping):
		problems.add(path, f"must be a mapping with {', '.join(known)}, not {kind(found)}")
		return False
	before = len(problems.found)
	for key, value in found.items():
		if key not in known:
			problems.unknown(at(path, str(key)), "is no key of a test", str(key), known, "there are")
		elif value is None and key in ("status", "error"):
			continue
		elif not isinstance(value, known[key]) or (known[key] is int and isinstance(value, bool)):
			problems.add(at(path, key), f"must be {_kinds(known[key])}, not {kind(value)}")
	for key in sorted(needed - found.keys()):
		problems.add(at(path, key), "is missing")
	return len(problems.found) == before


def _kinds(wanted: type) -> str:
	return {str: "text", list: "a list", int: "a whole number"}.get(wanted, "a mapping")


def _moment(text: str, path: str, problems: Problems) -> datetime | None:
	try:
		return datetime.fromisoformat(text).replace(tzinfo=None)
	except ValueError:
		problems.add(path, "is no moment. Write it as 2026-01-05 09:00.")
		return None


def _duration(value: Any, path: str, problems: Problems) -> None:
	try:
		parse_duration(value)
	except ValueError as error:
		problems.add(path, str(error))


def _documents(found: Any, path: str, problems: Problems) -> None:
	for index, document in enumerate(found):
		_document(document, at(path, index), problems)


def _document(found: Any, path: str, problems: Problems) -> None:
	if not isinstance(found, Mapping):
		problems.add(path, f"must be a document, a mapping, not {kind(found)}")
		return
	for key in ("doctype", "name"):
		if not isinstance(found.get(key), str) or not found[key]:
			problems.add(at(path, key), "is missing: each document needs doctype and name")


def _start(found: Mapping[str, Any], path: str, definition: Definition, problems: Problems) -> None:
	if not _keys(found, path, _START, set(), problems):
		return
	ways = [key for key in ("by", "event", "webhook", "signal") if key in found]
	if len(ways) > 1 or (ways and "input" in found):
		problems.add(
			path, "a run starts in one way only. Take by, event, webhook or signal, or input, or nothing."
		)
	if "by" in found and found["by"] not in CLOCKS:
		problems.unknown(at(path, "by"), "no clock starts that", found["by"], CLOCKS, "there are")
	if "event" in found and found["event"] not in EVENTS:
		problems.unknown(at(path, "event"), "is no event of a document", found["event"], EVENTS, "there are")
	if "event" in found and "doc" not in found:
		problems.add(at(path, "doc"), "is missing: the document that it happens to")
	if "doc" in found:
		_document(found["doc"], at(path, "doc"), problems)
	if "within" in found:
		_duration(found["within"], at(path, "within"), problems)
	_has_trigger(found, path, definition, problems)
	whole = _whole(found)
	if "webhook" in whole:
		_keys(whole["webhook"], at(path, "webhook"), _DELIVERY, set(), problems)
	if "signal" in whole:
		_keys(whole["signal"], at(path, "signal"), _SIGNAL, {"name"}, problems)


def _whole(start: Mapping[str, Any]) -> Mapping[str, Any]:
	"""What is written short, written out: a webhook's body alone, a signal's name alone."""
	found = dict(start)
	body = found.get("webhook")
	if "webhook" in found and not (isinstance(body, Mapping) and body and body.keys() <= _DELIVERY.keys()):
		found["webhook"] = {"body": body}
	if isinstance(found.get("signal"), str):
		found["signal"] = {"name": found["signal"]}
	return found


def _has_trigger(found: Mapping[str, Any], path: str, definition: Definition, problems: Problems) -> None:
	"""Without a trigger of the kind nothing could start, and the test would prove nothing."""
	kinds = {trigger.on for trigger in definition.triggers}
	wanted = {str(found.get("by"))} & CLOCKS | {key for key in ("webhook", "signal") if key in found}
	for each in sorted(wanted - kinds):
		place = at(path, "by" if each in CLOCKS else each)
		problems.add(place, f"workflow {definition.name} has no trigger `on: {each}`")


def _answers(
	found: Mapping[str, Any], path: str, definition: Definition, problems: Problems
) -> Iterator[tuple[str, tuple[Mapping[str, Any], ...]]]:
	for key, value in found.items():
		place = at(path, str(key))
		given = value if isinstance(value, list) else [value]
		known = _RESPONSE if str(key).startswith(HTTP) else _ANSWER
		if _is_of(definition, str(key), {AGENT_ASK}):
			known = _SAID
		elif not str(key).startswith(HTTP):
			_asks(str(key), place, definition, problems)
		for index, each in enumerate(given):
			_keys(each, at(place, index) if isinstance(value, list) else place, known, set(), problems)
		yield str(key), tuple(given)


def _is_of(definition: Definition, step: str, actions: Container[str]) -> bool:
	return step in definition.by_id and definition.by_id[step].action in actions


def _asks(step: str, path: str, definition: Definition, problems: Problems) -> None:
	if step not in definition.by_id:
		problems.unknown(path, "no step has this id", step, definition.by_id, "the steps")
	elif definition.by_id[step].action not in ASKING:
		asking = ", ".join(sorted(ASKING | {AGENT_ASK}))
		problems.add(path, f"step {step!r} asks nobody; these do: {asking}")


def _parameters(found: Mapping[str, Any], path: str, definition: Definition, problems: Problems) -> None:
	for key in found.keys() - definition.parameters.keys():
		problems.unknown(at(path, str(key)), "is no parameter", str(key), definition.parameters, "there are")


def _expect(found: Mapping[str, Any], path: str, definition: Definition, problems: Problems) -> None:
	if not _keys(found, path, _EXPECT, set(), problems):
		return
	if not found:
		problems.add(path, "compares nothing. Name what should come of it, such as status.")
	status = found.get("status")
	if status is not None and status not in RUN_STATES:
		problems.unknown(at(path, "status"), "is no state of a run", status, RUN_STATES, "there are")
	for step in found.get("steps", {}):
		if step not in definition.by_id:
			place = at(at(path, "steps"), str(step))
			problems.unknown(place, "no step has this id", str(step), definition.by_id, "the steps")

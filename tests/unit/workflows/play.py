"""Plays the tests that stand beside a template, `workflow.test.yaml`, in a sandbox whose clock jumps.

The file has the form that workflow-format.md gives to tests of workflows. `start` is `{doc: …}` or `{}` for a run by hand; with
`event`, what happens to the document, so that the workflow's own trigger starts the run; or `{by: schedule}`, `date`, `condition`,
perhaps with `within`, for how long the trigger is waited for. `status: null` says that no run starts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.definitions.problems import Problems
from dogansystem.engine.definitions.yaml_source import read_yaml
from dogansystem.engine.durations import parse_duration
from dogansystem.homes.sandbox import TestClock
from dogansystem.terminal import run as runs
from dogansystem.terminal.answers import Answer, Answers
from dogansystem.terminal.course import Course, JumpingClock, ToSend
from dogansystem.worker.tick import tick
from dogansystem.workflows import TEST, Template

PERSON = "person@example.com"
NOW = "2026-01-05 09:00"  # a Monday
HOUR = 3600.0
KEYS = {"name", "now", "documents", "start", "parameters", "signals", "answers", "expect"}
EXPECTED = {"status", "steps", "output", "documents", "outbox", "error"}
NOTHING: Mapping[str, Any] = {"status": None, "outbox": [], "documents": {"created": [], "updated": []}}

Case = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Differs:
	"""Where what was found is not what was expected."""

	place: str
	expected: Any
	found: Any

	def __str__(self) -> str:
		return f"{self.place}\n  expected: {self.expected!r}\n  found:    {self.found!r}"


def cases(template: Template) -> list[Case]:
	"""The tests that stand beside a template."""
	problems = Problems()
	found = read_yaml((template.folder / TEST).read_text(encoding="utf-8"), problems)
	assert not problems.found, f"{template.name}: {problems.found}"
	for case in found["tests"]:
		assert not (set(case) - KEYS or set(case["expect"]) - EXPECTED), f"{case['name']}: unknown keys"
	return list(found["tests"])


def play(template: Template, case: Case, folder: Path) -> Mapping[str, Any]:
	"""What comes of a test: the run, as the command line shows one, or NOTHING."""
	start = datetime.fromisoformat(case.get("now", NOW)).replace(tzinfo=timezone.utc).timestamp()
	clock = JumpingClock(TestClock(start))
	with Sandbox(folder / "played.db", clock=clock, timezone="UTC", user=PERSON) as site:
		site.set_settings(linger_seconds=0)
		orchestrator = Orchestrator(site)
		source = {**template.definition.source, "run_as": PERSON}
		orchestrator.import_workflow(source, True, case.get("parameters", {}))
		site.database.commit()
		site.load_documents(case.get("documents", ()))
		changes, messages = runs.marks(site)
		if "event" in case.get("start", {}):
			_happens(site, case["start"]["doc"], case["start"]["event"])
			changes, messages = runs.marks(site)
		run = _started(site, template, case, clock)
		if run is None:
			return NOTHING
		signals = [ToSend(each["name"], each.get("key"), each.get("data"), parse_duration(each.get("after", 0))) for each in case.get("signals", ())]  # fmt: skip
		answers = Answers(site, _answers(case))
		runs.work_until_over(site, Course(site, run, signals, clock, site.now(), answers), 1)
		assert not answers.refused, answers.refused
		site.database.rollback()
		return runs.result(site, run, changes, messages)


def _answers(case: Case) -> list[Answer]:
	"""What people say to each step: an answer, or several in a row."""
	given = case.get("answers", {})
	return [
		Answer(step, each)
		for step, answers in given.items()
		for each in (answers if isinstance(answers, list) else [answers])
	]


def _happens(site: Sandbox, document: Mapping[str, Any], event: str) -> None:
	doctype, name = document["doctype"], document["name"]
	with site.acting_as(PERSON):
		if event in ("created", "submitted"):
			site.documents.create(doctype, document)
		else:
			values = {key: value for key, value in document.items() if key not in ("doctype", "name")}
			site.documents.update(doctype, name, values)
		if event == "submitted":
			site.documents.submit(doctype, name)
	site.database.commit()


def _started(site: Sandbox, template: Template, case: Case, clock: JumpingClock) -> str | None:
	"""The first run of the template; by hand, if the test does not say what starts it."""
	start, orchestrator = case.get("start", {}), Orchestrator(site)
	if not start.keys() & {"event", "by"}:
		run = orchestrator.start_run(
			template.name, start.get("input"), document=start.get("doc"), cause="manual"
		)
		site.database.commit()
		return run
	until = site.now() + (parse_duration(start.get("within", "1d")) if "by" in start else 0.0)
	while not (found := orchestrator.list_runs(template.name)) and site.now() < until:
		clock.jump_to(site.now() + HOUR)
		tick(site)
		site.database.rollback()
	return str(found[-1]["run"]) if found else None


def differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> list[Differs]:
	"""Everything in which a run is not as it should be; what is not named is not compared."""
	states = {each["id"]: each["status"] for each in found.get("steps", ()) if each["index"] is None}
	documents = [*found["documents"]["created"], *found["documents"]["updated"]]
	of_run = {**found, "steps": states, "documents": documents}
	return [
		Differs(name, value, of_run[name])
		for name, value in expected.items()
		if not _fits(value, of_run[name], ordered=name not in ("outbox", "documents"))
	]


def _fits(expected: Any, found: Any, *, ordered: bool = True) -> bool:
	if isinstance(expected, Mapping):
		return isinstance(found, Mapping) and all(
			key in found and _fits(value, found[key]) for key, value in expected.items()
		)
	if isinstance(expected, str) and isinstance(found, list) and len(found) == 1:
		return _fits(expected, found[0])  # an address for a list of one
	if isinstance(expected, list):
		if not isinstance(found, list) or len(expected) != len(found):
			return False
		return all(map(_fits, expected, found)) if ordered else _in_some_order(expected, found)
	if isinstance(expected, str) and isinstance(found, str):
		return fnmatchcase(found, expected)
	return bool(expected == found)


def _in_some_order(expected: Sequence[Any], found: Sequence[Any]) -> bool:
	if not expected:
		return True
	first, *rest = expected
	return any(
		_fits(first, each) and _in_some_order(rest, [*found[:place], *found[place + 1 :]])
		for place, each in enumerate(found)
	)

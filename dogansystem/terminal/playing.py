"""Plays the tests of a workflow in a sandbox of its own, whose clock jumps and whose outside is written down."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timezone
from functools import cache
from pathlib import Path
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import DefinitionError, DoganError, NotFound
from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving import cases, said
from dogansystem.proving.answers import Answer, Answers
from dogansystem.proving.cases import WITHIN, Case
from dogansystem.proving.course import Course, ToSend
from dogansystem.proving.expected import NOTHING, Differs, differences
from dogansystem.proving.outside import CHAT, Pinned, line_for
from dogansystem.proving.said import Said
from dogansystem.terminal import beside, files
from dogansystem.terminal import run as runs
from dogansystem.terminal.course import JumpingClock
from dogansystem.triggers import webhook
from dogansystem.worker.tick import tick

PERSON = "person@example.com"  # who acts for a workflow that names nobody
HOUR = 3600.0  # seconds that the clock jumps at a time while a trigger is waited for


@dataclass(slots=True)
class Played:
	"""A test and what came of it. `run` is as `run --json` prints one; `error`: why it could not be played to its end."""

	file: Path
	definition: Definition
	case: Case
	run: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
	differs: list[Differs] = field(default_factory=list)
	seconds: float = 0.0

	@property
	def passed(self) -> bool:
		"""Whether all is as expected."""
		return not self.differs


def read(path: Path) -> tuple[Definition, list[Case]]:
	"""The workflow of a file of tests, and its tests. Raises FileError or DefinitionError."""

	def definition_of(name: str) -> Definition:
		return definition_in(path.parent / name)

	return cases.read(files.read_text(path), str(path), definition_of)


def read_one(path: Path, given: Mapping[str, Any]) -> tuple[Definition, Case]:
	"""A definition, and what is `given` of a test of it, without a name and without expectations."""
	definition = definition_in(path)
	return definition, cases.one(given, definition)


def definition_in(path: Path) -> Definition:
	"""A definition for which somebody acts, whether it names one or not. Raises FileError or DefinitionError."""
	found = files.definition(path, fills_run_as=True)
	if found.run_as:
		return found
	return parse({**found.source, "run_as": PERSON}, source_name=str(path))


def play(path: Path, definition: Definition, case: Case, others: Sequence[Definition] = ()) -> Played:
	"""Play one test. `others`: workflows that are there too, such as those that a step runs."""
	case = replace(case, documents=(*beside.agents_of(path.parent, [definition, *others]), *case.documents))
	played = Played(path, definition, case)
	began = time.perf_counter()
	moment = case.now.replace(tzinfo=timezone.utc).timestamp()
	pinned = Pinned(case.responses)
	with Sandbox(clock=(clock := JumpingClock(TestClock(moment))), timezone="UTC", user=PERSON) as site:
		site.outbound = pinned
		try:
			played.run = play_in(site, definition, case, clock, played.differs, others)
		except DoganError as error:
			site.database.rollback()
			played.differs.append(Differs("the test itself", "to be played", str(error)))
	played.differs += [
		Differs("answers", line_for(each), "no answer for this request") for each in pinned.unanswered
	]
	played.differs += differences(case.expect, played.run)
	played.seconds = time.perf_counter() - began
	return played


def play_in(
	site: Sandbox,
	definition: Definition,
	case: Case,
	clock: JumpingClock,
	differs: list[Differs],
	others: Sequence[Definition] = (),
) -> Mapping[str, Any]:
	"""Play a test in a sandbox that has this clock; gives the run, or NOTHING. Answers that are refused are put into
	`differs`. Raises DoganError for what cannot be played.
	"""
	_prepare(site, definition, case, others)
	return _run(site, definition, case, clock, differs)


def _prepare(site: Sandbox, definition: Definition, case: Case, others: Sequence[Definition]) -> None:
	site.set_settings(linger_seconds=0)
	for name, kind in _credentials([definition, *others]):
		if site.credential(name) is None:
			site.set_credential(name, kind)
	orchestrator = Orchestrator(site)
	for each in others:
		orchestrator.save_workflow(each, True)
	orchestrator.save_workflow(definition, True, case.parameters)
	runs.register_agents(orchestrator, definition)
	site.database.commit()
	site.load_documents(case.documents)
	site.models = Said(case.said)
	site.load_documents(said.stand_ins(site.database, [definition, *others], site.user))


def _credentials(definitions: Sequence[Definition]) -> Iterator[tuple[str, dict[str, str]]]:
	"""Stand-ins for the credentials that steps name. No test has a secret, and nothing of them goes out."""
	for step in (step for definition in definitions for step in definition.steps):
		name = step.params.get("credential")
		if isinstance(name, str):
			is_chat = step.action == "notify.chat"
			yield name, {"type": "address", "url": f"https://{CHAT}/{name}"} if is_chat else {"type": "bearer", "token": "of-a-test"}  # fmt: skip


def _run(
	site: Sandbox, definition: Definition, case: Case, clock: JumpingClock, differs: list[Differs]
) -> Mapping[str, Any]:
	"""Start the run, see it to its end, and give it."""
	marks = runs.marks(site)
	if "event" in case.start:
		_happen(site, case.start["doc"], case.start["event"])
		marks = runs.marks(site)
	run = _started(site, definition, case, clock)
	if run is None:
		return NOTHING
	answers = Answers(site, [Answer(step, each) for step, given in case.answers.items() for each in given])
	runs.work_until_over(site, Course(site, run, _signals(case), clock, site.now(), answers), 1)
	differs += [
		Differs(f"answers.{each['step']}", each["answer"], each["reason"]) for each in answers.refused
	]
	site.database.rollback()
	return runs.result(site, run, *marks)


def _signals(case: Case) -> list[ToSend]:
	found = [
		ToSend(each["name"], each.get("key"), each.get("data"), parse_duration(each.get("after", 0)))
		for each in case.signals
	]
	return sorted(found, key=lambda each: each.after)


def _happen(site: Sandbox, document: Mapping[str, Any], event: str) -> None:
	"""Let something happen to a document, as a person who saves it would."""
	doctype, name = document["doctype"], document["name"]
	values = {key: value for key, value in document.items() if key not in ("doctype", "name")}
	with site.acting_as(PERSON):
		is_there = bool(site.documents.exists(doctype, name))
		if event in ("created", "submitted") and not is_there:
			site.documents.create(doctype, document)
		elif not is_there:
			raise NotFound(
				f"start: {doctype} {name} is not there, so it cannot be {event}. Put it into the test's `documents`."
			)
		elif event == "created":
			raise ValidationError(
				f"start: {doctype} {name} is there already. Take it out of the test's `documents`."
			)
		elif values and event in ("updated", "changed", "submitted"):
			site.documents.update(doctype, name, values)
		if event == "submitted":
			site.documents.submit(doctype, name)
		elif event == "cancelled":
			site.documents.cancel(doctype, name)
		elif event == "deleted":
			site.documents.delete(doctype, name)
	site.database.commit()


def _started(site: Sandbox, definition: Definition, case: Case, clock: JumpingClock) -> str | None:
	"""The first run of the workflow, or None."""
	start, orchestrator = case.start, Orchestrator(site)
	if "webhook" in start:
		run = webhook.deliver(site, definition.name, runs.delivery_of(start["webhook"]))
		site.database.commit()
		return run
	if "signal" in start:
		signal = start["signal"]
		orchestrator.signal(signal["name"], signal.get("key"), signal.get("data"))
		site.database.commit()
	elif not start.keys() & {"event", "by"}:
		run = orchestrator.start_run(
			definition.name, start.get("input"), document=_loaded(site, start.get("doc")), cause="manual"
		)
		site.database.commit()
		return run
	until = site.now()
	if kind := start.get("by"):
		until += parse_duration(start.get("within", WITHIN[kind]))
	return _first_run(site, definition.name, clock, until)


def _loaded(site: Sandbox, document: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
	"""The document that a run by hand is about, as it is on the site."""
	if document is not None and not site.documents.exists(document["doctype"], document["name"]):
		site.load_documents([document])
	return document


def _first_run(site: Sandbox, workflow: str, clock: JumpingClock, until: float) -> str | None:
	"""What has started, or what the clock starts until then."""
	while True:
		tick(site)
		site.database.rollback()
		if found := Orchestrator(site).list_runs(workflow):
			return str(found[-1]["run"])
		if site.now() >= until:
			return None
		clock.jump_to(min(until, site.now() + HOUR))


def others_of(path: Path, definition: Definition) -> list[Definition]:
	"""The workflows of the same folder that its steps run, and those that these run. What cannot be read is none of them."""
	there = _of_folder(path.parent.resolve())
	found: dict[str, Definition] = {}
	left = [definition]
	while left:
		for step in left.pop().steps:
			name = step.params.get("workflow") if step.action == "flow.run" else None
			if isinstance(name, str) and name in there and name not in found and name != definition.name:
				found[name] = there[name]
				left.append(there[name])
	return list(found.values())


@cache
def _of_folder(folder: Path) -> Mapping[str, Definition]:
	found = {}
	for path in sorted(folder.iterdir()):
		if path.suffix in (".yaml", ".yml", ".json") and not is_test(path):
			try:
				definition = definition_in(path)
			except (DefinitionError, files.FileError):
				continue
			found[definition.name] = definition
	return found


def is_test(path: Path) -> bool:
	"""Whether a file is one of tests, by its name: `follow-up.test.yaml`."""
	return path.suffix in (".yaml", ".yml") and path.stem.endswith(".test")

"""The dry run: one run of a definition, for real, in a transaction that is rolled back, and a report of what it would do."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import NotAvailable
from dogansystem.engine.outputs import decode, encode
from dogansystem.protocol import Changed, Database, KeptIn, Recorded, Site
from dogansystem.proving import changed, giving_way
from dogansystem.proving.answers import Answers
from dogansystem.proving.apart import WORKFLOW, apart
from dogansystem.proving.course import Course, ToSend
from dogansystem.proving.others import Others
from dogansystem.proving.outside import Pinned
from dogansystem.proving.rolled_back import Busy, RolledBack
from dogansystem.proving.said import Said, Tried, split
from dogansystem.store import approvals, children, dialect, reads, versions
from dogansystem.store.models import change_agent
from dogansystem.store.moment import moment
from dogansystem.triggers.starting import start_run
from dogansystem.worker.drainer import Drainer

SECONDS = 20.0  # after which no further step begins: what it has locked, real work may want
LOCK_WAIT = 1  # seconds that it waits for a lock of real work
IDLE = 30  # seconds in which nothing is asked of the database, after which the server undoes everything
CHILDREN = 100  # runs that steps have started, of which the steps are shown


class TooBusy(NotAvailable):
	"""A dry run and real work want the same rows. Nothing has changed; it may be tried again."""


@dataclass(frozen=True, slots=True)
class Asked:
	"""What is tried.

	Attributes:
		user: who tries it: the run is started by them, and they see the report. What the workflow does, it does as `run_as`.
		trusted: whether they may lend the permissions of others. Without it, agents and other workflows act as
			`run_as` only.
		document: the document that the run is about; `trigger`: what templates have as `trigger`.
		answers: what people say to a step, and the model of an AI agent that it asks, each in order. What has none takes its
			first branch; no server is asked for the words of a model.
		responses: what other servers answer, in order, by `GET https://…`. What has none is answered by a stand-in.
		documents: those that are there, for this attempt alone: they are written over those of the same name, without events.
		now: the moment at which it begins (epoch seconds); None: as it is.
		assumes: whether what has no answer is answered so; else the run goes on waiting, and requests fail.
		models: what answers in place of the models of AI agents; it has `assumed`, as `Said`. None: as said above.
		agents: what AI agents have instead, for this attempt alone: `model`, `instructions`, by their names.
	"""

	definition: Definition
	user: str
	trusted: bool = True
	input: Any = None
	document: Mapping[str, Any] | None = None
	trigger: Mapping[str, Any] | None = None
	cause: str = "manual"
	parameters: Mapping[str, Any] = field(default_factory=dict)
	answers: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
	responses: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)
	signals: Sequence[ToSend] = ()
	actions: Mapping[str, Any] = field(default_factory=dict)
	documents: Sequence[Mapping[str, Any]] = ()
	now: float | None = None
	assumes: bool = True
	seconds: float = SECONDS
	models: Any = None
	agents: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def dry_run(site: Site, asked: Asked) -> dict[str, Any]:
	"""Run a checked definition and roll back; gives the report. Whatever was open on the site's connection is undone before.

	The report is a run as `run --json` prints it: `documents` (`created`, `updated`) are as they would be. Beside that it has
	`changes` (each document field by field), `before` (those that are there, as they are), `requests`, `calls` (actions of other
	apps that reach outside), `approvals`, `assumed`, `jumped`, `refused_answers`, `unanswered`, `below` (the runs that its steps
	have started), `starts` (the workflows that would start), `kept_in`, and `stopped`: why it is not over.

	Raises what `start_run` raises, and TooBusy.
	"""
	site.database.rollback()
	try:
		with (
			giving_way.watched(site) as watch,
			_bounded(site.database),
			apart(site.database, site.series()),
			site.recorded() as recorded,
			site.kept_in() as kept,
		):
			try:
				return _tried(site, asked, kept, recorded)
			finally:
				site.database.rollback()
	except Busy as busy:
		why = watch.reason or str(busy)
		raise _too_busy(why) from None
	except Exception as error:  # before or after the attempt itself
		if site.database.is_conflict(error) or site.database.is_lost(error):
			raise _too_busy("the database was busy, or away") from error
		raise


def _too_busy(why: str) -> TooBusy:
	return TooBusy(f"The dry run was given up: {why}. Nothing has changed. Try it again.")


@contextmanager
def _bounded(db: Database) -> Iterator[None]:
	"""Within the block neither waits long for the other: this for real work, and real work for this if it stands still."""
	if db.dialect == "sqlite":
		yield
		return
	names = ("innodb_lock_wait_timeout", "idle_transaction_timeout")
	before = db.sql(f"SELECT {', '.join(f'@@SESSION.{name}' for name in names)}")[0]
	_set(db, dict(zip(names, (LOCK_WAIT, IDLE), strict=True)))
	try:
		yield
	finally:
		_set(db, dict(zip(names, before, strict=True)))


def _set(db: Database, values: Mapping[str, int]) -> None:
	try:
		db.execute("SET SESSION " + ", ".join(f"{name} = {int(value)}" for name, value in values.items()))
	except Exception as error:
		if not db.is_lost(error):  # the connection that replaces it has the server's own
			raise


def _tried(site: Site, asked: Asked, kept: KeptIn, recorded: Recorded) -> dict[str, Any]:
	until = time.monotonic() + asked.seconds
	outbound = Pinned(asked.responses, stands_in=asked.assumes)
	rolled_back = RolledBack(site, outbound, lambda: time.monotonic() > until)
	rolled_back.own_actions = dict(asked.actions)
	said, given = split(asked.answers)
	models = asked.models or (Tried(asked.definition, said) if asked.assumes else Said(said))
	rolled_back.models = models
	if asked.now is not None:
		rolled_back.be_at(asked.now)
	place = rolled_back.here
	for document in asked.documents:
		site.documents.load(document)
	for agent, values in asked.agents.items():
		change_agent(place.database, agent, values)
	_publish(place, asked)
	others = Others(rolled_back.database)
	run = _start(place, asked)
	others.run = run
	answers = Answers(place, given, assumes=asked.assumes)
	signals = sorted(asked.signals, key=lambda each: each.after)
	course = Course(place, run, signals, rolled_back, place.now(), answers, asked.assumes)
	_work(place, course)
	place.database.rollback()
	written = recorded.documents(asked.user)
	return {
		**children.with_family(place, run),
		"dry_run": True,
		"below": _below(place, run),
		**_documents(written),
		"outbox": [*recorded.messages(), *rolled_back.unsent],
		"requests": outbound.asked,
		"unanswered": outbound.unanswered,
		"calls": rolled_back.calls,
		"approvals": _approvals(place),
		"assumed": [*answers.assumed, *course.assumed, *models.assumed],
		"jumped": course.jumped,
		"refused_answers": answers.refused,
		"starts": others.found,
		"kept_in": [dict(each) for each in kept.would],
		"stopped": _why_stopped(place, course, asked.seconds),
	}


def _publish(place: Site, asked: Asked) -> None:
	"""Keep the definition, disabled, as what a run of this workflow goes by. It is written past the form and its permissions,
	into tables that only this attempt sees."""
	db, definition, at = place.database, asked.definition, moment(place)
	version = versions.publish(db, definition, at, asked.user, trusted=asked.trusted)
	rows = db.sql(f"SELECT parameter_values FROM `{WORKFLOW}` WHERE name = %s", (definition.name,))
	values = {**((decode(rows[0][0]) or {}) if rows else {}), **asked.parameters}
	kept = encode(values, "The values of the parameters") if values else None
	db.execute(f"DELETE FROM `{WORKFLOW}` WHERE name = %s", (definition.name,))
	row = {"name": definition.name, "workflow_name": definition.name, "title": definition.source.get("title")}
	row |= {"enabled": 0, "current_version": version, "parameter_values": kept}
	dialect.insert(db, WORKFLOW, row, at, asked.user)
	db.commit()


def _start(place: Site, asked: Asked) -> str:
	run = start_run(
		place,
		place.database,
		asked.definition.name,
		moment(place),
		cause=asked.cause,
		started_by=asked.user,
		input=asked.input,
		document=asked.document,
		trigger=asked.trigger or {"on": asked.cause},
		even_disabled=True,
	)
	place.database.commit()
	return run


def _work(place: Site, course: Course) -> None:
	while not (place.stop_requested() or course.is_over()):
		Drainer(place, until=course.is_over, inline=True, linger=0.0, patience=0.0).run()


def _below(place: Site, run: str) -> list[dict[str, Any]]:
	"""The runs that its steps have started, and theirs, with their steps."""
	found: list[dict[str, Any]] = []
	left = [run]
	while left and len(found) < CHILDREN:
		for child in children.of_run(place.database, left.pop(0)):
			found.append({**reads.run_as_json(place.database, child["run"]), "step": child["step"]})
			left.append(child["run"])
	return found


def _documents(written: Sequence[Changed]) -> dict[str, Any]:
	"""`documents`, as `run --json` has them, and `changes`."""
	shown = [each for each in written if not _came_and_went(each)]
	created = [each for each in shown if "created" in each.events]
	updated = [each for each in shown if "created" not in each.events and "deleted" not in each.events]
	return {
		"documents": {
			"created": [_named(each) for each in created],
			"updated": [_named(each) for each in updated],
		},
		"changes": [changed.as_json(each) for each in shown],
		"before": [
			{"doctype": each.doctype, "name": each.name, **each.before} for each in shown if each.before
		],
	}


def _came_and_went(written: Changed) -> bool:
	return "created" in written.events and "deleted" in written.events


def _named(written: Changed) -> dict[str, Any]:
	return {"doctype": written.doctype, "name": written.name, **(written.after or {})}


def _approvals(place: Site) -> list[dict[str, Any]]:
	"""What people would be asked, and what became of it."""
	db = place.database
	found = [
		approvals.read(db, name) for (name,) in db.sql("SELECT name FROM `tabDogan Approval` ORDER BY name")
	]
	return [
		{
			"step": each.step,
			"index": each.item - 1 if each.item else None,
			"kind": each.rules.kind,
			"subject": each.subject,
			"message": each.message,
			"document": dict(zip(("doctype", "name"), each.document, strict=True)) if each.document else None,
			"asked": [place_of.user for place_of in approvals.places(db, each)],
			"fields": [one.label for one in each.rules.fields],
			"deadline": each.deadline,
			"status": each.status,
		}
		for each in found
	]


def _why_stopped(place: Site, course: Course, seconds: float) -> str:
	if course.is_finished():
		return ""
	if place.stop_requested():
		return f"It was stopped after {seconds:g} seconds: what it has locked, others may want. Try it with less."
	return "It waits for something that nothing here will bring about."

"""`dogansystem run --dry-run`: what a run would do, as somebody in a terminal reads it."""

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.homes.databases.address import SQLiteFile, parse_address
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving import saved
from dogansystem.proving.answers import Answer
from dogansystem.proving.compared import EVENT_WORDS
from dogansystem.proving.course import ToSend
from dogansystem.proving.dry_run import Asked
from dogansystem.proving.dry_run import dry_run as tried
from dogansystem.proving.expected import Differs
from dogansystem.proving.saved import Began
from dogansystem.terminal import files, playing, show
from dogansystem.terminal.run import register_agents
from dogansystem.triggers.webhook import Delivery

SHOWN = 60  # characters of a value


@contextmanager
def opened(url: str | None, dry_run: bool) -> Iterator[Sandbox]:
	"""The sandbox to work in; for a dry run a copy of it that is thrown away."""
	if not (dry_run and url):
		with Sandbox(url) as site:
			yield site
		return
	address = parse_address(url)
	if not isinstance(address, SQLiteFile):  # has tables of its own for a dry run; see proving/apart
		with Sandbox(url) as site:
			yield site
		return
	with tempfile.TemporaryDirectory() as folder:
		copy = Path(folder) / "copy.db"
		if address.path.exists():
			with closing(sqlite3.connect(address.path)) as source, closing(sqlite3.connect(copy)) as target:
				source.backup(target)
		with Sandbox(copy) as site:
			yield site


def dry_run(
	site: Sandbox,
	definition: Definition,
	given: Any,
	document: Mapping[str, Any] | None,
	parameters: Mapping[str, Any],
	answers: Sequence[Answer],
	signals: Sequence[ToSend],
	delivery: Delivery | None,
	documents: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
	"""The report of a run. Agents that are missing are added to a sandbox in a file, which is a copy."""
	if site.dialect == "sqlite":
		register_agents(Orchestrator(site), definition)
		site.database.commit()
	by_step: dict[str, list[Mapping[str, Any]]] = {}
	for each in answers:
		by_step.setdefault(each.step, []).append(each.given)
	trigger = None
	if delivery:
		trigger = {
			"on": "webhook",
			"body": delivery.body,
			"headers": delivery.headers,
			"query": delivery.query,
		}
	asked = Asked(
		definition, site.user, input=given, document=document, parameters=parameters, answers=by_step, signals=signals,
		cause="webhook" if delivery else "manual", trigger=trigger, documents=documents,
	)  # fmt: skip
	return tried(site, asked)


def began(
	at: float,
	documents: Sequence[Mapping[str, Any]],
	document: Mapping[str, Any] | None,
	given: Any,
	parameters: Mapping[str, Any],
	signals: Sequence[ToSend],
	delivery: Delivery | None,
) -> Began:
	"""What a run began with that the command has started. `at`: epoch seconds."""
	start: dict[str, Any] = {"doc": document} if document else {}
	if delivery:
		start = {"webhook": {"body": delivery.body, "headers": delivery.headers, "query": delivery.query}}
	elif given is not None:
		start["input"] = given
	sent = [{"name": each.name, "key": each.key, "data": each.data, "after": each.after} for each in signals]
	now = datetime.fromtimestamp(at, timezone.utc).isoformat(" ")
	return Began(now, documents, start, parameters, [{k: v for k, v in each.items() if v} for each in sent])


def check_free(path: Path | None) -> None:
	"""Raise FileError where a test cannot be written."""
	if path is not None and not playing.is_test(path):
		raise files.FileError(f"{path}: the file of a test is named *.test.yaml.")
	if path is not None and path.exists():
		raise files.FileError(f"{path}: is there already. Name another file, and move the test into it.")


def save_test(
	path: Path, of: Path, definition: Definition, run: Mapping[str, Any], given: Began
) -> list[Differs]:
	"""Write a run as a test of the definition in the file `of`, and play it at once; gives what differs."""
	name = f"as it was tried on {given.now[:10]}"
	file = os.path.relpath(of, path.parent)
	path.write_text(saved.as_file(name, file, definition, run, given), encoding="utf-8")
	found, cases = playing.read(path)
	return [
		each
		for case in cases
		for each in playing.play(path, found, case, playing.others_of(path, found)).differs
	]


def lines(found: Mapping[str, Any]) -> list[str]:
	"""A report, a line for each thing."""
	head = f"Dry run of {found['workflow']}: {found['status']}{show.errors_of(found)}. Nothing was changed."
	return [head, *_lines(found)]


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
	yield from map(show.step_line, found["steps"])
	if found["error"]:
		yield f"  {found['error']}"
	if found["output"] is not None:
		yield f"  output: {found['output']}"
	for each in found["changes"]:
		yield from _of_document(each)
	for each in found["outbox"]:
		yield f"  would send: {each['kind']} to {', '.join(each['to'])}: {each.get('subject') or each.get('message')}"
	for each in found["requests"]:
		how = "a stand-in answers" if each.get("stand_in") else "answered"
		yield f"  would ask: {each['request']} ({how} {each['status']})"
	yield from (f"  would call: {each['action']} of step {each['step']}" for each in found["calls"])
	for each in found["approvals"]:
		yield f"  would ask {', '.join(each['asked'])}: {each['subject']} ({each['status']})"
	for each in found["assumed"]:
		what = (
			f"the signal {each['signal']}, received"
			if "signal" in each
			else f"{each['decision']}, by {each['by']}"
		)
		yield f"  assumed for step {each['step']}: {what}"
	for each in found["jumped"]:
		yield f"  did not wait: step {each['step']} until {each['until'][:19]}"
	for each in found["refused_answers"]:
		yield f"  refused: the answer to step {each['step']}: {each['reason']}"
	for each in found["starts"]:
		yield f"  would start: {each['workflow']}"
	yield from (f"  waits: {show.wait_line(each)}" for each in found["waits"])
	if found["stopped"]:
		yield f"  {found['stopped']}"


def _of_document(changed: Mapping[str, Any]) -> Iterator[str]:
	words = " and ".join(EVENT_WORDS[each] for each in changed["events"])
	yield f"  would {words}: {changed['doctype']} {changed['name']}"
	for each in changed["fields"]:
		place = f"{each['table']} {each['row']}, {each['label']}" if "row" in each else each["label"]
		before = "" if "created" in changed["events"] else f"{_short(each['before'])} → "
		yield f"    {place}: {before}{_short(each['after'])}"


def _short(value: Any) -> str:
	text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
	return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

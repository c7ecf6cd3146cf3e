"""`dogansystem run --dry-run`: what a run would do, as somebody in a terminal reads it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.homes.sandbox import Sandbox
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving.dry_run import Asked
from dogansystem.proving.dry_run import dry_run as tried
from dogansystem.terminal import show
from dogansystem.terminal.answers import Answer
from dogansystem.terminal.course import ToSend
from dogansystem.terminal.run import register_agents
from dogansystem.triggers.webhook import Delivery

SHOWN = 60  # characters of a value
_WORDS = {"created": "create", "updated": "change", "submitted": "submit", "cancelled": "cancel", "deleted": "delete"}


def dry_run(
	site: Sandbox,
	definition: Definition,
	given: Any,
	document: Mapping[str, Any] | None,
	parameters: Mapping[str, Any],
	answers: Sequence[Answer],
	signals: Sequence[ToSend],
	delivery: Delivery | None,
) -> dict[str, Any]:
	"""The report of a run in a sandbox that may be thrown away: agents that are missing are added to it."""
	register_agents(Orchestrator(site), definition)
	site.database.commit()
	by_step: dict[str, list[Mapping[str, Any]]] = {}
	for each in answers:
		by_step.setdefault(each.step, []).append(each.given)
	trigger = None
	if delivery:
		trigger = {"on": "webhook", "body": delivery.body, "headers": delivery.headers, "query": delivery.query}
	asked = Asked(
		definition, site.user, input=given, document=document, parameters=parameters, answers=by_step, signals=signals,
		cause="webhook" if delivery else "manual", trigger=trigger,
	)  # fmt: skip
	return tried(site, asked)


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
		what = f"the signal {each['signal']}, received" if "signal" in each else f"{each['decision']}, by {each['by']}"
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
	words = " and ".join(_WORDS[each] for each in changed["events"])
	yield f"  would {words}: {changed['doctype']} {changed['name']}"
	for each in changed["fields"]:
		place = f"{each['table']} {each['row']}, {each['label']}" if "row" in each else each["label"]
		yield f"    {place}: {_short(each['before'])} → {_short(each['after'])}"


def _short(value: Any) -> str:
	text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
	return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

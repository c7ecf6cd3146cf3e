"""A test of a workflow, played on a site: with its DocTypes, hooks and people, in a transaction that is rolled back.

Nothing waits for a trigger there: the run starts as if it had fired. Users that the test names have to be there, or among its
documents. Its clock is in the site's timezone; what a document is given by Frappe itself, such as its date, is of the real day.
"""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from dogansystem.engine.definition import Definition
from dogansystem.engine.durations import parse_duration
from dogansystem.engine.errors import DoganError
from dogansystem.protocol import Site
from dogansystem.proving.cases import Case
from dogansystem.proving.course import ToSend
from dogansystem.proving.dry_run import Asked, dry_run
from dogansystem.proving.expected import NOTHING, Differs, differences
from dogansystem.proving.outside import line_for

LEFT_OUT = "whether a trigger fires is not played on a site; play it in the sandbox"


def play(site: Site, definition: Definition, case: Case) -> tuple[Mapping[str, Any], list[Differs]]:
	"""The report of the run, and in what it differs from what was expected. Whoever acts on `site` tries it."""
	if "status" in case.expect and case.expect["status"] is None:
		return NOTHING, [Differs("start", LEFT_OUT, None)]
	try:
		report = dry_run(site, asked(site, definition, case))
	except DoganError as error:
		return NOTHING, [Differs("the test itself", "to be played", str(error))]
	differs = [
		Differs("answers", line_for(each), "no answer for this request") for each in report["unanswered"]
	]
	differs += [
		Differs(f"answers.{each['step']}", each["answer"], each["reason"])
		for each in report["refused_answers"]
	]
	return report, [*differs, *differences(case.expect, report)]


def asked(site: Site, definition: Definition, case: Case) -> Asked:
	"""What is tried for a test."""
	document = case.start.get("doc")
	about = {"doctype": document["doctype"], "name": document["name"]} if document else {}
	trigger = _trigger(case.start, about)
	return Asked(
		definition,
		site.user,
		input=case.start.get("input"),
		document=document,
		trigger=trigger,
		cause=str(trigger["on"]),
		parameters=case.parameters,
		answers={**case.answers, **case.said},
		responses=case.responses,
		signals=[
			ToSend(each["name"], each.get("key"), each.get("data"), parse_duration(each.get("after", 0)))
			for each in case.signals
		],
		documents=[*case.documents, *([document] if document else [])],
		now=case.now.replace(tzinfo=ZoneInfo(site.timezone)).timestamp(),
		assumes=False,
	)


def _trigger(start: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
	if "event" in start:
		return {"on": "document", "event": start["event"], **about}
	if "webhook" in start:
		return {"on": "webhook", "headers": {}, "query": {}, **start["webhook"]}
	if "signal" in start:
		return {"on": "signal", "key": None, "data": None, **start["signal"]}
	return {"on": start.get("by", "manual"), **about}

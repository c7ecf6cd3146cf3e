"""The rehearsal: a definition, new or changed, against documents that exist, beside what the version now enabled does.

Each document is an attempt of its own that is rolled back, and the next one begins after a rest: real work comes first. What
real work has locked is tried again at the end, and else left out.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine import due_dates
from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.definitions.triggers.base import as_list
from dogansystem.engine.errors import DoganError, InputError, error_names
from dogansystem.protocol import Site
from dogansystem.proving import compared
from dogansystem.proving.dry_run import Asked, TooBusy, dry_run
from dogansystem.store import reads, versions
from dogansystem.store.moment import as_text, moment
from dogansystem.triggers import reading, starting
from dogansystem.triggers.document import is_value

DAY = 86_400.0
DOCUMENTS, MOST = 200, 2000  # of one rehearsal: if nothing else is asked for, and at most
SECONDS = 600.0  # after which no further document is tried
OF_ONE = 10.0  # seconds for one document
REST = 1.0  # of the time that a document took, the time in which nothing is done after it
# What a document's event says that began long ago can still be told from it.
_AFTER = {"submitted": (1, 2), "cancelled": (2,)}
ABOUT_DOCUMENTS = frozenset({"document", "date", "condition", "manual"})


@dataclass(frozen=True, slots=True)
class Rehearsed:
	"""What is rehearsed.

	Attributes:
		user: who asks, and is shown what comes of it; the documents are those they may list.
		trusted: as for a dry run.
		since: seconds back from now in which the documents were last changed, or their date came.
		filters: those they match instead, with `doctype` where the definition names several.
		compares: whether the version that is enabled now is tried beside it.
	"""

	definition: Definition
	user: str
	trusted: bool = True
	since: float = 30 * DAY
	doctype: str | None = None
	filters: Any = None
	limit: int = DOCUMENTS
	compares: bool = True
	parameters: Mapping[str, Any] = field(default_factory=dict)
	seconds: float = SECONDS


@dataclass(frozen=True, slots=True)
class Candidate:
	"""A document that is tried, as the asking user may read it."""

	doctype: str
	name: str
	doc: Mapping[str, Any]


def rehearse(
	site: Site,
	asked: Rehearsed,
	progress: Callable[[int, int], None] = lambda done, of: None,
	stops: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
	"""Try a checked definition with the documents, roll all of it back, and give `workflow`, `summary`, `results` (failures
	first), `compared`, `stopped`.

	`progress` is told after each document; `stops` is asked before each. Raises InputError where no document can be meant.
	"""
	until = time.monotonic() + asked.seconds
	present = _present(site, asked) if asked.compares else None
	chosen = _chosen(site, asked, present)
	tried: dict[tuple[str, str], dict[str, Any]] = {}
	stopped, left = "", [*chosen]
	while left:
		if stops() or time.monotonic() > until:
			stopped = f"It was stopped after {len(tried)} of {len(chosen)} documents."
			break
		key, began = left.pop(0), time.monotonic()
		if candidate := _candidate(site, asked, *key):
			is_first = key not in tried
			tried[key] = _result(site, asked, present, candidate)
			if tried[key]["new"] is None and is_first:
				left.append(key)
		progress(len(tried), len(chosen))
		time.sleep(min((time.monotonic() - began) * REST, OF_ONE))
	results = list(tried.values())
	return {
		"workflow": asked.definition.name,
		"compared": present is not None,
		"summary": compared.summary(results),
		"results": compared.in_order(results),
		"stopped": stopped,
	}


def _candidate(site: Site, asked: Rehearsed, doctype: str, name: str) -> Candidate | None:
	"""A document as it is now; None: it is gone, or not for the asking user."""
	with site.acting_as(asked.user):
		doc = reading.read(site, doctype, name)
	site.database.rollback()
	return None if doc is None else Candidate(doctype, name, doc)


def _present(site: Site, asked: Rehearsed) -> Definition | None:
	"""The version that is enabled now; None if there is none."""
	found = reads.enabled_workflow(site.database, asked.definition.name)
	version = found[0] if found and found[1] else None
	present = versions.load(site, version) if version else None
	site.database.rollback()
	return present


def _result(site: Site, asked: Rehearsed, present: Definition | None, candidate: Candidate) -> dict[str, Any]:
	new = _outcome(site, asked, asked.definition, candidate)
	now = _outcome(site, asked, present, candidate) if present and new else None
	if present and now is None:
		new = None  # without the one, the other says nothing
	return {
		"document": {"doctype": candidate.doctype, "name": candidate.name},
		"new": new,
		"now": now,
		"differences": compared.differences(now, new) if now and new else [],
	}


def _outcome(
	site: Site, asked: Rehearsed, definition: Definition, candidate: Candidate
) -> dict[str, Any] | None:
	"""What comes of a definition with a document; None: real work holds what it needs."""
	fitting, reason = _fitting(site, asked, definition, candidate)
	if fitting is None:
		return {"starts": False, "reason": reason}
	before = moment(site).text
	tried = Asked(
		definition,
		asked.user,
		asked.trusted,
		document=candidate.doc,
		trigger=fitting,
		cause=str(fitting["on"]),
		parameters=asked.parameters,
		seconds=OF_ONE,
	)
	try:
		with site.acting_as(asked.user):
			report = dry_run(site, tried)
	except TooBusy:
		return None
	except DoganError as error:
		return {"starts": False, "reason": str(error)}
	return compared.outcome(report, (before, moment(site, site.now() + 1.0).text))


def _fitting(
	site: Site, asked: Rehearsed, definition: Definition, candidate: Candidate
) -> tuple[dict[str, Any] | None, str]:
	"""What the trigger that fits would say; or why none does."""
	about = [each for each in definition.triggers if _names(each) == candidate.doctype]
	if not about and asked.doctype:
		return {"on": "manual"}, ""
	reason = f"It has no trigger for {candidate.doctype}."
	at = moment(site)
	for trigger in about:
		if (told := _told(site, trigger, candidate)) is None:
			reason = f"The trigger {trigger.on} does not fit the document as it is."
			continue
		try:
			if starting.condition_holds(site, definition, trigger, candidate.doc, told, asked.user, at):
				return told, ""
			reason = f"The `if` of the trigger {trigger.on} does not hold."
		except DoganError as error:
			return None, f"The `if` of the trigger {trigger.on} fails: {error}"
	return None, reason


def _names(trigger: Trigger) -> str | None:
	doctype = trigger.keys.get("doctype") if trigger.on in ABOUT_DOCUMENTS else None
	return str(doctype) if doctype else None


def _told(site: Site, trigger: Trigger, candidate: Candidate) -> dict[str, Any] | None:
	"""What templates have as `trigger`; None: it does not fit. Which values a document had before is not known any more: a
	change of a field counts if it ends in the value that is there."""
	doc, keys = candidate.doc, trigger.keys
	told: dict[str, Any] = {"on": trigger.on, "doctype": candidate.doctype, "name": candidate.name}
	if trigger.on == "document":
		event = keys["event"]
		if event == "deleted" or int(doc.get("docstatus") or 0) not in _AFTER.get(event, (0, 1, 2)):
			return None
		if event == "changed":
			if "to" in keys and not is_value(keys["to"], doc.get(keys["field"])):
				return None
			told |= {"field": keys["field"], "before": keys.get("from"), "after": doc.get(keys["field"])}
		return {**told, "event": event}
	if trigger.on == "date":
		due = (
			due_dates.moment(keys, doc.get(keys["field"]), site.timezone) if doc.get(keys["field"]) else None
		)
		if due is None:
			return None
		return {
			**told,
			"field": keys["field"],
			"value": doc.get(keys["field"]),
			"due": as_text(site.local_time(due)),
		}
	return told


def _chosen(site: Site, asked: Rehearsed, present: Definition | None) -> list[tuple[str, str]]:
	"""The documents, the newest first, as far as the asking user may read them."""
	if not 0 < asked.limit <= MOST:
		raise InputError(f"limit: at least 1 and at most {MOST} documents are rehearsed at a time.")
	triggers = [each for of in (asked.definition, present) if of for each in of.triggers if _names(each)]
	doctypes = (
		list(dict.fromkeys(_names(each) for each in triggers)) if not asked.doctype else [asked.doctype]
	)
	if not doctypes:
		raise InputError(
			f"Workflow {asked.definition.name!r} is started by no document: name the document type that it is rehearsed with."
		)
	found: dict[tuple[str, str], None] = {}
	with site.acting_as(asked.user):
		for doctype in doctypes:
			of = [each for each in triggers if _names(each) == doctype]
			for filters in _filters(site, asked, doctype, of):
				for name in _listed(site, str(doctype), filters, asked.limit):
					if len(found) < asked.limit:
						found[str(doctype), name] = None
	site.database.rollback()
	return list(found)


def _filters(
	site: Site, asked: Rehearsed, doctype: str | None, triggers: Sequence[Trigger]
) -> Iterator[list[Any]]:
	"""What finds the documents; each trigger has its own."""
	if asked.filters is not None:
		yield as_list(asked.filters)
		return
	now = site.now()
	since = site.local_time(now - asked.since)
	for trigger in triggers:
		if trigger.on == "date":
			first, last = due_dates.days_between(trigger.keys, now - asked.since, now, site.timezone)
			field = trigger.keys["field"]
			yield [[field, ">=", first.isoformat()], [field, "<=", last.isoformat()]]
		else:
			field = "creation" if trigger.keys.get("event") == "created" else "modified"
			yield [[field, ">=", as_text(since)]]
	if not triggers:
		yield [["modified", ">=", as_text(since)]]


def _listed(site: Site, doctype: str, filters: list[Any], limit: int) -> list[str]:
	"""Raises InputError where the acting user may not list these documents."""
	try:
		rows = site.documents.list(doctype, filters, ["name"], "modified desc", limit)
	except Exception as error:
		if "PermissionError" in error_names(error):
			raise InputError(
				f"{site.user} may not list {doctype}, so nothing of them can be rehearsed."
			) from error
		raise
	return [str(each["name"]) for each in rows]

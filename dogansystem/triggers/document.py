"""Document triggers: a document was created, updated, submitted, cancelled, deleted, or a field of it changed.

The run is written in the document's own transaction: if the document rolls back there was no run, and if it commits
there is one, whatever happens to the process afterwards. A document no workflow wants pays for one look in a dict.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from dogansystem.engine.definition import Trigger
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.protocol import Site
from dogansystem.store import reads, versions
from dogansystem.store.kept import Kept
from dogansystem.store.moment import moment
from dogansystem.triggers import email, starting
from dogansystem.triggers.faults import survived, tell

STAMP = "triggers"  # what is touched when a workflow is saved, enabled, disabled or deleted
OWN = "Dogan "  # how the names of the app's own DocTypes begin
MAX_KEPT = 16  # maps in one process: those of its sites, and of the snapshots that are open
_EMPTY = (None, "", 0)
LIFETIME = 60.0  # seconds; workflows that somebody changes past their DocType show after it


@dataclass(frozen=True, slots=True)
class Wanted:
	"""A workflow that wants to hear of a DocType's documents."""

	workflow: str
	version: str
	trigger: Trigger


Map = Mapping[str, tuple[Wanted, ...]]


def wanted(site: Site) -> Map:
	"""For each DocType, the triggers of enabled workflows, as this transaction sees them. Kept for each stamp.

	If they cannot be read, no document is wanted, and the log says so: nobody is kept from saving one.
	"""
	return survived(
		site,
		site.database,
		"document triggers cannot be read",
		lambda: _kept.get(site, site.stamp(STAMP), lambda: _read(site)),
		{},
	)


def on_event(
	site: Site, doc: Mapping[str, Any], event: str, previous: Mapping[str, Any] | None = None
) -> list[str]:
	"""Start what wants this event, in the document's transaction; gives the names of the runs.

	`event` is created, updated, submitted, cancelled, deleted, changed where a field was written without a save, or received
	where a mail is there with all its attachments; `previous` the values before it, if there were any.
	A trigger that cannot be evaluated does not keep people from saving: its run is there, failed, with the reason. If not
	even that run can be written, the log has it. Either way the other triggers start their runs.
	"""
	started = []
	for want in wanted(site).get(doc["doctype"], ()):
		if _is_about(want.trigger, doc, event, previous):
			what = f"workflow={want.workflow} document={doc['doctype']} {doc.get('name')} event={event}"
			run = survived(site, site.database, what, partial(_start, site, want, doc, event, previous), None)
			if run:
				started.append(run)
	if started:
		site.after_commit(site.doorbell.ring)
	return started


def _start(
	site: Site, want: Wanted, doc: Mapping[str, Any], event: str, previous: Mapping[str, Any] | None
) -> str | None:
	if want.trigger.on == email.KIND:
		return email.start(site, want.workflow, want.version, want.trigger, doc)
	definition = versions.load(site, want.version)
	limited_to = definition.only_as
	if limited_to is not None:
		seen = site.documents.seen_by(limited_to, dict(doc))
		if seen is None:
			return None
		doc, previous = seen, {key: value for key, value in (previous or {}).items() if key in seen}
	at = moment(site)
	about = {"on": "document", "event": event, "doctype": doc["doctype"], "name": doc["name"]}
	if want.trigger.keys.get("field") and previous:
		field = want.trigger.keys["field"]
		about |= {"field": field, "before": previous.get(field), "after": doc.get(field)}
	given: dict[str, Any] = {
		"cause": "document", "started_by": site.user, "trigger": about, "document": doc,
	}  # fmt: skip

	def holds() -> bool:
		return starting.condition_holds(site, definition, want.trigger, doc, about, site.user, at)

	return starting.start_or_fail(site, site.database, want.workflow, want.version, at, holds=holds, **given)


def _is_about(
	trigger: Trigger, doc: Mapping[str, Any], event: str, previous: Mapping[str, Any] | None
) -> bool:
	if trigger.on == email.KIND or event == email.RECEIVED:
		return trigger.on == email.KIND and event == email.RECEIVED and email.fits(trigger, doc)
	asked = trigger.keys["event"]
	if asked != "changed":
		return bool(asked == event)
	field = trigger.keys["field"]
	before = previous.get(field) if previous else None
	if event == "deleted" or doc.get(field) == before:
		return False
	return all(
		key not in trigger.keys or is_value(trigger.keys[key], value)
		for key, value in (("from", before), ("to", doc.get(field)))
	)


def is_value(wanted: str, value: Any) -> bool:
	"""Whether a field's value is the one that a trigger names: numbers as numbers, all else as text.

	Nothing, empty text and 0 are the same: a home may have any of them for an empty field.
	"""
	if value in _EMPTY:
		return wanted == "" or _number(wanted) == 0
	if isinstance(value, int | float):
		return _number(wanted) == value
	return wanted == str(value)


def _number(text: str) -> float | None:
	try:
		return float(text)
	except ValueError:
		return None


def _read(site: Site) -> Map:
	found: dict[str, tuple[Wanted, ...]] = {}
	for workflow, version in reads.enabled_workflows(site.database):
		for trigger in _triggers(site, workflow, version):
			doctype = email.DOCTYPE if trigger.on == email.KIND else str(trigger.keys.get("doctype"))
			# What the app itself writes starts nothing.
			if trigger.on in ("document", email.KIND) and not doctype.startswith(OWN):
				found[doctype] = (*found.get(doctype, ()), Wanted(workflow, version, trigger))
	return found


def _triggers(site: Site, workflow: str, version: str) -> Sequence[Trigger]:
	try:
		return versions.load(site, version).triggers
	except UnreadableVersion as error:
		tell(site, site.database, f"workflow={workflow} document triggers cannot be read", error)
		return ()  # other workflows do not notice


def _dump(wanted: Map) -> dict[str, Any]:
	return {
		doctype: [[each.workflow, each.version, asdict(each.trigger)] for each in every]
		for doctype, every in wanted.items()
	}


def _build(shared: Mapping[str, Any]) -> Map:
	return {
		doctype: tuple(Wanted(workflow, version, Trigger(**trigger)) for workflow, version, trigger in every)
		for doctype, every in shared.items()
	}


_kept: Kept[Map] = Kept("triggers", MAX_KEPT, _dump, _build, LIFETIME)

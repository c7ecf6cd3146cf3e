"""Date triggers: a date of a document has come. See `looking` for how documents are found and started.

A look goes back to the one before it, and at least a day: a document that is saved a moment late, or gets the status that
the filters want by a job of the night, still counts. Each document and value of the field is remembered for as long.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dogansystem.engine import due_dates
from dogansystem.engine.definition import Trigger
from dogansystem.engine.schedule import ON_TIME
from dogansystem.protocol import Database, Site
from dogansystem.store.matches import Match, Watch
from dogansystem.store.moment import Moment, as_text, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers.looking import Item, Look, Looker, Looking
from dogansystem.triggers.reading import digest, rows

INTERVAL = 60.0  # seconds between two looks
LATE = 86_400.0  # seconds for which a document still counts that was not there, or did not match, when its time came


class Date(Looking):
	"""A document's date field plus an offset."""

	kind = "date"
	identity = ("doctype", "field", "offset", "at")
	field = ""

	def interval(self, looker: Looker) -> float:
		"""As often as the tick comes."""
		return INTERVAL

	def begin(self, site: Site, db: Database, looker: Looker, at: Moment) -> None:
		"""Find out whether the documents can be listed. What was due before starts nothing."""
		for trigger in looker.triggers:
			bounds = _bounds(site, trigger, at.seconds, at.seconds)
			next(rows(site, looker.definition, trigger, bounds, trigger.keys["field"], at), None)

	def look(
		self, site: Site, looker: Looker, watch: Watch, known: Mapping[str, Match], wait: Wait, at: Moment
	) -> Look:
		"""What has come due since the last look, or is still unhandled of the last day."""
		until = watch.round_at or at.seconds
		since = min(watch.looked_at, until - LATE)
		taken, items = set(known), []
		enabled = moment(site, watch.enabled_at).text
		for trigger in looker.triggers:
			field = trigger.keys["field"]
			bounds = _bounds(site, trigger, since, until)
			for name, value, creation in rows(site, looker.definition, trigger, bounds, field, at):
				due = due_dates.moment(trigger.keys, value, site.timezone) if value else None
				document = digest(name, value)
				if due is None or document in taken or not since < due <= until:
					continue
				if _counts(trigger, due, until, due > watch.enabled_at or creation > enabled):
					taken.add(document)
					items.append(Item(trigger, name, Match(document, due), value, f"{looker.key} {document}"))
		return Look(
			items,
			watch=replace(watch, looked_at=until, round_at=0.0),
			round=replace(watch, round_at=until),
			next_due=until + INTERVAL,
			until=since,
		)

	def about(self, site: Site, item: Item) -> dict[str, Any]:
		"""The field, its value, and when it was due."""
		due = as_text(site.local_time(item.match.at))
		return {"field": item.trigger.keys["field"], "value": item.value, "due": due}


def _counts(trigger: Trigger, due: float, now: float, is_new: bool) -> bool:
	is_missed = trigger.keys["missed"] == "skip" and now - due > ON_TIME
	return is_new and not is_missed


def _bounds(site: Site, trigger: Trigger, since: float, until: float) -> list[list[Any]]:
	first, last = due_dates.days_between(trigger.keys, since, until, site.timezone)
	field = trigger.keys["field"]
	return [[field, ">=", first.isoformat()], [field, "<=", last.isoformat()]]

"""Condition triggers: a document newly matches filters. See `looking` for how documents are found and started.

What matched at the last look is remembered, and with `again: never` whatever has started a run. A match has `at` 0 if it was
there when the workflow was enabled, else the time of its run; its mark is the document's `modified`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dogansystem.protocol import Database, Site
from dogansystem.store.changes import matches
from dogansystem.store.matches import Match, Watch
from dogansystem.store.moment import Moment
from dogansystem.store.queue import Wait
from dogansystem.triggers.looking import Item, Look, Looker, Looking
from dogansystem.triggers.reading import digest, rows


class Condition(Looking):
	"""Documents that match now and did not match before."""

	kind = "condition"
	identity = ("doctype", "filters")
	field = "modified"

	def interval(self, looker: Looker) -> float:
		"""The trigger's `every`."""
		return float(looker.triggers[0].keys["every"])

	def begin(self, site: Site, db: Database, looker: Looker, at: Moment) -> None:
		"""Remember what matches already, unless it counts."""
		trigger = looker.triggers[0]
		if trigger.keys.get("existing"):
			next(
				rows(site, looker.definition, trigger, (), "modified", at), None
			)  # whether the documents can be listed
			return
		found = [
			Match(digest(name), 0.0, str(value))
			for name, value, _ in rows(site, looker.definition, trigger, (), "modified", at)
		]
		matches.remember(db, looker.definition.name, looker.key, found)

	def look(
		self, site: Site, looker: Looker, watch: Watch, known: Mapping[str, Match], wait: Wait, at: Moment
	) -> Look:
		"""What matches and did not before. What no longer matches is forgotten."""
		trigger = looker.triggers[0]
		again = trigger.keys["again"] == "changed"
		items, left = [], set(known)
		for name, value, _ in rows(site, looker.definition, trigger, (), "modified", at):
			document, mark = digest(name), str(value)
			left.discard(document)
			before = known.get(document)
			if before and not (again and before.mark != mark):
				continue
			key = f"{looker.key} {document}" + (f" {mark} {wait.due_at:.3f}" if again else "")
			items.append(
				Item(trigger, name, Match(document, at.seconds, mark), value, key, before is not None)
			)
		looked = replace(watch, looked_at=at.seconds)
		every = self.interval(looker)
		next_due = wait.due_at + max((at.seconds - wait.due_at) // every + 1, 1) * every
		return Look(items, watch=looked, round=watch, next_due=next_due, gone=_gone(left, known, again))

	def about(self, site: Site, item: Item) -> dict[str, Any]:
		"""Nothing more."""
		return {}


def _gone(left: set[str], known: Mapping[str, Match], again: bool) -> list[str]:
	"""Of what matches no longer, what may start a run when it matches anew."""
	return [document for document in left if again or not known[document].at]

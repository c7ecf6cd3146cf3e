"""Triggers that look at documents from time to time: what `date` and `condition` have in common.

A look reads, as `run_as`, on this thread's connection, and locks nothing. What it found is then started in batches, each
in one transaction with the wait that fences it and with what is remembered of its documents. So a process that is killed
leaves whole batches behind, and the next look finds the rest.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from dogansystem.engine.definition import Definition, Trigger
from dogansystem.engine.errors import NotFound, UnreadableVersion, WrongState
from dogansystem.protocol import Database, Document, Site
from dogansystem.store import matches as seen
from dogansystem.store.changes import matches, waits
from dogansystem.store.matches import Match, Watch
from dogansystem.store.moment import Moment, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import starting
from dogansystem.triggers.base import PAUSE, Write, as_data, keep_waits, of_kind, wait_again
from dogansystem.triggers.faults import survived, tell
from dogansystem.triggers.reading import digest, read

BATCH = 50  # documents in one transaction: some 300 ms
MAX_BATCHES = 10  # started from one look; the process has other things to do as well
FAILED_PAUSE = 300.0  # seconds until a look that failed is tried again


@dataclass(frozen=True, slots=True)
class Item:
	"""A document that is to start a run.

	Attributes:
		trigger: the one that wants it.
		match: what is remembered of it.
		value: what it had at the look, in the field that the kind looks at.
		key: the idempotency key of the run.
		is_known: it is remembered already, with another mark.
	"""

	trigger: Trigger
	name: str
	match: Match
	value: Any
	key: str
	is_known: bool = False


@dataclass(frozen=True, slots=True)
class Look:
	"""What a trigger has found.

	Attributes:
		items: what is to be started.
		watch: how far it has looked once all of them are.
		round: the same until then.
		next_due: when to look again once all of them are (epoch seconds).
		gone: documents to be forgotten then.
		until: of what is remembered, what lies before this is forgotten then; None: nothing.
	"""

	items: Sequence[Item]
	watch: Watch
	round: Watch
	next_due: float
	gone: Sequence[str] = ()
	until: float | None = None


@dataclass(frozen=True, slots=True)
class Looker:
	"""Who looks, and for what: a workflow's triggers with the same data."""

	definition: Definition
	version: str
	triggers: Sequence[Trigger]
	key: str

	@property
	def user(self) -> str:
		"""Whose permissions the look has."""
		return self.definition.only_as or self.definition.run_as or ""


class Looking(ABC):
	"""`triggers.base.Timed` for kinds that look at documents."""

	kind: ClassVar[str]
	identity: ClassVar[
		tuple[str, ...]
	]  # the keys that make a trigger the same one after a change of the workflow
	field: ClassVar[str]  # the field whose value an item remembers; empty: the trigger names it

	def data(self, trigger: Trigger) -> str:
		"""Its `identity`."""
		return as_data({key: trigger.keys[key] for key in self.identity if key in trigger.keys})

	def plan(
		self, site: Site, db: Database, workflow: str, definition: Definition | None, at: Moment
	) -> None:
		"""A trigger that is still there goes on where it is. Raises if `run_as` may not list the documents of a new one."""
		wanted = self._lookers(definition, "")
		keys = {looker.key for looker in wanted.values()}
		known = set(seen.keys(db, workflow))
		for key in known - keys:
			if key.startswith(f"{self.kind}:"):
				matches.end(db, workflow, key)
		for data in keep_waits(db, self.kind, workflow, set(wanted)):
			looker = wanted[data]
			if looker.key not in known:
				matches.begin(db, workflow, looker.key, at.seconds)
				with site.acting_as(looker.user):
					self.begin(site, db, looker, at)
			waits.put(db, at.seconds + self.interval(looker), self.kind, workflow, data)

	def fire(self, site: Site, wait: Wait, write: Write) -> bool:
		"""Look, and start what was found."""
		site.database.rollback()  # what is read next is what is true now
		try:
			return self._fire(site, wait, write, moment(site))
		finally:
			site.database.rollback()

	# What a kind says of itself

	@abstractmethod
	def interval(self, looker: Looker) -> float:
		"""Seconds between two looks."""

	@abstractmethod
	def begin(self, site: Site, db: Database, looker: Looker, at: Moment) -> None:
		"""What is to be done when a workflow is enabled. Reads as `run_as`."""

	@abstractmethod
	def look(
		self, site: Site, looker: Looker, watch: Watch, known: Mapping[str, Match], wait: Wait, at: Moment
	) -> Look:
		"""Look at the documents, as `run_as`. `known`: what is remembered of them."""

	@abstractmethod
	def about(self, site: Site, item: Item) -> dict[str, Any]:
		"""What templates have as `trigger`, beside `on`, `doctype` and `name`."""

	# The same for all

	def _lookers(self, definition: Definition | None, version: str) -> dict[str, Looker]:
		found: dict[str, Looker] = {}
		for trigger in of_kind(definition, self.kind):
			data = self.data(trigger)
			others = found[data].triggers if data in found else ()
			assert definition is not None
			found[data] = Looker(definition, version, (*others, trigger), f"{self.kind}:{digest(data)}")
		return found

	def _fire(self, site: Site, wait: Wait, write: Write, at: Moment) -> bool:
		workflow = str(wait.subject)
		what = f"workflow={workflow} {self.kind}={wait.data}"
		try:
			definition, version = starting.enabled_definition(site, site.database, workflow)
		except (NotFound, WrongState):
			return bool(write(lambda db: waits.end(db, wait.id)))  # disabled or deleted since
		except UnreadableVersion as error:
			tell(site, site.database, f"{what} starts nothing", error)
			site.database.commit()
			return self._later(write, wait, at.seconds + PAUSE)
		looker = self._lookers(definition, version).get(str(wait.data))
		watch = seen.watch(site.database, workflow, looker.key) if looker else None
		if looker is None or watch is None:
			return bool(write(lambda db: waits.end(db, wait.id)))  # changed since
		found = self._look(site, looker, watch, wait, at, what)
		if found is None:
			return self._later(write, wait, at.seconds + FAILED_PAUSE)
		return self._start_all(site, looker, found, wait, write, at)

	def _look(
		self, site: Site, looker: Looker, watch: Watch, wait: Wait, at: Moment, what: str
	) -> Look | None:
		def look() -> Look:
			known = seen.seen(site.database, looker.definition.name, looker.key)
			with site.acting_as(looker.user):
				return self.look(site, looker, watch, known, wait, at)

		found = survived(site, site.database, what, look, None)
		if found is None:
			site.database.commit()  # the report
		return found

	def _later(self, write: Write, wait: Wait, due: float) -> bool:
		def put_off(db: Database) -> bool:
			return waits.end(db, wait.id) and bool(wait_again(db, wait, due))

		return bool(write(put_off))

	def _start_all(
		self, site: Site, looker: Looker, found: Look, wait: Wait, write: Write, at: Moment
	) -> bool:
		items, number = found.items, wait.id
		for start in range(0, max(len(items), 1), BATCH):
			if start >= BATCH * MAX_BATCHES:
				return True
			batch = items[start : start + BATCH]
			documents = self._documents(site, looker, batch)
			is_last = start + BATCH >= len(items)
			work = partial(
				self._write, site, looker=looker, found=found, documents=documents, wait=wait, number=number,
				is_last=is_last, at=at,
			)  # fmt: skip
			again = write(work)
			if not again:
				return start > 0
			if documents and not start:
				site.doorbell.ring()  # the rest of a large look takes a while
			number = again
		return True

	def _write(
		self,
		site: Site,
		db: Database,
		*,
		looker: Looker,
		found: Look,
		documents: Sequence[tuple[Item, Document]],
		wait: Wait,
		number: int,
		is_last: bool,
		at: Moment,
	) -> int | None:
		"""Start a batch. Gives the number of the wait for the next one, or None: another process has fired this one."""
		if not waits.end(db, number):
			return None
		place = (looker.definition.name, looker.key)
		for item, document in documents:
			what = f"workflow={place[0]} document={document['doctype']} {item.name}"
			survived(site, db, what, partial(self._start, site, db, looker, item, document, at), None)
		gone = [
			*(found.gone if is_last else ()),
			*(item.match.document for item, _ in documents if item.is_known),
		]
		matches.forget(db, *place, gone)
		matches.remember(db, *place, [item.match for item, _ in documents])
		if is_last and found.until is not None:
			matches.forget_before(db, *place, found.until)
		matches.looked(db, *place, found.watch if is_last else found.round)
		return wait_again(db, wait, found.next_due if is_last else at.seconds)

	def _documents(self, site: Site, looker: Looker, items: Sequence[Item]) -> list[tuple[Item, Document]]:
		"""The documents of a batch as they are now. One that has changed since the look is left to the next look, and so is one
		that cannot be read: the others are not kept waiting by it."""
		found = []
		with site.acting_as(looker.user):
			for item in items:
				doctype = item.trigger.keys["doctype"]
				what = f"workflow={looker.definition.name} document={doctype} {item.name}"
				document = survived(site, site.database, what, partial(read, site, doctype, item.name), None)
				if document and document.get(self.field or item.trigger.keys["field"]) == item.value:
					found.append((item, document))
		site.database.commit()  # what was told of
		return found

	def _start(
		self, site: Site, db: Database, looker: Looker, item: Item, document: Document, at: Moment
	) -> str | None:
		about = {"on": self.kind, "doctype": document["doctype"], "name": document["name"]}
		about |= self.about(site, item)
		given: dict[str, Any] = {
			"cause": self.kind,
			"started_by": looker.definition.run_as or "",
			"trigger": about,
			"document": document,
			"idempotency_key": item.key,
		}

		def holds() -> bool:
			return starting.condition_holds(
				site, looker.definition, item.trigger, document, about, looker.user, at
			)

		return starting.start_or_fail(
			site, db, looker.definition.name, looker.version, at, holds=holds, **given
		)

"""Batches: a person chooses many documents, and each gets its run, or a reason why not.

A request only writes down what was asked for. The runs are started by a wait, some documents in one transaction with what
became of them and with the wait for the next ones: a process that is killed leaves whole transactions behind, and each
document has exactly one run or one reason. Documents are read with the permissions of the person who asked.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from dogansystem.engine.definitions.parse import check_input
from dogansystem.engine.errors import InputError, NotFound, WrongState
from dogansystem.engine.templates.render import to_json_value
from dogansystem.protocol import Database, Document, Site
from dogansystem.store import batches, names
from dogansystem.store.changes import waits
from dogansystem.store.moment import Moment, moment
from dogansystem.store.queue import Wait
from dogansystem.triggers import manual
from dogansystem.triggers.base import Write
from dogansystem.triggers.faults import can_be_survived, written
from dogansystem.triggers.starting import enabled_definition, start_run

KIND = "batch"
CHUNK = 50  # documents in one transaction: some 300 ms
MAX_DOCUMENTS = 50_000  # of one batch
MAX_NAME = 140  # characters, as Frappe has it
MAX_LISTED = 1000  # documents or batches in one answer


class Batches:
	"""The batches of a site, in the transaction of the calling thread. The caller commits."""

	def __init__(self, site: Site) -> None:
		self.site = site

	def start(
		self,
		workflow: str,
		doctype: str,
		names: Sequence[str] | None = None,
		filters: Any = None,
		input: Any = None,
	) -> str:
		"""Have a run started for each of the documents that are named, or that match the filters and the acting user may list.

		Gives the batch's name. `input` is that of every run. Raises NotFound, WrongState or InputError.
		"""
		site, db = self.site, self.site.database
		definition, _ = enabled_definition(site, db, workflow)
		manual.check_document(definition, {"doctype": doctype, "name": "…"})
		given = {} if input is None else to_json_value(input)
		check_input(definition, given)
		chosen = self._chosen(doctype, names, filters)
		at = moment(site)
		db.begin()
		batch = new_name(at)
		batches.create(db, batch, workflow, doctype, chosen, given, site.user, at)
		waits.put(db, at.seconds, KIND, batch)
		site.after_commit(site.doorbell.ring)
		return batch

	def _chosen(self, doctype: str, names: Sequence[str] | None, filters: Any) -> list[str]:
		if (names is None) is (filters is None):
			raise InputError("A batch needs either the names of documents, or filters that find them.")
		if names is None:
			rows = self.site.documents.list(doctype, filters, ["name"], "name asc", MAX_DOCUMENTS + 1)
			names = [str(row["name"]) for row in rows]
		chosen = list(dict.fromkeys(names))
		if not chosen:
			raise InputError(f"No {doctype} was chosen: name some, or give filters that some match.")
		if too_long := next((each for each in (doctype, *chosen) if len(each) > MAX_NAME), None):
			raise InputError(
				f"There is nothing named {too_long[:40]}…: names have at most {MAX_NAME} characters."
			)
		if len(chosen) > MAX_DOCUMENTS:
			raise InputError(
				f"More than {MAX_DOCUMENTS:,} documents were chosen: make several batches of them."
			)
		return chosen

	def get(self, batch: str) -> dict[str, Any]:
		"""A batch: who started what when, `total`, what became of the documents (`started`, `refused`, `cancelled`), and how many
		`runs` are in each state. Raises NotFound."""
		found = self._known(batch)
		return found | {"runs": batches.runs(self.site.database, batch)}

	def documents(self, batch: str, limit: int = 100, after: int = 0) -> list[dict[str, Any]]:
		"""What became of its documents, those behind the number `after`. Raises NotFound."""
		self._known(batch)
		return batches.documents(self.site.database, batch, min(max(limit, 1), MAX_LISTED), after)

	def list(self, limit: int = 20, user: str | None = None) -> list[dict[str, Any]]:
		"""The newest batches, of a user if one is given."""
		return batches.newest(self.site.database, min(max(limit, 1), MAX_LISTED), user)

	def cancel(self, batch: str) -> int:
		"""Start no further run; those that were started go on. Gives how many documents were left. Raises NotFound, WrongState."""
		db, at = self.site.database, moment(self.site)
		db.begin()
		found = self._known(batch, locked=True)
		if found["status"] != batches.RUNNING:
			raise WrongState(f"Batch {batch} is {found['status']} already: nothing is left to be cancelled.")
		dropped = batches.drop_pending(db, batch)
		batches.settle(db, batch, at)
		waits.forget(db, KIND, batch)
		return dropped

	def _known(self, batch: str, *, locked: bool = False) -> dict[str, Any]:
		found = batches.read(self.site.database, batch, locked=locked)
		if found is None:
			raise NotFound(f"There is no batch {batch!r}.")
		return found


def new_name(at: Moment) -> str:
	"""A name for a batch: sorted by time."""
	return names.new_run(at.seconds)


def fire(site: Site, wait: Wait, write: Write) -> bool:
	"""Start runs for the next documents of a batch. False: another process has done it, or is about to."""
	site.database.rollback()  # what is read next is what is true now
	try:
		return _fire(site, wait, write)
	finally:
		site.database.rollback()


def _fire(site: Site, wait: Wait, write: Write) -> bool:
	batch = batches.read(site.database, str(wait.subject))
	if batch is None or batch["status"] != batches.RUNNING:
		return bool(write(lambda db: waits.end(db, wait.id)))  # cancelled or deleted since
	chosen = batches.pending(site.database, batch["batch"], CHUNK)
	found = _documents(site, batch, chosen)
	done = write(partial(_start_some, site, batch=batch, documents=found, wait=wait, at=moment(site)))
	if done:
		site.doorbell.ring()
	return bool(done)


def _documents(
	site: Site, batch: Mapping[str, Any], chosen: Sequence[tuple[int, str]]
) -> list[tuple[int, Document | None, str]]:
	"""The documents as the person who asked may read them now, or the reason why not."""
	user = batch["started_by"]
	if not site.people.exists(user):
		return [(number, None, f"NotAllowed: User {user} is disabled.") for number, _ in chosen]
	with site.acting_as(user):
		return [(number, *_read(site, batch["document_type"], name)) for number, name in chosen]


def _read(site: Site, doctype: str, name: str) -> tuple[Document | None, str]:
	try:
		return site.documents.get(doctype, name), ""
	except Exception as error:
		if not can_be_survived(site.database, error):
			raise
		return None, _told(error)  # whatever it is: the others are not kept waiting by it


def _start_some(
	site: Site,
	db: Database,
	*,
	batch: Mapping[str, Any],
	documents: Sequence[tuple[int, Document | None, str]],
	wait: Wait,
	at: Moment,
) -> bool:
	if not waits.end(db, wait.id):
		return False
	batches.read(db, batch["batch"], locked=True)  # whoever cancels it waits, or has done so
	for number, document, reason in documents:
		if batches.take(db, number):
			run = None
			if document is not None:
				run, reason = _tried(db, partial(_start, site, db, batch, number, document, at))
			batches.note(db, number, run, reason)
	if batches.settle(db, batch["batch"], at):
		waits.put(db, at.seconds, KIND, batch["batch"])
	return True


def _start(
	site: Site, db: Database, batch: Mapping[str, Any], number: int, document: Document, at: Moment
) -> str:
	return start_run(
		site,
		db,
		batch["workflow"],
		at,
		cause=KIND,
		started_by=batch["started_by"],
		input=batch["input"],
		trigger={"on": manual.KIND, "batch": batch["batch"]},
		document=document,
		idempotency_key=f"{batch['batch']} {number}",
	)


def _tried(db: Database, start: Callable[[], str]) -> tuple[str | None, str]:
	"""The run, or the reason why there is none."""
	try:
		return written(db, start), ""
	except Exception as error:
		if not can_be_survived(db, error):
			raise
		return None, _told(error)


def _told(error: Exception) -> str:
	return f"{type(error).__name__}: {error}"

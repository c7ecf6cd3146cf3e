"""What Frappe's desk shows of runs: that they changed, errors that nobody expected, and rows that people attached."""

import time
from collections.abc import Iterable, Sequence
from hashlib import sha256

import frappe

from dogansystem.engine import log
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.protocol import Cache

RUN = "Dogan Workflow Run"
EVENT = "dogan_run_changed"
INTERVAL = 0.3  # seconds between two tellings; a person sees no difference
MAX_RUNS = 50  # told at a time; the others follow
REPORT_INTERVAL = 3600  # seconds between two entries of one title in the Error Log

# The same as frappe.model.delete_doc.delete_dynamic_links, for many documents in few statements.
LINKS = (
	("ToDo", "reference_type", "reference_name"),
	("Comment", "reference_doctype", "reference_name"),
	("DocShare", "share_doctype", "share_name"),
	("Version", "ref_doctype", "docname"),
	("View Log", "reference_doctype", "reference_name"),
	("Document Follow", "ref_doctype", "ref_docname"),
	("Notification Log", "document_type", "document_name"),
	("Tag Link", "document_type", "document_name"),
)


class RunsChanged:
	"""Collects the runs that changed, and tells the desk after the commit, a few times a second at most."""

	def __init__(self) -> None:
		self._waiting: dict[str, None] = {}
		self._told_at = float("-inf")

	def add(self, runs: Iterable[str]) -> None:
		"""These runs have changed in this transaction."""
		self._waiting.update(dict.fromkeys(runs))

	def tell(self, *, now: bool = False) -> None:
		"""Tell the desk of runs that were committed, unless it was told a moment ago. Best effort."""
		if not self._waiting or not (now or time.monotonic() - self._told_at >= INTERVAL):
			return
		self._told_at = time.monotonic()
		chosen = list(self._waiting)[:MAX_RUNS]
		for run in chosen:
			del self._waiting[run]
			frappe.publish_realtime(EVENT, {"run": run}, doctype=RUN, docname=run)
		frappe.publish_realtime("list_update", {"doctype": RUN, "name": chosen[-1]}, doctype=RUN)


def report(cache: Cache, title: str, traceback: str, run: str | None) -> bool:
	"""Write an entry of the Error Log in this thread's transaction, once an hour for each title, wherever it happens.

	False: there is one of the last hour, or it could not be written.
	"""
	key = f"reported:{sha256(title.encode()).hexdigest()[:32]}"
	if cache.get(key):
		return False
	try:
		with acting_as("Administrator"):
			frappe.log_error(title[:140], traceback, RUN if run else None, run)
	except Exception as error:
		log.event(log.ERROR, "report.failed", error=error, run=run)
		return False
	cache.set(key, b"1", REPORT_INTERVAL)
	return True


def detach(runs: Sequence[str]) -> None:
	"""Delete what people have attached to these runs: comments, assignments, shares. The caller commits."""
	for linked, type_field, name_field in LINKS:
		frappe.db.delete(linked, {type_field: RUN, name_field: ["in", list(runs)]})

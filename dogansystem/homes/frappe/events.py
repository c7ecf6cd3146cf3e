"""The events of every document on their way to the triggers.

Nearly no document is wanted by a workflow, and these functions stand in every save of every document: they look into a
map that is kept for each stamp of the triggers, and the stamp is read once in each transaction. A fault of ours is
logged and never fails the save.
"""

import logging
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import frappe
from frappe import _
from rq.timeouts import BaseTimeoutException

from dogansystem.engine.errors import TooDeep
from dogansystem.homes.frappe import compat, stamps
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.triggers import document

_BUSY_FLAGS = ("in_install", "in_install_app", "in_migrate", "in_patch", "in_uninstall", "in_setup_wizard")
_EMPTY = (None, "", 0)
DIGITS = 9  # behind the point, as Frappe's number columns keep them
SAVEPOINT = "dogan_events"
LOG_GAP = 60.0  # seconds between two entries of one process for the same fault: people save all the time
MAX_FAULTS = 100  # that a process remembers to have logged

logger = logging.getLogger(__name__)
_logged: dict[tuple[str, str], float] = {}  # when, by site and fault

Handler = Callable[..., None]


def _never_fails(handler: Handler) -> Handler:
	"""Log what goes wrong in a handler instead of failing the save.

	What has ended the transaction (a deadlock, a lost connection) is raised, so that Frappe says so or repeats it. So is
	`TooDeep`, which is meant for the step that writes the document, and the end of an RQ job's time.
	"""

	@wraps(handler)
	def guarded(doc: Any, method: str | None = None) -> None:
		messages = len(frappe.local.message_log)
		try:
			handler(doc, method)
		except (TooDeep, BaseTimeoutException):
			raise
		except Exception as error:
			database = current_site().database
			if database.is_conflict(error) or database.is_lost(error):
				raise
			del frappe.local.message_log[messages:]
			_log(doc, error)

	return guarded


@_never_fails
def on_update(doc: Any, method: str | None = None) -> None:
	"""A document was inserted or saved, also after it was submitted. Submitting has an event of its own."""
	if _is_wanted(doc.doctype):
		if doc.flags.in_insert:
			_tell(doc, "created")
		elif not compat.is_submitting(doc):
			_tell(doc, "updated")


@_never_fails
def on_submit(doc: Any, method: str | None = None) -> None:
	"""A document was submitted."""
	if _is_wanted(doc.doctype):
		_tell(doc, "submitted")


@_never_fails
def on_cancel(doc: Any, method: str | None = None) -> None:
	"""A document was cancelled."""
	if _is_wanted(doc.doctype):
		_tell(doc, "cancelled")


@_never_fails
def after_delete(doc: Any, method: str | None = None) -> None:
	"""A document was deleted."""
	if _is_wanted(doc.doctype):
		_tell(doc, "deleted")


@_never_fails
def on_change(doc: Any, method: str | None = None) -> None:
	"""A field was written by `db_set`, which saves nothing; or a save is over, which the triggers know already."""
	if _is_wanted(doc.doctype) and not doc.flags.in_delete:
		if any(want.trigger.keys["event"] == "changed" for want in _wanted()[doc.doctype]):
			_tell(doc, "changed")


def _is_wanted(doctype: str) -> bool:
	return doctype in _wanted()


def _wanted() -> Mapping[str, Any]:
	"""For each DocType what wants it, as this transaction sees it."""
	try:
		return frappe.local.dogan_wanted
	except AttributeError:
		pass
	flags = frappe.local.flags
	if any(flags.get(flag) for flag in _BUSY_FLAGS):
		return {}
	found = document.wanted(current_site())
	if not stamps.is_touched(document.STAMP):  # else what is wanted may change within this transaction
		frappe.local.dogan_wanted = found
	return found


def _tell(doc: Any, event: str) -> None:
	"""Start what wants this event. What fails on the way is undone, and the document's transaction goes on."""
	frappe.local.db.savepoint(SAVEPOINT)
	try:
		values = _stored(plain(doc.as_dict()))
		document.on_event(current_site(), values, event, _previous(doc, values))
	except Exception as error:
		if not current_site().database.is_conflict(error) and not current_site().database.is_lost(error):
			frappe.local.db.rollback(save_point=SAVEPOINT)
		raise


def _log(doc: Any, error: Exception) -> None:
	"""Write what went wrong to the Error Log, within the document's transaction. Never raises."""
	fault = (frappe.local.site, f"{doc.doctype}: {type(error).__name__}: {error}")
	logger.error("no workflow was started for %s %s", doc.doctype, doc.name, exc_info=error)
	if time.monotonic() - _logged.get(fault, float("-inf")) < LOG_GAP or frappe.local.flags.dogan_logs:
		return
	if len(_logged) >= MAX_FAULTS:
		_logged.clear()
	_logged[fault] = time.monotonic()
	frappe.local.flags.dogan_logs = True  # a workflow may want Error Logs
	try:
		text = _("{0} {1} was saved, but no workflow could be started for it. Mend what the last line names.")
		frappe.log_error(
			f"Dogan System: {fault[1]}"[:140],
			f"{text.format(doc.doctype, doc.name)}\n\n{frappe.get_traceback()}",
			doc.doctype,
			doc.name,
		)
	except Exception:
		logger.exception("the Error Log could not be written")
	finally:
		frappe.local.flags.dogan_logs = False


def _previous(doc: Any, values: dict[str, Any]) -> dict[str, Any]:
	"""The values before this event: those of the event before it in the same save, else those before the save.

	One save has several events (inserted and submitted; a `db_set` in the controller, and the save around it), and each
	of them must only see as changed what changed since the one before.
	"""
	before = doc.get_doc_before_save()
	seen = doc.flags.dogan_seen
	doc.flags.dogan_seen = (before, values)
	if seen and seen[0] is before:
		previous = seen[1]
	elif before:
		previous = _stored(plain(before.as_dict()))
	else:  # a new document: what is empty in it has not changed
		return {key: value for key, value in values.items() if value in _EMPTY}
	return {key: _same_emptiness(value, values.get(key)) for key, value in previous.items()}


def _same_emptiness(before: Any, after: Any) -> Any:
	"""Frappe leaves an empty field None, empty text or 0 depending on the way it came: that is no change."""
	return after if before in _EMPTY and after in _EMPTY else before


def _stored(values: dict[str, Any]) -> dict[str, Any]:
	"""Numbers as the database keeps them, so that a computed one does not differ from itself read back."""
	return {key: round(value, DIGITS) if isinstance(value, float) else value for key, value in values.items()}

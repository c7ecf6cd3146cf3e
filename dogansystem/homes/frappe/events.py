"""The events of every document on their way to the triggers.

Nearly no document is wanted by a workflow, and these functions stand in every save of every document: they look into a
map that is kept for each stamp of the triggers, and the stamp is read once in each transaction. A fault of ours is
logged and never fails the save.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import frappe
from frappe import _

from dogansystem.engine import log
from dogansystem.homes.frappe import compat, stamps
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.triggers import document
from dogansystem.triggers.faults import can_be_survived

_BUSY_FLAGS = ("in_install", "in_install_app", "in_migrate", "in_patch", "in_uninstall", "in_setup_wizard")
_EMPTY = (None, "", 0)
DIGITS = 9  # behind the point, as Frappe's number columns keep them

Handler = Callable[..., None]


def _never_fails(handler: Handler) -> Handler:
	"""Log what goes wrong in a handler instead of failing the save, except for what `faults` says cannot be survived."""

	@wraps(handler)
	def guarded(doc: Any, method: str | None = None) -> None:
		messages = len(frappe.local.message_log)
		try:
			handler(doc, method)
		except Exception as error:
			if not can_be_survived(current_site().database, error):
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
	values = _stored(plain(doc.as_dict()))
	document.on_event(current_site(), values, event, _previous(doc, values))


def _log(doc: Any, error: Exception) -> None:
	"""Write what went wrong to the log and, once an hour for each DocType and kind of error, to the Error Log."""
	about, kind = f"{doc.doctype} {doc.name}", type(error).__name__
	log.event(log.ERROR, "trigger.failed", error=error, document=about)
	if doc.doctype != "Error Log":
		title = _("Saving {0} started no workflow: {1}").format(doc.doctype, kind)
		current_site().report(title, f"{about}\n\n{frappe.get_traceback()}")


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

"""Every document's events on their way to the triggers.

Nearly all documents are wanted by no workflow: these functions stand in every save of every document, so they do one
look in what the process has settled lately (`relied`), or else in what was fetched once per transaction, and leave.
"""

from collections.abc import Mapping
from typing import Any

import frappe

from dogansystem.homes.frappe import relied, stamps
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Site
from dogansystem.triggers import document
from dogansystem.triggers.faults import survived

_BUSY_FLAGS = ("in_install", "in_install_app", "in_migrate", "in_patch", "in_uninstall", "in_setup_wizard")
_EMPTY = (None, "", 0)
DIGITS = 9  # behind the point, as Frappe's number columns keep them


def on_update(doc: Any, method: str | None = None) -> None:
	"""A document was inserted or saved, also after it was submitted. Submitting has an event of its own."""
	if _is_wanted(doc.doctype):
		if doc.flags.in_insert:
			_tell(doc, "created")
		elif doc._action != "submit":
			_tell(doc, "updated")


def on_submit(doc: Any, method: str | None = None) -> None:
	"""A document was submitted."""
	if _is_wanted(doc.doctype):
		_tell(doc, "submitted")


def on_cancel(doc: Any, method: str | None = None) -> None:
	"""A document was cancelled."""
	if _is_wanted(doc.doctype):
		_tell(doc, "cancelled")


def after_delete(doc: Any, method: str | None = None) -> None:
	"""A document was deleted."""
	if _is_wanted(doc.doctype):
		_tell(doc, "deleted")


def on_change(doc: Any, method: str | None = None) -> None:
	"""A field was written by `db_set`, which saves nothing; or a save is over, of which the triggers know already."""
	if _is_wanted(doc.doctype) and not doc.flags.in_delete:
		if any(want.trigger.keys["event"] == "changed" for want in _wanted()[doc.doctype]):
			_tell(doc, "changed")


def _is_wanted(doctype: str) -> bool:
	if relied.is_unwanted(doctype) and not stamps.is_touched(document.STAMP):
		return False
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
		relied.rely(found)
	return found


def _tell(doc: Any, event: str) -> None:
	site = current_site()
	what = f"document={doc.doctype} {doc.name} event={event}"
	survived(site, site.database, what, lambda: _start_runs(site, doc, event), None)


def _start_runs(site: Site, doc: Any, event: str) -> None:
	values = _stored(plain(doc.as_dict()))
	document.on_event(site, values, event, _previous(doc, values))


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

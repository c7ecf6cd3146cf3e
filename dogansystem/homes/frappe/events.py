"""The events of every document on their way to the triggers.

Nearly no document is wanted by a workflow, and these functions stand in every save of every document: they look into a
map that is kept for each stamp of the triggers, and the stamp is read once in each transaction. A fault of ours is
logged and never fails the save.
"""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _

from dogansystem.homes.frappe import compat, stamps
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.triggers import document, email, faults

_BUSY_FLAGS = ("in_install", "in_install_app", "in_migrate", "in_patch", "in_uninstall", "in_setup_wizard")
_EMPTY = (None, "", 0)
_EVENTS = {"on_submit": "submitted", "on_cancel": "cancelled", "after_delete": "deleted"}
DIGITS = 9  # behind the point, as Frappe's number columns keep them


def on_event(doc: Any, method: str) -> None:
	"""Start what wants this event of a document. `method` is Frappe's name of the event."""
	if doc.flags.dogan_loaded:  # it is there, for a workflow that is tried
		return
	if recording := getattr(frappe.local, "dogan_recording", None):
		recording.note(doc, method)
	messages = len(frappe.local.message_log)
	try:
		wants = _wanted().get(doc.doctype)
		if wants and (event := _event(doc, method, wants)):
			values = _stored(plain(doc.as_dict()))
			document.on_event(current_site(), values, event, _previous(doc, values))
			if _is_received(doc, event):
				document.on_event(current_site(), values, email.RECEIVED)
	except Exception as error:
		site = current_site()
		if not faults.can_be_survived(site.database, error):
			raise
		del frappe.local.message_log[messages:]
		title = _("Saving {0} started no workflow: {1}").format(doc.doctype, type(error).__name__)
		faults.tell(site, site.database, f"{doc.doctype} {doc.name}", error, title)


def on_rename(doc: Any, method: str, old: str, new: str, merge: bool = False) -> None:
	"""A document has got another name. That starts nothing; who tries a workflow out is shown it."""
	if recording := getattr(frappe.local, "dogan_recording", None):
		recording.renamed(doc.doctype, old, new)


def _event(doc: Any, method: str, wants: Any) -> str | None:
	"""The event of a trigger, or None if there is none of it."""
	if method == "on_change":  # `db_set` wrote a field; or a save is over, which the triggers know already
		is_wanted = any(want.trigger.keys.get("event") == "changed" for want in wants)
		return "changed" if is_wanted and not doc.flags.in_delete else None
	if method not in _EVENTS:  # on_update, and on_update_after_submit
		return "created" if doc.flags.in_insert else None if compat.is_submitting(doc) else "updated"
	return _EVENTS[method]


def _is_received(doc: Any, event: str) -> bool:
	"""Whether a mail is there with all that belongs to it.

	Frappe inserts a mail that it receives, then makes Files of its attachments, and then saves it.
	"""
	if doc.doctype != email.DOCTYPE:
		return False
	if event == "created":
		doc.flags.dogan_receiving = bool(doc.flags.in_receive)
		return not doc.flags.in_receive
	return event == "updated" and bool(doc.flags.pop("dogan_receiving", False))


def _wanted() -> Mapping[str, Any]:
	"""For each DocType what wants it, as this transaction sees it."""
	found: Mapping[str, Any] | None = getattr(frappe.local, "dogan_wanted", None)
	if found is None:
		if any(frappe.local.flags.get(flag) for flag in _BUSY_FLAGS):
			return {}
		found = document.wanted(current_site())
		if not stamps.is_touched(document.STAMP):  # else what is wanted may change within this transaction
			frappe.local.dogan_wanted = found
	return found


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

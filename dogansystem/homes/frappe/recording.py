"""Which documents of a site are written while somebody tries a workflow out, how they were before, and what is sent.

Frappe tells of each save. How a document was before is read on another connection, which sees what is committed; how it is
now on the one that has written it. Both are read as the tables have them, and shown as far as the reader may read them.
"""

import email
import email.policy
from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _
from frappe.utils import strip_html

from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.permissions import is_system_manager
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Changed, Database, Document, Site

MAIL, NOTIFICATION, SHARE = "Email Queue", "Notification Log", "DocShare"
# Written beside what somebody does, by Frappe and by this app itself.
_BESIDE = frozenset(
	{
		*(
			"Version",
			"Activity Log",
			"Access Log",
			"Error Log",
			"Deleted Document",
			"Route History",
			"View Log",
		),
		*("Scheduled Job Log", "Transaction Log", "Prepared Report", MAIL, NOTIFICATION),
	}
)
# Whose document is named by which of their fields.
_BESIDE_DOCUMENTS = {
	"Comment": ("reference_doctype", "reference_name"),
	SHARE: ("share_doctype", "share_name"),
	"Tag Link": ("document_type", "document_name"),
}
_OWN = "Dogan "  # how the names of this app's DocTypes begin
_EVENTS = {"on_submit": "submitted", "on_cancel": "cancelled", "after_delete": "deleted"}


class Recording:
	"""A `protocol.Recorded`."""

	def __init__(self, site: Site, control: Database) -> None:
		self._site, self._control = site, control
		self._found: dict[tuple[str, str], Changed] = {}
		self._names: dict[tuple[str, str], str] = {}  # before they were renamed
		self._sent: dict[tuple[str, str], None] = {}
		self._writes = compat.writes(frappe.db)

	def note(self, doc: Any, method: str) -> None:
		"""Something has happened to a document. `method` is Frappe's name of the event."""
		key = (str(doc.doctype), str(doc.name))
		if key[0] in (MAIL, NOTIFICATION):
			self._sent[key] = None
		if key[0] in _BESIDE or key[0].startswith(_OWN) or (method == "on_change" and key in self._found):
			return
		event = _event(doc, method)
		found = self._found.setdefault(key, Changed(*key))
		if event and event not in found.events and not (event == "updated" and "created" in found.events):
			found.events.append(event)

	def renamed(self, doctype: str, old: str, new: str) -> None:
		"""A document has another name: what is known of it is known by that."""
		found = self._found.pop((doctype, old), None) or Changed(doctype, old, ["updated"])
		self._names[doctype, new] = self._names.pop((doctype, old), old)
		found.name = new
		self._found[doctype, new] = found

	def documents(self, reader: str, *, shares: bool = False) -> Sequence[Changed]:
		"""Those that were written, as far as `reader` may read them."""
		found = [each for each in self._found.values() if each.events and (shares or each.doctype != SHARE)]
		for each in found:
			self._read(each, reader)
		return [each for each in found if not _is_about_ours(each.after or each.before or {})]

	def _read(self, found: Changed, reader: str) -> None:
		meta = frappe.get_meta(found.doctype)
		if meta.get("is_virtual"):
			return
		name = self._names.get((found.doctype, found.name), found.name)
		before = None if "created" in found.events else _row(self._control, meta, name)
		after = None if "deleted" in found.events else _row(self._site.database, meta, found.name)
		seen = [each and self._seen(reader, each) for each in (before, after)]
		found.before, found.after = (
			_kept(one, shown) for one, shown in zip((before, after), seen, strict=True)
		)
		found.hidden = (before is not None or after is not None) and not any(seen)
		found.labels = _labels(meta)
		self._control.rollback()

	def _seen(self, reader: str, row: Document) -> Document | None:
		"""What `reader` may read of a row. What stands beside a document in its form is read by whoever may read that one."""
		of = _BESIDE_DOCUMENTS.get(row["doctype"])
		if of and self._site.people.may_read(reader, (str(row.get(of[0])), str(row.get(of[1])))):
			return row
		return self._site.documents.seen_by(reader, row)

	@property
	def wrote(self) -> bool:
		"""Whether anything was written, by documents or past them, as `frappe.db.set_value` does."""
		return compat.writes(frappe.db) != self._writes

	def messages(self) -> Sequence[Mapping[str, Any]]:
		"""Mails and notifications. A mail's text is for System Managers: a hook may have put a secret into it."""
		found = []
		for doctype, name in self._sent:
			if frappe.db.exists(doctype, name):
				doc = frappe.get_doc(doctype, name)
				found.append(_mail(doc) if doctype == MAIL else _notification(doc))
		return found


def _is_about_ours(document: Document) -> bool:
	"""Whether it tells somebody of an approval: that is in the report by itself."""
	about = (document.get(field) for field in ("reference_doctype", "reference_type", "share_doctype"))
	return any(str(each or "").startswith(_OWN) for each in about)


def _event(doc: Any, method: str) -> str | None:
	if method in _EVENTS:
		return _EVENTS[method]
	if doc.flags.in_delete:
		return None
	return "created" if doc.flags.in_insert else None if compat.is_submitting(doc) else "updated"


def _row(database: Database, meta: Any, name: str) -> Document | None:
	"""A document as its tables have it, rows of child tables included; None if it is not there."""
	if meta.issingle:
		rows = database.sql("SELECT field, value FROM `tabSingles` WHERE doctype = %s", (meta.name,))
		return {**dict(rows), "doctype": meta.name, "name": meta.name}
	columns = frappe.db.get_table_columns(meta.name)
	rows = database.sql(f"{_select(meta.name, columns)} WHERE name = %s", (name,))
	if not rows:
		return None
	found = {"doctype": meta.name, **dict(zip(columns, rows[0], strict=True))}
	for field in meta.get_table_fields():
		child = frappe.get_meta(field.options)
		if child.get("is_virtual"):
			continue
		columns = frappe.db.get_table_columns(child.name)
		query = f"{_select(child.name, columns)} WHERE parent = %s AND parenttype = %s AND parentfield = %s ORDER BY idx"
		rows = database.sql(query, (name, meta.name, field.fieldname))
		found[field.fieldname] = [
			{"doctype": child.name, **dict(zip(columns, row, strict=True))} for row in rows
		]
	return plain(found)


def _select(doctype: str, columns: Sequence[str]) -> str:
	return f"SELECT {', '.join(f'`{column}`' for column in columns)} FROM `tab{doctype}`"


def _kept(row: Document | None, shown: Document | None) -> Document | None:
	"""Of a document what its reader is shown: fields that are not theirs to see are empty there."""
	if row is None or not shown:
		return None
	kept = {}
	for field, value in row.items():
		if isinstance(value, list):
			rows = shown.get(field) or []
			kept[field] = [_kept(one, other) or {} for one, other in zip(value, rows, strict=False)]
		elif field in shown and (shown[field] not in (None, "") or value in (None, "", 0)):
			kept[field] = value
	return kept


def _labels(meta: Any) -> dict[str, str]:
	found = {each.fieldname: _(each.label) if each.label else each.fieldname for each in meta.fields}
	found["docstatus"] = _("Status")
	for field in meta.get_table_fields():
		of_rows = frappe.get_meta(field.options).fields
		found |= {
			f"{field.fieldname}.{each.fieldname}": _(each.label) if each.label else each.fieldname
			for each in of_rows
		}
	return found


def _mail(doc: Any) -> dict[str, Any]:
	parsed = email.message_from_string(doc.message or "", policy=email.policy.default)
	body = parsed.get_body(("plain", "html"))
	text = body.get_content() if body is not None else ""
	found = {
		"kind": "email",
		"to": [each.recipient for each in doc.recipients],
		"subject": str(parsed.get("Subject") or ""),
		"reference": {"doctype": doc.reference_doctype, "name": doc.reference_name}
		if doc.reference_doctype
		else None,
		"attachments": [part.get_filename() for part in parsed.iter_attachments()],
	}
	return {**found, "message": text} if is_system_manager(frappe.session.user) else found


def _notification(doc: Any) -> dict[str, Any]:
	about = {"doctype": doc.document_type, "name": doc.document_name} if doc.document_type else None
	return {
		"kind": "notification",
		"to": [doc.for_user],
		"subject": strip_html(doc.subject or ""),
		"message": strip_html(doc.email_content or ""),
		"reference": about,
	}

"""Notifications: mails and desk notifications when something happens to a document, or a date of it has come."""

from collections.abc import Iterator, Mapping
from typing import Any

import frappe

from dogansystem.homes.frappe.adopting.base import SAVED, Adopted

KIND = "Notification"
_EVENTS: Mapping[str, tuple[str, ...]] = {
	"New": ("created",),
	"Save": SAVED,
	"Submit": ("submitted",),
	"Cancel": ("cancelled",),
	"Value Change": ("changed",),
}
_DATES = {"Days After": 1, "Days Before": -1}


def read(run_as: str | None) -> Iterator[Adopted]:
	"""Every Notification of the site."""
	for name in frappe.get_all(KIND, pluck="name", order_by="name asc", limit=0):
		doc = frappe.get_doc(KIND, name)
		adopted = Adopted(KIND, name, bool(doc.enabled))
		adopted.begin(run_as)
		_trigger(doc, adopted)
		_tell(doc, adopted)
		if doc.set_property_after_alert:
			values = {doc.set_property_after_alert: doc.property_value}
			adopted.step("set", "document.update", {**_about(doc), "values": values})
		yield adopted


def _trigger(doc: Any, adopted: Adopted) -> None:
	if doc.event in _EVENTS:
		field = {"field": doc.value_changed} if doc.event == "Value Change" else {}
		adopted.on_document(doc.document_type, _EVENTS[doc.event], doc.condition, **field)
		if field:
			adopted.left_out.append("it also starts when a document is created with a value in that field")
	elif doc.event in _DATES:
		days = int(doc.days_in_advance or 0) * _DATES[doc.event]
		trigger = {
			"on": "date",
			"doctype": doc.document_type,
			"field": doc.date_changed,
			"offset": f"{days}d",
		}
		test = {"if": adopted.expression(doc.condition)} if doc.condition else {}
		adopted.source["triggers"].append({**trigger, **test})
	else:
		adopted.refused.append(
			f"it is sent by {doc.event or 'nothing'} {doc.method or ''}, of which no trigger hears"
		)


def _tell(doc: Any, adopted: Adopted) -> None:
	if doc.channel == "Email":
		_mail(doc, adopted)
	if doc.channel == "System Notification" or doc.send_system_notification:
		_notify(doc, adopted)
	if doc.channel not in ("Email", "System Notification"):
		adopted.refused.append(
			f"it is sent by {doc.channel}; add a step that does it in a workflow of your own"
		)
	if doc.send_to_all_assignees:
		adopted.left_out.append("who the document is assigned to is not told: name them in the steps")
	if doc.sender or doc.sender_email:
		adopted.left_out.append(f"the sender {doc.sender_email or doc.sender}: mails have the site's own")


def _mail(doc: Any, adopted: Adopted) -> None:
	printed = {}
	if doc.attach_print:
		form = {"format": doc.print_format} if doc.print_format else {}
		printed = {"print": {**_about(doc), **form}}
	number = 0
	for row in doc.recipients:
		to = [f"{{{{ doc.{field} }}}}" for field in _fields(row, adopted)]
		to += [each.strip() for each in (row.cc or "").replace("\n", ",").split(",") if each.strip()]
		if row.receiver_by_role:
			adopted.left_out.append(f"everybody with the role {row.receiver_by_role}: mails go to addresses")
		if row.bcc:
			adopted.left_out.append(f"the hidden copy (bcc) to {row.bcc}: mails have none")
		if to:
			number += 1
			test = {"if": adopted.expression(row.condition)} if row.condition else {}
			params = {
				"to": to,
				"subject": doc.subject or doc.name,
				"message": doc.message or doc.subject,
				**printed,
			}
			adopted.step(f"mail_{number}", "email.send", params, **_aside(number), **test)
	if not number:
		adopted.refused.append("it has no recipient that a mail can be sent to")


def _notify(doc: Any, adopted: Adopted) -> None:
	for number, row in enumerate(doc.recipients, 1):
		test = {"if": adopted.expression(row.condition)} if row.condition else {}
		message = {"subject": doc.subject or doc.name, "message": doc.message or "", "document": _about(doc)}
		users = [f"{{{{ doc.{field} }}}}" for field in _fields(row, adopted)]
		if users:
			adopted.step(
				f"tell_{number}", "notify.user", {"user": users, **message}, **_aside(number), **test
			)
		if row.receiver_by_role:
			params = {"role": row.receiver_by_role, **message}
			adopted.step(f"tell_role_{number}", "notify.role", params, **_aside(number), **test)


def _fields(row: Any, adopted: Adopted) -> list[str]:
	"""The field of the document that names who is told."""
	if not row.receiver_by_document_field:
		return []
	if "," in row.receiver_by_document_field:
		adopted.left_out.append(f"who is named in the rows of a table ({row.receiver_by_document_field})")
		return []
	return [row.receiver_by_document_field]


def _aside(number: int) -> dict[str, Any]:
	"""A mail that is not sent keeps nobody else from theirs."""
	return {"on_error": "continue"} if number > 1 else {}


def _about(doc: Any) -> dict[str, str]:
	return {"doctype": doc.document_type, "name": "{{ doc.name }}"}

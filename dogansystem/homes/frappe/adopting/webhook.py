"""Webhooks: requests that are sent when something happens to a document."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import frappe

from dogansystem.homes.frappe.adopting.base import SAVED, Adopted

KIND = "Webhook"
_EVENTS: Mapping[str, tuple[str, ...]] = {
	"after_insert": ("created",),
	"on_update": SAVED,
	"on_submit": ("submitted",),
	"on_cancel": ("cancelled",),
	"on_trash": ("deleted",),
	"on_update_after_submit": ("updated",),
	"on_change": SAVED,
}
_SECRET = ("authorization", "token", "key", "secret", "password", "cookie")  # parts of headers that hold one
RETRY = {"attempts": 3, "delay": "10s"}  # as Frappe does


def read(run_as: str | None) -> Iterator[Adopted]:
	"""Every Webhook of the site."""
	for name in frappe.get_all(KIND, pluck="name", order_by="name asc", limit=0):
		doc = frappe.get_doc(KIND, name)
		adopted = Adopted(KIND, name, bool(doc.enabled))
		adopted.begin(run_as)
		adopted.on_document(doc.webhook_doctype, _EVENTS.get(doc.webhook_docevent, ()), doc.condition)
		if doc.webhook_docevent == "on_change":
			adopted.left_out.append("values that are written without a save (db_set) start nothing")
		params = {"url": doc.request_url.strip(), "method": doc.request_method or "POST"}
		params |= _headers(doc, adopted) | _body(doc, adopted)
		timeout = {"timeout": f"{doc.timeout}s"} if doc.get("timeout") else {}
		adopted.step("send", "http.request", params, retry=dict(RETRY), **timeout)
		if doc.enable_security:
			text = "the signature in X-Frappe-Webhook-Signature: give the step a Dogan Credential that the receiver knows"
			adopted.left_out.append(text)
		yield adopted


def _headers(doc: Any, adopted: Adopted) -> dict[str, Any]:
	found = {}
	for row in doc.webhook_headers:
		if any(word in (row.key or "").lower() for word in _SECRET):
			adopted.left_out.append(
				f"the header {row.key}, which may be a secret: make a Dogan Credential of it"
			)
		elif row.key and row.key.lower() != "content-type":  # which follows from the body
			found[row.key] = row.value or ""
	return {"headers": found} if found else {}


def _body(doc: Any, adopted: Adopted) -> dict[str, Any]:
	if doc.request_structure == "JSON" and doc.webhook_json:
		try:
			return {"json": json.loads(doc.webhook_json)}
		except ValueError as error:
			reason = "templates stand in it where JSON has no place for them; write the step's `json` by hand"
			adopted.refused.append(f"its JSON ({error}): {reason}")
			return {}
	data = {row.key or row.fieldname: f"{{{{ doc.{row.fieldname} }}}}" for row in doc.webhook_data}
	if not data:
		return {}
	return {"form" if doc.request_structure == "Form URL-Encoded" else "json": data}

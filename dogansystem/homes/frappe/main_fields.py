"""The main fields of a document in words, for somebody who decides about it."""

from contextlib import nullcontext
from typing import Any

import frappe
from frappe import _
from frappe.utils import cstr, strip_html

from dogansystem.homes.frappe.scope import acting_as

MAX_FIELDS = 10
MAX_VALUE = 300  # characters
_TEXTS = frozenset({"Data", "Link", "Dynamic Link", "Small Text", "Read Only", "Phone", "Autocomplete"})
_FORMATTED = frozenset({"Currency", "Float", "Int", "Percent", "Date", "Datetime", "Time", "Duration"})
_TRANSLATED = frozenset({"Select"})


def main_fields(user: str, document: tuple[str, str]) -> list[dict[str, str]] | None:
	"""`label` and `value`, plain text, of the fields that say most of a document; None if `user` may not read the
	document, or it is gone. Only fields that everybody may see who may read it."""
	doctype, name = document
	if not frappe.db.exists("DocType", doctype) or not frappe.db.exists(doctype, name):
		return None
	# A user who acts already keeps what Frappe knows of their rights: a page shows many documents.
	with nullcontext() if user == frappe.session.user else acting_as(user):
		doc = frappe.get_doc(doctype, name)
		if not frappe.has_permission(doctype, "read", doc, user=user):
			return None
		shown = [{"label": _(each.label), "value": _value(doc, each)} for each in _chosen(doc)]
	return [each for each in shown if each["value"]][:MAX_FIELDS]


def title_of(document: tuple[str, str]) -> str:
	"""The document's title, or its name where it has no other. For who may read it."""
	doctype, name = document
	title = frappe.db.get_value(doctype, name, frappe.get_meta(doctype).get_title_field())
	return cstr(title or name)


def _chosen(doc: Any) -> list[Any]:
	"""What lists show comes first, then what has to be filled in, then the others in the order of the form."""
	fields = [each for each in doc.meta.fields if _is_shown(each)]
	return sorted(fields, key=lambda each: (not (each.in_list_view or each.bold), not each.reqd))


def _is_shown(field: Any) -> bool:
	known = field.fieldtype in _TEXTS or field.fieldtype in _FORMATTED or field.fieldtype in _TRANSLATED
	return known and bool(field.label) and not field.permlevel and not field.hidden


def _value(doc: Any, field: Any) -> str:
	value = doc.get(field.fieldname)
	if value in (None, ""):
		return ""
	if field.fieldtype in _FORMATTED:
		return strip_html(cstr(doc.get_formatted(field.fieldname)))
	text = _(cstr(value)) if field.fieldtype in _TRANSLATED else cstr(value)
	return text[:MAX_VALUE]

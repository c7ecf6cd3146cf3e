"""Documents as Frappe loads them, on their way in and out."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields, table_fields

from dogansystem.homes.frappe import query
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Document

_STANDARD = frozenset({*default_fields, *child_table_fields, *optional_fields})
_TIMES = {"creation": "Datetime", "modified": "Datetime"}


def allowed(doctype: str, name: str, permission: str) -> Any:
	"""A document that the acting user may read, and do `permission` with."""
	doc = frappe.get_doc(query.known_doctype(doctype), name)
	for needed in dict.fromkeys(("read", permission)):
		doc.check_permission(needed)
	return doc


def for_change(doctype: str, name: str) -> Any:
	"""The newest state of a document, locked, so that two steps that change it come one after the other."""
	return frappe.get_doc(query.known_doctype(doctype), name, for_update=True)


def fields_of(meta: Any) -> dict[str, str]:
	"""The names and types of a DocType's fields, standard ones included."""
	return {
		**dict.fromkeys(_STANDARD, "Data"),
		**_TIMES,
		**{each.fieldname: each.fieldtype for each in meta.fields},
	}


def check_fields(doctype: str, values: Mapping[str, Any]) -> None:
	"""Raise DataError naming the first field that documents of this DocType do not have: Frappe would drop it silently.

	Rows of child tables are looked at too.
	"""
	meta = frappe.get_meta(doctype)
	known = fields_of(meta)
	for name, value in values.items():
		if name not in known:
			remedy = _("See the DocType's list of fields.")
			for near in get_close_matches(str(name), known, n=1):
				remedy = _("did you mean {0}?").format(near)
			frappe.throw(_("{0} has no field {1}: {2}").format(doctype, name, remedy), frappe.DataError)
		field = meta.get_field(name)
		if field and field.fieldtype in table_fields and isinstance(value, list):
			for row in value:
				check_fields(field.options, row if isinstance(row, Mapping) else {})


def inserted(doctype: str, values: Mapping[str, Any], made: Mapping[str, Any] | None = None) -> Any:
	"""A new document, saved, with what a mapper has `made`. Raises DataError for a value of no field of the DocType."""
	meta = frappe.get_meta(query.known_doctype(doctype))
	# Whoever may not create it learns nothing of its fields.
	if meta.istable or frappe.has_permission(doctype, "create"):
		check_fields(doctype, values)
	return frappe.get_doc({**(made or {}), **values, "doctype": doctype}).insert()


def values(doc: Any) -> Document:
	"""A document as JSON data, without what the user may not read of it."""
	doc.apply_fieldlevel_read_permissions()
	return plain(doc.as_dict())


def state(doc: Any) -> Document:
	"""A document's name and docstatus."""
	return {"name": doc.name, "docstatus": int(doc.docstatus)}


def refuse(text: str) -> NoReturn:
	"""Raise a PermissionError whose text says all there is to say; `explain` leaves it as it is."""
	error = frappe.PermissionError(text)
	error.is_explained = True
	raise error

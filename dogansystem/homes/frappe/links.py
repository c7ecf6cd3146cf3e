"""Rows of other tables that belong to a document and are deleted with it."""

from collections.abc import Sequence

import frappe

# The same as frappe.model.delete_doc.delete_dynamic_links, for many documents in few statements.
_LINKS = (
	("ToDo", "reference_type", "reference_name"),
	("Comment", "reference_doctype", "reference_name"),
	("DocShare", "share_doctype", "share_name"),
	("Version", "ref_doctype", "docname"),
	("View Log", "reference_doctype", "reference_name"),
	("Document Follow", "ref_doctype", "ref_docname"),
	("Notification Log", "document_type", "document_name"),
	("Tag Link", "document_type", "document_name"),
)


def delete(doctype: str, names: Sequence[str]) -> None:
	"""Delete what is linked to these documents. The caller commits."""
	for linked, type_field, name_field in _LINKS:
		frappe.db.delete(linked, {type_field: doctype, name_field: ["in", list(names)]})

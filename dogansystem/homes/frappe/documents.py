"""Documents of a Frappe site, with the permissions of the acting user, hooks and all."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe
from frappe import _

from dogansystem.homes.frappe import compat, loaded, query
from dogansystem.homes.frappe.moves import Moves
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.homes.frappe.sidebar import Sidebar
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Document


class Documents(Sidebar, Moves):
	"""What the acting user may see and change. Frappe's own errors say what was wrong."""

	def fields_of(self, doctype: str) -> Mapping[str, str] | None:
		"""The names and types of a DocType's fields, custom and standard ones included; None for one that is not there."""
		is_there = frappe.db.exists("DocType", doctype, cache=True) == doctype
		return loaded.fields_of(frappe.get_meta(doctype)) if is_there else None

	def exists(self, doctype: str, name: str) -> bool:
		"""Whether there is a document of exactly this name; a user counts if enabled."""
		if frappe.db.exists("DocType", doctype, cache=True) != doctype:
			return False
		found = frappe.db.exists(doctype, name)
		return found == name and (doctype != "User" or bool(frappe.db.get_value("User", name, "enabled")))

	def get(self, doctype: str, name: str, fields: Sequence[str] | None = None) -> Document:
		"""The document, or only some of its fields; `name` is always there."""
		found = loaded.values(loaded.allowed(doctype, name, "read"))
		return {field: found.get(field) for field in ("name", *fields)} if fields else found

	def seen_by(self, user: str, document: Document) -> Document | None:
		"""What another user may read of a document that is at hand, or None if it is not theirs to see."""
		with acting_as(user):
			doc = frappe.get_doc(dict(document))
			return loaded.values(doc) if doc.has_permission("read") else None

	def list(
		self,
		doctype: str,
		filters: Any = None,
		fields: Sequence[str] | None = None,
		order_by: str | None = None,
		limit: int = 1000,
	) -> list[Document]:
		"""Rows as `frappe.get_list` gives them. Raises DataError for what is no field, filter or order."""
		query.check(doctype, filters, fields, order_by)
		asked: list[Any] = list(fields or ["name"])
		names: Mapping[str, str] = {}
		if compat.LIST_FUNCTIONS is not None:
			asked, order_by, names = query.as_calls(asked, order_by)
		with query.explained(doctype):
			rows = frappe.get_list(doctype, filters=filters, fields=asked, order_by=order_by, limit=limit)
		return [{names.get(name, name): value for name, value in row.items()} for row in plain(rows)]

	def count(self, doctype: str, filters: Any = None) -> int:
		"""How many documents the user may read that match. Raises DataError for what is no filter."""
		query.check(doctype, filters, None, None)
		with query.explained(doctype):
			return compat.count(doctype, filters)

	def load(self, given: Mapping[str, Any]) -> None:
		"""Write a document as it is, over one of the same name."""
		doctype, name = query.known_doctype(str(given["doctype"])), given["name"]
		if doctype == "File" and "content" in given:  # what is in it is on the disk
			file = frappe.get_doc(dict(given))
			file.flags.dogan_loaded = True
			file.insert(ignore_permissions=True, set_name=name, ignore_if_duplicate=True)
			return
		loaded.check_fields(doctype, given)
		if frappe.db.exists(doctype, name) == name:
			doc = frappe.get_doc(doctype, name)
			doc.update(dict(given))
			for row in doc.get_all_children():
				if not row.name or not frappe.db.exists(row.doctype, row.name):
					row.set_new_name(force=True)
					row.db_insert()
			doc.db_update_all()
			return
		doc = frappe.get_doc(dict(given))
		doc.db_insert()
		for row in doc.get_all_children():
			row.parent, row.parenttype = doc.name, doctype
			row.db_insert()

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document:
		"""Insert a document. Raises DataError for a field that the DocType does not have."""
		return loaded.values(loaded.inserted(doctype, values))

	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""Change and save a document. Raises DataError for a field that the DocType does not have."""
		doc = loaded.for_change(doctype, name)
		# As it stands: Frappe looks at the changed one, which anybody can make theirs.
		doc.check_permission("write")
		if str(values.get("name", name)) != str(doc.name):
			frappe.throw(
				_("{0} {1} cannot be given another name by an update: rename it.").format(doctype, doc.name),
				frappe.CannotChangeConstantError,
			)
		loaded.check_fields(doctype, values)
		doc.update(values)
		return loaded.values(doc.save())

	def upsert(
		self, doctype: str, key: Mapping[str, Any], values: Mapping[str, Any]
	) -> tuple[Document, bool]:
		"""Change the document that the key finds, or create one. Raises ValidationError for a key that finds several."""
		found = self.list(doctype, {field: ["=", value] for field, value in key.items()}, limit=2)
		if len(found) > 1:
			text = _("There is more than one {0} with {1}. Give a key that only one has.")
			frappe.throw(text.format(doctype, _shown(key)))
		if found:
			return self.update(doctype, found[0]["name"], values), False
		try:
			document = self.create(doctype, {**key, **values})
		except (frappe.DuplicateEntryError, frappe.UniqueValidationError):
			_look_again_if_just_made(doctype, key)
			raise
		if "name" in key and str(document["name"]) != str(key["name"]):
			text = _(
				"A {0} is given its name by the site, so that {1} cannot be found by name again. Take another key."
			)
			frappe.throw(text.format(doctype, key["name"]))
		return document, True

	def submit(self, doctype: str, name: str) -> Document:
		"""Submit a draft."""
		return loaded.state(loaded.for_change(doctype, name).submit())

	def cancel(self, doctype: str, name: str) -> Document:
		"""Cancel a submitted document."""
		return loaded.state(loaded.for_change(doctype, name).cancel())

	def delete(self, doctype: str, name: str) -> Document:
		"""Delete a document; gives what its state was."""
		doc = loaded.for_change(doctype, name)
		frappe.delete_doc(doctype, name, ignore_missing=False)
		return loaded.state(doc)


def _look_again_if_just_made(doctype: str, key: Mapping[str, Any]) -> None:
	"""Raise what has the whole attempt repeated, if another transaction has just committed a document with this key.

	A lock sees what is newest, and this transaction's own reads do not. What both see was not made just now: then another
	value is taken.
	"""
	filters = {field: ["=", value] for field, value in key.items()}
	newest = frappe.db.get_value(doctype, filters, for_update=True)
	if newest and not frappe.db.get_value(doctype, filters):
		raise frappe.QueryDeadlockError(f"{doctype} {newest} was created at the same time")


def _shown(key: Mapping[str, Any]) -> str:
	return ", ".join(f"{field} {value!r}" for field, value in key.items())

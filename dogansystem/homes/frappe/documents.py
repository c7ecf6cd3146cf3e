"""Documents and server methods of a Frappe site, with the permissions of the acting user, hooks and all."""

from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import frappe
from frappe import _
from frappe.model import child_table_fields, default_fields, optional_fields, table_fields

from dogansystem.engine.errors import NotFound
from dogansystem.homes.frappe import compat, query
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Document

_STANDARD = frozenset({*default_fields, *child_table_fields, *optional_fields})


class Documents:
	"""What the acting user may see and change. Frappe's own errors say what was wrong."""

	def fields_of(self, doctype: str) -> Collection[str] | None:
		"""The names of a DocType's fields, custom and standard ones included; None for one that is not there."""
		is_there = frappe.db.exists("DocType", doctype, cache=True) == doctype
		return _fields_of(frappe.get_meta(doctype)) if is_there else None

	def exists(self, doctype: str, name: str) -> bool:
		"""Whether there is a document of exactly this name; a user counts if enabled."""
		if frappe.db.exists("DocType", doctype, cache=True) != doctype:
			return False
		found = frappe.db.exists(doctype, name)
		return found == name and (doctype != "User" or bool(frappe.db.get_value("User", name, "enabled")))

	def get(self, doctype: str, name: str, fields: Sequence[str] | None = None) -> Document:
		"""The document, or only some of its fields; `name` is always there."""
		doc = frappe.get_doc(query.known_doctype(doctype), name)
		doc.check_permission("read")
		values = _values(doc)
		return {field: values.get(field) for field in ("name", *fields)} if fields else values

	def seen_by(self, user: str, document: Document) -> Document | None:
		"""What another user may read of a document that is at hand, or None if it is not theirs to see."""
		with acting_as(user):
			doc = frappe.get_doc(dict(document))
			return _values(doc) if doc.has_permission("read") else None

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

	def create(self, doctype: str, values: Mapping[str, Any]) -> Document:
		"""Insert a document. Raises DataError for a field that the DocType does not have."""
		meta = frappe.get_meta(query.known_doctype(doctype))
		# Whoever may not create it learns nothing of its fields.
		if meta.istable or frappe.has_permission(doctype, "create"):
			_check_fields(doctype, values)
		return _values(frappe.get_doc({**values, "doctype": doctype}).insert())

	def update(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""Change and save a document. Raises DataError for a field that the DocType does not have."""
		doc = _for_change(doctype, name)
		# As it stands: Frappe looks at the changed one, which anybody can make theirs.
		doc.check_permission("write")
		if str(values.get("name", name)) != str(doc.name):
			frappe.throw(
				_("{0} {1} cannot be given another name by an update: rename it.").format(doctype, doc.name),
				frappe.CannotChangeConstantError,
			)
		_check_fields(doctype, values)
		doc.update(values)
		return _values(doc.save())

	def submit(self, doctype: str, name: str) -> Document:
		"""Submit a draft."""
		return _state(_for_change(doctype, name).submit())

	def cancel(self, doctype: str, name: str) -> Document:
		"""Cancel a submitted document."""
		return _state(_for_change(doctype, name).cancel())

	def delete(self, doctype: str, name: str) -> Document:
		"""Delete a document; gives what its state was."""
		doc = _for_change(doctype, name)
		frappe.delete_doc(doctype, name, ignore_missing=False)
		return _state(doc)

	def comment(self, doctype: str, name: str, text: str) -> Document:
		"""Comment on a document the user may read."""
		doc = frappe.get_doc(query.known_doctype(doctype), name)
		doc.check_permission("read")
		return {"name": doc.add_comment("Comment", text).name}

	def assign(self, doctype: str, name: str, user: str, description: str | None = None) -> Document:
		"""Assign a document to a user; an open assignment to the same user stands."""
		from frappe.desk.form import assign_to

		args = {"doctype": query.known_doctype(doctype), "name": name, "assign_to": [user]}
		assign_to.add(args | ({"description": description} if description else {}))
		about = {"reference_type": doctype, "reference_name": name}
		return {"name": frappe.db.get_value("ToDo", {**about, "allocated_to": user, "status": "Open"})}


def call_method(method: str, args: Mapping[str, Any]) -> Any:
	"""Call a whitelisted method by its dotted path, or a Server Script of type API by its name.

	Raises PermissionError when the method is not whitelisted (for guests: for them), NotFound when there is none.
	"""
	# What another app put in the method's place, the last one first, as Frappe's own handler reads the hook.
	path = frappe.get_hooks("override_whitelisted_methods", {}).get(method, [method])[-1]
	before = frappe.local.form_dict
	frappe.local.form_dict = frappe._dict(args, cmd=method)
	try:
		script = compat.server_script(path)
		return plain(script() if script else _call(path, args))
	finally:
		frappe.local.form_dict = before


def _call(path: str, args: Mapping[str, Any]) -> Any:
	try:
		function = frappe.get_attr(path)
	except (ImportError, AttributeError, ValueError, frappe.AppNotInstalledError) as error:
		raise NotFound(f"There is no server method {path!r}: {error}") from error
	if not callable(function):
		raise NotFound(f"There is no server method {path!r}: what is there cannot be called.")
	frappe.is_whitelisted(function)
	return frappe.call(function, **args)


def _for_change(doctype: str, name: str) -> Any:
	"""The newest state of a document, locked, so that two steps that change it come one after the other."""
	return frappe.get_doc(query.known_doctype(doctype), name, for_update=True)


def _fields_of(meta: Any) -> set[str]:
	return {field.fieldname for field in meta.fields}.union(_STANDARD)


def _check_fields(doctype: str, values: Mapping[str, Any]) -> None:
	"""Raise DataError naming the first field that documents of this DocType do not have: Frappe would drop it silently.

	Rows of child tables are looked at too.
	"""
	meta = frappe.get_meta(doctype)
	known = _fields_of(meta)
	for name, value in values.items():
		if name not in known:
			remedy = _("See the DocType's list of fields.")
			for near in get_close_matches(str(name), known, n=1):
				remedy = _("did you mean {0}?").format(near)
			frappe.throw(_("{0} has no field {1}: {2}").format(doctype, name, remedy), frappe.DataError)
		field = meta.get_field(name)
		if field and field.fieldtype in table_fields and isinstance(value, list):
			for row in value:
				_check_fields(field.options, row if isinstance(row, Mapping) else {})


def _values(doc: Any) -> Document:
	"""A document as JSON data, without what the user may not read of it."""
	doc.apply_fieldlevel_read_permissions()
	return plain(doc.as_dict())


def _state(doc: Any) -> Document:
	return {"name": doc.name, "docstatus": int(doc.docstatus)}

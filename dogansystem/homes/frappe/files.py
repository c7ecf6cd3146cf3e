"""Files of a Frappe site, with the permissions of the acting user."""

from typing import Any

import frappe
from frappe import _
from frappe.translate import print_language

from dogansystem.engine.errors import NotFound
from dogansystem.homes.frappe import compat
from dogansystem.homes.frappe.loaded import allowed
from dogansystem.protocol import Document, StoredFile

STANDARD = "Standard"  # what Frappe calls printing without a Print Format


class Files:
	"""Documents of the type File, and what is on the disk behind them."""

	def read(self, file: str, most: int) -> StoredFile:
		"""What is in a File that the user may read."""
		doc = readable(file)
		if doc.is_remote_file:
			frappe.throw(
				_("File {0} is kept elsewhere, at {1}. Fetch it with http.request.").format(
					doc.name, doc.file_url
				)
			)
		try:
			content = compat.file_content(doc)
		except OSError:
			raise NotFound(
				_("File {0} is not on the disk any more ({1}).").format(doc.name, doc.file_url)
			) from None
		if len(content) > most:
			text = _("File {0} has {1} bytes; at most {2} are read.")
			frappe.throw(text.format(doc.file_name, f"{len(content):,}", f"{most:,}"))
		return StoredFile(doc.file_name, content)

	def of(self, doctype: str, name: str) -> list[str]:
		"""The names of the Files that are attached to a document."""
		filters = {**_reference((doctype, name)), "is_folder": 0}
		return frappe.get_all("File", filters, pluck="name", order_by="creation, name", limit=0)

	def create(
		self,
		file_name: str,
		content: bytes,
		*,
		is_private: bool = True,
		attached_to: tuple[str, str] | None = None,
	) -> Document:
		"""Make a File. If the step is rolled back, what was written to the disk is removed."""
		values = {"file_name": file_name, "content": content, "is_private": int(is_private)}
		return _inserted(values, attached_to)

	def attach(self, file: str, attached_to: tuple[str, str]) -> Document:
		"""Attach a File that the user may read: another document for the same content, as Frappe does it."""
		source = readable(file)
		allowed(*attached_to, "write")
		values = {"file_url": source.file_url, "file_name": source.file_name, "is_private": source.is_private}
		if known := frappe.db.get_value("File", {"file_url": source.file_url, **_reference(attached_to)}):
			return _described(frappe.get_doc("File", known))
		return _inserted(values, attached_to)

	def print(
		self,
		doctype: str,
		name: str,
		format: str | None = None,
		letterhead: str | None = None,
		language: str | None = None,
	) -> bytes:
		"""A document as PDF. Raises DoesNotExistError for a format or letter head that is not there."""
		doc = allowed(doctype, name, "print")
		_check_format(doctype, format)
		if letterhead and not frappe.db.exists("Letter Head", letterhead):
			frappe.throw(_("There is no Letter Head {0}.").format(letterhead), frappe.DoesNotExistError)
		with compat.access_log_later(), print_language(language or frappe.local.lang):
			return frappe.get_print(
				doctype, doc.name, print_format=format, doc=doc, as_pdf=True, letterhead=letterhead
			)


def readable(given: str) -> Any:
	"""The File of that name or URL that the acting user may read. Raises NotFound, PermissionError.

	Several Files may have one URL; whoever may read one of them may read what is in it.
	"""
	names = frappe.get_all("File", {"file_url": given, "is_folder": 0}, pluck="name", order_by="creation")
	if not names and frappe.db.exists("File", {"name": given, "is_folder": 0}):
		names = [given]
	if not names:
		raise NotFound(_("There is no File named {0}, nor one with that URL.").format(given))
	docs = [frappe.get_doc("File", name) for name in names]
	found = next((doc for doc in docs if doc.has_permission("read")), None)
	if found is None:
		docs[0].check_permission("read")
	return found


def _check_format(doctype: str, format: str | None) -> None:
	"""Raise for a Print Format that is not this DocType's: Frappe would print another one without a word."""
	if format in (None, STANDARD):
		return
	found = frappe.db.get_value("Print Format", format, ["doc_type", "disabled"], as_dict=True)
	if not found or found.doc_type != doctype or found.disabled:
		text = _("There is no Print Format {0} for {1}, or it is disabled.")
		frappe.throw(text.format(format, doctype), frappe.DoesNotExistError)


def _reference(document: tuple[str, str] | None) -> dict[str, str]:
	if document is None:
		return {}
	return {"attached_to_doctype": document[0], "attached_to_name": document[1]}


def _inserted(values: dict[str, Any], attached_to: tuple[str, str] | None) -> Document:
	# Frappe itself asks for no permission on the document.
	about = (attached_to[0], allowed(*attached_to, "write").name) if attached_to else None
	return _described(frappe.get_doc({"doctype": "File", **values, **_reference(about)}).insert())


def _described(doc: Any) -> Document:
	return {"file": doc.name, "file_name": doc.file_name, "file_url": doc.file_url}

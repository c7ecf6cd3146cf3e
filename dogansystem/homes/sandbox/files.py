"""The sandbox's files: documents of the type File that keep their content."""

import base64
import binascii
from hashlib import sha256
from pathlib import PurePath
from typing import Any

from dogansystem.engine.errors import NotAvailable, NotFound
from dogansystem.homes.sandbox.errors import PermissionError, ValidationError
from dogansystem.homes.sandbox.permissions import Permissions
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol import Document, StoredFile
from dogansystem.protocol.people import ADMINISTRATOR

FILE = "File"
BASE64 = "base64"  # the `content_encoding` of what is no text


class Files:
	"""A `protocol.Files`. A File without `is_private` is everybody's, such as a sample document."""

	def __init__(self, site: Place, permissions: Permissions) -> None:
		self._site = site
		self._permissions = permissions

	def read(self, file: str, most: int) -> StoredFile:
		"""What is in a File that the user may read."""
		document = self.readable(file)
		name = str(document.get("file_name") or document["name"])
		if document.get("content") is None:
			raise ValidationError(
				f"File {name!r} has no content here. Give the document one: its field content."
			)
		content = _content(document)
		if len(content) > most:
			raise ValidationError(f"File {name!r} has {len(content):,} bytes; at most {most:,} are read.")
		return StoredFile(name, content)

	def readable(self, given: str) -> Document:
		"""The File of that name or URL that the acting user may read. Raises NotFound, PermissionError."""
		self._permissions.check(FILE, "read")
		shelf = self._site.shelf
		named = shelf.find(FILE, given)
		found = [each for each in shelf.all(FILE) if each.get("file_url") == given] or (
			[named] if named else []
		)
		if not found:
			raise NotFound(f"There is no File named {given}, nor one with that URL.")
		for document in found:
			if self._may_read(document):
				return document
		raise PermissionError(
			f"User {self._site.user} may not read the File {given}: it is private, and somebody else's. "
			"Attach it to a document that the user may read."
		)

	def _may_read(self, document: Document) -> bool:
		user, doctype = self._site.user, document.get("attached_to_doctype")
		if not document.get("is_private") or user in (ADMINISTRATOR, document["owner"]):
			return True
		return bool(doctype) and self._permissions.allows(user, str(doctype), "read")

	def of(self, doctype: str, name: str) -> list[str]:
		"""The names of the Files that are attached to a document."""
		reference = _reference((doctype, name))
		return [each["name"] for each in self._site.shelf.all(FILE) if reference.items() <= each.items()]

	def create(
		self,
		file_name: str,
		content: bytes,
		*,
		is_private: bool = True,
		attached_to: tuple[str, str] | None = None,
	) -> Document:
		"""Make a File with its content in it."""
		folder = "/private/files/" if is_private else "/files/"
		values = {
			"file_name": file_name,
			"file_url": self._free_url(folder, file_name, content),
			"is_private": int(is_private),
			"file_size": len(content),
			**_kept(content),
		}
		return self._created(values, attached_to)

	def _free_url(self, folder: str, file_name: str, content: bytes) -> str:
		"""The URL of a new file. One that another file has gets some letters more, as on a site."""
		url = folder + file_name
		others = [each for each in self._site.shelf.all(FILE) if each.get("file_url") == url]
		if all(_content(each) == content for each in others):
			return url
		path = PurePath(file_name)
		return f"{folder}{path.stem}{sha256(content).hexdigest()[:6]}{path.suffix}"

	def attach(self, file: str, attached_to: tuple[str, str]) -> Document:
		"""Attach a File that the user may read: another document for the same content."""
		source = self.readable(file)
		self._may_change(attached_to)
		reference = _reference(attached_to)
		for each in self._site.shelf.all(FILE):
			is_same = each["name"] == source["name"] or each.get("file_url") == source.get("file_url", "")
			if is_same and reference.items() <= each.items():
				return _described(each)
		fields = ("file_name", "file_url", "is_private", "file_size", "content", "content_encoding")
		return self._created({field: source[field] for field in fields if field in source}, attached_to)

	def _created(self, values: dict[str, Any], attached_to: tuple[str, str] | None) -> Document:
		if attached_to:
			self._may_change(attached_to)
		return _described(self._site.documents.create(FILE, {**values, **_reference(attached_to)}))

	def _may_change(self, document: tuple[str, str]) -> None:
		self._permissions.check(document[0], "write")
		self._site.shelf.get(*document)

	def print(
		self,
		doctype: str,
		name: str,
		format: str | None = None,
		letterhead: str | None = None,
		language: str | None = None,
	) -> bytes:
		"""Nothing: raises NotAvailable."""
		raise NotAvailable(
			f"{doctype} {name!r} cannot be printed: the sandbox has no print formats. Run this step on a Frappe site."
		)


def _content(document: Document) -> bytes:
	content = document.get("content") or ""
	if not isinstance(content, str):
		raise ValidationError(f"File {document['name']!r}: its content is no text. Write it as text.")
	if document.get("content_encoding") != BASE64:
		return content.encode()
	try:
		return base64.b64decode(content, validate=True)
	except binascii.Error as error:
		raise ValidationError(f"File {document['name']!r}: its content is not base64: {error}.") from None


def _kept(content: bytes) -> dict[str, str]:
	try:
		return {"content": content.decode()}
	except UnicodeDecodeError:
		return {"content": base64.b64encode(content).decode(), "content_encoding": BASE64}


def _reference(document: tuple[str, str] | None) -> dict[str, str]:
	if document is None:
		return {}
	return {"attached_to_doctype": document[0], "attached_to_name": str(document[1])}


def _described(document: Document) -> Document:
	return {
		"file": document["name"],
		"file_name": document.get("file_name"),
		"file_url": document.get("file_url"),
	}

"""Where documents are kept: rows of JSON, found by type and name. No permissions, no events.

The app's own DocTypes are documents too: a workflow may list runs that failed, but only the orchestrator writes them.
"""

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.errors import DoesNotExistError, DuplicateEntryError, PermissionError
from dogansystem.homes.sandbox.filters import Filter
from dogansystem.homes.sandbox.values import plain
from dogansystem.protocol import Document, Site
from dogansystem.store import schema
from dogansystem.store.moment import as_text

_STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus")
# DocTypes of the app that nobody but people write: in a sandbox they are documents like others.
_OF_PEOPLE = frozenset({"Dogan Approval Matrix", "Dogan Approval Matrix Row", "Dogan Substitute"})
_NO_COLUMN = frozenset({"Section Break", "Column Break", "Tab Break", "Table", "HTML", "Button", "Heading"})


@dataclass(frozen=True, slots=True)
class Shelf:
	"""The documents of one database connection."""

	database: Connection

	def find(self, doctype: str, name: Any, *, for_update: bool = False) -> Document | None:
		"""A document, or None. `for_update` keeps it from being changed by others until the transaction ends."""
		if doctype in _records():
			records = self._read(doctype, "WHERE name = %s", (str(name),))
			return records[0] if records else None
		suffix = ""
		if for_update:
			self.database.begin()
			suffix = " FOR UPDATE" if self.database.dialect == "mariadb" else ""
		rows = self.database.sql(
			f"SELECT data FROM sandbox_document WHERE doctype = %s AND name = %s{suffix}",
			(doctype, str(name)),
		)
		return _decode(rows[0][0]) if rows else None

	def get(self, doctype: str, name: Any, *, for_update: bool = False) -> Document:
		"""A document. Raises DoesNotExistError."""
		found = self.find(doctype, name, for_update=for_update)
		if found is None:
			raise DoesNotExistError(f"There is no {doctype} named {str(name)!r}.")
		return found

	def all(self, doctype: str, filters: Sequence[Filter] = ()) -> list[Document]:
		"""The documents of a type in the order they were created in.

		Those that an equal name or docstatus rules out are left to the database; the other filters are the caller's.
		"""
		if doctype in _records():
			return self._read(doctype, "ORDER BY creation, name")
		equal = [each for each in filters if each.operator == "=" and _is_column(each)]
		conditions = ["doctype = %s", *(f"`{each.field}` = %s" for each in equal)]
		rows = self.database.sql(
			f"SELECT data FROM sandbox_document WHERE {' AND '.join(conditions)} ORDER BY id",
			(doctype, *(each.value for each in equal)),
		)
		return [_decode(row[0]) for row in rows]

	def _read(self, doctype: str, rest: str, values: Sequence[Any] = ()) -> list[Document]:
		columns = _records()[doctype]
		names = ", ".join(f"`{column}`" for column in columns)
		rows = self.database.sql(f"SELECT {names} FROM `tab{doctype}` {rest}", values)
		# Times read as the store writes them.
		texts = ([plain(as_text(value), "") for value in row] for row in rows)
		return [{"doctype": doctype, **dict(zip(columns, row, strict=True))} for row in texts]

	def insert(self, document: Document) -> None:
		"""Add a document. Raises DuplicateEntryError."""
		try:
			self.database.execute(
				"INSERT INTO sandbox_document (doctype, name, name_key, docstatus, data) VALUES (%s, %s, %s, %s, %s)",
				(
					document["doctype"],
					document["name"],
					_name_key(document["name"]),
					document["docstatus"],
					_encode(document),
				),
			)
		except Exception as error:
			if not self.database.is_duplicate(error):
				raise
			raise DuplicateEntryError(
				f"{document['doctype']} {document['name']!r} exists already. Choose another name, or update it."
			) from None

	def replace(self, document: Document) -> None:
		"""Write the new state of a document that is there."""
		self.database.execute(
			"UPDATE sandbox_document SET docstatus = %s, data = %s WHERE doctype = %s AND name = %s",
			(document["docstatus"], _encode(document), document["doctype"], document["name"]),
		)

	def rename(self, document: Document, name: str) -> None:
		"""Give a document another name, which is free."""
		self.database.execute(
			"UPDATE sandbox_document SET name = %s, name_key = %s, data = %s WHERE doctype = %s AND name = %s",
			(
				name,
				_name_key(name),
				_encode({**document, "name": name}),
				document["doctype"],
				document["name"],
			),
		)

	def remove(self, document: Document) -> None:
		"""Take a document away."""
		self.database.execute(
			"DELETE FROM sandbox_document WHERE doctype = %s AND name = %s",
			(document["doctype"], document["name"]),
		)


# Where the sandbox itself writes the names of other documents: the fields of their types and names.
LINKS = {
	"Comment": ("reference_doctype", "reference_name"),
	"ToDo": ("reference_type", "reference_name"),
	"DocShare": ("share_doctype", "share_name"),
	"File": ("attached_to_doctype", "attached_to_name"),
}


def rename(shelf: Shelf, document: Document, name: str) -> None:
	"""Give a document another name, also in what stands beside it."""
	old = (document["doctype"], document["name"])
	shelf.rename(document, name)
	for doctype, (type_field, name_field) in LINKS.items():
		for each in shelf.all(doctype):
			if (each.get(type_field), each.get(name_field)) == old:
				shelf.replace({**each, name_field: name})


def _name_key(name: str) -> str:
	"""What the release of commit 1e0b184 finds a document by, for as long as its nodes may work beside this one."""
	if name.isascii():
		return name.lower().rstrip(" ")
	plain = unicodedata.normalize("NFKD", name.casefold())
	return "".join(char for char in plain if unicodedata.category(char) != "Mn").casefold().rstrip(" ")


def _is_column(given: Filter) -> bool:
	kind = {"name": str, "docstatus": int}.get(given.field)
	return kind is not None and isinstance(given.value, kind)


def _encode(document: Document) -> str:
	return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _decode(text: str) -> Document:
	document: Document = json.loads(text)
	return document


@cache
def _records() -> Mapping[str, Sequence[str]]:
	"""The columns of each DocType of the app."""
	return {
		doctype["name"]: [
			*_STANDARD,
			*(each["fieldname"] for each in doctype["fields"] if each["fieldtype"] not in _NO_COLUMN),
		]
		for doctype in schema.doctypes()
		if doctype["name"] not in _OF_PEOPLE
	}


def refuse_record(doctype: str) -> None:
	"""Raise PermissionError if only the orchestrator may write these."""
	if doctype in _records():
		raise PermissionError(
			f"{doctype} documents are kept by the orchestrator. Use its methods, such as import_workflow or start_run."
		)


class Place(Site, Protocol):
	"""What the parts of a sandbox need of the sandbox that they belong to: a site whose documents lie on a shelf."""

	@property
	def database(self) -> Connection: ...

	@property
	def shelf(self) -> Shelf: ...

	@property
	def recording(self) -> Any: ...  # what notes it while somebody tries something out

	def document_changed(self, document: Document, event: str, previous: Document | None) -> None: ...

	def document_renamed(self, document: Document, name: str) -> None: ...

	def load_documents(self, documents: Iterable[Mapping[str, Any]]) -> int: ...

	def has_method(self, method: str) -> bool: ...

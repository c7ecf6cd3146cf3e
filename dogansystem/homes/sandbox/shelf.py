"""Where documents are kept: rows of JSON, found by type and name. No permissions, no events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.errors import DoesNotExistError, DuplicateEntryError
from dogansystem.homes.sandbox.filters import Filter
from dogansystem.protocol import Document


@dataclass(frozen=True, slots=True)
class Shelf:
	"""The documents of one database connection."""

	database: Connection

	def find(self, doctype: str, name: Any, *, for_update: bool = False) -> Document | None:
		"""A document, or None. `for_update` keeps it from being changed by others until the transaction ends."""
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
		equal = [each for each in filters if each.operator == "=" and _is_column(each)]
		conditions = ["doctype = %s", *(f"`{each.field}` = %s" for each in equal)]
		rows = self.database.sql(
			f"SELECT data FROM sandbox_document WHERE {' AND '.join(conditions)} ORDER BY id",
			(doctype, *(each.value for each in equal)),
		)
		return [_decode(row[0]) for row in rows]

	def insert(self, document: Document) -> None:
		"""Add a document. Raises DuplicateEntryError."""
		try:
			self.database.execute(
				"INSERT INTO sandbox_document (doctype, name, docstatus, data) VALUES (%s, %s, %s, %s)",
				(document["doctype"], document["name"], document["docstatus"], _encode(document)),
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

	def remove(self, document: Document) -> None:
		"""Take a document away."""
		self.database.execute(
			"DELETE FROM sandbox_document WHERE doctype = %s AND name = %s",
			(document["doctype"], document["name"]),
		)


def _is_column(given: Filter) -> bool:
	kind = {"name": str, "docstatus": int}.get(given.field)
	return kind is not None and isinstance(given.value, kind)


def _encode(document: Document) -> str:
	return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _decode(text: str) -> Document:
	document: Document = json.loads(text)
	return document

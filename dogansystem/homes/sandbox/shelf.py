"""Where documents are kept: rows of JSON, found by type and name. No permissions, no events."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dogansystem.homes.databases.connection import Connection
from dogansystem.homes.sandbox.errors import DoesNotExistError, DuplicateEntryError
from dogansystem.homes.sandbox.filters import Filter
from dogansystem.homes.sandbox.text import fold
from dogansystem.homes.sandbox.values import is_number
from dogansystem.protocol import Document

MAX_NAMES = 500  # in one IN list


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
			f"SELECT data FROM sandbox_document WHERE doctype = %s AND name_key = %s{suffix}",
			(doctype, fold(str(name))),
		)
		return decode(rows[0][0]) if rows else None

	def get(self, doctype: str, name: Any, *, for_update: bool = False) -> Document:
		"""A document. Raises DoesNotExistError."""
		found = self.find(doctype, name, for_update=for_update)
		if found is None:
			raise DoesNotExistError(f"There is no {doctype} named {str(name)!r}.")
		return found

	def all(self, doctype: str, filters: Sequence[Filter] = ()) -> list[Document]:
		"""The documents of a type in the order they were created in, narrowed to what `filters` may let through."""
		conditions = ["doctype = %s"]
		values: list[Any] = [doctype]
		for given in filters:
			_narrow(given, conditions, values)
		rows = self.database.sql(
			f"SELECT data FROM sandbox_document WHERE {' AND '.join(conditions)} ORDER BY id", values
		)
		return [decode(row[0]) for row in rows]

	def insert(self, document: Document) -> None:
		"""Add a document. Raises DuplicateEntryError."""
		try:
			self.database.execute(
				"INSERT INTO sandbox_document (doctype, name, name_key, docstatus, data)"
				" VALUES (%s, %s, %s, %s, %s)",
				_row(document),
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
			"UPDATE sandbox_document SET docstatus = %s, data = %s WHERE doctype = %s AND name_key = %s",
			(document["docstatus"], encode(document), document["doctype"], fold(document["name"])),
		)

	def remove(self, document: Document) -> None:
		"""Take a document away."""
		self.database.execute(
			"DELETE FROM sandbox_document WHERE doctype = %s AND name_key = %s",
			(document["doctype"], fold(document["name"])),
		)


def encode(document: Document) -> str:
	"""A document as its row holds it."""
	return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def decode(text: str) -> Document:
	"""The document of a row."""
	document: Document = json.loads(text)
	return document


def _row(document: Document) -> tuple[Any, ...]:
	name = document["name"]
	return document["doctype"], name, fold(name), document["docstatus"], encode(document)


def _narrow(given: Filter, conditions: list[str], values: list[Any]) -> None:
	"""Let the database leave out what it can tell by its columns. What is left is still asked one by one."""
	if given.field == "docstatus" and given.operator == "=" and is_number(given.value):
		conditions.append("docstatus = %s")
		values.append(given.value)
	elif given.field == "name" and given.operator == "=" and isinstance(given.value, str):
		conditions.append("name_key = %s")
		values.append(fold(given.value))
	elif given.field == "name" and given.operator == "in" and _are_names(given.value):
		conditions.append(f"name_key IN ({', '.join(['%s'] * len(given.value))})")
		values.extend(fold(name.strip()) for name in given.value)


def _are_names(value: Any) -> bool:
	is_list = isinstance(value, list | tuple) and 0 < len(value) <= MAX_NAMES
	return is_list and all(isinstance(name, str) for name in value)

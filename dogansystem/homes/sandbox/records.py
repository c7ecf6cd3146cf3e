"""The app's own DocTypes as documents: a workflow may list runs that failed, but only the orchestrator writes them."""

from typing import Any

from dogansystem.homes.sandbox.errors import PermissionError
from dogansystem.homes.sandbox.values import plain
from dogansystem.protocol import Document, Site
from dogansystem.store import schema
from dogansystem.store.moment import as_text

_STANDARD = ("name", "owner", "creation", "modified", "modified_by", "docstatus")
_NO_COLUMN = frozenset({"Section Break", "Column Break", "Tab Break", "Table", "HTML", "Button", "Heading"})


class Records:
	"""Rows of the store's tables in the shape of documents."""

	def __init__(self, site: Site) -> None:
		self._site = site
		self._columns = {doctype["name"]: _columns(doctype) for doctype in schema.doctypes()}

	def find(self, doctype: str, name: str) -> Document | None:
		"""One record, or None if there is none of that name or the DocType is none of the app's."""
		rows = self._read(doctype, " WHERE name = %s", (name,))
		return rows[0] if rows else None

	def all(self, doctype: str) -> list[Document] | None:
		"""All records in the order they were made in; None if the DocType is none of the app's."""
		return self._read(doctype, " ORDER BY creation, name")

	def refuse(self, doctype: str) -> None:
		"""Raise PermissionError if only the orchestrator may write these."""
		if doctype in self._columns:
			raise PermissionError(
				f"{doctype} documents are kept by the orchestrator. Use its methods, such as import_workflow or"
				" start_run."
			)

	def _read(self, doctype: str, rest: str, values: tuple[Any, ...] = ()) -> list[Document] | None:
		columns = self._columns.get(doctype)
		if columns is None:
			return None
		names = ", ".join(f"`{column}`" for column in columns)
		rows = self._site.database.sql(f"SELECT {names} FROM `tab{doctype}`{rest}", values)
		return [{"doctype": doctype, **dict(zip(columns, map(_value, row), strict=True))} for row in rows]


def _value(value: Any) -> Any:
	return plain(as_text(value), "")  # datetimes as the store writes them


def _columns(doctype: dict[str, Any]) -> list[str]:
	fields = [field["fieldname"] for field in doctype["fields"] if field["fieldtype"] not in _NO_COLUMN]
	return [*_STANDARD, *fields]

"""Files and reports, as steps meet them: with the permissions of the user who acts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class StoredFile:
	"""A file's name and what is in it."""

	file_name: str
	content: bytes = field(repr=False)


class Files(Protocol):
	"""Documents of the type File with their contents. A File is named by its name or by its URL.

	`create` and `attach` give `{file, file_name, file_url}`. Both need the permission to change the document that the File
	is attached to. Raises NotFound and PermissionError for a File that is not there, or not the user's to read.
	"""

	def read(self, file: str, most: int) -> StoredFile:
		"""What is in a File. Raises ValidationError for one of more than `most` bytes, or that is kept elsewhere."""

	def of(self, doctype: str, name: str) -> list[str]:
		"""The names of the Files that are attached to a document, the oldest first, whoever may read them."""

	def create(
		self,
		file_name: str,
		content: bytes,
		*,
		is_private: bool = True,
		attached_to: tuple[str, str] | None = None,
	) -> dict[str, Any]:
		"""Make a File. Its name may differ from `file_name` where that is taken."""

	def attach(self, file: str, attached_to: tuple[str, str]) -> dict[str, Any]:
		"""Attach a File that is there to a document; one that is attached to it already stays as it is."""

	def print(
		self,
		doctype: str,
		name: str,
		format: str | None = None,
		letterhead: str | None = None,
		language: str | None = None,
	) -> bytes:
		"""A document that the user may print, as PDF. Raises NotAvailable where nothing can print."""


class Reports(Protocol):
	"""The site's reports."""

	def run(self, report: str, filters: Mapping[str, Any], limit: int) -> dict[str, Any]:
		"""What a report shows the acting user: `{columns, rows, total, left_out}`.

		A column has `fieldname`, `label` and `fieldtype`; a row is a mapping by `fieldname`. `total` is the report's own
		row of totals, or None. `left_out`: how many rows there were beyond `limit`. Raises NotAvailable where there are no
		reports.
		"""

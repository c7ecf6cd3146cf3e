"""Reports of a sandbox: sample documents of the type Report, with the rows that the report gives."""

from collections.abc import Mapping
from typing import Any

from dogansystem.engine.errors import NotAvailable
from dogansystem.homes.sandbox.errors import ValidationError
from dogansystem.homes.sandbox.permissions import Permissions
from dogansystem.homes.sandbox.shelf import Place
from dogansystem.protocol import Document

REPORT = "Report"


class Reports:
	"""A `protocol.Reports`."""

	def __init__(self, site: Place, permissions: Permissions) -> None:
		self._site = site
		self._permissions = permissions

	def run(self, report: str, filters: Mapping[str, Any], limit: int) -> Document:
		"""The rows of the sample document; filters are not applied. Raises NotAvailable where there is none."""
		found = self._site.shelf.find(REPORT, report)
		rows = found.get("rows") if found else None
		if found is None or not isinstance(rows, list):
			raise NotAvailable(
				f"The report {report!r} cannot be run: the sandbox has no reports. Load a sample document of type Report with "
				"its columns and rows, run this step on a Frappe site, or read the documents with document.list."
			)
		self._permissions.check(REPORT, "read")
		if not all(isinstance(row, dict) for row in rows):
			raise ValidationError(f"Report {report!r}: each of its rows is a mapping of fields to values.")
		columns = found.get("columns") or list(dict.fromkeys(field for row in rows for field in row))
		shown = {"columns": [_column(each) for each in columns], "rows": rows[:limit]}
		return {**shown, "total": found.get("total"), "left_out": max(0, len(rows) - limit)}


def _column(given: Any) -> Document:
	if isinstance(given, Mapping):
		return dict(given)
	return {"fieldname": str(given), "label": str(given).replace("_", " ").title(), "fieldtype": "Data"}

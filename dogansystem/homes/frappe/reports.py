"""Reports of a Frappe site, as they are shown to the acting user.

What Frappe needs for them is imported when one is run: a drainer is a process of its own, and that takes it a fifth of a
second.
"""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import frappe
from frappe import _

from dogansystem.engine.errors import NotAvailable
from dogansystem.homes.frappe import compat, query
from dogansystem.homes.frappe.loaded import refuse
from dogansystem.homes.frappe.methods import OFF
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Document

BUILDER, QUERY = "Report Builder", "Query Report"
COLUMN = ("fieldname", "label", "fieldtype", "options")


class Reports:
	"""Query, script and custom reports, and those of the report builder. They run now, in the step."""

	def run(self, report: str, filters: Mapping[str, Any], limit: int) -> Document:
		"""What the report shows. Raises PermissionError unless the user may see it."""
		from frappe.utils.safe_exec import ServerScriptNotEnabled

		doc = _permitted(report)
		try:
			found = _built(doc, filters) if doc.report_type == BUILDER else _queried(report, doc, filters)
		except ServerScriptNotEnabled:
			raise NotAvailable(f"Report {report!r} is a script of people's own. {OFF}") from None
		columns = [_column(each) for each in found["columns"]]
		rows = _rows(found["result"], [each["fieldname"] for each in columns])
		total = rows.pop() if rows and found.get("add_total_row") else None
		shown = {"columns": columns, "rows": rows[:limit], "total": total}
		return plain({**shown, "left_out": max(0, len(rows) - limit)})


def _permitted(report: str) -> Any:
	from frappe.desk import query_report

	try:
		return query_report.get_report_doc(report)
	except frappe.PermissionError:
		text = _("The user {0} may not see the report {1}. Give the user one of the report's roles, and a role with the "
			"permission Report on its document type; or let another user do the step.")  # fmt: skip
		refuse(text.format(frappe.session.user, report))


def _queried(report: str, doc: Any, filters: Mapping[str, Any]) -> Mapping[str, Any]:
	"""A custom report has filters of its own, which count unless others are given; `doc` is the report it is made of."""
	from frappe.desk import query_report

	with compat.within_transaction(frappe.local.db) if doc.report_type == QUERY else nullcontext():
		return query_report.run(
			report,
			filters=frappe._dict(filters),
			ignore_prepared_report=True,
			are_default_filters=not filters,
		)


def _built(doc: Any, filters: Mapping[str, Any]) -> Mapping[str, Any]:
	query.check(doc.ref_doctype, filters, None, None)
	with query.explained(doc.ref_doctype):
		columns, rows = doc.get_data(filters=dict(filters), as_dict=True)
	return {"columns": columns, "result": rows}


def _column(given: Mapping[str, Any]) -> dict[str, Any]:
	name = given.get("fieldname") or given.get("label")
	return {**{key: given.get(key) for key in COLUMN}, "fieldname": name, "label": given.get("label") or name}


def _rows(result: Sequence[Any], names: Sequence[str]) -> list[dict[str, Any]]:
	"""Rows as mappings. Reports give lists too, and empty rows for the eye."""
	rows = (row if isinstance(row, Mapping) else dict(zip(names, row or (), strict=False)) for row in result)
	return [dict(row) for row in rows if row]

"""Who decided what, when, through what, for whom: every decision of a person, and what a deadline has decided.

For Dogan Managers and System Managers, who see all approvals; the report's roles say so, and Frappe asks for the permission
*Report* on Dogan Approval Decision as well.
"""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _
from frappe.utils import cint

from dogansystem.engine.outputs import decode

MAX_ROWS = 10_000
DECISION, APPROVAL = "`tabDogan Approval Decision`", "`tabDogan Approval`"
_ABOUT = "a.name AS approval, a.subject, a.reference_doctype, a.reference_name, a.workflow, a.run, a.status"
_DECISIONS = (
	f"SELECT d.decided_at AS at, d.decision, d.by_user, d.for_user, d.through, d.comment, d.given_values, {_ABOUT}"
	f" FROM {DECISION} d JOIN {APPROVAL} a ON a.name = d.approval WHERE {{conditions}}"
)
# An approval that nobody has settled, and that was not dropped, was settled by its deadline.
_DEADLINES = (
	"SELECT a.settled_at AS at, LOWER(a.status) AS decision, NULL AS by_user, NULL AS for_user, 'deadline' AS through,"
	f" NULL AS comment, NULL AS given_values, {_ABOUT} FROM {APPROVAL} a WHERE a.settled_by IS NULL"
	" AND a.status IN ('Approved', 'Rejected', 'Expired') AND {conditions}"
)


def execute(
	filters: Mapping[str, Any] | None = None,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], Any]:
	"""Columns, rows, the newest first, and a word where there are more than are shown: than the filter `rows`, and MAX_ROWS."""
	given = dict(filters or {})
	most = min(max(cint(given.get("rows")), 0) or MAX_ROWS, MAX_ROWS)
	rows = _rows(given, most + 1)
	more = _("Only the newest {0} are shown: choose a shorter time, or more rows.").format(most)
	return columns(), rows[:most], more if len(rows) > most else None


def columns() -> list[dict[str, Any]]:
	"""What the report shows of each decision."""
	user = {"fieldtype": "Link", "options": "User", "width": 170}
	return [
		{"fieldname": "at", "label": _("Decided at"), "fieldtype": "Datetime", "width": 160},
		{"fieldname": "decision", "label": _("Decision"), "fieldtype": "Data", "width": 100},
		{"fieldname": "by_user", "label": _("By"), **user},
		{"fieldname": "for_user", "label": _("For"), **user},
		{"fieldname": "through", "label": _("Through"), "fieldtype": "Data", "width": 120},
		{"fieldname": "subject", "label": _("Subject"), "fieldtype": "Data", "width": 260},
		{"fieldname": "comment", "label": _("Comment"), "fieldtype": "Data", "width": 200},
		{"fieldname": "given", "label": _("Values"), "fieldtype": "Data", "width": 160},
		{"fieldname": "reference_doctype", "label": _("Document Type"), "fieldtype": "Link", "options": "DocType", "width": 130},
		{"fieldname": "reference_name", "label": _("Document"), "fieldtype": "Dynamic Link", "options": "reference_doctype", "width": 150},
		{"fieldname": "workflow", "label": _("Workflow"), "fieldtype": "Link", "options": "Dogan Workflow", "width": 160},
		{"fieldname": "status", "label": _("Status"), "fieldtype": "Data", "width": 100},
		{"fieldname": "approval", "label": _("Approval"), "fieldtype": "Link", "options": "Dogan Approval", "width": 170},
		{"fieldname": "run", "label": _("Run"), "fieldtype": "Link", "options": "Dogan Workflow Run", "width": 170},
	]  # fmt: skip


def _rows(given: Mapping[str, Any], most: int) -> list[dict[str, Any]]:
	values = {**given, "most": most}
	queries = []
	if given.get("through") != "deadline":
		queries.append(_DECISIONS.format(conditions=_conditions(given, "d.decided_at", has_people=True)))
	if given.get("through") in (None, "", "deadline") and not given.get("person"):
		queries.append(_DEADLINES.format(conditions=_conditions(given, "a.settled_at", has_people=False)))
	if not queries:
		return []
	# Each half has its own newest first: sorted only together, all of both would be read.
	newest = " ORDER BY at DESC LIMIT %(most)s"
	query = " UNION ALL ".join(f"({each}{newest})" for each in queries) + newest
	return [_shown(row) for row in frappe.db.sql(query, values, as_dict=True)]


def _conditions(given: Mapping[str, Any], at: str, *, has_people: bool) -> str:
	found = ["1 = 1"]
	if given.get("from_date"):
		found.append(f"{at} >= %(from_date)s")
	if given.get("to_date"):
		found.append(f"{at} < %(to_date)s + INTERVAL 1 DAY")
	for key, column in (
		("workflow", "a.workflow"),
		("document_type", "a.reference_doctype"),
		("document", "a.reference_name"),
	):
		if given.get(key):
			found.append(f"{column} = %({key})s")
	if has_people and given.get("person"):
		found.append("(d.by_user = %(person)s OR d.for_user = %(person)s)")
	if has_people and given.get("through"):
		found.append("d.through = %(through)s")
	return " AND ".join(found)


def _shown(row: Any) -> dict[str, Any]:
	values = decode(row.pop("given_values")) or {}
	given = ", ".join(f"{name}: {value}" for name, value in values.items())
	return {
		**row,
		"given": given,
		"decision": _word(_decisions(), row.decision),
		"through": _word(_ways(), row.through),
		"status": _(row.status),
	}


def _decisions() -> dict[str, str]:
	return {
		"approved": _("approved"),
		"rejected": _("rejected"),
		"answered": _("answered"),
		"expired": _("expired"),
	}


def _ways() -> dict[str, str]:
	return {
		"desk": _("Desk"),
		"mail": _("Link in a Mail"),
		"api": _("API"),
		"command": _("Command"),
		"deadline": _("Deadline"),
	}


def _word(words: Mapping[str, str], key: str) -> str:
	return words.get(key, key)

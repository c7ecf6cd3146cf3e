"""Assignment Rules: who a document is assigned to while a condition holds."""

from collections.abc import Iterator
from typing import Any

import frappe

from dogansystem.homes.frappe.adopting.base import SAVED, Adopted

KIND = "Assignment Rule"
WEEK = 7


def read(run_as: str | None) -> Iterator[Adopted]:
	"""Every Assignment Rule of the site."""
	for name in frappe.get_all(KIND, pluck="name", order_by="name asc", limit=0):
		doc = frappe.get_doc(KIND, name)
		adopted = Adopted(KIND, name, not doc.disabled)
		adopted.begin(run_as)
		adopted.on_document(doc.document_type, SAVED, None)
		_steps(doc, adopted, _who(doc, adopted))
		_leave_out(doc, adopted)
		yield adopted


def _who(doc: Any, adopted: Adopted) -> str:
	if doc.rule == "Based on Field":
		return f"{{{{ doc.{doc.field} }}}}"
	users = [row.user for row in doc.users]
	if len(users) > 1:
		text = f"{doc.rule} among {len(users)} users: nothing here takes turns; name one user, or make a rule of each"
		adopted.refused.append(text)
	return users[0] if users else ""


def _steps(doc: Any, adopted: Adopted, user: str) -> None:
	about = {"doctype": doc.document_type, "name": "{{ doc.name }}"}
	assigned = {"reference_type": doc.document_type, "reference_name": "{{ doc.name }}", "status": "Open"}
	adopted.step("open", "document.count", {"doctype": "ToDo", "filters": assigned})
	cases = [
		{"name": "assign", "if": _both("steps.open.output == 0", adopted.expression(doc.assign_condition))}
	]
	if doc.unassign_condition:
		cases.append(
			{
				"name": "unassign",
				"if": _both("steps.open.output > 0", adopted.expression(doc.unassign_condition)),
			}
		)
	adopted.step("which", "flow.choose", {"cases": cases})
	text = {"description": doc.description} if doc.description else {}
	adopted.step("assign", "document.assign", {**about, "user": user, **text}, after=["which.assign"])
	if doc.unassign_condition:
		adopted.step("unassign", "document.unassign", about, after=["which.unassign"])


def _both(first: str, expression: str) -> str:
	return f"{{{{ {first} and {expression.removeprefix('{{ ').removesuffix(' }}')} }}}}"


def _leave_out(doc: Any, adopted: Adopted) -> None:
	if doc.close_condition:
		adopted.left_out.append("closing the assignment when its condition holds: no action closes one")
	if doc.due_date_based_on:
		adopted.left_out.append(f"the assignment's due date from {doc.due_date_based_on}")
	if 0 < len(doc.assignment_days) < WEEK:
		days = ", ".join(row.day for row in doc.assignment_days)
		adopted.left_out.append(f"only on {days}: it assigns on every day")
	if doc.priority:
		adopted.left_out.append("the priority among several rules: each workflow is on its own")

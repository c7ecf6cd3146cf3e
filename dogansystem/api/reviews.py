"""`/api/method/dogansystem.api.reviews.…`: a version of a workflow is approved by somebody else before it is enabled."""

from typing import Any

import frappe

from dogansystem.api.access import need_manager, need_user
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe import reviews

WORKFLOW = "Dogan Workflow"


@frappe.whitelist()
@checked
def state(workflow: str) -> dict[str, Any]:
	"""Of the version of a workflow that is saved now: its number (`version`), whether a review is `required`, who has approved it
	(`approved_by`, or null), and while one is asked for, the `approval` and who is `asked`."""
	need_user()
	frappe.get_doc(WORKFLOW, workflow).check_permission("read")
	with as_frappe_errors():
		return reviews.state(workflow)


@frappe.whitelist(methods=["POST"])
@checked
def ask(workflow: str) -> dict[str, str]:
	"""Ask for a review of the version saved now; what was asked about earlier versions is withdrawn.

	:return: `{"run": the run that asks}`
	"""
	need_manager()
	frappe.get_doc(WORKFLOW, workflow).check_permission("write")
	with as_frappe_errors():
		return {"run": reviews.ask(workflow)}

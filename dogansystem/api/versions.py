"""`/api/method/dogansystem.api.versions.…`: what a workflow was, in what two versions differ, and an old one made anew."""

from typing import Any

import frappe

from dogansystem.api.access import need_manager, need_user
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe import reviews
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator

WORKFLOW = "Dogan Workflow"


@frappe.whitelist()
@checked
def history(workflow: str, limit: int = 50, before: int | None = None) -> list[dict[str, Any]]:
	"""The versions of a workflow, the newest first.

	:param limit: at most 100.
	:param before: only versions with a lower number.
	:return: of each its number (`version`), `name`, `at`, `by` (a user), `by_name`, `note` (why), `approved_by`, and whether it `is_current`.
	"""
	_need_workflow(workflow)
	with as_frappe_errors():
		found = _orchestrator().list_versions(workflow, limit, before)
	approved = reviews.approvals_of(workflow)
	names = {user: frappe.utils.get_fullname(user) for user in {each["by"] for each in found}}
	return [
		{**each, "by_name": names[each["by"]], "approved_by": approved.get(each["name"])} for each in found
	]


@frappe.whitelist()
@checked
def compare(workflow: str, old: int, new: int) -> dict[str, Any]:
	"""In what one version of a workflow differs from another one, both given by their numbers.

	:return: `changes`, each with its `sentence`; `yaml`, a unified difference; `marks` of nodes; the two `definitions`.
	"""
	_need_workflow(workflow)
	with as_frappe_errors():
		return _orchestrator().compare_versions(workflow, old, new)


@frappe.whitelist(methods=["POST"])
@checked
def restore(workflow: str, version: int, note: str | None = None) -> dict[str, Any]:
	"""Make a new version that is equal to an old one. The versions between stay; whether the workflow is enabled stays too.

	:param note: why; kept with the new version.
	:return: `{"version": number of the new one}`
	"""
	need_manager()
	_need_workflow(workflow)
	with as_frappe_errors():
		return _orchestrator().restore_version(workflow, version, note or "")


def _need_workflow(workflow: str) -> None:
	"""The caller may read the workflow. Raises PermissionError or DoesNotExistError."""
	need_user()
	frappe.get_doc(WORKFLOW, workflow).check_permission("read")


def _orchestrator() -> Orchestrator:
	return Orchestrator(current_site())

"""`/api/method/dogansystem.api.batches.…`: runs of a workflow for many documents. Errors as in `workflows`."""

from typing import Any

import frappe
from frappe import _

from dogansystem.api.access import need_start, need_user, startable
from dogansystem.api.arguments import as_texts, checked, read_json
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.permissions import is_manager
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.triggers.batch import Batches


@frappe.whitelist(methods=["POST"])
@checked
def start_batch(
	workflow: str,
	doctype: str,
	names: list | str | None = None,
	filters: dict | list | str | None = None,
	input: dict | list | str | None = None,
) -> dict[str, str]:
	"""Have a run of an enabled workflow started for each of many documents, in the background. Those that you may not read get
	no run.

	:param names: the documents' names, as a JSON list; or else
	:param filters: filters that they match, as JSON.
	:param input: what the workflow's `input` schema asks for, as JSON, for every run.
	:return: `{"batch": name}`
	"""
	need_start(workflow, doctype)
	chosen = None if read_json(names, "names") is None else as_texts(names, "names")
	with as_frappe_errors():
		batch = _batches().start(
			workflow, doctype, chosen, read_json(filters, "filters"), read_json(input, "input")
		)
	return {"batch": batch}


@frappe.whitelist()
@checked
def get_batch(batch: str) -> dict[str, Any]:
	"""A batch that you started: its progress, and how many of its runs are in each state. Managers see every batch."""
	_need_batch(batch)
	with as_frappe_errors():
		return _batches().get(batch)


@frappe.whitelist()
@checked
def batch_documents(batch: str, limit: int = 100, after: int = 0) -> list[dict[str, Any]]:
	"""What became of a batch's documents: a `run` with its `status`, or the `reason` why there is none.

	:param limit: at most 1000.
	:param after: the `number` of the last document that you have.
	"""
	_need_batch(batch)
	with as_frappe_errors():
		return _batches().documents(batch, limit, after)


@frappe.whitelist()
@checked
def list_batches(limit: int = 20) -> list[dict[str, Any]]:
	"""The newest batches that you started; for managers those of everybody.

	:param limit: at most 1000.
	"""
	user = need_user()
	return _batches().list(limit, None if is_manager(user) else user)


@frappe.whitelist(methods=["POST"])
@checked
def cancel_batch(batch: str) -> dict[str, int]:
	"""Start no further run of a batch. Those that were started go on.

	:return: `{"cancelled": number of documents that were left}`
	"""
	_need_batch(batch)
	with as_frappe_errors():
		return {"cancelled": _batches().cancel(batch)}


@frappe.whitelist()
@checked
def workflows_for(doctype: str) -> list[dict[str, str]]:
	"""The workflows that you may start for documents of a type, for the button in their list."""
	user = need_user()
	title = {
		row.name: row.title for row in frappe.get_all("Dogan Workflow", fields=["name", "title"], limit=0)
	}
	return [{"name": name, "title": title.get(name) or name} for name in startable(doctype, user)]


def _batches() -> Batches:
	return Orchestrator(current_site()).batches


def _need_batch(batch: str) -> None:
	"""The caller must have started the batch, or be a manager. Raises PermissionError or DoesNotExistError."""
	user = need_user()
	started_by = frappe.db.get_value("Dogan Batch", batch, "started_by")
	if started_by is None:
		frappe.throw(_("There is no batch {0}.").format(batch), frappe.DoesNotExistError)
	if started_by != user and not is_manager(user):
		text = _("The batch {0} was started by somebody else: ask them, or a Dogan Manager.")
		frappe.throw(text.format(batch), frappe.PermissionError, title=_("Not Permitted"))

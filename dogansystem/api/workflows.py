"""`/api/method/dogansystem.api.workflows.…`: runs of workflows, for the desk and for other programs.

Methods that change something need POST. Errors have the status 403 (not permitted), 404 (does not exist), 409 (not in
this state), 422 (input not valid) or 429 (a limit is full). Nothing has changed then.
"""

from typing import Any

import frappe
from frappe import _

from dogansystem.agents.ai import shown
from dogansystem.api.access import need_current, need_manager, need_run, need_start, need_user
from dogansystem.api.arguments import as_object, as_texts, checked, read_json
from dogansystem.api.errors import InputError, as_frappe_errors
from dogansystem.engine.outcomes import as_error
from dogansystem.homes.frappe.permissions import RUN, reader
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.orchestrator import Orchestrator

MAX_LISTED = 1000
MAX_RETRIED = 50  # runs in one request, which locks them all until its end
_LISTED = (
	"name as run",
	"workflow",
	"version.version as version",
	"status",
	"cause",
	"reference_doctype",
	"reference_name",
	"started_by",
	"queued_at",
	"started_at",
	"finished_at",
	"failures",
	"error_type",
	"error",
	"error_step",
)


@frappe.whitelist(methods=["POST"])
@checked
def start_run(
	workflow: str,
	input: dict | list | str | None = None,
	idempotency_key: str | None = None,
	doctype: str | None = None,
	name: str | None = None,
) -> dict[str, str]:
	"""Start a run of an enabled workflow.

	:param workflow: its name.
	:param input: what the workflow's `input` schema asks for, as JSON.
	:param idempotency_key: a second call with the same key gives the run of the first call.
	:param doctype: with `name`, the document that the run is about; you must be allowed to read it.
	:return: `{"run": name}`
	"""
	need_start(workflow, doctype)
	document = document_of(doctype, name)
	with as_frappe_errors():
		run = _orchestrator().start_run(
			workflow,
			read_json(input, "input"),
			idempotency_key=idempotency_key,
			document=document,
			cause="manual" if _is_from_desk() else "api",
		)
	return {"run": run}


@frappe.whitelist()
@checked
def get_run(run: str) -> dict[str, Any]:
	"""A run with its steps, times, agents, outputs and errors.

	An agent's calls that name or give documents which you may not read are `hidden`.
	"""
	user, site = need_run(run), current_site()
	with as_frappe_errors():
		return shown.as_read(site, Orchestrator(site).get_run(run), reader(user))


@frappe.whitelist()
@checked
def list_runs(
	workflow: str | None = None,
	status: str | None = None,
	doctype: str | None = None,
	name: str | None = None,
	limit: int = 20,
) -> list[dict[str, Any]]:
	"""The newest runs that you may see, the newest first.

	:param doctype: with `name`, the document that the runs are about.
	:param limit: at most 1000.
	"""
	need_user()
	wanted = {"workflow": workflow, "status": status, "reference_doctype": doctype, "reference_name": name}
	rows = frappe.get_list(
		RUN,
		filters={field: value for field, value in wanted.items() if value is not None},
		fields=list(_LISTED),
		order_by=f"`tab{RUN}`.name desc",
		limit=min(max(limit, 1), MAX_LISTED),
	)
	return [_listed(row) for row in plain(rows)]


@frappe.whitelist(methods=["POST"])
@checked
def pause(run: str) -> None:
	"""Start no further step of a run. Steps that are running finish."""
	need_run(run, to_change=True)
	with as_frappe_errors():
		_orchestrator().pause_run(run)


@frappe.whitelist(methods=["POST"])
@checked
def resume(run: str) -> None:
	"""Let a paused run go on."""
	need_run(run, to_change=True)
	with as_frappe_errors():
		_orchestrator().resume_run(run)


@frappe.whitelist(methods=["POST"])
@checked
def cancel(run: str, compensate: bool = False) -> None:
	"""Start no further step, and end the run as Cancelled once running steps have finished.

	:param compensate: undo before what its steps have done, those that say how.
	"""
	need_run(run, to_change=True)
	with as_frappe_errors():
		_orchestrator().cancel_run(run, bool(compensate))


@frappe.whitelist(methods=["POST"])
@checked
def retry(run: str, step: str | None = None, version: str | None = None) -> dict[str, list[str]]:
	"""Run a finished run again from a step, or from where it failed. The outputs of the steps before are kept.

	:param version: `current` lets the run go on with the version saved now, if the steps that are kept are the same
		there. Without it, it keeps the version it has. You must be allowed to start the workflow.
	:return: `{"steps": [ids of the steps that run again]}`
	"""
	user = need_run(run, to_change=True)
	if version:
		need_current(run, user)
	with as_frappe_errors():
		return {"steps": _orchestrator().retry_run(run, step, version)}


@frappe.whitelist(methods=["POST"])
@checked
def retry_many(runs: list | str) -> dict[str, list[Any]]:
	"""Run several finished runs again, each from where it failed. One that cannot be retried keeps none of the others.

	:param runs: their names, as a JSON list of at most 50.
	:return: `{"retried": [names], "refused": [{"run", "reason"}]}`
	"""
	need_user()
	names = as_texts(runs, "runs")
	if len(names) > MAX_RETRIED:
		frappe.throw(_("runs: at most {0} at a time.").format(MAX_RETRIED), InputError)
	retried, refused = [], []
	for name in dict.fromkeys(names):
		reason = _retried(name)
		refused.append({"run": name, "reason": reason}) if reason else retried.append(name)
	return {"retried": retried, "refused": refused}


def _retried(run: str) -> str | None:
	"""Retry a run; gives why it was not, and nothing has changed then."""
	frappe.db.savepoint("retry")
	told = len(frappe.local.message_log)
	try:
		need_run(run, to_change=True)
		with as_frappe_errors():
			_orchestrator().retry_run(run)
	except (frappe.ValidationError, frappe.PermissionError, frappe.DoesNotExistError) as error:
		frappe.db.rollback(save_point="retry")
		del frappe.local.message_log[told:]  # the answer says it
		return str(error)
	return None


@frappe.whitelist(methods=["POST"])
@checked
def set_parameters(workflow: str, values: dict | str) -> dict[str, Any]:
	"""Set some of a workflow's parameters. There is no new version by it; runs that have started keep the values they have.

	:param values: the new values by the parameters' names; null takes one away, so that the default counts again.
	:return: the values that a run started now has.
	"""
	need_manager()
	with as_frappe_errors():
		return _orchestrator().set_parameters(workflow, as_object(values, "values"))


def _orchestrator() -> Orchestrator:
	return Orchestrator(current_site())


def document_of(doctype: str | None, name: str | None) -> dict[str, Any] | None:
	"""The document a run shall be about, if one is named. Raises InputError, PermissionError or DoesNotExistError."""
	if not doctype and not name:
		return None
	if not (doctype and name):
		frappe.throw("A document needs both doctype and name.", InputError)
	return current_site().documents.get(doctype, name)


def _is_from_desk() -> bool:
	"""Whether a person pressed a button: the desk signs in by cookie, programs by token."""
	request = getattr(frappe.local, "request", None)
	return bool(request and request.headers.get("X-Frappe-CSRF-Token"))


def _listed(row: dict[str, Any]) -> dict[str, Any]:
	doctype, name = row.pop("reference_doctype"), row.pop("reference_name")
	row["document"] = {"doctype": doctype, "name": name} if doctype else None
	row["error"] = as_error(row.pop("error_type"), row["error"])
	return row

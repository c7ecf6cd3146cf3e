"""`/api/method/dogansystem.api.rehearsals.…`: a definition, new or changed, against documents that exist.

Whoever rehearses needs what a dry run needs, and sees of documents what they may read.
"""

from typing import Any

import frappe
from frappe import _

from dogansystem.api import proving
from dogansystem.api.access import need_manager
from dogansystem.api.arguments import as_object, checked, read_json
from dogansystem.api.errors import InputError, as_frappe_errors
from dogansystem.engine.durations import parse_duration
from dogansystem.homes.frappe import rehearsals
from dogansystem.homes.frappe.permissions import is_system_manager
from dogansystem.proving import compared
from dogansystem.proving.rehearsal import DOCUMENTS, MOST, Rehearsed


@frappe.whitelist(methods=["POST"])
@checked
def rehearse(
	workflow: str | None = None,
	definition: dict | str | None = None,
	since: str = "30d",
	doctype: str | None = None,
	filters: dict | list | str | None = None,
	limit: int = DOCUMENTS,
	parameters: dict | str | None = None,
) -> dict[str, str]:
	"""Have a workflow tried with documents that exist, beside the version that is enabled now, in the background. Nothing is
	changed.

	:param workflow: its name; or
	:param definition: a definition that is not saved, as JSON.
	:param since: how far back the documents that would have started it are looked for, such as `30d`.
	:param doctype: of which type they are, where the triggers do not say.
	:param filters: what they match instead, as JSON.
	:param limit: how many at most; 2000 at most.
	:return: `{"rehearsal": name}`
	"""
	user = need_manager()
	found = proving._definition(workflow, definition)
	proving._check_may_try(found)
	if not 0 < limit <= MOST:
		frappe.throw(_("limit: must be between {0} and {1}.").format(1, MOST), InputError)
	asked = Rehearsed(
		found,
		user,
		trusted=is_system_manager(user),
		since=_seconds(since),
		doctype=doctype,
		filters=read_json(filters, "filters"),
		limit=limit,
		parameters=as_object(parameters, "parameters"),
	)
	with as_frappe_errors():
		return {"rehearsal": rehearsals.ask(asked)}


@frappe.whitelist()
@checked
def get_rehearsal(rehearsal: str) -> dict[str, Any]:
	"""A rehearsal that you asked for: its progress, and its `result` and the report as `markdown` once it has ended."""
	_need(rehearsal)
	found = rehearsals.read(rehearsal)
	return {**found, "markdown": compared.as_markdown(found["result"]) if found["result"] else ""}


@frappe.whitelist(methods=["POST"])
@checked
def stop_rehearsal(rehearsal: str) -> None:
	"""Have a rehearsal try no further document."""
	_need(rehearsal)
	rehearsals.stop(rehearsal)


def _need(rehearsal: str) -> None:
	need_manager()
	frappe.get_doc(rehearsals.DOCTYPE, rehearsal).check_permission("read")


def _seconds(text: str) -> float:
	try:
		return parse_duration(text)
	except ValueError as error:
		frappe.throw(f"since: {error}", InputError)

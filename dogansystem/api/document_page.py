"""What the form of any document says of the workflows about it, for everybody who may read the document.

Who has no role of the app reads what happens, but neither errors, which may tell of other documents, nor the runs.
"""

from collections.abc import Iterator
from typing import Any

import frappe
from frappe import _
from frappe.utils import get_fullname

from dogansystem.api.access import startable
from dogansystem.api.arguments import checked
from dogansystem.api.rates import limit
from dogansystem.engine import due_dates
from dogansystem.engine.definition import Trigger
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.engine.states import FAILED, RUN_FINISHED
from dogansystem.homes.frappe import loaded
from dogansystem.homes.frappe.permissions import RUN, is_manager, may_read
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.protocol import Site
from dogansystem.protocol.people import USER_ROLE
from dogansystem.store import children, versions
from dogansystem.store.moment import moment
from dogansystem.triggers.reading import rows
from dogansystem.worker import notices

READS = 240  # a minute, of one user: the desk asks with every form it opens
SHOWN_RUNS = 5
SHOWN_WAITS = 3  # of one run
STEP_RUN = "Dogan Step Run"
UNDER_WAY = ["Queued", "Running", "Waiting", "Paused"]
_RUN = (
	"name", "workflow", "status", "failures", "cause", "started_by", "queued_at", "started_at", "finished_at", "error",
	"error_step", "workflow.title as title", "workflow.owner as owner",
)  # fmt: skip


@frappe.whitelist()
@checked
def on_document(doctype: str, name: str) -> dict[str, Any]:
	"""What runs about a document you may read have done and do, what is to come, and what you may start on it.

	:return: `runs`, those under way first, and their `total`. Of each: `title`, `status`, how many of its steps are `done`
		of `steps`, which steps it is `doing`, what it `waits` for, and if it has failed, at which `failed_step`, who was, or
		will be, `told`, and whom to `ask`. With a role of the app also `run`, and `error` in words. `to_come`: `title`, `due`
		and `field` of date triggers. `workflows`: `name` and `title` of what may be started.
	"""
	user = _need_reader(doctype, name)
	site = current_site()
	has_role = is_manager(user) or USER_ROLE in frappe.get_roles(user)
	about = {"reference_doctype": doctype, "reference_name": name}
	found = _runs(about)
	may_start = startable(doctype, user) if has_role else []
	titles = dict(
		frappe.get_all("Dogan Workflow", {"name": ["in", may_start]}, ["name", "title"], as_list=True)
	)
	return plain(
		{
			"runs": [_seen(site, row, has_role) for row in found],
			"total": frappe.db.count(RUN, about) if len(found) == SHOWN_RUNS else len(found),
			"to_come": list(_to_come(site, doctype, name)),
			"workflows": [{"name": each, "title": titles.get(each) or each} for each in may_start],
		}
	)


def _need_reader(doctype: str, name: str) -> str:
	"""The caller, who must be a user of the desk and be allowed to read the document. Raises PermissionError."""
	user = str(frappe.session.user)
	is_of_desk = user != "Guest" and frappe.get_cached_value("User", user, "user_type") == "System User"
	if not (is_of_desk and frappe.db.exists("DocType", doctype) and may_read(user, doctype, name)):
		text = _("You may not see this document, or there is none of that name.")
		frappe.throw(text, frappe.PermissionError, title=_("Not Permitted"))
	limit("document", READS)
	return user


def _runs(about: dict[str, str]) -> list[Any]:
	"""The runs that are under way, and then the last to be started."""

	def newest(operator: str, number: int) -> list[Any]:
		wanted = {**about, "status": [operator, UNDER_WAY]}
		return frappe.get_all(RUN, wanted, list(_RUN), order_by=f"`tab{RUN}`.name desc", limit=number)

	found = newest("in", SHOWN_RUNS)
	left = SHOWN_RUNS - len(found)
	return [*found, *(newest("not in", left) if left else [])]


def _seen(site: Site, row: Any, has_role: bool) -> dict[str, Any]:
	"""A run as the document's readers may see it."""
	steps = frappe.get_all(
		STEP_RUN,
		{"run": row.name, "item": 0},
		["step", "title", "status", "agent"],
		order_by="position asc",
		limit=0,
	)
	titles = {each.step: each.title or each.step for each in steps}
	seen = {
		key: row[key] for key in ("status", "failures", "cause", "queued_at", "started_at", "finished_at")
	}
	seen |= {"title": row.title or row.workflow, "steps": len(steps)}
	seen["done"] = sum(each.status in ("Succeeded", "Skipped", "Failed") for each in steps)
	if row.status not in RUN_FINISHED:
		seen["doing"] = [titles[each.step] for each in steps if each.status == "Running"]
		waits = children.waits(site, row.name)
		seen |= {"waits": [_wait(each, titles) for each in waits[:SHOWN_WAITS]], "wait_total": len(waits)}
	if row.status == FAILED:
		told, is_told = notices.told(site, row.name)
		seen |= {"failed_step": titles.get(row.error_step, row.error_step), "is_told": is_told}
		seen |= {"told": [get_fullname(each) for each in told], "ask": get_fullname(row.owner)}
	if has_role:
		seen |= {"run": row.name, "error": (row.error or "").split("\n\n")[0]}
	return seen


def _wait(wait: dict[str, Any], titles: dict[str, str]) -> dict[str, Any]:
	"""What a step waits for, in names that people know."""
	found = {"kind": wait["kind"], "until": wait["until"], "step": titles.get(wait["step"], wait["step"])}
	if wait["kind"] == "decision":
		found |= {
			"subject": wait.get("subject"),
			"asked": [get_fullname(each) for each in wait.get("asked", [])],
		}
	elif wait["kind"] == "signal":
		found["signal"] = wait["signal"]
	elif wait["kind"] == "child":
		workflow = frappe.db.get_value(RUN, wait["run"], "workflow")
		found["title"] = (workflow and frappe.db.get_value("Dogan Workflow", workflow, "title")) or workflow
	return found


def _to_come(site: Site, doctype: str, name: str) -> Iterator[dict[str, Any]]:
	"""The runs that a date of the document will start, as far as it can be told today."""
	rows_of_triggers = frappe.get_all(
		"Dogan Workflow Trigger",
		{"kind": "date", "document_type": doctype, "parenttype": "Dogan Workflow"},
		pluck="parent",
		distinct=True,
		order_by="parent asc",
		limit=0,
	)
	if not rows_of_triggers:
		return
	values = loaded.values(frappe.get_doc(doctype, name))
	enabled = frappe.get_all(
		"Dogan Workflow",
		{"name": ["in", rows_of_triggers], "enabled": 1},
		["name", "title", "current_version"],
		limit=0,
	)
	for workflow in enabled:
		for trigger, due in _due(site, workflow.current_version, doctype, name, values):
			field = frappe.get_meta(doctype).get_label(trigger.keys["field"])
			title = workflow.title or workflow.name
			yield {"title": title, "due": str(site.local_time(due)), "field": _(field)}


def _due(
	site: Site, version: str, doctype: str, name: str, values: dict[str, Any]
) -> Iterator[tuple[Trigger, float]]:
	"""The date triggers of a version that want this document as it is, and when its time comes."""
	try:
		definition = versions.load(site, version)
	except UnreadableVersion:
		return
	at, user = moment(site), definition.only_as or definition.run_as or ""
	for trigger in definition.triggers:
		if trigger.on != "date" or trigger.keys.get("doctype") != doctype:
			continue
		field = trigger.keys["field"]
		value = values.get(field)
		due = due_dates.moment(trigger.keys, value, site.timezone) if value else None
		if due and due > at.seconds and frappe.db.exists("User", {"name": user, "enabled": 1}):
			with site.acting_as(user):
				fits = any(rows(site, definition, trigger, [["name", "=", name]], field, at))
			if fits:
				yield trigger, due

"""What the page of a run shows: its steps, what they wait for, its family, and what could not be undone."""

from functools import partial
from typing import Any

import frappe

from dogansystem.agents.ai import shown
from dogansystem.api import workflows
from dogansystem.api.access import may_use_current, need_run, need_start
from dogansystem.api.arguments import checked, read_json
from dogansystem.api.errors import as_frappe_errors
from dogansystem.engine.definition import AGENT_ASK
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.engine.outputs import decode
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.frappe.permissions import RUN, is_manager, is_system_manager, may_change_run, reader
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated_problems
from dogansystem.homes.frappe.values import plain
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site
from dogansystem.store import asks, children, overview, reads, run_comparison, versions

STEP_RUN = "Dogan Step Run"
SHOWN_ITEMS = 50  # of a for_each step, the failed ones first
SHOWN_WAITS = 50
MAX_FIRST = 10**9  # more than any step has

_STEP = (
	"name", "step", "title", "action", "status", "attempts", "agent", "worker", "ready_at", "started_at",
	"finished_at", "wait_until", "branch", "error", "error_type",
)  # fmt: skip
_RUN = (
	"name", "workflow", "version", "status", "queued_at", "started_at", "finished_at", "failures", "error_type", "error",
	"compensating", "parent_run", "parent_step", "again_of",
)  # fmt: skip


@frappe.whitelist()
@checked
def run_view(run: str) -> dict[str, Any]:
	"""A run and its steps without their data, for the timeline.

	`current_version`: the number of the version saved now, if it is another and the caller may retry with it. `problems`:
	what may keep a run under way from going on. `waits`: what its steps wait for, the first of `wait_total`. `children`: the
	runs that its steps have started. `compensates`: whether its workflow says how to undo a step. `may_signal`: whether the
	caller may send the signals that it waits for. A step that asks an agent says in short what it has `asked`.
	"""
	user, site = need_run(run), current_site()
	steps = frappe.get_all(
		STEP_RUN, {"run": run, "item": 0}, [*_STEP, "position"], order_by="position asc", limit=0
	)
	counts = overview.item_counts(site.database, run)
	wakes_at = _wakes_at(run)
	asked = asks.in_short(site.database, run) if any(step.action == AGENT_ASK for step in steps) else {}
	for step in steps:
		step.asked = asked.get(step.step)
		step.wait_until = step.wait_until or wakes_at.get(step.name)
		step.items = counts.get(step.step, {})
	found = frappe.db.get_value(RUN, run, _RUN, as_dict=True)
	workflow = frappe.db.get_value(
		"Dogan Workflow", found.workflow, ["title", "current_version"], as_dict=True
	)
	current = workflow.current_version if workflow else None
	found.title = (workflow and workflow.title) or found.workflow
	found.version_number = _number(found.version)
	if found.again_of and not frappe.db.exists(RUN, found.again_of):
		found.again_of = None
	may_change = may_change_run(run, user)
	offers_current = (
		may_change and current not in (None, found.version) and may_use_current(found.workflow, user)
	)
	waits = children.waits(site, run)
	return plain(
		{
			"run": found,
			"steps": steps,
			"waits": waits[:SHOWN_WAITS],
			"wait_total": len(waits),
			"children": [each for each in children.of_run(site.database, run) if _may_see(each["run"], user)],
			"compensation_errors": reads.compensation_errors(site.database, run),
			"compensates": _compensates(site, found.version),
			"may_change": may_change,
			"may_run_again": bool(workflow) and may_use_current(found.workflow, user),
			"may_signal": is_manager(user),
			"current_version": _number(current) if offers_current else None,
			"problems": []
			if found.status in RUN_FINISHED
			else translated_problems(Orchestrator(site).get_obstacles()),
		}
	)


@frappe.whitelist()
@checked
def step_details(run: str, step: str) -> dict[str, Any]:
	"""A step's rendered parameters and output, what its earlier attempts ran and failed with, the errors of its items, and its items, the failed ones first.

	System Managers also get the `traceback` of an error that nobody expected: the step's own, or that of an item. Of a step that asks
	an agent, the calls in its output are shown as `ai_agents.conversation` shows them.
	"""
	user = need_run(run)
	row = (
		frappe.db.get_value(
			STEP_RUN,
			{"run": run, "step": step, "item": 0},
			["params", "output", "errors", "earlier_attempts", "action"],
			as_dict=True,
		)
		or frappe._dict()
	)
	return {
		"params": decode(row.params),
		"output": _output(run, step, row, user),
		"errors": decode(row.errors) or [],
		"earlier_attempts": decode(row.earlier_attempts) or [],
		"items": _items(run, step, user),
		"item_total": frappe.db.count(STEP_RUN, {"run": run, "step": step, "item": [">", 0]}),
		**({"traceback": _traceback(run, step)} if is_system_manager(user) else {}),
	}


@frappe.whitelist()
@checked
def given(run: str) -> dict[str, Any]:
	"""What a run was started with, to be run again: `workflow`, `input`, and the `document` that it was about, or null."""
	need_run(run)
	with as_frappe_errors():
		was = run_comparison.as_it_was(current_site().database, run)
	document = dict(zip(("doctype", "name"), was["reference"], strict=True)) if was["reference"] else None
	return {"workflow": was["workflow"], "input": was["input"], "document": document}


@frappe.whitelist(methods=["POST"])
@checked
def run_again(
	run: str,
	input: dict | list | str | None = None,
	doctype: str | None = None,
	name: str | None = None,
) -> dict[str, Any]:
	"""Start a new run by the version saved now in place of a finished one, with this input and about this document.

	:return: the new `run`, and the `problems` of the site that may keep it from going on.
	"""
	need_run(run)
	user = need_start(frappe.db.get_value(RUN, run, "workflow"), doctype)
	document = workflows.document_of(doctype, name)
	orchestrator = Orchestrator(current_site())
	with as_frappe_errors():
		new = orchestrator.run_again(
			run, read_json(input, "input"), document=document, even_disabled=is_manager(user)
		)
	return {"run": new, "problems": translated_problems(orchestrator.get_obstacles())}


@frappe.whitelist()
@checked
def compare(one: str, other: str) -> dict[str, Any]:
	"""Two runs step by step: the `runs`, and their `differences`, each with a `sentence`."""
	need_run(one)
	site, may = current_site(), reader(need_run(other))
	with as_frappe_errors():
		return plain(Orchestrator(site).compare_runs(one, other, partial(shown.as_read, site, may_read=may)))


@frappe.whitelist()
@checked
def items(run: str, step: str, first: int) -> list[dict[str, Any]]:
	"""The next items of a step, as `step_details` gives them: those behind the `first` so many."""
	return _items(run, step, need_run(run), min(max(first, 0), MAX_FIRST))


def _items(run: str, step: str, user: str, first: int = 0) -> list[dict[str, Any]]:
	site = current_site()
	found = overview.items(site.database, run, step, first=first, count=SHOWN_ITEMS)
	if reader(user):
		asked = asks.in_short(site.database, run)
		for each in found if step in asked else ():
			# What calls have given is seen where each is looked at by itself.
			each["output"] = each["output"].partition('"calls"')[0]
	return found


def _output(run: str, step: str, row: Any, user: str) -> Any:
	output = decode(row.output)
	if row.action != AGENT_ASK:
		return output
	return shown.output_as_read(current_site(), run, step, 0, output, reader(user))


def _number(version: str | None) -> int | None:
	return frappe.db.get_value("Dogan Workflow Version", version, "version") if version else None


def _compensates(site: Site, version: str | None) -> bool:
	try:
		return bool(version) and versions.load(site, version or "").compensates
	except UnreadableVersion:
		return False


def _may_see(run: str, user: str) -> bool:
	return bool(frappe.has_permission(RUN, doc=run, user=user))


def _wakes_at(run: str) -> dict[str, Any]:
	"""When each waiting step goes on: after a wait, or with its next attempt."""
	site = current_site()
	rows = site.database.sql("SELECT step_run, due_at FROM dogan_timer WHERE run = %s", (run,))
	return {step_run: site.local_time(due_at) for step_run, due_at in rows if step_run}


def _traceback(run: str, step: str) -> str | None:
	"""The traceback of a step, or else of its first item that has one."""
	with_one = {"run": run, "step": step, "traceback": ["is", "set"]}
	found = frappe.get_all(STEP_RUN, with_one, pluck="traceback", order_by="item asc", limit=1)
	return found[0] if found else None

"""What the forms of the desk need: actions and their parameters, problems of a form, templates."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import frappe
from frappe import _

from dogansystem.actions import registry
from dogansystem.api import workflows
from dogansystem.api.access import need_manager, need_start, need_user
from dogansystem.api.arguments import as_object, checked, read_json
from dogansystem.api.errors import as_frappe_errors
from dogansystem.engine.definition import Trigger
from dogansystem.engine.errors import DefinitionError, InputError, NotAvailable
from dogansystem.homes.frappe import reviews
from dogansystem.homes.frappe.permissions import RUN, is_manager, is_system_manager, parts_of_runs
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.translated import translated_problems
from dogansystem.orchestrator import Orchestrator
from dogansystem.people import seeing
from dogansystem.terminal.beside import as_document
from dogansystem.workflows import Template, template, templates

SHOWN_DAYS = 31  # in the chart of the workspace


@frappe.whitelist()
@checked
def actions() -> list[dict[str, Any]]:
	"""Every action of the site with its parameters, for the list of actions and the help beside it."""
	need_user()
	return registry.describe(current_site().actions())


@frappe.whitelist(methods=["POST"])
@checked
def check(doc: dict | str) -> list[dict[str, Any]]:
	"""What is wrong with a Dogan Workflow form, saved or not: `message`, and the `table`, `row`, `field` it is about."""
	need_manager()
	form = frappe.get_doc({**as_object(doc, "doc"), "doctype": "Dogan Workflow"})
	return [problem.as_dict() for problem in form.problems()]


@frappe.whitelist()
@checked
def list_templates() -> list[dict[str, Any]]:
	"""The workflows that ship with the app: what `starts` them and their `steps`, what they ask (`parameters`), the `doctypes` they
	work on, the `roles` that Run As needs, which of their DocTypes this site does not have (`missing`), the apps beside ERPNext that
	bring such (`apps`), what else the site lacks, such as fields (`problems`), and the AI `agent` that it asks, if it asks one: its `name`,
	the `roles` of its user, whether it `exists`."""
	need_manager()
	return [
		{
			"name": each.name,
			"title": each.title,
			"description": each.description,
			"missing": (missing := _missing(each)),
			"apps": list(each.apps) if missing else [],
			"problems": [] if missing else _problems(each),
			"doctypes": list(each.doctypes),
			"starts": [_start(trigger) for trigger in each.definition.triggers],
			"steps": [step.title or step.id for step in each.definition.steps],
			"roles": list(each.roles),
			"parameters": dict(each.definition.parameters),
			"agent": _agent(each),
			"exists": bool(frappe.db.exists("Dogan Workflow", each.name)),
		}
		for each in templates()
	]


@frappe.whitelist(methods=["POST"])
@checked
def use_template(
	name: str,
	run_as: str | None = None,
	parameters: dict | str | None = None,
	model: str | None = None,
	agent_user: str | None = None,
) -> dict[str, Any]:
	"""Make a workflow from a template. It is disabled, so that one can look at it first. An existing one is not changed.

	:param run_as: the user whose permissions its steps have; by default the caller, unless that is Administrator.
	:param parameters: values of its parameters by their names; what is left out can be set later.
	:param model: the Dogan Model that its AI agent asks, which is made with it; needed where there is no such agent yet.
	:param agent_user: the user whose permissions that agent has; needed with it.
	:return: the `workflow`, its `run_as`, of the roles that the template needs those that this user is `lacking`, and the `agent`:
		its `name`, its `user`, and the roles that this one is `lacking`; or null.
	"""
	need_manager()
	with as_frappe_errors():
		found = template(name)
		if not frappe.db.exists("Dogan Workflow", found.name):
			if missing := _missing(found):
				text = _("{0} needs {1}, which this site does not have. Install {2} first.")
				apps = ", ".join(found.apps) or "ERPNext"
				raise NotAvailable(text.format(found.title, ", ".join(missing), apps))
			source = {**found.definition.source, **({"run_as": run_as} if run_as else {})}
			values = as_object(parameters, "parameters") if parameters else None
			_make_agent(found, model, agent_user)
			Orchestrator(current_site()).import_workflow(source, enabled=False, parameters=values)
	user = frappe.db.get_value("Dogan Workflow", found.name, "run_as")
	made = {"workflow": found.name, "run_as": user, "lacking": _lacking(user, found.roles)}
	agent = found.agent and frappe.db.get_value("Dogan Agent", found.agent.name, "user")
	if not found.agent or not agent:
		return made
	about = {"name": found.agent.name, "user": agent, "lacking": _lacking(agent, found.agent.roles)}
	return {**made, "agent": about}


@frappe.whitelist(methods=["POST"])
@checked
def run_now(
	workflow: str,
	input: dict | list | str | None = None,
	doctype: str | None = None,
	name: str | None = None,
) -> dict[str, Any]:
	"""Start a run by hand. Managers may start a disabled workflow too, to try it before its triggers start runs.

	:return: the `run`, and the `problems` of the site that may keep it from going on.
	"""
	user = need_start(workflow, doctype)
	document = workflows.document_of(doctype, name)
	orchestrator = Orchestrator(current_site())
	with as_frappe_errors():
		run = orchestrator.start_run(
			workflow,
			read_json(input, "input"),
			document=document,
			cause="manual",
			even_disabled=is_manager(user),
		)
	return {"run": run, "problems": translated_problems(orchestrator.get_obstacles())}


@frappe.whitelist()
@checked
def home() -> dict[str, Any]:
	"""What the workspace says to the caller: how many decisions wait (`pending`), and for managers how many `workflows` there are and
	are `enabled`, how many runs have `failed` since yesterday, and how many `problems` the site has."""
	user = need_user()
	site = current_site()
	found: dict[str, Any] = {"pending": len(seeing.pending(site, user)), "is_manager": is_manager(user)}
	found["is_administrator"] = is_system_manager(user)
	if found["is_manager"]:
		since = frappe.utils.add_days(frappe.utils.now_datetime(), -1)
		found |= {
			"workflows": frappe.db.count("Dogan Workflow"),
			"enabled": frappe.db.count("Dogan Workflow", {"enabled": 1}),
			"failed": frappe.db.count(RUN, {"status": "Failed", "finished_at": [">", since]}),
			"problems": len(Orchestrator(site).get_problems()),
		}
	return found


@frappe.whitelist()
@checked
def runs_per_day() -> dict[str, Any]:
	"""The chart of the workspace: how many of the runs that you may see were queued on each of the last days, as `labels` and
	`datasets`."""
	user = need_user()
	today = frappe.utils.getdate()
	days = [frappe.utils.add_days(today, -number) for number in reversed(range(SHOWN_DAYS))]
	found = Counter[Any]()
	for part in parts_of_runs(user):
		found.update(_runs_since(days[0], part))
	return {
		"labels": [frappe.utils.formatdate(day) for day in days],
		"datasets": [{"name": _("Runs"), "values": [found[day] for day in days]}],
	}


def _runs_since(day: Any, condition: str) -> dict[Any, int]:
	"""How many runs were queued on each day since that one."""
	since = frappe.db.escape(str(day))
	query = f"SELECT DATE(queued_at), COUNT(*) FROM `tab{RUN}` WHERE queued_at >= {since} AND {condition} GROUP BY 1"
	return dict(frappe.db.sql(query))


def boot(bootinfo: Any) -> None:
	"""The DocTypes whose forms show runs and approvals: those that these are about, and those that triggers name."""
	about = frappe.db.sql_list(
		f"SELECT DISTINCT reference_doctype FROM `tab{RUN}` WHERE reference_doctype IS NOT NULL UNION"
		" SELECT DISTINCT reference_doctype FROM `tabDogan Approval` WHERE status = 'Open' AND reference_doctype IS NOT NULL"
	)
	waited_for = frappe.get_all(
		"Dogan Workflow Trigger",
		{"document_type": ["is", "set"]},
		pluck="document_type",
		distinct=True,
		order_by="",
		limit=0,
	)
	bootinfo.dogan = {
		"doctypes": sorted({*about, *waited_for} - {None, ""}),
		"require_review": reviews.required(),
	}


def _agent(found: Template) -> dict[str, Any] | None:
	"""The AI agent that a template asks."""
	if found.agent is None:
		return None
	name = found.agent.name
	return {
		"name": name,
		"roles": list(found.agent.roles),
		"exists": bool(frappe.db.exists("Dogan Agent", name)),
	}


def _make_agent(found: Template, model: str | None, user: str | None) -> None:
	"""The AI agent of a template, unless there is one of its name. Raises InputError where its model or its user is not named."""
	if found.agent is None or frappe.db.exists("Dogan Agent", found.agent.name):
		return
	for value, key in ((model, "model"), (user, "agent_user")):
		if not value:
			text = _("{0} asks the AI agent {1}, which this site does not have: name its {2}.")
			raise InputError(text.format(found.title, found.agent.name, key))
	fields = as_document({**found.agent.fields, "model": model, "user": user})
	frappe.get_doc(fields).insert()


def _lacking(user: str, roles: Sequence[str]) -> list[str]:
	known = frappe.get_roles(user)
	return [role for role in roles if role not in known]


def _missing(found: Template) -> list[str]:
	"""The DocTypes that a template needs and the site does not have."""
	return [name for name in found.doctypes if not frappe.db.exists("DocType", name)]


def _problems(found: Template) -> list[str]:
	"""Why a template cannot be used on this site although its DocTypes are there, such as fields that these do not have."""
	try:
		Orchestrator(current_site()).check(found.definition.source)
	except DefinitionError as error:
		return [problem.message for problem in error.problems]
	return []


def _start(trigger: Trigger) -> dict[str, Any]:
	"""What starts a run of a template: `on`, and of documents `doctype`, `event` and the label of the `field`."""
	keys = {key: trigger.keys[key] for key in ("doctype", "event", "field") if key in trigger.keys}
	if "field" in keys and frappe.db.exists("DocType", keys["doctype"]):
		keys["field"] = frappe.get_meta(keys["doctype"]).get_label(keys["field"])
	return {"on": trigger.on, **keys}

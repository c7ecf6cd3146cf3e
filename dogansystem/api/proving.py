"""`/api/method/dogansystem.api.proving.…`: what a workflow would do, tried out in a transaction that is rolled back.

What it does, it does with the permissions of its `run_as` and of its agents' users. Whoever tries it needs the right to lend
them: System Managers that of everybody, others only their own. What the report shows of documents is what its reader may read.
"""

from collections.abc import Mapping
from typing import Any

import frappe
from frappe import _

from dogansystem.api import workflows
from dogansystem.api.access import need_manager, need_run
from dogansystem.api.arguments import as_list, as_object, checked, read_json
from dogansystem.api.errors import InputError, as_frappe_errors
from dogansystem.engine.definition import Definition
from dogansystem.engine.durations import parse_duration
from dogansystem.homes.frappe.permissions import check_may_act_as, is_system_manager
from dogansystem.homes.frappe.site import current_site
from dogansystem.homes.frappe.values import plain
from dogansystem.orchestrator import Orchestrator
from dogansystem.proving import saved
from dogansystem.proving.course import ToSend
from dogansystem.proving.dry_run import Asked
from dogansystem.proving.dry_run import dry_run as tried
from dogansystem.proving.single_step import Given, of_run
from dogansystem.proving.single_step import single_step as tried_step
from dogansystem.store import context, versions


@frappe.whitelist(methods=["POST"])
@checked
def dry_run(
	workflow: str | None = None,
	definition: dict | str | None = None,
	doctype: str | None = None,
	name: str | None = None,
	input: dict | list | str | None = None,
	parameters: dict | str | None = None,
	answers: dict | str | None = None,
	signals: list | str | None = None,
) -> dict[str, Any]:
	"""Run a workflow for real, and undo all of it: what it would do. Nothing is changed, and nothing is sent.

	:param workflow: its name; or
	:param definition: a definition that is not saved, as JSON.
	:param doctype: with `name`, the document that the run is about.
	:param parameters: values that differ from those that are set.
	:param answers: by step what people say, a mapping or a list of them, and by `http GET https://…` what a server answers.
		What has no answer takes its first branch.
	:param signals: those that are sent, each `{name, key, data, after}`.
	:return: the report: the run, its `steps`, `documents`, `changes`, `outbox`, `requests`, `approvals`, `assumed` … and
		`test`, the text of a test that expects the same.
	"""
	asked = _asked(workflow, definition, doctype, name, input, parameters, answers, signals)
	with as_frappe_errors():
		report = plain(tried(current_site(), asked))
	return report | {"test": _test(asked, report)}


@frappe.whitelist()
@checked
def as_test(run: str) -> str:
	"""A run that has ended as the text of a `*.test.yaml`: what it was given, and what it came to."""
	site, found = current_site(), saved.of_site(workflows.get_run(run))
	with as_frappe_errors():
		data = context.load_runs(site.database, [run])[run]
		definition = versions.load(site, data.version)
	start = {"doc": data.doc} if data.doc else {}
	if data.input:
		start["input"] = data.input
	began = saved.Began(str(found["queued_at"]), (), start, data.parameters, saved.received(found), True)
	return saved.as_file(
		f"{definition.name}, as it ran", f"{definition.name}.yaml", definition, plain(found), began
	)


def _test(asked: Asked, report: Mapping[str, Any]) -> str:
	site = current_site()
	start = {"doc": dict(asked.document)} if asked.document else {}
	if asked.input is not None:
		start["input"] = asked.input
	about = (asked.document or {}).get("doctype"), (asked.document or {}).get("name")
	there = [each for each in saved.read_before(report) if (each["doctype"], each["name"]) != about]
	sent = [
		{"name": each.name, "key": each.key, "data": each.data, "after": each.after} for each in asked.signals
	]
	given = [{key: value for key, value in each.items() if value} for each in sent]
	began = saved.Began(str(site.local_time(site.now())), there, start, asked.parameters, given, True)
	name = f"{asked.definition.name}, as it was tried"
	return saved.as_file(name, f"{asked.definition.name}.yaml", asked.definition, report, began)


@frappe.whitelist(methods=["POST"])
@checked
def single_step(
	step: str,
	workflow: str | None = None,
	definition: dict | str | None = None,
	run: str | None = None,
	pinned: dict | str | None = None,
	doctype: str | None = None,
	name: str | None = None,
	input: dict | list | str | None = None,
	parameters: dict | str | None = None,
	answers: dict | str | None = None,
) -> dict[str, Any]:
	"""Try one step, with what the steps before it gave in a `run`, or with `pinned` outputs by step. Nothing is changed.

	:param run: its document, input and parameters are taken too, unless others are given.
	:return: the report of a dry run, with this step alone.
	"""
	asked = _asked(workflow, definition, doctype, name, input, parameters, answers, None, run)
	known = {}
	if run:
		known = of_run(workflows.get_run(run))
	known |= {key: Given(value) for key, value in as_object(pinned, "pinned").items()}
	with as_frappe_errors():
		return plain(tried_step(current_site(), asked, step, known))


@frappe.whitelist()
@checked
def values_of(run: str) -> dict[str, Any]:
	"""What can be pinned of a run: the `outputs` of its steps, by step."""
	found = of_run(workflows.get_run(run))
	return {"outputs": {step: each.output for step, each in found.items() if not each.error}}


def _asked(
	workflow: str | None,
	definition: Any,
	doctype: str | None,
	name: str | None,
	given: Any,
	parameters: Any,
	answers: Any,
	signals: Any,
	run: str | None = None,
) -> Asked:
	user = need_manager()
	found = _definition(workflow, definition)
	_check_may_try(found)
	document = workflows.document_of(doctype, name)
	said = as_object(answers, "answers")
	trigger, cause = _trigger(found, document)
	value = read_json(given, "input")
	values = as_object(parameters, "parameters")
	if run:
		data = context.load_runs(current_site().database, [run]).get(run)
		if data and document is None and value is None:
			need_run(run)
			document, value, trigger, cause = data.doc, data.input, data.trigger, "api"
			values = {
				**{key: data.parameters[key] for key in data.parameters if key in found.parameters},
				**values,
			}
	return Asked(
		found,
		user,
		trusted=is_system_manager(user),
		input=value,
		document=document,
		trigger=trigger,
		cause=cause,
		parameters=values,
		answers={step: _listed(each) for step, each in said.items() if not step.startswith(saved.HTTP)},
		responses={
			step.removeprefix(saved.HTTP): _listed(each)
			for step, each in said.items()
			if step.startswith(saved.HTTP)
		},
		signals=[_signal(each) for each in as_list(signals, "signals")],
	)


def _definition(workflow: str | None, definition: Any) -> Definition:
	orchestrator = Orchestrator(current_site())
	with as_frappe_errors():
		if definition is None and workflow:
			return orchestrator.check(orchestrator.export_workflow(workflow))
		source = as_object(definition, "definition")
		if not source:
			frappe.throw(_("Name a workflow, or give a definition."), InputError)
		if not source.get("run_as"):
			source["run_as"] = frappe.session.user
		return orchestrator.check(source)


def _check_may_try(definition: Definition) -> None:
	"""Whoever tries a workflow sees what is read with the permissions of its users, and chooses what for."""
	check_may_act_as(definition.run_as or frappe.session.user, _("Run As"))
	for step in definition.steps:
		for agent in _agents(step):
			check_may_act_as(agent.user, _("the user of agent {0}").format(agent.name))


def _agents(step: Any) -> list[Any]:
	names = [step.agent] if step.agent else []
	if step.capability:
		names += frappe.get_all(
			"Dogan Agent Capability", {"capability": step.capability}, pluck="parent", limit=0
		)
	return frappe.get_all("Dogan Agent", {"name": ["in", names]}, ["name", "user"], limit=0) if names else []


def _trigger(definition: Definition, document: Mapping[str, Any] | None) -> tuple[dict[str, Any] | None, str]:
	"""What templates have as `trigger`, as if the document had started the run, where it can; and what the run is started by."""
	if document is None:
		return None, "manual"
	for trigger in definition.triggers:
		if (
			trigger.on in ("document", "date", "condition")
			and trigger.keys.get("doctype") == document["doctype"]
		):
			about = {"on": trigger.on, "doctype": document["doctype"], "name": document["name"]}
			return {
				**about,
				**({"event": trigger.keys["event"]} if "event" in trigger.keys else {}),
			}, trigger.on
	return None, "manual"


def _listed(given: Any) -> list[Mapping[str, Any]]:
	found = given if isinstance(given, list) else [given]
	if not all(isinstance(each, Mapping) for each in found):
		frappe.throw(_("{0}: must be a JSON object.").format("answers"), InputError)
	return found


def _signal(given: Any) -> ToSend:
	if not isinstance(given, Mapping) or not isinstance(given.get("name"), str):
		frappe.throw(_("{0}: must be a JSON list of texts.").format("signals"), InputError)
	try:
		after = parse_duration(given.get("after", 0))
	except ValueError as error:
		frappe.throw(f"signals: after: {error}", InputError)
	return ToSend(given["name"], given.get("key"), given.get("data"), after)

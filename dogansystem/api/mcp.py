"""`/api/method/dogansystem.api.mcp.serve`: an MCP server for assistants, with the rights of the user who signs in.

A workflow that is offered to assistants is a tool for those who may start it. Runs can be read as over the rest of the API, by the
same methods. Approvals are listed; no tool decides one.
"""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import urlsplit

import frappe
from frappe.utils import get_url, strip_html
from werkzeug.wrappers import Response

from dogansystem.actions.schema import Schema, ValidationError, compile_check, parameters, text
from dogansystem.agents.ai.mcp import wire
from dogansystem.agents.ai.mcp.serving import Answer, Failed, Refused, Request, Tool, answer
from dogansystem.api import approvals, run_page, workflows
from dogansystem.api.access import may_use_current, need_user
from dogansystem.api.arguments import checked
from dogansystem.api.errors import InputError
from dogansystem.api.rates import limit
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.engine.outcomes import as_error
from dogansystem.engine.states import FAILED, RUN_FINISHED, SUCCEEDED
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import reads, versions

REQUESTS = 240  # a minute, of one user
STARTS = 60  # a minute, of one user
PATIENCE = 5.0  # seconds that a call waits for its run: a thread of the web server waits with it
PAUSE = 0.1  # seconds between two looks
MAX_RUNS = 50  # in one answer
INBOX = "/app/dogan-inbox"
RUN: Schema = parameters({"run": text("The name of the run")})


@frappe.whitelist(methods=["GET", "POST", "DELETE"])
@checked
def serve() -> Response:
	"""Answer a message of MCP over streamable HTTP: the versions 2026-07-28, 2025-11-25 and 2025-06-18, without sessions.

	:return: one JSON object; 202 for a notification, 405 for GET and DELETE, 403 for the `Origin` of somebody else's page.
	"""
	user = need_user()
	request = getattr(frappe.local, "request", None)
	if not request:
		raise InputError  # nobody has sent it
	limit("mcp", REQUESTS)
	if _is_foreign(request):
		return _response(Answer(403, wire.error(wire.INVALID_REQUEST, "This page may not ask.")))
	headers = {name.lower(): value for name, value in request.headers.items()}
	given = Request(request.method, headers, request.get_data())
	return _response(answer(given, partial(_tools, user, headers.get("idempotency-key", ""))))


def _response(found: Answer) -> Response:
	content = "" if found.content is None else json.dumps(found.content)
	kind = "application/json" if content else None
	return Response(content, status=found.status, content_type=kind, headers=dict(found.headers))


def _is_foreign(request: Any) -> bool:
	"""Whether a page of another site asks, in a browser."""
	origin = request.headers.get("Origin")
	if origin is None or urlsplit(origin).netloc in (request.host, urlsplit(get_url()).netloc):
		return False
	allowed = frappe.conf.get("allow_cors") or ()
	return allowed != "*" and origin not in ([allowed] if isinstance(allowed, str) else allowed)


def _tools(user: str, key: str) -> list[Tool]:
	"""What a user's assistant may call. `key`: what its request calls itself, to be told when it comes again."""
	site = current_site()
	names = frappe.get_all(
		"Dogan Workflow", {"offer_to_assistants": 1, "enabled": 1}, ["name", "current_version"]
	)
	found = list(_OURS)
	for each in names:
		if may_use_current(each.name, user):
			with suppress(UnreadableVersion):
				found.append(_of_workflow(versions.load(site, each.current_version), user, key))
	return found


def _of_workflow(definition: Definition, user: str, key: str) -> Tool:
	schema = {"type": "object", **(definition.input or {})}
	about = definition.description or definition.title or f"Runs the workflow {definition.name}."
	own = sha256(f"{user} {definition.name} {key}".encode()).hexdigest() if key else None
	start = partial(_start, definition.name, own)
	return Tool(f"run_{definition.name}", about, schema, _careful(start), definition.title)


def _start(workflow: str, key: str | None, given: dict[str, Any]) -> Mapping[str, Any] | Failed:
	"""Start a run, and wait a while for its end."""
	limit("mcp.start", STARTS)
	run = workflows.start_run(workflow, given, idempotency_key=key)["run"]
	frappe.db.commit()
	site, until = current_site(), time.monotonic() + PATIENCE
	while reads.status_of_run(site.database, run) not in RUN_FINISHED and time.monotonic() < until:
		time.sleep(PAUSE)
		frappe.db.rollback()  # what others have committed meanwhile
	found = _told(workflows.get_run(run))
	if found["status"] not in RUN_FINISHED:
		return {**found, "next": f"It is not over. Call get_run with {run!r} to hear what it gave."}
	return found if found["status"] == SUCCEEDED else Failed(found)


def _told(run: Mapping[str, Any]) -> dict[str, Any]:
	keys = (
		"run",
		"workflow",
		"status",
		"document",
		"queued_at",
		"started_at",
		"finished_at",
		"output",
		"error",
		"error_step",
	)
	return {key: run[key] for key in keys if run.get(key) is not None}


def _get_run(run: str) -> dict[str, Any]:
	found = workflows.get_run(run)
	steps = [
		{key: each[key] for key in ("id", "title", "action", "status", "attempts", "error") if each[key]}
		for each in found["steps"]
		if each["index"] is None
	]
	return {**_told(found), "steps": steps, "waits": found["waits"][:MAX_RUNS]}


def _list_runs(workflow: str | None = None, status: str | None = None, number: int = 20) -> dict[str, Any]:
	return {
		"runs": [_told(each) for each in workflows.list_runs(workflow, status, limit=min(number, MAX_RUNS))]
	}


def _explain_run(run: str) -> dict[str, Any]:
	"""What the page of a run says about it: what failed, what could not be undone, what it waits for and what keeps it."""
	found = run_page.run_view(run)
	about, failed = found["run"], [each for each in found["steps"] if each["status"] == FAILED]
	return {
		"run": run,
		"workflow": about["workflow"],
		"status": about["status"],
		"error": as_error(about["error_type"], about["error"]),
		"failed_steps": [
			{
				"id": each["step"],
				"title": each["title"],
				"action": each["action"],
				"attempts": each["attempts"],
				"error": as_error(each["error_type"], each["error"]),
				"items": each["items"],
			}
			for each in failed
		],
		"not_undone": found["compensation_errors"],
		"waits": found["waits"],
		"started_runs": found["children"],
		"problems_of_the_site": found["problems"],
		"may_be_retried_by_you": found["may_change"] and about["status"] in RUN_FINISHED,
		"page": get_url(f"/app/dogan-workflow-run/{run}"),
	}


def _list_approvals() -> dict[str, Any]:
	return {"approvals": approvals.pending(), "next": f"People decide them: {get_url(INBOX)}"}


def _careful(call: Callable[..., Any], schema: Schema | None = None) -> Callable[[dict[str, Any]], Any]:
	"""A call whose refusals are told to the assistant, and leave nothing. `schema`: its arguments are given by name."""
	check = compile_check(schema) if schema else None

	def careful(given: dict[str, Any]) -> Any:
		try:
			if check:
				check(given)
			return call(**given) if schema else call(given)
		except (
			frappe.ValidationError,
			frappe.PermissionError,
			frappe.DoesNotExistError,
			ValidationError,
		) as error:
			frappe.db.rollback()
			frappe.clear_messages()
			raise Refused(
				unescape(strip_html(str(error).replace("<br>", "\n"))) or type(error).__name__
			) from None

	return careful


def _ours(name: str, description: str, schema: Schema, call: Callable[..., Any]) -> Tool:
	return Tool(name, description, schema, _careful(call, schema), reads_only=True)


_OURS = (
	_ours(
		"list_runs",
		"Lists the newest runs of workflows that you may see.",
		parameters(
			{},
			{
				"workflow": text("Only runs of this workflow"),
				"status": text("Only runs in this state, such as Failed"),
				"number": {
					"type": "integer",
					"minimum": 1,
					"maximum": MAX_RUNS,
					"description": "How many, 20 if left out",
				},
			},
		),
		_list_runs,
	),
	_ours("get_run", "Tells how far a run has come, its output and its error.", RUN, _get_run),
	_ours("explain_run", "Says why a run failed, or what it waits for, and what to do.", RUN, _explain_run),
	_ours(
		"list_approvals",
		"Lists what waits for your decision. It can not be decided here: people decide in their inbox.",
		parameters({}),
		_list_approvals,
	),
)

"""What the page of `dogansystem ui` may ask of a sandbox: each method a name with arguments, in one transaction."""

import inspect
import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from dogansystem.actions import editing
from dogansystem.agents.ai import shown
from dogansystem.engine.definitions import yaml_text
from dogansystem.engine.errors import DefinitionError, DoganError, InputError, UnreadableVersion
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.ai import AGENT
from dogansystem.homes.sandbox.errors import PermissionError, ValidationError
from dogansystem.orchestrator import Orchestrator
from dogansystem.people.settling import in_transaction
from dogansystem.store import children, overview, reads, versions
from dogansystem.store.moment import as_text
from dogansystem.terminal import beside
from dogansystem.workflows import template, templates

MAX_LISTED = 200  # runs, workflows, documents in one answer
ITEMS = 50  # of a step on one page
DATA = ("input", "parameters", "output")  # of a run: up to a megabyte each
WORKFLOW = "Dogan Workflow"
DOCTYPE = "DocType"

_log = logging.getLogger(__name__)


class Calls:
	"""The methods that do not begin with `_`. `user`: who acts and decides; None: the sandbox's own user, and decisions are
	made as whom the page names."""

	def __init__(self, site: Sandbox, user: str | None = None) -> None:
		self._site, self._user = site, user
		self._orchestrator = Orchestrator(site)

	def __call__(self, method: str, given: Mapping[str, Any]) -> tuple[int, Any]:
		"""Call a method: an HTTP status, and what it gives or `{error, problems}`. Nothing is changed unless it is 200."""
		function: Callable[..., Any] | None = None if method.startswith("_") else getattr(self, method, None)
		if function is None:
			return 404, {"error": f"There is no method {method!r}."}
		try:
			inspect.signature(function).bind(**given)
		except TypeError as error:
			return 400, {"error": f"{method}: {error}."}
		try:
			with self._site.acting_as(self._user or self._site.user):
				return 200, in_transaction(self._site, partial(function, **given))
		except Exception as error:
			return _refused(method, error)

	# Workflows

	def about(self) -> dict[str, Any]:
		"""Which sandbox this is, who acts, and whether decisions are that person's."""
		return {
			"address": str(self._site.address),
			"user": self._user or self._site.user,
			"is_fixed": bool(self._user),
		}

	def vocabulary(self) -> dict[str, Any]:
		return editing.vocabulary(self._site)

	def check(self, definition: dict[str, Any]) -> list[dict[str, Any]]:
		return editing.problems_of(self._site, definition)

	def to_yaml(self, definition: dict[str, Any]) -> str:
		return yaml_text.to_yaml(definition)

	def from_yaml(self, text: str) -> dict[str, Any]:
		return editing.from_text(self._site, text)

	def workflows(self) -> list[dict[str, Any]]:
		"""Every workflow: name, title, whether it is enabled, and its newest run."""
		found = []
		for each in self._site.shelf.all(WORKFLOW)[:MAX_LISTED]:
			newest = self._orchestrator.list_runs(each["name"], limit=1)
			kept = {
				"name": each["name"],
				"title": each.get("title") or each["name"],
				"enabled": bool(each["enabled"]),
			}
			found.append(kept | {"newest": newest[0] if newest else None})
		return found

	def workflow(self, name: str) -> dict[str, Any]:
		"""A workflow to edit, with the parameters that it asks for."""
		definition = self._orchestrator.export_workflow(name)
		is_enabled = (reads.enabled_workflow(self._site.database, name) or (None, False))[1]
		return {
			"definition": definition,
			"enabled": is_enabled,
			"parameters": self._orchestrator.get_parameters(name),
		}

	def save(self, definition: dict[str, Any], enabled: bool | None = None) -> dict[str, Any]:
		"""Check a definition and keep it, as `dogansystem run` does before it starts one. What a template's agent needs comes with
		it; `agents`: the names of those that came."""
		name = self._orchestrator.import_workflow(definition, enabled)
		brought = beside.agents_of_templates(self._site, self._orchestrator.check(definition))
		if brought:
			self._site.load_documents(brought)
		names = [each["name"] for each in brought if each["doctype"] == AGENT]
		return self.workflow(name) | {"agents": names}

	def enable(self, name: str, enabled: bool) -> None:
		self._orchestrator.set_workflow_enabled(name, enabled)

	def set_parameters(self, name: str, values: dict[str, Any]) -> list[dict[str, Any]]:
		self._orchestrator.set_parameters(name, values)
		return self._orchestrator.get_parameters(name)

	def templates(self) -> list[dict[str, str]]:
		return [
			{"name": each.name, "title": each.title, "description": each.description} for each in templates()
		]

	def template(self, name: str) -> dict[str, Any]:
		"""A template to edit. As in the desk its steps have the permissions of whoever takes it, who may name another user."""
		return {"run_as": self._user or self._site.user} | dict(template(name).definition.source)

	def names(self, doctype: str) -> list[str]:
		"""Names of documents of a type, to offer them; of `DocType` the types that the sandbox has documents of."""
		if doctype == DOCTYPE:
			rows = self._site.database.sql("SELECT DISTINCT doctype FROM sandbox_document ORDER BY doctype")
			return [str(row[0]) for row in rows][:MAX_LISTED]
		return [str(each["name"]) for each in self._site.shelf.all(doctype)[:MAX_LISTED]]

	def fields(self, doctype: str) -> list[dict[str, Any]]:
		"""The fields that a document of this type has, as far as the sandbox knows one."""
		documents = self._site.shelf.all(doctype)[:1]
		return [
			{"fieldname": name, "label": name} for each in documents for name in each if name != "doctype"
		]

	def document(self, doctype: str, name: str) -> dict[str, Any]:
		return self._site.documents.get(doctype, name)

	# Runs

	def start(
		self, workflow: str, input: Any = None, doctype: str | None = None, name: str | None = None
	) -> str:
		"""Start a run by hand, of a disabled workflow too: to try it."""
		document = self._site.documents.get(doctype, name) if doctype and name else None
		return self._orchestrator.start_run(
			workflow, input, document=document, cause="manual", trigger={"on": "manual"}, even_disabled=True
		)

	def runs(
		self, workflow: str | None = None, status: str | None = None, limit: int = 50
	) -> list[dict[str, Any]]:
		return self._orchestrator.list_runs(workflow, status, limit=min(max(limit, 1), MAX_LISTED))

	def run(self, run: str) -> dict[str, Any]:
		"""A run for its page: its state, its steps without data, what they wait for, its family, what keeps it from going on."""
		site, db = self._site, self._site.database
		found = reads.run_in_short(db, run)
		return {name: value for name, value in found.items() if name not in DATA} | {
			"now": as_text(site.local_time(site.now())),
			"steps": overview.steps(db, run),
			"waits": children.waits(site, run)[:MAX_LISTED],
			"children": children.of_run(db, run),
			"parent": children.parent_of(db, run),
			"problems": [] if found["status"] in RUN_FINISHED else self._orchestrator.get_obstacles(),
		}

	def data(self, run: str) -> dict[str, Any]:
		"""What a run was given, and what it gave."""
		found = reads.run_in_short(self._site.database, run)
		return {name: found[name] for name in DATA}

	def definition_of_run(self, run: str) -> dict[str, Any] | None:
		"""The definition that a run goes by; None if it cannot be read any more."""
		try:
			return dict(versions.load(self._site, reads.version_of_run(self._site.database, run)).source)
		except UnreadableVersion:
			return None

	def step(self, run: str, step: str) -> dict[str, Any]:
		return overview.step(self._site.database, run, step) | {"items": self.items(run, step)}

	def conversation(self, run: str, step: str, item: int = 0) -> list[dict[str, Any]]:
		"""What a step, or one of its items (from 1), has asked an agent."""
		return shown.conversation(self._site, run, step, item)

	def items(self, run: str, step: str, first: int = 0, status: str | None = None) -> list[dict[str, Any]]:
		return overview.items(self._site.database, run, step, max(first, 0), ITEMS, status)

	def pause(self, run: str) -> None:
		self._orchestrator.pause_run(run)

	def resume(self, run: str) -> None:
		self._orchestrator.resume_run(run)

	def cancel(self, run: str, compensate: bool = False) -> None:
		self._orchestrator.cancel_run(run, compensate)

	def retry(self, run: str, step: str | None = None, version: str | None = None) -> list[str]:
		return self._orchestrator.retry_run(run, step, version)

	# Decisions

	def approvals(self) -> list[dict[str, Any]]:
		"""What waits for the person of `--user`, or else for anybody."""
		return self._orchestrator.pending_approvals(self._user)

	def approval(self, name: str) -> dict[str, Any]:
		return self._orchestrator.get_approval(name, self._user)

	def decide(
		self,
		approval: str,
		decision: str,
		comment: str = "",
		values: dict[str, Any] | None = None,
		user: str | None = None,
	) -> dict[str, Any]:
		"""Decide as the person of `--user`; where none is named, as `user`, as the command `decide --as` does."""
		who = self._user or user
		if not who:
			raise InputError("user: name who decides.")
		return self._orchestrator.decide(
			approval, decision, user=who, comment=comment, values=values, through="desk"
		)


def _refused(method: str, error: Exception) -> tuple[int, Any]:
	if isinstance(error, DefinitionError):
		problems = [{"path": each.path, "message": each.message} for each in error.problems]
		return 422, {"error": "The workflow is not valid.", "problems": problems}
	if isinstance(error, (DoganError, ValidationError, PermissionError)):
		return 422, {"error": str(error)}
	_log.exception("ui.error method=%s", method)
	return 500, {"error": f"{type(error).__name__}: {error}"}

"""What the canvas of a workflow needs: actions with the schemas of their parameters, what is wrong with a definition, YAML, and
the definition that a run has."""

import json
from typing import Any

import frappe

from dogansystem.actions import editing
from dogansystem.api.access import need_manager, need_run, need_user
from dogansystem.api.arguments import as_object, checked
from dogansystem.engine.definitions import yaml_text
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.homes.frappe.permissions import RUN
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import versions


@frappe.whitelist()
@checked
def vocabulary() -> dict[str, Any]:
	"""What a workflow can be made of on this site: `actions`, and the schemas of the `workflow`, of a `step` and of each kind of
	`triggers`.

	`tables` say which key of a definition is which field of the form Dogan Workflow.
	"""
	need_user()
	return editing.vocabulary(current_site())


@frappe.whitelist(methods=["POST"])
@checked
def check(definition: dict | str) -> list[dict[str, str]]:
	"""What is wrong with a definition, and what the site lacks for it: `path` and `message` of each problem."""
	need_manager()
	return editing.problems_of(current_site(), as_object(definition, "definition"))


@frappe.whitelist(methods=["POST"])
@checked
def to_yaml(definition: dict | str) -> str:
	"""A definition, valid or not, as YAML text."""
	need_user()
	return yaml_text.to_yaml(as_object(definition, "definition"))


@frappe.whitelist(methods=["POST"])
@checked
def from_yaml(text: dict | str) -> dict[str, Any]:
	"""The `definition` in YAML or JSON text, as far as it can be read, and its `problems`, each with its `line`. None where it
	cannot be read."""
	need_manager()
	return editing.from_text(current_site(), text if isinstance(text, str) else json.dumps(text))


@frappe.whitelist()
@checked
def of_run(run: str) -> dict[str, Any] | None:
	"""The definition that a run goes by; None if it cannot be read any more."""
	need_run(run)
	version = frappe.db.get_value(RUN, run, "version")
	try:
		return dict(versions.load(current_site(), version).source) if version else None
	except UnreadableVersion:
		return None

"""Workflows, agents and credentials as the DocTypes keep them, with their permissions and controllers."""

from collections.abc import Mapping, Sequence
from typing import Any

import frappe

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.form import to_form
from dogansystem.engine.errors import NotFound
from dogansystem.homes.frappe.scope import acting_as
from dogansystem.store.parameters import as_column

WORKFLOW, AGENT, CREDENTIAL = "Dogan Workflow", "Dogan Agent", "Dogan Credential"
_LAYOUT = frozenset({"Section Break", "Column Break", "Tab Break", "HTML", "Button"})
# What a definition does not say.
_KEPT = frozenset(
	{"enabled", "enabled_since", "current_version", "parameter_values", "positions", "minutes_saved"}
)


class Catalog:
	"""What people and programs register. The acting user needs the DocTypes' permissions."""

	fills_run_as = True

	def save_workflow(
		self,
		definition: Definition,
		enabled: bool | None = None,
		parameters: Mapping[str, Any] | None = None,
		note: str = "",
	) -> str:
		"""Save a definition as a Dogan Workflow; gives the name of its version."""
		doc = _open(WORKFLOW, definition.name)
		_replace(doc, to_form(definition))
		if parameters is not None:
			doc.parameter_values = as_column(parameters)
		if enabled is not None:
			doc.enabled = int(enabled)
		doc.change_note = note
		doc.save()
		return doc.current_version

	def set_enabled(self, workflow: str, enabled: bool) -> None:
		"""Enable or disable a workflow. Raises NotFound."""
		_set_enabled(WORKFLOW, "workflow", workflow, enabled)

	def keep_parameters(self, workflow: str, values: Mapping[str, Any]) -> None:
		"""Keep these values of a workflow's parameters, and no others. The version stays."""
		doc = _open(WORKFLOW, workflow)
		doc.parameter_values = as_column(values)
		doc.save()

	def disable(self, workflow: str) -> bool:
		"""Disable a workflow, whoever acts; False if it is not enabled."""
		if not frappe.db.get_value(WORKFLOW, workflow, "enabled", for_update=True):
			return False
		with acting_as("Administrator"):  # nobody acts in a worker between steps
			frappe.db.set_value(WORKFLOW, workflow, "enabled", 0)
		return True

	def delete_workflow(self, name: str) -> None:
		"""Delete a workflow that has no runs; its versions go with it."""
		frappe.delete_doc(WORKFLOW, name, ignore_missing=True, delete_permanently=True)

	def save_agent(
		self, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool, rate: str = ""
	) -> None:
		"""Save a Dogan Agent."""
		doc = _open(AGENT, name)
		rows = [{"capability": each} for each in dict.fromkeys(capabilities)]
		values = {
			"agent_name": name,
			"user": user,
			"capacity": capacity,
			"enabled": int(enabled),
			"rate": rate,
		}
		doc.update({**values, "capabilities": rows})
		doc.save()

	def set_agent_enabled(self, name: str, enabled: bool) -> None:
		"""Enable or disable an agent. Raises NotFound."""
		_set_enabled(AGENT, "agent", name, enabled)


def credential(name: str) -> Mapping[str, Any] | None:
	"""A Dogan Credential as `http.request` needs it, or None if there is none or the acting user may not use it."""
	if not frappe.db.exists(CREDENTIAL, name):
		return None
	doc = frappe.get_doc(CREDENTIAL, name)
	return doc.for_request() if doc.may_be_used_by(frappe.session.user) else None


def webhook_secret(name: str) -> Mapping[str, str] | None:
	"""What a Dogan Credential signs deliveries with, whoever acts; None: there is none, or it is of another kind."""
	return (
		frappe.get_doc(CREDENTIAL, name).for_webhook() if frappe.db.exists(CREDENTIAL, name) == name else None
	)


def _open(doctype: str, name: str) -> Any:
	"""The document of that name, locked, or a new one."""
	if frappe.db.exists(doctype, name):
		return frappe.get_doc(doctype, name, for_update=True)
	return frappe.new_doc(doctype)


def _set_enabled(doctype: str, word: str, name: str, enabled: bool) -> None:
	if not frappe.db.exists(doctype, name):
		raise NotFound(f"There is no {word} named {name!r}.")
	doc = _open(doctype, name)
	doc.enabled = int(enabled)
	doc.save()


def _replace(doc: Any, form: Mapping[str, Any]) -> None:
	"""Give `doc` exactly the fields of `form`. A field that the definition does not have gets its default."""
	for field in doc.meta.fields:
		if field.fieldtype not in _LAYOUT and field.fieldname not in _KEPT:
			doc.set(field.fieldname, form.get(field.fieldname, field.default))

"""What becomes of a document: an amendment, another name, another document, the next state of its Workflow."""

from collections.abc import Iterable, Mapping
from typing import Any

import frappe
from frappe import _
from frappe.model import workflow

from dogansystem.homes.frappe import loaded, methods
from dogansystem.protocol import Document


class Moves:
	"""A part of `Documents`."""

	def amend(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""A new draft in place of a cancelled document, with all its fields, as the form's Amend makes it."""
		doc = loaded.for_change(doctype, name)
		doc.check_permission("read")
		doc.check_permission("amend")
		if not doc.docstatus.is_cancelled():
			frappe.throw(
				_("{0} {1} is not cancelled. Cancel it before you amend it.").format(doctype, doc.name)
			)
		if other := frappe.db.get_value(doctype, {"amended_from": doc.name}):
			frappe.throw(_("{0} {1} was amended already, by {2}.").format(doctype, doc.name, other))
		loaded.check_fields(doctype, values)
		new = frappe.copy_doc(doc)
		for each in (new, *new.get_all_children()):
			each.docstatus = 0
		new.amended_from = doc.name
		new.update(values)
		return loaded.values(new.insert())

	def rename(self, doctype: str, name: str, new_name: str) -> str:
		"""Rename a document and what links to it. Raises ValidationError for a name that is taken."""
		doc = loaded.for_change(doctype, name)
		doc.check_permission("write")
		taken = frappe.db.exists(doctype, new_name)
		if taken and taken != doc.name:
			text = _("There is a {0} named {1} already. Give another name.")
			frappe.throw(text.format(doctype, taken))
		return str(frappe.rename_doc(doctype, doc.name, new_name, show_alert=False))

	def convert(self, method: str, name: str, values: Mapping[str, Any], *, submit: bool = False) -> Document:
		"""Save what a whitelisted mapper makes of a document, as if it had been made in the form."""
		made = methods.mapped(method, name)
		doc = loaded.inserted(made["doctype"], values, made)
		return loaded.values(doc.submit() if submit else doc)

	def transition(self, doctype: str, name: str, action: str) -> Document:
		"""Take an action of the DocType's active Workflow; gives `{name, state}`."""
		doc = loaded.for_change(doctype, name)
		doc.check_permission("read")
		if not workflow.get_workflow_name(doctype):
			text = _("{0} has no active Workflow. Make one under Workflow, or activate the one there is.")
			frappe.throw(text.format(doctype))
		flow = workflow.get_workflow(doctype)
		_check_open(doc, flow, action)
		moved = workflow.apply_workflow(doc, action)
		return {"name": moved.name, "state": moved.get(flow.workflow_state_field)}


def _check_open(doc: Any, flow: Any, action: str) -> None:
	"""Raise unless the acting user may take this action now: Frappe's own error does not say which there are."""
	found = workflow.get_transitions(doc, flow)
	what, user = f"{_(doc.doctype)} {doc.name}", frappe.session.user
	state = doc.get(flow.workflow_state_field)
	if chosen := [each for each in found if each.action == action]:
		if not workflow.has_approval_access(user, doc, chosen[-1]):
			loaded.refuse(
				_("{0} may not take the action {1} on {2}: nobody approves a document of their own. Let another user do it.")
				.format(user, action, what)
			)  # fmt: skip
		return
	of_others = [
		each for each in flow.transitions
		if each.state == state and each.action == action and workflow.is_transition_condition_satisfied(each, doc)
	]  # fmt: skip
	if of_others:
		loaded.refuse(
			_("{0} may not take the action {1} on {2}, which is {3}: it is for the role {4}. Let a user who has it do this step.")
			.format(user, action, what, state, _listed(each.allowed for each in of_others))
		)  # fmt: skip
	frappe.throw(
		_("{0} is {1}, and the action {2} is not open. Open for {3}: {4}.")
		.format(what, state, repr(action), user, _listed(each.action for each in found) or _("none")),
		workflow.WorkflowTransitionError,
	)  # fmt: skip


def _listed(names: Iterable[str]) -> str:
	return ", ".join(dict.fromkeys(names))

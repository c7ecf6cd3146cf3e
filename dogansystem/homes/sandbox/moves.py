"""What becomes of a document of the sandbox: an amendment, another name, another document, a Workflow's next state."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateError
from jinja2.sandbox import SandboxedEnvironment

from dogansystem.engine.errors import NotAvailable
from dogansystem.homes.sandbox.documents import CANCELLED, DRAFT, STANDARD, SUBMITTED, Records
from dogansystem.homes.sandbox.errors import (
	DocstatusTransitionError,
	PermissionError,
	ValidationError,
	WorkflowTransitionError,
)
from dogansystem.homes.sandbox.naming import check_name
from dogansystem.homes.sandbox.shelf import refuse_record
from dogansystem.protocol import Document
from dogansystem.protocol.people import ADMINISTRATOR

# What a change of docstatus is called, and the permission it needs.
_STEPS = {
	(DRAFT, DRAFT): ("updated", "write"),
	(DRAFT, SUBMITTED): ("submitted", "submit"),
	(SUBMITTED, SUBMITTED): ("updated", "write"),
	(SUBMITTED, CANCELLED): ("cancelled", "cancel"),
}
# ERPNext's mappers: what they map, and what they make of it.
_MAPPER = re.compile(r"(?:\w+\.)+doctype\.(\w+)\.\1\.make_(\w+)")
_conditions = SandboxedEnvironment(undefined=StrictUndefined)


class Moves(Records):
	"""A part of `Documents`."""

	def amend(self, doctype: str, name: str, values: Mapping[str, Any]) -> Document:
		"""A new draft in place of a cancelled document, with all its fields."""
		original = self.get(doctype, name)
		if original["docstatus"] != CANCELLED:
			raise ValidationError(
				f"{doctype} {original['name']!r} is not cancelled. Cancel it before you amend it."
			)
		if others := self._matching(doctype, {"amended_from": original["name"]}):
			raise ValidationError(
				f"{doctype} {original['name']!r} was amended already, by {others[0]['name']}."
			)
		kept = {field: value for field, value in original.items() if field not in STANDARD}
		return self.create(doctype, {**kept, **values, "amended_from": original["name"]})

	def rename(self, doctype: str, name: str, new_name: str) -> str:
		"""Rename a document, with its comments, assignments, shares and files. Its name in other fields stays."""
		document = self._for_change(doctype, name, "write")
		new = check_name(doctype, new_name)
		if new == document["name"]:
			raise ValidationError(f"{doctype} {new!r} has this name already. Give another name.")
		if self._site.shelf.find(doctype, new, for_update=True):
			raise ValidationError(f"There is a {doctype} named {new!r} already. Give another name.")
		self._site.document_renamed(document, new)
		return new

	def convert(self, method: str, name: str, values: Mapping[str, Any], *, submit: bool = False) -> Document:
		"""Save what a mapper makes of a document: a function that the sandbox was given by `whitelist`.

		For a mapper of ERPNext, such as `….sales_order.sales_order.make_delivery_note`, a copy of the fields stands in.
		"""
		mapper = None if self._site.has_method(method) else _MAPPER.fullmatch(method)
		if mapper:
			copied = self.get(_title(mapper[1]), name)
			made: Any = {field: value for field, value in copied.items() if field not in STANDARD}
			made["doctype"] = _title(mapper[2])
		else:
			made = self._site.call_method(method, {"source_name": name})
		if not isinstance(made, Mapping) or not isinstance(made.get("doctype"), str):
			raise ValidationError(f"{method} is no mapper: it has to give a new document, with its doctype.")
		given = {field: value for field, value in made.items() if field != "name"}
		document = self.create(made["doctype"], {**given, **values})
		if submit:
			self.submit(document["doctype"], document["name"])
		return self._site.shelf.get(document["doctype"], document["name"])

	def transition(self, doctype: str, name: str, action: str) -> Document:
		"""Take an action of the Workflow of this type, which is a document as Frappe has it; gives `{name, state}`."""
		self._permissions.check(doctype, "read")
		refuse_record(doctype)
		document = self._site.shelf.get(doctype, name, for_update=True)
		flow = self._workflow(doctype)
		field = str(flow.get("workflow_state_field") or "workflow_state")
		states = {str(each.get("state")): each for each in flow.get("states") or []}
		state = document.get(field) or next(iter(states), None)
		chosen = self._chosen(document, state, action, flow)
		after = str(chosen.get("next_state"))
		if after not in states:
			raise ValidationError(f"Workflow {flow['name']!r} has no state {after!r}. Add it to its states.")
		self._move_to(document, {field: after}, states[after])
		return {"name": document["name"], "state": after}

	def _workflow(self, doctype: str) -> Document:
		for flow in self._site.shelf.all("Workflow"):
			if flow.get("document_type") == doctype and flow.get("is_active", 1):
				return flow
		raise NotAvailable(
			f"There is no Workflow for {doctype} in this sandbox. Load one as a sample document of type Workflow, with its "
			"document_type, states and transitions, or run this on a site that has it."
		)

	def _chosen(self, document: Document, state: Any, action: str, flow: Document) -> Mapping[str, Any]:
		"""The transition that the acting user may make. Raises PermissionError, or an error that names the open actions."""
		user = self._site.user
		roles = self._site.people.roles(user)
		here = [
			each
			for each in flow.get("transitions") or []
			if each.get("state") == state and _holds(each.get("condition"), document)
		]
		mine = [each for each in here if user == ADMINISTRATOR or each.get("allowed") in roles]
		what = f"{document['doctype']} {document['name']}"
		for each in mine:
			if each.get("action") == action:
				if user == document["owner"] != ADMINISTRATOR and not each.get("allow_self_approval", 1):
					raise PermissionError(
						f"{user} may not take the action {action} on {what}: nobody approves a document of their own."
						" Let another user do it."
					)
				return dict(each)
		others = [str(each.get("allowed")) for each in here if each.get("action") == action]
		if others:
			raise PermissionError(
				f"{user} may not take the action {action} on {what}, which is {state}: it is for the role "
				f"{', '.join(dict.fromkeys(others))}. Let a user who has it do this step."
			)
		names = ", ".join(dict.fromkeys(str(each.get("action")) for each in mine)) or "none"
		raise WorkflowTransitionError(
			f"{what} is {state}, and the action {action!r} is not open. Open for {user}: {names}."
		)

	def _move_to(self, document: Document, changed: dict[str, Any], state: Mapping[str, Any]) -> None:
		before, after = document["docstatus"], int(state.get("doc_status") or DRAFT)
		if (before, after) not in _STEPS:
			raise DocstatusTransitionError(
				f"{document['doctype']} {document['name']!r}: its docstatus does not go from {before} to {after}, as the state "
				f"{state.get('state')!r} asks for. Correct the Workflow."
			)
		event, permission = _STEPS[before, after]
		self._permissions.check(document["doctype"], permission)
		if state.get("update_field"):
			changed[str(state["update_field"])] = state.get("update_value")
		self._save(document, {**changed, "docstatus": after}, event)


def _title(scrubbed: str) -> str:
	return scrubbed.replace("_", " ").title()


def _holds(condition: Any, document: Document) -> bool:
	"""Whether a transition's condition holds. Conditions that only compare fields read the same here and on a site."""
	if not condition:
		return True
	try:
		return bool(_conditions.compile_expression(str(condition), undefined_to_none=False)(doc=document))
	except (TemplateError, TypeError, ArithmeticError) as error:
		raise NotAvailable(
			f"The sandbox cannot tell whether {condition!r} holds ({error}). Run this on a site, or compare fields only."
		) from None

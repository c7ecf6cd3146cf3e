"""A workflow as people edit it. Saving a changed one makes a new immutable version; nothing runs here."""

import json
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions import parameters
from dogansystem.engine.definitions.form import from_form, problem_field
from dogansystem.engine.definitions.stored import checksum
from dogansystem.engine.errors import DefinitionError, Problem
from dogansystem.homes.frappe import reviews
from dogansystem.homes.frappe.permissions import check_may_act_as, is_system_manager
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.store import versions
from dogansystem.store.moment import moment
from dogansystem.triggers.planning import workflow_changed

# What is no part of the definition.
_OF_SITE = ("enabled", "enabled_since", "current_version", "parameter_values")


MAX_POSITION = 1_000_000  # pixels from the middle of the picture


@dataclass(frozen=True, slots=True)
class FormProblem:
	"""What is wrong with the form, and where: `row` counts from 1 in the child table `table`."""

	message: str
	table: str | None = None
	row: int | None = None
	field: str | None = None

	def as_dict(self) -> dict[str, Any]:
		"""For the desk."""
		return asdict(self)


def is_position(value: Any) -> bool:
	"""Whether it is `[x, y]`: numbers of a picture that people can find again."""
	return (
		isinstance(value, list)
		and len(value) == 2
		and all(type(each) in (int, float) and abs(each) < MAX_POSITION for each in value)
	)


class DoganWorkflow(Document):
	"""What should happen: triggers and steps."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from dogansystem.dogansystem.doctype.dogan_workflow_step.dogan_workflow_step import DoganWorkflowStep
		from dogansystem.dogansystem.doctype.dogan_workflow_trigger.dogan_workflow_trigger import (
			DoganWorkflowTrigger,
		)

		change_note: DF.SmallText | None
		concurrent_runs: DF.Int
		current_version: DF.Link | None
		description: DF.SmallText | None
		disable_after: DF.Int
		enabled: DF.Check
		enabled_since: DF.Datetime | None
		input_schema: DF.Code | None
		limit_key: DF.Data | None
		minutes_saved: DF.Float
		notify: DF.SmallText | None
		offer_to_assistants: DF.Check
		output: DF.Code | None
		parameter_values: DF.Code | None
		parameters: DF.Code | None
		positions: DF.Code | None
		run_as: DF.Link | None
		run_timeout: DF.Data | None
		steps: DF.Table[DoganWorkflowStep]
		title: DF.Data | None
		triggers: DF.Table[DoganWorkflowTrigger]
		when_full: DF.Literal["queue", "skip", "replace"]
		workflow_name: DF.Data
	# end: auto-generated types

	def before_import(self) -> None:
		"""A fixture says what the workflow is. Whether it is enabled, and the values of its parameters, stay as they are here; a
		new one is disabled."""
		kept = frappe.db.get_value(self.doctype, self.name, _OF_SITE, as_dict=True)
		self.update(kept or {**dict.fromkeys(_OF_SITE), "enabled": 0})
		self.flags.replaces = bool(kept)

	def validate(self) -> None:
		"""Raise ValidationError with every problem of the definition or, if it is enabled, of the values of its parameters or
		because nobody has approved it, or PermissionError about Run As."""
		if self.workflow_name == reviews.NAME:
			frappe.throw(
				_("The name {0} is taken by the review of workflows. Choose another one.").format(
					reviews.NAME
				)
			)
		self._choose_run_as()
		# It is kept with the version, so that a later change does not have the reason of this one.
		self.flags.note, self.change_note = self.change_note or "", None
		definition, problems = self._check()
		if definition is None:
			messages = [escape(self._form_problem(problem).message, quote=False) for problem in problems]
			frappe.throw(messages, title=_("The workflow is not valid"), as_list=True)
		if self._is_changed(definition):
			self._check_who_changes(definition)
			self._check_who_is_told(definition)
		self._check_values(definition)
		self._check_review(definition)
		self._keep_positions(definition)
		self._note_when_enabled()
		self.flags.definition = definition

	def on_update(self) -> None:
		"""Publish a version if the definition changed, and let the triggers follow."""
		site = current_site()
		user = frappe.session.user
		version = versions.publish(
			site.database,
			self.flags.definition,
			moment(site),
			user,
			trusted=is_system_manager(user),
			note=self.flags.note,
		)
		if self.enabled and reviews.required():
			reviews.keep(self.name, version)
		if version != self.current_version:
			self.current_version = version
			frappe.db.set_value(self.doctype, self.name, "current_version", version, update_modified=False)
		workflow_changed(site, self.name)

	def on_trash(self) -> None:
		"""Runs need their workflow; without any, its versions go with it."""
		if frappe.db.exists("Dogan Workflow Run", {"workflow": self.name}):
			text = _("Workflow {0} has runs. Disable it instead, or delete its runs first.")
			frappe.throw(text.format(self.name), frappe.LinkExistsError)
		frappe.db.delete("Dogan Workflow Version", {"workflow": self.name})

	def after_delete(self) -> None:
		"""Its schedules and document triggers end. An import deletes a workflow only to put it there again: they go on."""
		if not frappe.flags.in_import:
			workflow_changed(current_site(), self.name)

	def problems(self) -> list[FormProblem]:
		"""Every problem of the definition that the form holds."""
		return [self._form_problem(problem) for problem in self._check()[1]]

	def _check(self) -> tuple[Definition | None, list[Problem]]:
		"""The definition, or all its problems. Fields that are not JSON do not hide the other problems."""
		form, unreadable = self.as_dict(), []
		try:
			source = from_form(form)
		except DefinitionError as error:
			unreadable = error.problems
			for table, index, field in (problem_field(problem.path) for problem in unreadable):
				row = form if table is None or index is None else form[table][index]
				row[field] = None
			source = from_form(form)
		try:
			definition = Orchestrator(current_site()).check(source)
		except DefinitionError as error:
			places = {problem_field(problem.path) for problem in unreadable}
			rest = [problem for problem in error.problems if problem_field(problem.path) not in places]
			return None, [*unreadable, *rest]
		return (None if unreadable else definition), unreadable

	def _form_problem(self, problem: Problem) -> FormProblem:
		table, index, field = problem_field(problem.path)
		meta = frappe.get_meta(self.meta.get_field(table).options) if table else self.meta
		place = []
		if table:
			place.append(_(self.meta.get_label(table)))
		if index is not None:
			place.append(_("row {0}").format(index + 1))
		if field and meta.has_field(field):
			place.append(_(meta.get_label(field)))
		message = ", ".join(place) + f": {problem.message}" if place else problem.message
		return FormProblem(message, table, None if index is None else index + 1, field)

	def _choose_run_as(self) -> None:
		"""By default it is the person who saves, but never Administrator: steps must not get every permission by accident."""
		if self.run_as:
			return
		if frappe.session.user == "Administrator":
			text = _("Name a user in Run As: the steps have that user's permissions.")
			frappe.throw(text, frappe.MandatoryError, title=_("Run As"))
		self.run_as = frappe.session.user

	def _is_changed(self, definition: Definition) -> bool:
		before = self.get_doc_before_save()
		known = before and frappe.db.get_value("Dogan Workflow Version", before.current_version, "checksum")
		return known != checksum(definition)

	def _check_who_changes(self, definition: Definition) -> None:
		"""Who changes the steps acts with the permissions of `run_as` and of the agents' users, so they must be allowed to.

		This is the first check. Agents change later, so the workers check again.
		"""
		check_may_act_as(self.run_as, _("Run As"))
		for agent in {step.agent for step in definition.steps if step.agent}:
			if user := frappe.db.get_value("Dogan Agent", agent, "user"):
				check_may_act_as(user, _("the user of agent {0}").format(agent))

	def _check_who_is_told(self, definition: Definition) -> None:
		"""Only when they are named: that somebody leaves later is no reason to refuse a workflow."""
		exists = current_site().documents.exists
		for each in definition.notify:
			doctype, name = ("User", each) if isinstance(each, str) else ("Role", each["role"])
			if not exists(doctype, name):
				text = _("{0}: there is no {1} {2}; name one that there is.")
				frappe.throw(text.format(_(self.meta.get_label("notify")), _(doctype), name))

	def _check_values(self, definition: Definition) -> None:
		"""An enabled workflow has values for all parameters, and all that its steps need is there. A disabled one is saved, and it
		is said what is wrong."""
		problems = parameters.problems_of(definition, self._values(), current_site().documents.exists)
		problems += Orchestrator(current_site()).what_is_missing(definition)
		messages = [escape(str(each), quote=False) for each in problems]
		if messages and self.enabled:
			frappe.throw(messages, title=_("The workflow cannot be enabled"), as_list=True)
		elif messages:
			title = _("The workflow cannot be enabled yet")
			frappe.msgprint(messages, title=title, as_list=True, indicator="orange")

	def _check_review(self, definition: Definition) -> None:
		"""Where a review is required, enable only what somebody else has approved. Who changes an enabled workflow disables it."""
		before = self.get_doc_before_save()
		was_enabled = bool(before.enabled if before else self.flags.replaces)
		is_changed = self._is_changed(definition)
		if not self.enabled or not reviews.required() or (was_enabled and not is_changed):
			return
		user = frappe.session.user
		if not is_changed and reviews.approved_by(self.name, before.current_version):
			return
		if is_changed and reviews.approved_meaning(definition, user, trusted=is_system_manager(user)):
			return
		title = _("Not approved yet")
		if not was_enabled:
			text = _(
				"Somebody else has to approve this version before {0} is enabled. Save it disabled, and ask for a review."
			)
			frappe.throw(text.format(self.name), title=title)
		self.enabled = 0
		text = _("{0} is disabled until somebody else has approved what was changed. Ask for a review.")
		frappe.msgprint(text.format(self.name), title=title, indicator="orange")

	def _keep_positions(self, definition: Definition) -> None:
		"""Keep only where steps stand that there are: the field is written by browsers."""
		try:
			found = frappe.parse_json(self.positions) or {}
			kept = {key: found[key] for key in definition.by_id if key in found and is_position(found[key])}
		except (ValueError, TypeError):
			kept = {}
		self.positions = json.dumps(kept) if kept else None

	def _values(self) -> dict[str, Any]:
		values = frappe.parse_json(self.parameter_values) if self.parameter_values else {}
		if not isinstance(values, dict):
			frappe.throw(_("{0}: must be a JSON object.").format(_(self.meta.get_label("parameter_values"))))
		return values

	def _note_when_enabled(self) -> None:
		before = self.get_doc_before_save()
		if self.flags.replaces:
			return
		if self.enabled and not (before and before.enabled):
			self.enabled_since = moment(current_site()).text
		elif before:
			self.enabled_since = before.enabled_since  # nobody writes it by hand

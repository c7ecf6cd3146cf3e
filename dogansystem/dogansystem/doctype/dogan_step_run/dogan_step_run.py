import json

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.ai.shown import output_as_read
from dogansystem.engine.definition import AGENT_ASK
from dogansystem.engine.outputs import decode
from dogansystem.homes.frappe.permissions import reader
from dogansystem.homes.frappe.site import current_site


class DoganStepRun(Document):
	"""One step, or one item of a step, of a run. The workers write it; people look at it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Data | None
		agent: DF.Link | None
		attempts: DF.Int
		branch: DF.Data | None
		earlier_attempts: DF.LongText | None
		error: DF.SmallText | None
		error_type: DF.Data | None
		errors: DF.LongText | None
		finished_at: DF.Datetime | None
		item: DF.Int
		item_value: DF.LongText | None
		output: DF.LongText | None
		params: DF.LongText | None
		position: DF.Int
		ready_at: DF.Datetime | None
		run: DF.Link | None
		started_at: DF.Datetime | None
		status: DF.Literal[
			"Pending",
			"Ready",
			"Running",
			"Waiting",
			"Succeeded",
			"Failed",
			"Skipped",
			"Cancelled",
			"Compensated",
		]
		step: DF.Data | None
		title: DF.Data | None
		traceback: DF.LongText | None
		wait_until: DF.Datetime | None
		worker: DF.Data | None
		workflow: DF.Link | None
	# end: auto-generated types

	def apply_fieldlevel_read_permissions(self) -> None:
		"""Take out what the reader may not see: of the output, what the page of the run hides of an agent's calls."""
		output = self.get("output")
		super().apply_fieldlevel_read_permissions()
		if output and not self.get("output"):
			self.output = self._as_read(output)

	def _as_read(self, output: str) -> str:
		if self.action != AGENT_ASK:
			return output
		may = reader(frappe.session.user)
		seen = output_as_read(current_site(), self.run, self.step, self.item, decode(output), may)
		return json.dumps(seen, ensure_ascii=False)

	def validate(self) -> None:
		"""Nobody writes step runs by hand."""
		frappe.throw(_("A step run is written by the workers. Retry the run from this step instead."))

	def on_trash(self) -> None:
		"""Raise: a run cannot be read without all of its steps."""
		frappe.throw(_("A step is deleted with its run: delete {0}.").format(self.run))

import frappe
from frappe import _
from frappe.model.document import Document


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

	def validate(self) -> None:
		"""Nobody writes step runs by hand."""
		frappe.throw(_("A step run is written by the workers. Retry the run from this step instead."))

	def on_trash(self) -> None:
		"""Raise: a run cannot be read without all of its steps."""
		frappe.throw(_("A step is deleted with its run: delete {0}.").format(self.run))

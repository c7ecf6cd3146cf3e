import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import approvals, asks, history


class DoganWorkflowRun(Document):
	"""One run of a workflow. The workers write it; people look at it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		again_of: DF.Link | None
		cause: DF.Data | None
		compensating: DF.Check
		counted: DF.Check
		depth: DF.Int
		doc_values: DF.LongText | None
		ending: DF.Data | None
		error: DF.SmallText | None
		error_step: DF.Data | None
		error_type: DF.Data | None
		failures: DF.Int
		finished_at: DF.Datetime | None
		idempotency_key: DF.Data | None
		input: DF.LongText | None
		limit_key: DF.Data | None
		output: DF.LongText | None
		parameters: DF.LongText | None
		parent_run: DF.Link | None
		parent_step: DF.Data | None
		queued_at: DF.Datetime | None
		reference_doctype: DF.Link | None
		reference_name: DF.DynamicLink | None
		run_as: DF.Link | None
		started_at: DF.Datetime | None
		started_by: DF.Link | None
		status: DF.Literal["Queued", "Running", "Waiting", "Paused", "Succeeded", "Failed", "Cancelled"]
		trigger_data: DF.LongText | None
		version: DF.Link | None
		workflow: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes runs by hand."""
		frappe.throw(_("A run is written by the workers. Start, pause, cancel or retry one instead."))

	def on_trash(self) -> None:
		"""Raise if the run has not ended: it would go on without its row."""
		if self.status not in RUN_FINISHED:
			frappe.throw(_("Run {0} has not ended: cancel it before you delete it.").format(self.name))
		history.uncount(current_site().database, [self.name])

	def after_delete(self) -> None:
		"""Its steps go with it, and what people were asked in it."""
		frappe.db.delete("Dogan Step Run", {"run": self.name})
		approvals.delete_of_run(current_site().database, self.name)
		asks.delete_of_run(current_site().database, self.name)


def on_doctype_update() -> None:
	"""An index from a document to its runs. Frappe uses it too, to find linked documents."""
	frappe.db.add_index("Dogan Workflow Run", ["reference_doctype", "reference_name"])

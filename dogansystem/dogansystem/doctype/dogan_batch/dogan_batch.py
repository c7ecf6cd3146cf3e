import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.homes.frappe.site import current_site
from dogansystem.store import batches


class DoganBatch(Document):
	"""Runs of one workflow for many documents. The workers write it; people look at it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		cancelled: DF.Int
		document_type: DF.Link | None
		finished_at: DF.Datetime | None
		input: DF.LongText | None
		refused: DF.Int
		started: DF.Int
		started_at: DF.Datetime | None
		started_by: DF.Link | None
		status: DF.Literal["Running", "Completed", "Cancelled"]
		total: DF.Int
		workflow: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes batches by hand."""
		frappe.throw(
			_("A batch is written by the workers. Choose documents in their list and press Run instead.")
		)

	def on_trash(self) -> None:
		"""Raise if runs are still to be started."""
		if self.status == batches.RUNNING:
			frappe.throw(_("Batch {0} has not ended: cancel it before you delete it.").format(self.name))

	def after_delete(self) -> None:
		"""What became of its documents goes with it; the runs stay."""
		batches.forget(current_site().database, self.name)

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.homes.frappe import rehearsals


class DoganRehearsal(Document):
	"""A definition that was tried with documents that exist. A background job writes it; people look at it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		asked: DF.LongText | None
		busy: DF.Int
		differ: DF.Int
		done: DF.Int
		error: DF.SmallText | None
		finished_at: DF.Datetime | None
		result: DF.LongText | None
		started_at: DF.Datetime | None
		started_by: DF.Link | None
		status: DF.Literal["Queued", "Running", "Completed", "Stopped", "Failed"]
		total: DF.Int
		workflow: DF.Data | None
		would_fail: DF.Int
		would_start: DF.Int
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes rehearsals by hand."""
		frappe.throw(_("A rehearsal is written by a background job. Press Rehearse on a workflow instead."))

	@staticmethod
	def clear_old_logs(days: int = rehearsals.KEPT_DAYS) -> None:
		"""Delete those that are older; Frappe's Log Settings call it."""
		rehearsals.forget(days)

import frappe
from frappe import _
from frappe.model.document import Document


class DoganApprover(Document):
	"""Somebody whose decision is wanted. The orchestrator writes it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approval: DF.Link | None
		asked_at: DF.Datetime | None
		ended_at: DF.Datetime | None
		instead_of: DF.Link | None
		passed_by: DF.Link | None
		run: DF.Link | None
		shared_with: DF.SmallText | None
		state: DF.Literal["Asked", "Decided", "Passed On", "No Longer Asked"]
		told: DF.SmallText | None
		user: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes by hand who is asked."""
		frappe.throw(_("Who is asked is written by the step that asks. Pass the approval on instead."))

	def on_trash(self) -> None:
		"""Raise: what people have decided is kept as long as its run."""
		frappe.throw(_("Who was asked is deleted with the run: delete {0}.").format(self.run))

	def before_rename(self, *_names: str, **_more: object) -> None:
		"""Raise, for Administrator too."""
		frappe.throw(_("Who was asked is not renamed: it is kept as it was."))

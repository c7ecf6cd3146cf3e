import frappe
from frappe import _
from frappe.model.document import Document


class DoganApprovalDecision(Document):
	"""What somebody has decided. Written once, by the orchestrator, and never changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approval: DF.Link | None
		by_user: DF.Link | None
		comment: DF.LongText | None
		decided_at: DF.Datetime | None
		decision: DF.Literal["approved", "rejected", "answered"]
		for_user: DF.Link | None
		given_values: DF.LongText | None
		run: DF.Link | None
		through: DF.Data | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes decisions by hand, and none is ever changed."""
		frappe.throw(
			_("A decision is made on its approval, and is never changed: open {0}.").format(self.approval)
		)

	def on_trash(self) -> None:
		"""Raise: what people have decided is kept as long as its run."""
		frappe.throw(_("A decision is deleted with its run: delete {0}.").format(self.run))

	def before_rename(self, *_names: str, **_more: object) -> None:
		"""Raise, for Administrator too."""
		frappe.throw(_("A decision is not renamed: it is kept as it was made."))

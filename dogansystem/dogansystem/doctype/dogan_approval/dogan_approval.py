import frappe
from frappe import _
from frappe.model.document import Document


class DoganApproval(Document):
	"""Something that people decide, or fill in, and a step waits for. The orchestrator writes it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		asked_at: DF.Datetime | None
		asked_by: DF.Link | None
		at_deadline: DF.Literal["expire", "approve", "reject", "escalate"]
		comment_rule: DF.Literal["optional", "required", "on_rejection"]
		deadline: DF.Datetime | None
		decided: DF.Int
		escalated: DF.Check
		escalation: DF.LongText | None
		form_fields: DF.LongText | None
		item: DF.Int
		kind: DF.Literal["Approve", "Ask"]
		link_hashes: DF.LongText | None
		may_delegate: DF.Check
		message: DF.LongText | None
		needs: DF.Int
		next_reminder: DF.Datetime | None
		not_by: DF.LongText | None
		people: DF.Int
		proposed: DF.LongText | None
		reason: DF.SmallText | None
		reference_doctype: DF.Link | None
		reference_name: DF.DynamicLink | None
		rejects_all: DF.Check
		remind: DF.Int
		run: DF.Link | None
		settled_at: DF.Datetime | None
		settled_by: DF.Link | None
		status: DF.Literal["Open", "Approved", "Rejected", "Expired", "Answered", "Cancelled"]
		step: DF.Data | None
		step_run: DF.Link | None
		subject: DF.SmallText | None
		untold: DF.Check
		workflow: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes approvals by hand."""
		frappe.throw(_("An approval is written by the step that asks. Decide it instead."))

	def on_trash(self) -> None:
		"""Raise: what people have decided is kept as long as its run."""
		frappe.throw(_("An approval is deleted with its run: delete {0}.").format(self.run))

	def before_rename(self, *_names: str, **_more: object) -> None:
		"""Raise, for Administrator too."""
		frappe.throw(_("An approval is not renamed: what people have decided is kept as it was."))

from typing import Any

import frappe
from frappe import _
from frappe.model.document import Document


class DoganApprovalMatrix(Document):
	"""Who decides on what: `flow.approve` takes the first row that fits the document."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from dogansystem.dogansystem.doctype.dogan_approval_matrix_row.dogan_approval_matrix_row import (
			DoganApprovalMatrixRow,
		)

		amount_field: DF.Data | None
		description: DF.SmallText | None
		document_type: DF.Link | None
		matrix_name: DF.Data
		rows: DF.Table[DoganApprovalMatrixRow]
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError naming the row and what is wrong with it."""
		for row in self.rows:
			if problem := self._problem(row):
				frappe.throw(_("Row {0}: {1}").format(row.idx, problem), title=_("The matrix is not valid"))
		if self.document_type and self.amount_field and not self._has(self.amount_field):
			text = _("Field of the Amount: {0} has no field {1}.")
			frappe.throw(text.format(_(self.document_type), frappe.utils.escape_html(self.amount_field)))

	def _problem(self, row: Any) -> str | None:
		if bool(row.user) == bool(row.role):
			return _("Name a user or a role who decides, one of both.")
		if row.to_amount and row.to_amount < (row.from_amount or 0):
			return _("To Amount is less than From Amount, so that nothing fits.")
		if bool(row.field) != bool(row.value):
			return _("A condition needs both the field and the value.")
		if row.user and not frappe.db.get_value("User", row.user, "enabled"):
			return _("User {0} is disabled or does not exist.").format(row.user)
		if row.field and self.document_type and not self._has(row.field):
			return _("{0} has no field {1}.").format(
				_(self.document_type), frappe.utils.escape_html(row.field)
			)
		return None

	def _has(self, field: str) -> bool:
		return frappe.get_meta(self.document_type).has_field(field)

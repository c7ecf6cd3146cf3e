from dogansystem.homes.frappe.permissions import Row


class DoganApprovalMatrixRow(Row):
	"""What has to fit, and who decides then."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		company: DF.Data | None
		department: DF.Data | None
		field: DF.Data | None
		from_amount: DF.Float
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		role: DF.Link | None
		to_amount: DF.Float
		user: DF.Link | None
		value: DF.Data | None
	# end: auto-generated types

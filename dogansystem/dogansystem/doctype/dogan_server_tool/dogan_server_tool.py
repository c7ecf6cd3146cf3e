from dogansystem.homes.frappe.permissions import Row


class DoganServerTool(Row):
	"""A tool of a tool server: what the server said about it when somebody looked, and what it says now."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		allowed: DF.Check
		definition: DF.Code | None
		description: DF.SmallText | None
		found: DF.Code | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		says_it_reads: DF.Check
		state: DF.Literal["", "New", "Changed", "Gone"]
		tool_name: DF.Data
	# end: auto-generated types

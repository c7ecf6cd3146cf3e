from dogansystem.homes.frappe.permissions import Row


class DoganAgentTool(Row):
	"""One thing that an AI agent can do: an action, a workflow or a tool of a tool server, and what its parameters may be."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Data | None
		approval: DF.Literal["writes", "never", "always"]
		ask_field: DF.Data | None
		ask_matrix: DF.Link | None
		ask_role: DF.Link | None
		ask_user: DF.Link | None
		description: DF.SmallText | None
		params: DF.Code | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		server: DF.Link | None
		server_tool: DF.Data | None
		tool_name: DF.Data | None
		workflow: DF.Link | None
	# end: auto-generated types

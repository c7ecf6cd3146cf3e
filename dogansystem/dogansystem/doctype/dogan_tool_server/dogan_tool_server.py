import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.ai.mcp import servers
from dogansystem.api.errors import as_frappe_errors


class DoganToolServer(Document):
	"""A server whose tools AI agents may be given, with what people have allowed of it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from dogansystem.dogansystem.doctype.dogan_server_tool.dogan_server_tool import DoganServerTool

		address: DF.Data
		credential: DF.Link | None
		read_at: DF.Datetime | None
		server_name: DF.Data
		timeout_seconds: DF.Int
		tools: DF.Table[DoganServerTool]
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError, naming what is wrong."""
		with as_frappe_errors():
			servers.check_server(self.as_dict())
		for row in self.tools:
			if row.allowed and row.state == servers.NEW:
				row.state = servers.SAME

	def on_trash(self) -> None:
		"""Raise if an agent has one of its tools."""
		agent = frappe.db.get_value(
			"Dogan Agent Tool", {"server": self.name, "parenttype": "Dogan Agent"}, "parent"
		)
		if agent:
			frappe.throw(
				_("Agent {0} has a tool of this server: take it away there first.").format(agent),
				frappe.LinkExistsError,
			)

from dogansystem.homes.frappe.rows import Row


class DoganAgentCapability(Row):
	"""One thing an agent can do."""

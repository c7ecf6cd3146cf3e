from dogansystem.homes.frappe.rows import Row


class DoganWorkflowTrigger(Row):
	"""One thing that starts runs of a workflow."""

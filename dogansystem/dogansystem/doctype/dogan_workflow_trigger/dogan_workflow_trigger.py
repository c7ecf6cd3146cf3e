from frappe.model.document import Document


class DoganWorkflowTrigger(Document):
	"""One thing that starts runs of a workflow."""

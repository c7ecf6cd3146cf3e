from frappe.model.document import Document


class DoganAgentCapability(Document):
	"""One thing an agent can do."""

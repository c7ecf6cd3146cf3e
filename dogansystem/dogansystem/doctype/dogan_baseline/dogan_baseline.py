import frappe
from frappe import _
from frappe.model.document import Document


class DoganBaseline(Document):
	"""What the system did within a span of time. It is never changed."""

	def validate(self) -> None:
		"""Nobody writes baselines: recording one does."""
		frappe.throw(_("A baseline is never changed. Record another one on the page Dogan Capacity."))

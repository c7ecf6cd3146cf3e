import frappe
from frappe import _
from frappe.model.document import Document


class DoganStepRun(Document):
	"""One step, or one item of a step, of a run. The workers write it; people look at it."""

	def validate(self) -> None:
		"""Nobody writes step runs by hand."""
		frappe.throw(_("A step run is written by the workers. Retry the run from this step instead."))

	def on_trash(self) -> None:
		"""A run without one of its steps could not be read any more."""
		frappe.throw(_("A step is deleted with its run: delete {0}.").format(self.run))

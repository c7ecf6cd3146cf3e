import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import history


class DoganWorkflowRun(Document):
	"""One run of a workflow. The workers write it; people look at it."""

	def validate(self) -> None:
		"""Nobody writes runs by hand."""
		frappe.throw(_("A run is written by the workers. Start, pause, cancel or retry one instead."))

	def on_trash(self) -> None:
		"""A run under way would go on without its row."""
		if self.status not in RUN_FINISHED:
			frappe.throw(_("Run {0} has not ended: cancel it before you delete it.").format(self.name))
		history.uncount(current_site().database, [self.name])

	def after_delete(self) -> None:
		"""Its steps go with it."""
		frappe.db.delete("Dogan Step Run", {"run": self.name})


def on_doctype_update() -> None:
	"""The way from a document to its runs, which Frappe also takes to find out which documents are linked."""
	frappe.db.add_index("Dogan Workflow Run", ["reference_doctype", "reference_name"])

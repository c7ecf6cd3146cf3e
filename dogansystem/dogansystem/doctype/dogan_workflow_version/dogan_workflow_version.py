import frappe
from frappe import _
from frappe.model.document import Document


class DoganWorkflowVersion(Document):
	"""A workflow's definition at one moment. It is never changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		approved_at: DF.Datetime | None
		approved_by: DF.Link | None
		checksum: DF.Data | None
		definition: DF.LongText | None
		format: DF.Int
		note: DF.SmallText | None
		trusted: DF.Check
		version: DF.Int
		workflow: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes versions: saving a workflow does."""
		frappe.throw(_("A version is never changed. Change the workflow: saving it makes a new version."))

	def on_trash(self) -> None:
		"""Raise if a run was started with it, or if the next run will be."""
		if frappe.db.exists("Dogan Workflow Run", {"version": self.name}):
			frappe.throw(_("Version {0} has runs, which need it.").format(self.name))
		if frappe.db.exists("Dogan Workflow", {"current_version": self.name}):
			frappe.throw(_("Version {0} is the current version of its workflow.").format(self.name))

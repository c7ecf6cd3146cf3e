import frappe
from frappe import _
from frappe.model.document import Document


class DoganAgentTurn(Document):
	"""One request to a model, its answer, and the calls of tools that came of it. The workers write it; people look at it."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		agent: DF.Link | None
		answer: DF.LongText | None
		approved_by: DF.Data | None
		ask: DF.Data | None
		cost: DF.Float
		details: DF.LongText | None
		digest: DF.Data | None
		item: DF.Int
		model: DF.Data | None
		number: DF.Int
		run: DF.Link | None
		status: DF.Literal["Asking", "Calling", "Done"]
		step: DF.Data | None
		step_run: DF.Data | None
		tokens_in: DF.Int
		tokens_out: DF.Int
		tools: DF.Data | None
		workflow: DF.Link | None
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes turns by hand."""
		frappe.throw(_("A turn is written by the workers."))

	def on_trash(self) -> None:
		"""Raise: what an agent has said and done is kept as long as its run."""
		frappe.throw(_("A turn is deleted with its run: delete {0}.").format(self.run))

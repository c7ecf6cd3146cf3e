import frappe
from frappe import _
from frappe.model.document import Document


class DoganBaseline(Document):
	"""What the system did within a span of time. It is never changed."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		begins_at: DF.Datetime | None
		capacity: DF.Float
		ends_at: DF.Datetime | None
		failed: DF.Int
		measurement: DF.LongText | None
		nodes: DF.Int
		recorded_at: DF.Datetime | None
		run_p95: DF.Float
		source: DF.Literal["Samples", "Load"]
		steps: DF.Int
		steps_per_second: DF.Float
		utilisation: DF.Percent
		wait_p95: DF.Float
		workers: DF.Float
	# end: auto-generated types

	def validate(self) -> None:
		"""Nobody writes baselines: recording one does."""
		frappe.throw(_("A baseline is never changed. Record another one on the page Dogan Capacity."))

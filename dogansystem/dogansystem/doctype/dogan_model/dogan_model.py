import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.ai.setup import check_model
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.site import current_site


class DoganModel(Document):
	"""A language model that AI agents ask: where it is, what it costs, and which one to ask where it is away."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		address: DF.Data | None
		credential: DF.Link | None
		fallback: DF.Link | None
		max_answer: DF.Int
		model: DF.Data | None
		model_name: DF.Data
		price_in: DF.Float
		price_out: DF.Float
		provider: DF.Literal["openai", "anthropic"]
		script: DF.Code | None
		timeout_seconds: DF.Int
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError, naming the field that is wrong."""
		with as_frappe_errors():
			check_model({**self.as_dict(), "script": None}, current_site().database)
		self.script = None

	def on_trash(self) -> None:
		"""Raise if an agent asks this model."""
		agent = frappe.db.get_value("Dogan Agent", {"model": self.name})
		if agent:
			frappe.throw(
				_("Agent {0} asks this model: give it another one.").format(agent), frappe.LinkExistsError
			)

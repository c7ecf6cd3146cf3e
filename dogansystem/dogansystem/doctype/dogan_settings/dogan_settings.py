import frappe
from frappe import _
from frappe.model.document import Document

LEAST_TOKEN = 16  # characters

# Field, least value, why.
_LEAST = (
	("num_workers", 1, "without a worker no step runs"),
	("lease_seconds", 10, "workers are heard of every two seconds, and a busy server is late at times"),
	("signal_retention", 1, "an answer may come before its question's step"),
	("time_budget_seconds", 10, "a worker that leaves at once does nothing else"),
)


class DoganSettings(Document):
	"""Limits of this site, read once per transaction at most, so that changing them needs no restart."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		ai_cost_per_day: DF.Float
		ai_keep_texts: DF.Check
		ai_retention: DF.Int
		allow_private_network: DF.Check
		currency: DF.Data | None
		database_hour_price: DF.Float
		database_memory_gb: DF.Float
		decide_without_login: DF.Check
		keep_failed_days: DF.Int
		keep_finished_days: DF.Int
		lease_seconds: DF.Int
		linger_seconds: DF.Int
		max_agents: DF.Int
		metrics_token: DF.Password | None
		node_hour_price: DF.Float
		num_workers: DF.Int
		require_review: DF.Check
		review_role: DF.Link | None
		signal_retention: DF.Int
		spot_node_hour_price: DF.Float
		time_budget_seconds: DF.Int
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise ValidationError naming the field, its least value and the reason."""
		token = self.metrics_token
		if token and not self.is_dummy_password(token) and len(token) < LEAST_TOKEN:
			text = _("{0} must have {1} characters or more: whoever guesses it reads the metrics.")
			frappe.throw(text.format(_(self.meta.get_label("metrics_token")), LEAST_TOKEN))
		for field, least, reason in _LEAST:
			if self.get(field) < least:
				text = _("{0} must be {1} or more: {2}.")
				frappe.throw(text.format(_(self.meta.get_label(field)), least, _(reason)))

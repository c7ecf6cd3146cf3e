import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.limits import check_may_enable, check_rate
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.permissions import check_may_act_as
from dogansystem.homes.frappe.site import current_site


class DoganAgent(Document):
	"""Who does steps: a user with capabilities and a capacity."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		from dogansystem.dogansystem.doctype.dogan_agent_capability.dogan_agent_capability import (
			DoganAgentCapability,
		)

		agent_name: DF.Data
		capabilities: DF.Table[DoganAgentCapability]
		capacity: DF.Int
		description: DF.SmallText | None
		enabled: DF.Check
		rate: DF.Data | None
		user: DF.Link
	# end: auto-generated types

	def validate(self) -> None:
		"""Raise PermissionError, LimitReached or ValidationError, naming what is wrong."""
		before = self.get_doc_before_save()
		if not before or before.user != self.user:
			check_may_act_as(self.user, _("the agent's user"))
		if self.capacity < 1:
			frappe.throw(_("Capacity must be 1 or more. Disable an agent that should take no steps."))
		with as_frappe_errors():
			check_rate(self.rate or "")
		if self.enabled and not (before and before.enabled):
			with as_frappe_errors():
				check_may_enable(current_site(), self.name)
		words = dict.fromkeys(row.capability.strip() for row in self.capabilities if row.capability)
		self.set("capabilities", [{"capability": word} for word in words if word])

	def on_update(self) -> None:
		"""Ring: steps may wait for this agent."""
		site = current_site()
		site.after_commit(site.doorbell.ring)

	def on_trash(self) -> None:
		"""Raise if a step names the agent: it could not run any more."""
		step = frappe.db.get_value("Dogan Workflow Step", {"agent": self.name}, ["step_id", "parent"])
		if step:
			text = _("Step {0} of workflow {1} names this agent. Disable the agent, or change the step.")
			frappe.throw(text.format(*step), frappe.LinkExistsError)

import json

import frappe
from frappe import _
from frappe.model.document import Document

from dogansystem.agents.ai.setup import as_agent, check_agent
from dogansystem.agents.limits import check_may_enable, check_rate
from dogansystem.api.errors import as_frappe_errors
from dogansystem.engine.definition import AGENT_ASK
from dogansystem.homes.frappe.permissions import check_may_act_as, is_system_manager
from dogansystem.homes.frappe.site import current_site
from dogansystem.store import models


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
		from dogansystem.dogansystem.doctype.dogan_agent_tool.dogan_agent_tool import DoganAgentTool

		agent_name: DF.Data
		capabilities: DF.Table[DoganAgentCapability]
		capacity: DF.Int
		description: DF.SmallText | None
		enabled: DF.Check
		instructions: DF.Code | None
		kind: DF.Literal["Steps", "AI"]
		max_calls: DF.Int
		max_cost: DF.Float
		max_cost_per_day: DF.Float
		max_tokens: DF.Int
		max_turns: DF.Int
		model: DF.Link | None
		rate: DF.Data | None
		tools: DF.Table[DoganAgentTool]
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
		if self.kind == models.AI:
			self._check_ai()

	def _check_ai(self) -> None:
		"""What the model may do is checked with each save, as the person who saves."""
		for row in self.tools:
			if row.params:
				self._check_json(row)
		is_trusted = is_system_manager(frappe.session.user)
		with as_frappe_errors():
			check_agent(current_site(), as_agent(self.as_dict()), is_trusted=is_trusted)

	def _check_json(self, row: "DoganAgentTool") -> None:
		try:
			is_mapping = isinstance(json.loads(row.params or "{}"), dict)
		except ValueError:
			is_mapping = False
		if not is_mapping:
			text = _("Tools, row {0}: Parameters must be a JSON object, such as {1}.")
			frappe.throw(text.format(row.idx, '{"doctype": "Lead"}'))

	def _asked_by(self) -> tuple[str, str] | None:
		"""A step that names this agent in the parameters of `agent.ask`."""
		rows = frappe.get_all(
			"Dogan Workflow Step", {"action": AGENT_ASK}, ["step_id", "parent", "params"], as_list=True
		)
		for step, workflow, params in rows:
			if (json.loads(params or "{}") or {}).get("agent") == self.name:
				return step, workflow
		return None

	def on_update(self) -> None:
		"""Ring: steps may wait for this agent."""
		site = current_site()
		site.after_commit(site.doorbell.ring)

	def on_trash(self) -> None:
		"""Raise if a step names the agent: it could not run any more."""
		step = frappe.db.get_value("Dogan Workflow Step", {"agent": self.name}, ["step_id", "parent"])
		if step := step or self._asked_by():
			text = _("Step {0} of workflow {1} names this agent. Disable the agent, or change the step.")
			frappe.throw(text.format(*step), frappe.LinkExistsError)

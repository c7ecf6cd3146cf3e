from typing import Any

from dogansystem.homes.frappe.permissions import Row


class DoganWorkflowStep(Row):
	"""One step of a workflow's form."""

	# begin: auto-generated types
	# This code is auto-generated. Do not modify anything in this block.

	from typing import TYPE_CHECKING

	if TYPE_CHECKING:
		from frappe.types import DF

		action: DF.Data
		after: DF.SmallText | None
		agent: DF.Link | None
		capability: DF.Data | None
		compensate: DF.Code | None
		condition: DF.SmallText | None
		for_each: DF.SmallText | None
		join_mode: DF.Literal["all", "any"]
		max_parallel: DF.Int
		on_error: DF.Literal["fail", "continue"]
		params: DF.Code | None
		parent: DF.Data
		parentfield: DF.Data
		parenttype: DF.Data
		priority: DF.Int
		retry_attempts: DF.Int
		retry_backoff: DF.Literal["", "fixed", "linear", "exponential"]
		retry_delay: DF.Data | None
		retry_jitter: DF.Check
		retry_max_delay: DF.Data | None
		retry_on: DF.SmallText | None
		run_when: DF.Literal["succeeded", "failed", "done"]
		starts: DF.Check
		step_id: DF.Data
		timeout: DF.Data | None
		title: DF.Data | None
	# end: auto-generated types

	def get_invalid_links(self, *args: Any, **kwargs: Any) -> tuple[list[Any], list[Any]]:
		"""Let a step name an agent that is not registered yet: workflows come from files, agents belong to this site.

		Starting a run that needs a missing agent is an error that names the agent.
		"""
		agent = self.agent
		invalid, cancelled = super().get_invalid_links(*args, **kwargs)
		self.agent = agent
		return [link for link in invalid if link[0] != "agent"], cancelled

from typing import Any

from dogansystem.homes.frappe.rows import Row


class DoganWorkflowStep(Row):
	"""One step of a workflow's form."""

	def get_invalid_links(self, *args: Any, **kwargs: Any) -> tuple[list[Any], list[Any]]:
		"""Let a step name an agent that is not registered yet: workflows come out of files, agents from this site.

		A run that needs an agent which does not exist is not started, with an error that says so.
		"""
		agent = self.agent
		invalid, cancelled = super().get_invalid_links(*args, **kwargs)
		self.agent = agent
		return [link for link in invalid if link[0] != "agent"], cancelled

"""Calling what the server offers to callers from outside."""

from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import parameters, text


class Call(Action):
	"""Calls a whitelisted method as the acting user, in the step's transaction."""

	name = "method.call"
	summary = "Call a whitelisted server method"
	parameters = parameters(
		{"method": text("Dotted path of a whitelisted method, such as frappe.client.get_count")},
		{"args": {"type": "object", "description": "The method's arguments by name", "default": {}}},
	)
	returns = "what the method returns"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.call_method(params["method"], params.get("args", {}))

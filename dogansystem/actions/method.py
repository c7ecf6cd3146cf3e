"""Calling what the server offers to callers from outside."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext


class Call(Action):
	"""Calls a whitelisted method as the acting user, in the step's transaction."""

	name: ClassVar[str] = "method.call"
	summary: ClassVar[str] = "Call a whitelisted server method"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"required": ["method"],
		"properties": {
			"method": {
				"type": "string",
				"minLength": 1,
				"description": "Dotted path of a whitelisted method, such as frappe.client.get_count",
			},
			"args": {
				"type": "object",
				"description": "The method's arguments by name",
				"default": {},
			},
		},
	}
	returns: ClassVar[str] = "what the method returns"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return context.site.call_method(params["method"], params.get("args", {}))

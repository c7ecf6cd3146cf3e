"""Values for later steps, and conditions that must hold."""

from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import is_true, parameters, words
from dogansystem.engine.errors import CheckFailed


class Set(Action):
	name = "data.set"
	summary = "Keep values for later steps"
	parameters = {
		"type": "object",
		"description": "Any names, each with its value",
		"additionalProperties": True,
	}
	returns = "the same values"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return params


class Check(Action):
	name = "data.check"
	summary = "Fail with a message unless something is true"
	parameters = parameters(
		{
			"that": {
				"description": "What must be true, such as {{ doc.grand_total > 0 }}; "
				"nothing, 0, empty text and empty lists are not"
			}
		},
		{"message": words("What the error says if it is not true")},
	)
	returns = "true, or the error CheckFailed, which is never retried"

	def run(self, params: dict[str, Any], context: StepContext) -> bool:
		if not is_true(params["that"]):
			reason = f"step {context.step}: what `that` asks for is not true"
			raise CheckFailed(params.get("message") or reason)
		return True

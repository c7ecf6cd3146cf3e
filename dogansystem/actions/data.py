"""Values for later steps, and conditions that must hold."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.parameters import words
from dogansystem.engine.errors import CheckFailed


class Set(Action):
	"""Gives back what it was given, so that later steps read it under one name."""

	name: ClassVar[str] = "data.set"
	summary: ClassVar[str] = "Keep values for later steps"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"description": "Any names, each with its value",
		"additionalProperties": True,
	}
	returns: ClassVar[str] = "the same values"

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return params


class Check(Action):
	"""Ends the step with CheckFailed unless something is true, as Python sees truth."""

	name: ClassVar[str] = "data.check"
	summary: ClassVar[str] = "Fail with a message unless something is true"
	parameters: ClassVar[Mapping[str, Any]] = {
		"type": "object",
		"additionalProperties": False,
		"required": ["that"],
		"properties": {
			"that": {
				"description": "What must be true, such as {{ doc.grand_total > 0 }}; "
				"nothing, 0, empty text and empty lists are not"
			},
			"message": words("What the error says if it is not true"),
		},
	}
	returns: ClassVar[str] = "true, or the error CheckFailed, which is never retried"

	def run(self, params: dict[str, Any], context: StepContext) -> bool:
		that = params["that"]
		if not (that.strip() if isinstance(that, str) else that):  # as a step's `if` sees it
			raise CheckFailed(
				params.get("message") or f"step {context.step}: what `that` asks for is not true"
			)
		return True

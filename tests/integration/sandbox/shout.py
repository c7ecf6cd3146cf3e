"""An action as another app would bring it."""

from collections.abc import Mapping
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext


class Shout(Action):
	"""Gives a text in capitals."""

	name: ClassVar[str] = "label.shout"
	summary: ClassVar[str] = "Shout a text"
	parameters: ClassVar[Mapping[str, Any]] = {"type": "object", "properties": {"text": {"type": "string"}}}
	returns: ClassVar[str] = "the text in capitals"

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		return str(params["text"]).upper()

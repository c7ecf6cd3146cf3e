"""Steps that an AI agent does: its user's permissions, its tools and its limits are all that it has."""

from typing import Any

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.flow import DURATION
from dogansystem.actions.schema import NAMED, parameters, text


class Ask(Action):
	"""Asks a model, calls the tools that it wants, asks again: each of it is an attempt of its own (`agents.ai`)."""

	name = "agent.ask"
	summary = "Let an AI agent do something"
	branches = ("answered", "gave_up")
	external = True
	repeats = True
	parameters = parameters(
		{"prompt": text("What it is asked to do")},
		{
			"agent": text("The name of the AI agent; it may stand in the step's own `agent` instead"),
			"capability": text("Any AI agent that has it, the least busy first"),
			"documents": {
				"type": "array",
				"maxItems": 50,
				"items": parameters(NAMED),
				"description": "Documents that it is given along, as its user may read them",
			},
			"files": {
				"type": "array",
				"maxItems": 20,
				"items": text("The name or URL of a File"),
				"description": "Files that it is given along, text or PDF: their names or URLs",
			},
			"data": {
				"type": "object",
				"description": "Values that it is given along as data, by names, such as the output of a step before",
			},
			"output": {
				"type": "object",
				"description": "The JSON Schema of the answer; `value` in the output then fits it",
			},
			"tools": {
				"type": "array",
				"items": text("The name of a tool"),
				"description": "The tools that it may use for this, of those that it has; all if left out",
			},
			"deadline": {
				"type": ["string", "number"],
				"minimum": 0,
				"pattern": DURATION,
				"description": "How long it has: seconds, or 30s, 15m, 2h, 1d",
			},
		},
	)
	returns = (
		"{text, value, turns, tokens, cost, calls}: of each of `calls` tool, params, output or error, and approved_by; if it gave"
		" up, `text` is the reason"
	)

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		assert context.ask_agent is not None
		return context.ask_agent(params, context)

"""What stands in for the models of AI agents in a test: what they say was written down, and no model is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelError
from dogansystem.agents.ai.providers import scripted
from dogansystem.engine.definition import AGENT_ASK, Definition
from dogansystem.protocol import Database

MODEL = "model of a test"
_AGENTS = "SELECT a.name, a.model, c.capability FROM `tabDogan Agent` a LEFT JOIN `tabDogan Agent Capability` c ON c.parent = a.name"


class Said:
	"""In place of all models of a sandbox. A step takes what is said to it in order, a turn each; the last one counts again."""

	def __init__(self, said: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
		self._left = {step: list(given) for step, given in said.items()}

	def __call__(self, model: Model, asked: Asked, step: str) -> Answer:
		"""The next answer to a step. Raises ModelError where there is none."""
		given = self._left.get(step)
		if not given:
			raise ModelError(
				f"The test has no answer of the agent. Add to its `answers`: {step}: {{text: …}}"
			)
		turn = 1 + sum(each.role == "assistant" for each in asked.messages)
		return scripted.said(given.pop(0) if len(given) > 1 else given[0], turn, asked)


def stand_ins(db: Database, definitions: Sequence[Definition], user: str) -> Iterator[Mapping[str, Any]]:
	"""AI agents and models that steps name and that a test does not have, as documents: without tools."""
	rows = db.sql(f"{_AGENTS} WHERE a.kind = 'AI'")
	agents, capabilities = {row[0] for row in rows}, {row[2] for row in rows}
	models = {row[0] for row in db.sql("SELECT name FROM `tabDogan Model`")}
	wanted = {row[1] for row in rows} - models
	for step in (step for definition in definitions for step in definition.steps if step.action == AGENT_ASK):
		if step.agent and step.agent not in agents:
			agents.add(step.agent)
			wanted.add(MODEL)
			yield {"doctype": "Dogan Agent", "name": step.agent, "user": user, "model": MODEL}
		elif step.capability and step.capability not in capabilities:
			capabilities.add(step.capability)
			wanted.add(MODEL)
			name = f"AI agent for {step.capability}"
			yield {
				"doctype": "Dogan Agent",
				"name": name,
				"user": user,
				"model": MODEL,
				"capabilities": [step.capability],
			}
	for name in sorted(wanted):
		yield {"doctype": "Dogan Model", "name": name, "provider": "scripted"}

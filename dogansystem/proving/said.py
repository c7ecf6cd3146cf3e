"""What stands in for the models of AI agents in a test: what they say was written down, and no model is asked."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelError
from dogansystem.agents.ai.providers import scripted
from dogansystem.engine.definition import AGENT_ASK, Definition
from dogansystem.protocol import Database
from dogansystem.proving.answers import ASSUMED
from dogansystem.proving.answers import Answer as Person

MODEL = "model of a test"
_AGENTS = "SELECT a.name, a.model, c.capability FROM `tabDogan Agent` a LEFT JOIN `tabDogan Agent Capability` c ON c.parent = a.name"


class Said:
	"""In place of all models of a sandbox. A step takes what is said to it in order, a turn each; the last one counts again.

	Attributes:
		assumed: the turns that nobody gave an answer for, and that have one: step, index, decision, by.
	"""

	def __init__(self, said: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
		self._left = {step: list(given) for step, given in said.items()}
		self.assumed: list[dict[str, Any]] = []

	def __call__(self, model: Model, asked: Asked, step: str) -> Answer:
		"""The next answer to a step. Raises ModelError where there is none."""
		given = self._left.get(step)
		if not given:
			raise ModelError(
				f"The test has no answer of the agent. Add to its `answers`: {step}: {{text: …}}"
			)
		turn = 1 + sum(each.role == "assistant" for each in asked.messages)
		return scripted.said(given.pop(0) if len(given) > 1 else given[0], turn, asked)


def stand_ins(
	db: Database, definitions: Sequence[Definition], user: str, given: Sequence[Mapping[str, Any]] = ()
) -> Iterator[Mapping[str, Any]]:
	"""AI agents and models that steps name and that a test does not have, as documents: without tools. `given`: agents that are
	written before."""
	rows = [
		*db.sql(f"{_AGENTS} WHERE a.kind = 'AI'"),
		*((each["name"], each["model"], None) for each in given),
	]
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


class Tried(Said):
	"""In place of all models in a dry run. A step takes what is said to it; else a scripted model answers by itself, and for
	others something that fits stands in, which is noted in `assumed`: no server is asked.
	"""

	def __init__(self, definition: Definition, said: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
		super().__init__(said)
		self._definition = definition

	def __call__(self, model: Model, asked: Asked, step: str) -> Answer:
		"""The answer of one turn. Raises ModelError where a script has none."""
		if self._left.get(step):
			return super().__call__(model, asked, step)
		if model.provider == "scripted":
			return scripted.answer(model, asked)
		self.assumed.append({"step": step, "index": None, "decision": "answered", "by": model.name})
		known = self._definition.by_id.get(step)
		schema = known.params.get("output") if known else None
		rule = {"value": sample(schema)} if isinstance(schema, Mapping) else {"text": ASSUMED}
		return scripted.said(rule, 1 + sum(each.role == "assistant" for each in asked.messages), asked)


def split(
	answers: Mapping[str, Sequence[Mapping[str, Any]]],
) -> tuple[dict[str, list[Mapping[str, Any]]], list[Person]]:
	"""What models say, by step, and what people do."""
	said: dict[str, list[Mapping[str, Any]]] = {}
	people = []
	for step, given in answers.items():
		for each in given:
			if each and each.keys() <= scripted.SAYS:
				said.setdefault(step, []).append(each)
			else:
				people.append(Person(step, each))
	return said, people


def sample(schema: Any) -> Any:
	"""A value of the form that a JSON Schema describes, as far as its plain keywords say it."""
	if not isinstance(schema, Mapping):
		return ASSUMED
	for key in ("const", "default"):
		if key in schema:
			return schema[key]
	for key in ("enum", "examples"):
		if schema.get(key):
			return schema[key][0]
	for key in ("anyOf", "oneOf"):
		if schema.get(key):
			return sample(schema[key][0])
	kind = schema.get("type")
	kind = kind[0] if isinstance(kind, list) and kind else kind
	if kind == "object" or (kind is None and "properties" in schema):
		properties = schema.get("properties", {})
		return {key: sample(properties.get(key)) for key in schema.get("required", ())}
	if kind == "array":
		return [sample(schema.get("items")) for _ in range(schema.get("minItems", 0))]
	if kind in ("integer", "number"):
		return max(1, schema.get("minimum", 1))
	return {"boolean": True, "null": None}.get(str(kind), ASSUMED)

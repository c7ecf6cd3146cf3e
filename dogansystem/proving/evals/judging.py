"""A rubric, and a model that judges by it. What it judges is data: whatever stands there is no instruction."""

import secrets
from typing import Any

from dogansystem.agents.ai import structured, untrusted
from dogansystem.agents.ai.conversation import Asked, Message, Model
from dogansystem.proving.evals.asking import Asker
from dogansystem.proving.evals.figures import Used

SCHEMA = {
	"type": "object",
	"required": ["passed", "reason"],
	"properties": {"passed": {"type": "boolean"}, "reason": {"type": "string"}},
}
SYSTEM = (
	"You judge the answer of an assistant by a rubric, and by nothing else. The answer passes if all that the rubric says holds for"
	" it. `reason` is one short sentence."
)
TRIES = 2


def judge(asker: Asker, model: Model, rubric: str, answer: Any) -> tuple[str, Used]:
	"""Why an answer does not pass; empty: it does. And what that has used. Raises what `asker` raises."""
	system = "\n\n".join((SYSTEM, untrusted.RULES, structured.instruction(SCHEMA)))
	data = untrusted.marked("the answer", answer, secrets.token_hex(8))
	messages = [Message("user", f"The rubric:\n{rubric}\n\n{data}")]
	used = Used()
	for _ in range(TRIES):
		found, more = asker(model, Asked(system, tuple(messages), (), model.max_answer))
		used += more
		value, problem = structured.read(found.text, SCHEMA)
		if not problem:
			return "" if value["passed"] else f"the judge {model.name}: {value['reason']}", used
		messages += [Message("assistant", found.text or "-"), Message("user", problem)]
	return f"the judge {model.name} gave no judgement: {problem}", used

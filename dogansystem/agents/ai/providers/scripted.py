"""A model that says what was written down: for the sandbox, demonstrations and tests. It needs no network and costs nothing.

Its script is a list of rules. The first one that fits what was said last is what it says:

- `when`: a regular expression that is found in it; without one the rule always fits.
- `turn`: only as the answer of this number, from 1.
- `text`, `value` (JSON, as text), `call` (`{tool, params}`), `calls` (several of them), or `give_up` (the reason). What a group
  of `when` has found may stand in texts as `\\1`.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from dogansystem.agents.ai.conversation import Answer, Asked, Message, Model, ModelError, call_of

GIVE_UP = "give_up"
SAYS = frozenset({"text", "value", "call", "calls", GIVE_UP})  # what an answer may have
KEYS = SAYS | {"when", "turn"}


def answer(model: Model, asked: Asked) -> Answer:
	"""What the script says. Raises ModelError where none of its rules fits."""
	turn = 1 + sum(each.role == "assistant" for each in asked.messages)
	heard = _heard(asked.messages)
	for rule in model.script:
		found = re.search(str(rule.get("when", "")), heard, re.IGNORECASE | re.DOTALL)
		if found and rule.get("turn", turn) == turn:
			return said(_filled(rule, found), turn, asked)
	raise ModelError(f"Model {model.name!r}: no rule of its script fits turn {turn}: {heard[-200:]!r}.")


def _heard(messages: tuple[Message, ...]) -> str:
	"""All that was said since the model's last words."""
	since = max((place for place, each in enumerate(messages) if each.role == "assistant"), default=-1)
	return "\n".join(each.text for each in messages[since + 1 :])


def said(rule: Mapping[str, Any], turn: int, asked: Asked) -> Answer:
	"""An answer as a rule, or a test, describes it. Words are counted as tokens."""
	wanted = list(rule.get("calls") or ([rule["call"]] if rule.get("call") else []))
	if rule.get(GIVE_UP):
		wanted.append({"tool": GIVE_UP, "params": {"reason": str(rule[GIVE_UP])}})
	text = json.dumps(rule["value"], ensure_ascii=False) if "value" in rule else str(rule.get("text", ""))
	calls = tuple(
		call_of(f"call_{turn}_{place}", str(each["tool"]), each.get("params", {}))
		for place, each in enumerate(wanted, start=1)
	)
	words = sum(len(each.text.split()) for each in asked.messages) + len(asked.system.split())
	return Answer(text, calls, words, len(text.split()) + 8 * len(calls), "tool_calls" if calls else "stop")


def _filled(value: Any, found: "re.Match[str]") -> Any:
	if isinstance(value, str):
		return re.sub(r"\\([1-9])", lambda each: found.group(int(each[1])) or "", value)
	if isinstance(value, Mapping):
		return {key: each if key == "when" else _filled(each, found) for key, each in value.items()}
	return [_filled(each, found) for each in value] if isinstance(value, list) else value

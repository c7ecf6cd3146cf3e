"""An ask under way, as one of its parts sees it, and the conversation that it has come to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from dogansystem.actions.base import Again, StepContext
from dogansystem.agents.ai import tools, untrusted
from dogansystem.agents.ai.conversation import Asked, Call, Message
from dogansystem.agents.ai.described import Agent, Tool
from dogansystem.store import asks, cutting, names
from dogansystem.store.asks import Ask, CallMade, Turn
from dogansystem.store.moment import Moment


@dataclass(frozen=True, slots=True)
class State:
	"""An ask with the version of its agent, its turns, and the attempt that goes on with it.

	`is_repeated`: what this part does may have been done before, and nothing is kept of it.
	"""

	ask: Ask
	agent: Agent
	turns: tuple[Turn, ...]
	context: StepContext
	at: Moment
	is_repeated: bool = False

	@property
	def params(self) -> dict[str, Any]:
		"""The rendered parameters of the step."""
		return dict(self.ask.given["params"])

	@property
	def tools(self) -> Sequence[Tool]:
		"""The tools of this ask: all of the agent's, or those that the step names."""
		wanted = self.params.get("tools")
		return [each for each in self.agent.tools if wanted is None or each.name in wanted]

	def keep(self, turn: Turn, ask: Ask | None = None) -> "State":
		"""Write what has become of the ask and of its last turn."""
		db, kept = self.context.site.database, ask or self.ask
		asks.keep_turn(db, kept.id, turn, self.at)
		if ask:
			asks.keep(db, ask, self.at)
			if ask.state != asks.OPEN and not self.context.site.settings().ai_keep_texts:
				cutting.cut(db, ask.id, self.at)
		self.context.site.runs_changed([kept.run])
		return replace(self, ask=kept, turns=(*self.turns[:-1], turn))

	def add(self, turn: Turn, ask: Ask) -> Again:
		"""Write a new turn; the step goes on with it."""
		step, item = names.parts(ask.step_run)
		about = {"workflow": self.context.workflow, "step": step, "item": item}
		db = self.context.site.database
		asks.add_turn(db, ask, turn, about, self.at, self.context.user)
		asks.keep(db, ask, self.at)
		return Again()

	def asked(self, max_tokens: int) -> Asked:
		"""The request that goes out next: everything that was said so far."""
		offered = tools.offered(self.context.site, self.tools)
		return Asked(str(self.ask.given["system"]), tuple(self.messages()), offered, max_tokens)

	def messages(self) -> list[Message]:
		"""The conversation so far, without what was said of a turn that waits for its answer."""
		found = [Message("user", self._first())]
		for turn in self.turns:
			if turn.state == asks.ASKING:
				continue
			calls = tuple(Call(each.id, each.tool, each.params, each.raw) for each in turn.calls)
			found.append(Message("assistant", turn.text, calls))
			found += [_result(self.ask.step_run, each) for each in turn.calls]
			if turn.problem:
				found.append(Message("user", turn.problem))
		return found

	def _first(self) -> str:
		given, key = self.ask.given, self.ask.step_run
		parts = [str(self.params["prompt"])]
		parts += [
			untrusted.marked(f"{each.get('doctype')} {each.get('name')}", each, key)
			for each in given["documents"]
		]
		parts += [untrusted.marked(f"file {each['name']}", each["text"], key) for each in given["files"]]
		parts += [untrusted.marked(name, each, key) for name, each in given.get("data", {}).items()]
		return "\n\n".join(parts)

	def output(self, text: str, value: Any, **more: Any) -> dict[str, Any]:
		"""The output of the step."""
		return {
			"text": text,
			"value": value,
			"turns": len(self.turns),
			"tokens": {
				"in": sum(each.tokens_in for each in self.turns),
				"out": sum(each.tokens_out for each in self.turns),
			},
			"cost": self.ask.cost / 1e9,
			"calls": [
				_told(each) for turn in self.turns for each in turn.calls if each.tool != tools.GIVE_UP
			],
			**more,
		}


def _result(key: str, call: CallMade) -> Message:
	if call.error is not None:
		return Message(
			"tool", untrusted.marked(f"error of {call.tool}", call.error, key), call_id=call.id, is_error=True
		)
	text = "Not called." if not call.is_done else untrusted.marked(call.tool, call.output, key)
	return Message("tool", text, call_id=call.id)


def _told(call: CallMade) -> dict[str, Any]:
	result = {"output": call.output} if call.error is None else {"error": call.error}
	return {"tool": call.tool, "params": call.params, **result, "approved_by": call.approved_by}

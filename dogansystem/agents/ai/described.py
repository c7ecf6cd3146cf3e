"""An AI agent as it is set up, and as a version of it is kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from dogansystem.protocol.people import MANAGER_ROLE

NEVER, WRITES, ALWAYS = "never", "writes", "always"
APPROVALS = (WRITES, NEVER, ALWAYS)
DECIDERS: Mapping[str, Any] = {"role": MANAGER_ROLE}  # who is asked where a tool names nobody


@dataclass(frozen=True, slots=True)
class Tool:
	"""A tool of an agent: an action, a workflow, or a tool of a tool server.

	Attributes:
		server: the Dogan Tool Server; `server_tool`: what that calls it.
		params: what its parameters may be (`bounds`).
		to: who decides whether it may be called, as the `to` of `flow.approve`.
	"""

	name: str
	action: str = ""
	workflow: str = ""
	description: str = ""
	params: Mapping[str, Any] | None = None
	approval: str = WRITES
	to: Any = None
	server: str = ""
	server_tool: str = ""

	@property
	def calls(self) -> str:
		"""What a call of it calls, for people."""
		return self.action or self.workflow or f"{self.server_tool} of {self.server}"


@dataclass(frozen=True, slots=True)
class Limits:
	"""What an agent may use for one ask, and in a day. Costs are texts of decimal numbers."""

	turns: int = 12
	tokens: int = 50_000
	calls: int = 30
	cost: str = "1"
	cost_per_day: str = "10"


@dataclass(frozen=True, slots=True)
class Agent:
	"""An AI agent."""

	name: str
	user: str
	model: str
	instructions: str = ""
	tools: tuple[Tool, ...] = ()
	limits: Limits = Limits()

	def version(self) -> tuple[str, str]:
		"""The name of this version, and its content as JSON text. Limits are no part of it: a person may raise them."""
		plain = asdict(self)
		del plain["limits"]
		for tool in plain["tools"]:
			if not tool["server"]:  # as a release wrote it that knows no servers, and still reads it
				del tool["server"], tool["server_tool"]
		content = json.dumps(plain, ensure_ascii=False, sort_keys=True)
		return sha256(content.encode()).hexdigest()[:40], content


def of_version(content: Mapping[str, Any], limits: Limits) -> Agent:
	"""The agent of a version that was kept, with the limits of now."""
	tools = tuple(Tool(**each) for each in content.get("tools", ()))
	return Agent(**{**content, "tools": tools, "limits": limits})


def names(tools: Sequence[Tool]) -> list[str]:
	"""The names of tools, as models and people call them."""
	return [each.name for each in tools]

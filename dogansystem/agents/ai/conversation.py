"""What is said to a model and what it says, in no provider's words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Literal

from dogansystem.engine.errors import DoganError

TRUNCATED = "length"  # why an answer ended: it was as long as it may be
DEFAULT_ANSWER = 4096  # tokens
DEFAULT_TIMEOUT = 120.0  # seconds
CREATED_FOR_CALLS = 512  # tokens that providers add of their own where tools are offered, and more
OF_MESSAGE = 16  # tokens that they add to each message, and more


@dataclass(frozen=True, slots=True)
class Call:
	"""A tool that the model wants to be called. `params` None: what it gave is no mapping; `raw` has it."""

	id: str
	tool: str
	params: Mapping[str, Any] | None
	raw: str = ""


@dataclass(frozen=True, slots=True)
class Message:
	"""A part of a conversation.

	Attributes:
		calls: what an assistant's message wants to be called.
		call_id: the call that a tool's message answers; `is_error`: it has failed.
	"""

	role: Literal["user", "assistant", "tool"]
	text: str = ""
	calls: tuple[Call, ...] = ()
	call_id: str = ""
	is_error: bool = False


@dataclass(frozen=True, slots=True)
class Offered:
	"""A tool as a model sees it. `parameters` is a JSON Schema of an object."""

	name: str
	description: str
	parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
	"""One request to a model. `max_tokens` is the largest answer."""

	system: str
	messages: tuple[Message, ...]
	tools: tuple[Offered, ...] = ()
	max_tokens: int = 1024


@dataclass(frozen=True, slots=True)
class Answer:
	"""What a model has said. `tokens_in` and `tokens_out` are what it charges for; None: it does not say."""

	text: str = ""
	calls: tuple[Call, ...] = ()
	tokens_in: int | None = None
	tokens_out: int | None = None
	stop: str = ""


class ModelError(DoganError):
	"""A model cannot be asked as it is set up: a wrong address, name or credential, or a request that it refuses.

	`status`: of its server's answer, if there was one. `may_have_answered`: there was an answer of which nothing can be made, and
	it may be charged for.
	"""

	def __init__(self, message: str, status: int | None = None, *, may_have_answered: bool = False) -> None:
		super().__init__(message)
		self.status, self.may_have_answered = status, may_have_answered


class ModelBusy(DoganError):
	"""A model does not answer now. `pause`: seconds after which it wants to be asked again, if it says so.

	`status`: of its server's answer, if there was one. `may_have_answered`: nobody knows whether the request has arrived, and is
	charged for.
	"""

	def __init__(
		self,
		message: str,
		pause: float | None = None,
		status: int | None = None,
		*,
		may_have_answered: bool = False,
	) -> None:
		super().__init__(message)
		self.pause, self.status, self.may_have_answered = pause, status, may_have_answered


@dataclass(frozen=True, slots=True)
class Model:
	"""A Dogan Model. Prices are texts of decimal numbers, per million tokens. `script`: what a `scripted` one says."""

	name: str
	provider: str
	address: str = ""
	model: str = ""
	credential: str = ""
	price_in: str = "0"
	price_out: str = "0"
	max_answer: int = DEFAULT_ANSWER
	timeout: float = DEFAULT_TIMEOUT
	fallback: str = ""
	script: Sequence[Mapping[str, Any]] = field(default=())


def most_tokens_in(asked: Asked, known: int | None = None, since: int = 0) -> int:
	"""How many tokens a request can have at most: no token is less than a byte.

	`known`: so many were counted for the messages before the number `since`, the tools and the system's.
	"""
	messages = asked.messages[since:]
	size = sum(OF_MESSAGE + len(_text_of(each).encode()) for each in messages)
	if known is not None:
		return known + size
	tools = [{"name": each.name, "description": each.description, **each.parameters} for each in asked.tools]
	size += len(asked.system.encode()) + OF_MESSAGE + (CREATED_FOR_CALLS if tools else 0)
	return size + len(json.dumps(tools).encode()) * bool(tools)


def _text_of(message: Message) -> str:
	calls = [[each.id, each.tool, each.params, each.raw] for each in message.calls]
	return message.text + message.call_id + (json.dumps(calls) if calls else "")


def digest(model: str, asked: Asked) -> str:
	"""SHA-256 of a request, in hex: two requests with the same one are the same."""
	messages = [[each.role, each.is_error, _text_of(each)] for each in asked.messages]
	tools = [[each.name, each.description, each.parameters] for each in asked.tools]
	whole = [model, asked.system, messages, tools, asked.max_tokens]
	return sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def call_of(identity: str, tool: str, given: Any) -> Call:
	"""A call out of what a model gave as its parameters: a mapping, or JSON text of one."""
	if isinstance(given, str):
		try:
			given = json.loads(given or "{}")
		except ValueError:
			return Call(identity, tool, None, given)
	if not isinstance(given, Mapping):
		return Call(identity, tool, None, json.dumps(given))
	return Call(identity, tool, dict(given))


def calls_as_json(calls: Sequence[Call]) -> list[dict[str, Any]]:
	"""Calls as they are kept."""
	return [{"id": each.id, "tool": each.tool, "params": each.params, "raw": each.raw} for each in calls]

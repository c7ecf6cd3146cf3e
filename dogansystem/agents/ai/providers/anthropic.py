"""Anthropic's messages."""

from collections.abc import Mapping
from typing import Any

from dogansystem.agents.ai.conversation import TRUNCATED, Answer, Asked, Message, Model, ModelError, call_of
from dogansystem.agents.ai.providers.errors import check, mapping, number

DEFAULT_ADDRESS = "https://api.anthropic.com/v1"
PATH = "/messages"
VERSION = "2023-06-01"
# Cached tokens have prices of their own; they are counted as if they had been sent.
TOKENS_IN = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def request(model: Model, asked: Asked) -> dict[str, Any]:
	"""The params of `http.request`."""
	address = (model.address or DEFAULT_ADDRESS).rstrip("/")
	body: dict[str, Any] = {
		"model": model.model,
		"max_tokens": asked.max_tokens,
		"messages": _alternating([_message(each) for each in asked.messages]),
	}
	if asked.system:
		body["system"] = asked.system
	if asked.tools:
		body["tools"] = [
			{"name": each.name, "description": each.description, "input_schema": dict(each.parameters)}
			for each in asked.tools
		]
	url = address if address.endswith(PATH) else address + PATH
	return {"url": url, "headers": {"anthropic-version": VERSION}, "json": body}


def _message(message: Message) -> dict[str, Any]:
	if message.role == "tool":
		result = {"type": "tool_result", "tool_use_id": message.call_id, "content": message.text}
		return {"role": "user", "content": [{**result, **({"is_error": True} if message.is_error else {})}]}
	parts: list[dict[str, Any]] = [{"type": "text", "text": message.text}] if message.text else []
	parts += [
		{"type": "tool_use", "id": each.id, "name": each.tool, "input": each.params or {}}
		for each in message.calls
	]
	return {"role": message.role, "content": parts}


def _alternating(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
	"""Results of several calls are one message of the user's."""
	found: list[dict[str, Any]] = []
	for each in messages:
		if found and found[-1]["role"] == each["role"]:
			found[-1] = {**each, "content": [*found[-1]["content"], *each["content"]]}
		elif each["content"]:
			found.append(each)
	return found


def answer(status: int, headers: Mapping[str, str], body: Any) -> Answer:
	"""What the model has said. Raises ModelBusy or ModelError."""
	check(status, headers, body)
	found = mapping(body)
	content = found.get("content")
	if not isinstance(content, list):
		raise ModelError("its answer has no content.", may_have_answered=True)
	parts = [each for each in content if isinstance(each, Mapping)]
	usage = found.get("usage")
	usage = usage if isinstance(usage, Mapping) else {}
	counts = [number(usage.get(key)) for key in TOKENS_IN]
	stop = str(found.get("stop_reason") or "")
	return Answer(
		text="".join(str(each.get("text") or "") for each in parts if each.get("type") == "text"),
		calls=tuple(
			call_of(str(each.get("id") or f"call_{place}"), str(each.get("name")), each.get("input"))
			for place, each in enumerate(parts)
			if each.get("type") == "tool_use"
		),
		tokens_in=None if counts[0] is None else sum(each or 0 for each in counts),
		tokens_out=number(usage.get("output_tokens")),
		stop=TRUNCATED if stop == "max_tokens" else stop,
	)

"""Chat completions, as OpenAI defined them and as local servers speak them."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from dogansystem.agents.ai.conversation import (
	TRUNCATED,
	Answer,
	Asked,
	Call,
	Message,
	Model,
	ModelError,
	call_of,
)
from dogansystem.agents.ai.providers.errors import check, mapping, number

DEFAULT_ADDRESS = "https://api.openai.com/v1"
PATH = "/chat/completions"
# OpenAI's own server refuses the name that all others know.
RENAMED = {"api.openai.com": "max_completion_tokens"}


def request(model: Model, asked: Asked) -> dict[str, Any]:
	"""The params of `http.request`."""
	address = (model.address or DEFAULT_ADDRESS).rstrip("/")
	url = address if address.endswith(PATH) else address + PATH
	messages = [{"role": "system", "content": asked.system}] if asked.system else []
	body: dict[str, Any] = {
		"model": model.model,
		"messages": messages + [_message(each) for each in asked.messages],
		RENAMED.get(urlsplit(url).hostname or "", "max_tokens"): asked.max_tokens,
	}
	if asked.tools:
		body["tools"] = [
			{
				"type": "function",
				"function": {
					"name": each.name,
					"description": each.description,
					"parameters": dict(each.parameters),
				},
			}
			for each in asked.tools
		]
	return {"url": url, "json": body}


def _message(message: Message) -> dict[str, Any]:
	if message.role == "tool":
		return {"role": "tool", "tool_call_id": message.call_id, "content": message.text}
	found: dict[str, Any] = {"role": message.role, "content": message.text}
	if message.calls:
		found["content"] = message.text or None
		found["tool_calls"] = [_call(each) for each in message.calls]
	return found


def _call(call: Call) -> dict[str, Any]:
	arguments = call.raw if call.params is None else json.dumps(call.params, ensure_ascii=False)
	return {"id": call.id, "type": "function", "function": {"name": call.tool, "arguments": arguments}}


def answer(status: int, headers: Mapping[str, str], body: Any) -> Answer:
	"""What the model has said. Raises ModelBusy or ModelError."""
	check(status, headers, body)
	found = mapping(body)
	choices = found.get("choices")
	if not isinstance(choices, list) or not choices:
		raise ModelError("its answer has no choices.", may_have_answered=True)
	choice = mapping(choices[0])
	message = mapping(choice.get("message") or {})
	usage = found.get("usage")
	usage = usage if isinstance(usage, Mapping) else {}
	stop = str(choice.get("finish_reason") or "")
	return Answer(
		text=_text(message.get("content")) or str(message.get("refusal") or ""),
		calls=tuple(
			call_of(
				str(each.get("id") or f"call_{place}"),
				str(_function(each).get("name")),
				_function(each).get("arguments"),
			)
			for place, each in enumerate(message.get("tool_calls") or ())
			if isinstance(each, Mapping)
		),
		tokens_in=number(usage.get("prompt_tokens")),
		tokens_out=number(usage.get("completion_tokens")),
		stop=TRUNCATED if stop == "length" else stop,
	)


def _function(call: Mapping[str, Any]) -> Mapping[str, Any]:
	found = call.get("function")
	return found if isinstance(found, Mapping) else {}


def _text(content: Any) -> str:
	"""Some servers give a list of parts."""
	if isinstance(content, list):
		return "".join(str(each.get("text") or "") for each in content if isinstance(each, Mapping))
	return str(content or "")

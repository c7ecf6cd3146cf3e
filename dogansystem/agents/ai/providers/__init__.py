"""Models that can be asked, by the words in which they want to be: one file each.

A provider that is reached over HTTP has two pure functions: `request` gives the params of `http.request` for what is asked, and
`answer` reads what came back. `scripted` needs no network.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol, cast

from dogansystem.actions import http
from dogansystem.actions.base import StepContext
from dogansystem.actions.credentials import UNSIGNED, Signature, signature
from dogansystem.agents.ai.conversation import Answer, Asked, Model, ModelBusy, ModelError
from dogansystem.agents.ai.providers import anthropic, openai, scripted
from dogansystem.engine.errors import HTTPError, NotFound, OutputTooLarge, Timeout
from dogansystem.protocol.people import ADMINISTRATOR

ANY_STATUS = "100-599"  # every answer is read: an error may say when to come back


class Wire(Protocol):
	"""A provider that is reached over HTTP."""

	def request(self, model: Model, asked: Asked) -> dict[str, Any]: ...
	def answer(self, status: int, headers: Mapping[str, str], body: Any) -> Answer: ...


WIRES: Mapping[str, Wire] = {"openai": cast(Wire, openai), "anthropic": cast(Wire, anthropic)}
PROVIDERS = (*WIRES, "scripted")


def ask(model: Model, asked: Asked, context: StepContext) -> Answer:
	"""Ask a model. Raises ModelBusy, or ModelError where it is of no use to ask again."""
	if stand_in := cast("Callable[..., Answer] | None", context.site.models):
		return stand_in(model, asked, context.step)
	if model.provider == "scripted":
		return scripted.answer(model, asked)
	wire = WIRES.get(model.provider)
	if wire is None:
		raise ModelError(f"Model {model.name!r}: there is no provider {model.provider!r}.")
	signed = sign_in(f"Model {model.name!r}", model.credential, context)
	params = {**wire.request(model, asked), "method": "POST", "expect": ANY_STATUS}
	within = replace(context, timeout=context.timeout or model.timeout)
	try:
		found = http.send(params, signed, within)
	except (Timeout, ConnectionError) as error:
		raise ModelBusy(f"Model {model.name!r}: {error}", may_have_answered=True) from None
	except (HTTPError, OutputTooLarge) as error:
		is_long = isinstance(error, OutputTooLarge)
		raise ModelError(f"Model {model.name!r}: {error}", may_have_answered=is_long) from None
	try:
		return wire.answer(found["status"], found["headers"], found["body"])
	except ModelBusy as error:
		raise ModelBusy(f"Model {model.name!r}: {error}", error.pause, error.status) from None
	except ModelError as error:
		text = f"Model {model.name!r}: {error}"
		raise ModelError(text, error.status, may_have_answered=error.may_have_answered) from None


def sign_in(what: str, name: str, context: StepContext) -> Signature:
	"""How `what` signs its requests in. The credential belongs to it: whoever may use an agent need not be allowed to use it."""
	if not name:
		return UNSIGNED
	with context.site.acting_as(ADMINISTRATOR):
		credential = context.site.credential(name)
	if credential is None:
		raise NotFound(f"{what}: there is no credential {name!r}. Add it, or name another one there.")
	return signature(name, credential)

"""What stands in for what is outside, in a test and in a dry run: answers that were written down, and a list of what was asked.

A request without an answer fails a test. In a dry run it is answered by a stand-in, the first status that the step expects and
an empty JSON object, and the report says so.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from http.client import responses
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from dogansystem.actions.base import Action, Branch, StepContext
from dogansystem.actions.outbound import label, without_userinfo
from dogansystem.engine.errors import NotAvailable

CHAT = "chat.invalid"  # the server of a chat whose address no test has; it takes everything


STATUSES = (200, 201, 202, 204, *range(203, 600))  # of a stand-in: the first that is expected
HIDDEN = "…"


class Pinned:
	"""In place of `actions.outbound.Outbound`, for all exchanges of a test or a dry run.

	Attributes:
		answers: what is left to answer, by `GET https://…`.
		asked: the requests, as `GET https://example.com/path`, with what a JSON body had, and the `status` of the answer;
			`stand_in` where nobody gave it.
		unanswered: those that no answer was given for.
		secrets: texts that nobody is shown, and what stands there instead.
	"""

	def __init__(
		self, answers: Mapping[str, Sequence[Mapping[str, Any]]], *, stands_in: bool = False
	) -> None:
		"""`stands_in`: whether a request without an answer is answered."""
		self.answers = {key: list(given) for key, given in answers.items()}
		self.asked: list[dict[str, Any]] = []
		self.unanswered: list[str] = []
		self.secrets: dict[str, str] = {}
		self._stands_in = stands_in

	def __call__(self, deadline: Any, private_allowed: bool) -> "Pinned":
		"""The exchange that begins now."""
		return self

	def send(
		self, request: requests.PreparedRequest, is_expected: Callable[[int], bool]
	) -> requests.Response:
		"""The next answer for a request; the last one counts again. Raises NotAvailable where there is none."""
		name = self.shown(label(request))
		given = self._next(request)
		noted = {"request": name, "json": json.loads(self.shown(json.dumps(_json(request.body))))}
		self.asked.append(noted)
		if given is None:
			self.unanswered.append(name)
			if not self._stands_in:
				raise NotAvailable(f"{name}: the test has no answer for it. Add to its `answers`: {line_for(name)}")  # fmt: skip
			given = {"status": next(filter(is_expected, STATUSES), 200), "json": {}}
			noted["stand_in"] = True
		noted["status"] = given.get("status", 200)
		return _response(request, given)

	def shown(self, text: str) -> str:
		"""A text without the secrets that are in it."""
		for secret, instead in self.secrets.items():
			text = text.replace(secret, instead)
		return text

	def close(self) -> None:
		"""Nothing: there is no connection."""

	def _next(self, request: requests.PreparedRequest) -> Mapping[str, Any] | None:
		url = without_userinfo(request.url or "")
		for key in (f"{request.method} {url}", label(request), self.shown(label(request))):
			if given := self.answers.get(key):
				return given.pop(0) if len(given) > 1 else given[0]
		return {"status": 200} if urlsplit(url).hostname == CHAT else None


class StandIn(Action):
	"""In place of an action of another app that reaches outside, in a dry run: notes the call, and gives null."""

	external = True

	def __init__(self, action: Action, calls: list[dict[str, Any]]) -> None:
		self.name = action.name  # type: ignore[misc]
		self._action, self._calls = action, calls

	def validate(self, params: Mapping[str, Any]) -> None:
		"""As the action itself does."""
		self._action.validate(params)

	def branches_of(self, params: Mapping[str, Any]) -> tuple[str, ...]:
		"""As the action itself has them."""
		return self._action.branches_of(params)

	def run(self, params: dict[str, Any], context: StepContext) -> Any:
		"""Note the call. The output is null, as there is no answer; of several ways it ends in the first."""
		self._calls.append({"step": context.step, "action": self._action.name, "params": params})
		ways = self._action.branches_of(params)
		return Branch(ways[0], None) if ways else None


def line_for(request: str) -> str:
	"""The line of a test that answers a request."""
	return f'"http {request}": {{status: 200, json: {{}}}}'


def _json(body: Any) -> Any:
	try:
		return json.loads(body)
	except (TypeError, ValueError):
		return None


def _response(request: requests.PreparedRequest, given: Mapping[str, Any]) -> requests.Response:
	headers = CaseInsensitiveDict({str(key): str(value) for key, value in given.get("headers", {}).items()})
	content = str(given.get("text", "")).encode()
	if "json" in given:
		content = json.dumps(given["json"], ensure_ascii=False).encode()
		headers.setdefault("Content-Type", "application/json")
	response = requests.Response()
	response.status_code = given.get("status", 200)
	response.reason = responses.get(response.status_code, "")
	response.headers = headers
	response.url, response.request = request.url or "", request
	response.raw = HTTPResponse(BytesIO(content), status=response.status_code, preload_content=False)
	return response

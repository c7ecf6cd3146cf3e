"""What stands in for other servers in a test: answers that were written down, and a list of what was asked."""

import json
from collections.abc import Mapping, Sequence
from http.client import responses
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import HTTPResponse

from dogansystem.actions.outbound import label, without_userinfo
from dogansystem.engine.errors import NotAvailable

CHAT = "chat.invalid"  # the server of a chat whose address no test has; it takes everything


class Pinned:
	"""In place of `actions.outbound.Outbound`, for all exchanges of a test.

	Attributes:
		answers: what is left to answer, by `GET https://…`.
		asked: the requests, as `GET https://example.com/path`, with what a JSON body had.
		unanswered: those that no answer was given for.
	"""

	def __init__(self, answers: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
		self.answers = {key: list(given) for key, given in answers.items()}
		self.asked: list[dict[str, Any]] = []
		self.unanswered: list[str] = []

	def __call__(self, deadline: Any, private_allowed: bool) -> "Pinned":
		"""The exchange that begins now."""
		return self

	def send(self, request: requests.PreparedRequest, is_expected: Any) -> requests.Response:
		"""The next answer for a request; the last one counts again. Raises NotAvailable where there is none."""
		self.asked.append({"request": label(request), "json": _json(request.body)})
		given = self._next(request)
		if given is None:
			self.unanswered.append(label(request))
			raise NotAvailable(f"{label(request)}: the test has no answer for it. Add to its `answers`: {line_for(label(request))}")  # fmt: skip
		return _response(request, given)

	def close(self) -> None:
		"""Nothing: there is no connection."""

	def _next(self, request: requests.PreparedRequest) -> Mapping[str, Any] | None:
		url = without_userinfo(request.url or "")
		for key in (f"{request.method} {url}", label(request)):
			if given := self.answers.get(key):
				return given.pop(0) if len(given) > 1 else given[0]
		return {"status": 200} if urlsplit(url).hostname == CHAT else None


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

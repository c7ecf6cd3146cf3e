"""Requests to other servers: through checked addresses, within time and size, and without showing secrets."""

import json
import re
from collections.abc import Callable, Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from requests.utils import check_header_validity
from urllib3.exceptions import HTTPError as TransportError
from urllib3.exceptions import TimeoutError as TransportTimeout

from dogansystem import __version__
from dogansystem.actions import body
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.credentials import UNSIGNED, Signature, signature
from dogansystem.actions.outbound import Deadline, Outbound, label
from dogansystem.actions.schema import Schema, ValidationError, one_or_many, parameters, shown, text
from dogansystem.engine.errors import DoganError, HTTPError, NotAllowed, NotFound, OutputTooLarge, Timeout
from dogansystem.engine.outputs import MAX_BYTES

DEFAULT_TIMEOUT = 60.0  # seconds for the whole exchange, when the step has no timeout
MAX_EXCERPT = 500  # characters of an unexpected answer in the error
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})  # methods that may change something on the other side
# These say how the message itself is sent; a second opinion about that is how requests get smuggled.
RESERVED_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding", "upgrade"})
HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
HEADER_END = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
BROKEN = (requests.RequestException, TransportError, HTTPException, OSError)  # all that an exchange may raise
MAX_FILES = 20  # fields with files in one request
MAX_FILE_BYTES = 10 * 1024 * 1024  # of all files of one request
STATUS: Schema = {
	"type": ["integer", "string"],
	"minimum": 100,
	"maximum": 599,
	"pattern": "^[1-5][0-9]{2}(-[1-5][0-9]{2})?$",
}


def _by_name(description: str) -> Schema:
	values = {"type": ["string", "number", "boolean", "null", "array"]}
	return {"type": "object", "additionalProperties": values, "description": description}


class Request(Action):
	"""Sends one request and gives back the answer."""

	name = "http.request"
	summary = "Send a request to another server"
	external = True
	parameters = parameters(
		{"url": text("The address, starting with https:// or http://", pattern="^https?://[^/]")},
		{
			"method": {
				"type": "string",
				"enum": ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"],
				"default": "GET",
				"description": "What is asked of the server",
			},
			"headers": {
				"type": "object",
				"additionalProperties": {"type": ["string", "number"]},
				"description": "Headers by name; keep secrets out of here, in a credential",
			},
			"query": _by_name("What is added to the address after the question mark, by name"),
			"json": {"description": "A body sent as JSON"},
			"form": _by_name("A body sent as a form, by field"),
			"files": {
				"type": "object",
				"minProperties": 1,
				"maxProperties": MAX_FILES,
				"additionalProperties": one_or_many("The name or URL of a File, or a list of them"),
				"description": "Files sent with the form, by field: their names or URLs. They must be the user's to read",
			},
			"credential": text("The name of the credential that it signs in with"),
			"expect": {
				**STATUS,
				"type": [*STATUS["type"], "array"],
				"minItems": 1,
				"items": STATUS,
				"default": "200-299",
				"description": "The status that counts as success: a number, a range such as 200-299, or a list of them",
			},
		},
		allOf=[{"not": {"required": ["json", other]}} for other in ("form", "files")],
	)
	returns = (
		"{status, headers, body}: header names in lower case; a JSON body as data, another as text, "
		"one that is no text in base64; another status is the error HTTPError"
	)

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		name = params.get("credential")
		signed = sign_in(name, context) if name is not None else UNSIGNED
		if signed.url:
			raise ValidationError(
				f"params.credential: {name!r} is the address of a chat. Use notify.chat, or a credential of another kind."
			)
		return send(params, signed, context)


def send(
	params: Mapping[str, Any],
	signed: Signature,
	context: StepContext,
	take: Callable[[bytes], bool] | None = None,
) -> dict[str, Any]:
	"""Send what params of `http.request` say, signed in; gives the answer. No error shows the secret.

	`take`: who gets an answer that is a stream of events, piece by piece and secrets included, until it says that it has enough;
	there is no `body` then.
	"""
	try:
		return _send(params, signed, context, take)
	except DoganError as error:
		# A redirect may have put the secret into the address that an error names.
		raise type(error)(signed.redact(str(error))) from None


def _send(
	params: Mapping[str, Any],
	signed: Signature,
	context: StepContext,
	take: Callable[[bytes], bool] | None,
) -> dict[str, Any]:
	request = _prepare(params, signed, context)
	is_expected = expected(params.get("expect", "200-299"))
	with Deadline(context.timeout or DEFAULT_TIMEOUT) as deadline:
		open_exchange = context.site.outbound or Outbound
		outbound = open_exchange(deadline, context.site.settings().allow_private_network)
		try:
			answer = _exchange(outbound, request, is_expected, signed, take)
		except BROKEN as error:
			raise _named(error, request, deadline, signed) from None
		finally:
			outbound.close()
	if deadline.passed:  # a body without a length looks complete when its socket is shut
		raise _too_slow(request, deadline)
	return answer


def expected(given: Any) -> Callable[[int], bool]:
	"""Whether a status is one of `given`: a number, a range as text, or a list of both."""
	ranges = []
	for status in given if isinstance(given, list) else [given]:
		first, _dash, last = str(status).partition("-")
		ranges.append(range(int(first), int(last or first) + 1))
	return lambda status: any(status in allowed for allowed in ranges)


def sign_in(name: str, context: StepContext) -> Signature:
	"""What a credential adds to a request. Raises NotFound for one that the acting user may not use."""
	credential = context.site.credential(name)
	if credential is None:
		reason = f"there is no credential {name!r} that {context.user} may use"
		raise NotFound(f"params.credential: {reason}. Add it on the site, or name another.")
	return signature(name, credential)


def _prepare(params: Mapping[str, Any], signed: Signature, context: StepContext) -> requests.PreparedRequest:
	method = params.get("method", "GET")
	headers = _headers(params.get("headers", {}))
	if method in UNSAFE:
		headers.setdefault("Idempotency-Key", context.idempotency_key)
	data: Any = _pairs(params["form"]) if "form" in params else None
	files = _files(params["files"], context) if "files" in params else None
	if "json" in params:
		headers.setdefault("Content-Type", "application/json")
		data = _json(params["json"])
	_check_url(params["url"], signed)
	try:
		prepared = requests.Request(
			method, params["url"], headers, files=files, data=data, params=_pairs(params.get("query", {}))
		).prepare()
		prepared.headers.update(signed.headers)
		prepared.headers.update(signed.of_body(_bytes(prepared.body), context.idempotency_key, context.now))
		for name, value in prepared.headers.items():
			name.encode("ascii"), value.encode("latin-1")  # all that HTTP has for a header
			check_header_validity((name, value))
		return prepared
	except (ValueError, requests.RequestException):
		# The reason may quote a header's value.
		message = "params: the address or a header cannot be sent as it is. Check both."
		raise ValidationError(message) from None


def _headers(given: Mapping[str, Any]) -> CaseInsensitiveDict[str]:
	headers = CaseInsensitiveDict(
		{"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": f"dogansystem/{__version__}"}
	)
	for name, value in given.items():
		if name.lower() in RESERVED_HEADERS:
			raise ValidationError(f"params.headers.{name}: is set by the request itself. Leave it out.")
		if not HEADER_NAME.fullmatch(name) or HEADER_END.search(str(value)):
			reason = f"{shown(name)} or its value has characters that none can have."
			raise ValidationError(f"params.headers: a header cannot be sent: {reason}")
		headers[name] = str(value)
	return headers


def _pairs(given: Mapping[str, Any]) -> list[tuple[str, str]]:
	"""Names and values as a form or a query has them: lists repeat the name, null is left out."""
	return [
		(name, str(value).lower() if isinstance(value, bool) else str(value))
		for name, values in given.items()
		for value in (values if isinstance(values, list) else [values])
		if value is not None
	]


def _files(given: Mapping[str, Any], context: StepContext) -> list[tuple[str, tuple[str, bytes]]]:
	"""Files as a form sends them, by field. Raises NotFound, PermissionError, or ValidationError for too much."""
	found, left = [], MAX_FILE_BYTES
	for name, files in given.items():
		for file in [files] if isinstance(files, str) else files:
			stored = context.site.files.read(file, left)
			left -= len(stored.content)
			found.append((name, (stored.file_name, stored.content)))
	return found


def _bytes(body: Any) -> bytes:
	return body.encode() if isinstance(body, str) else body or b""


def _json(value: Any) -> bytes:
	try:
		text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)
		return text.encode()
	except (ValueError, RecursionError) as error:
		raise ValidationError(f"params.json: cannot be sent as JSON: {error}.") from None


def _check_url(url: str, signed: Signature) -> None:
	try:
		parts = urlsplit(url)
		parts.port  # reads it: a port that is no number raises here
	except ValueError:
		raise ValidationError("params.url: is not an address. Write https://example.com/path.") from None
	if parts.username is not None or parts.password is not None:
		raise ValidationError("params.url: has a user name or password in it. Use a credential instead.")
	if signed.hosts and parts.hostname not in signed.hosts:
		hosts = " or ".join(sorted(signed.hosts))
		reason = (
			f"it may not be sent to {parts.hostname}. Send it to {hosts}, or add the server to the credential"
		)
		raise NotAllowed(f"params.credential: {reason}.")


def _exchange(
	outbound: Outbound,
	request: requests.PreparedRequest,
	is_expected: Callable[[int], bool],
	signed: Signature,
	take: Callable[[bytes], bool] | None,
) -> dict[str, Any]:
	response = outbound.send(request, is_expected)
	try:
		if not is_expected(response.status_code):
			raise HTTPError(_unexpected(response, signed))
		if take and body.is_events(response.headers.get("content-type", "")):
			data, more = b"", body.read_events(response, MAX_BYTES, take)
		else:
			data, more = body.read(response, MAX_BYTES)
		if more:
			raise OutputTooLarge(f"the answer is larger than {MAX_BYTES:,} bytes. Ask for less of it.")
		return {
			"status": response.status_code,
			"headers": {name.lower(): signed.redact(value) for name, value in response.headers.items()},
			"body": signed.redact_all(
				body.parse(signed.redact_bytes(data), response.headers.get("content-type", ""))
			),
		}
	except (HTTPError, OutputTooLarge) as error:
		raise type(error)(f"{label(request)}: {error}") from None
	except RecursionError:
		raise HTTPError(f"{label(request)}: the answer is nested too deeply to be read.") from None
	finally:
		response.close()


def _unexpected(response: requests.Response, signed: Signature) -> str:
	try:
		data, _more = body.read(response, 4 * MAX_EXCERPT)
	except (HTTPError, *BROKEN):
		data = b""  # the status says enough
	text = " ".join(signed.redact(data.decode(errors="replace")).split())
	words = f"answered {response.status_code} {signed.redact(response.reason or '')}".rstrip()
	return f"{words}: {text[:MAX_EXCERPT]}" if text else words


def _named(
	error: Exception, request: requests.PreparedRequest, deadline: Deadline, signed: Signature
) -> Exception:
	"""The error by which a retry knows what happened: Timeout or ConnectionError."""
	if deadline.passed:
		return _too_slow(request, deadline)
	if isinstance(error, requests.Timeout | TransportTimeout | TimeoutError):
		return Timeout(f"{label(request)}: no answer in time. Try again later, or raise the step's timeout.")
	return ConnectionError(signed.redact(f"{label(request)}: {_reason(error)}"))


def _too_slow(request: requests.PreparedRequest, deadline: Deadline) -> DoganError:
	return Timeout(
		f"{label(request)}: took longer than {deadline.seconds:g} s. Raise the step's timeout, or ask for less."
	)


def _reason(error: BaseException) -> str:
	"""What happened at the bottom of it; the layers above quote whole addresses, queries included."""
	inner = error.__cause__ or getattr(error, "reason", None)
	for argument in (inner, *error.args):
		if isinstance(argument, BaseException):
			return _reason(argument)
	return str(error)

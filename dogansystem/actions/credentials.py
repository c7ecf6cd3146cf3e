"""Signing requests in with a secret that the site keeps under a name, and keeping it out of sight afterwards."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus, urlsplit

from dogansystem.actions.schema import ValidationError
from dogansystem.triggers.signatures import signed

SHORTEST_PART = 12  # characters of a part of an address that may be a secret; shorter ones are words
SHORTEST_SECRET = 4  # characters; anything shorter would be cut out of ordinary words
REDACTED = "[secret]"


@dataclass(frozen=True, slots=True)
class Signature:
	"""The headers that sign a request in, and the texts that must not be shown to anyone.

	Not even by printing this: Frappe's Error Log keeps the local variables of all functions that an error came through.
	"""

	headers: Mapping[str, str] = field(repr=False)
	secrets: re.Pattern[str] | None = field(default=None, repr=False)
	hosts: frozenset[str] = frozenset()  # to which it may be sent; none means any
	key: str = field(default="", repr=False)  # what the body is signed with
	url: str = field(default="", repr=False)  # an address that is itself the secret

	def of_body(self, body: bytes, delivery: str, now: float) -> Mapping[str, str]:
		"""The headers that sign a request with this body, as a webhook of this app wants them. `now`: epoch seconds.

		A request has the same `delivery` in every attempt.
		"""
		if not self.key:
			return {}
		timestamp, identity = str(int(now)), sha256(delivery.encode()).hexdigest()[:32]
		return {
			"X-Dogan-Timestamp": timestamp,
			"X-Dogan-Delivery": identity,
			"X-Dogan-Signature": signed(self.key, timestamp, identity, body),
		}

	def redact(self, text: str) -> str:
		"""`text` without the secrets: servers echo what they were sent."""
		return self.secrets.sub(REDACTED, text) if self.secrets else text

	def redact_all(self, value: Any) -> Any:
		"""JSON data without the secrets. What was written in escapes is only found once it is read."""
		if isinstance(value, str):
			return self.redact(value)
		if isinstance(value, list):
			return [self.redact_all(each) for each in value]
		if isinstance(value, dict):
			return {self.redact(key): self.redact_all(each) for key, each in value.items()}
		return value

	def redact_bytes(self, data: bytes) -> bytes:
		"""Bytes without the secrets, whatever else is in there."""
		if not self.secrets:
			return data
		text = data.decode("utf-8", "surrogateescape")  # every byte comes back as the same byte
		return self.redact(text).encode("utf-8", "surrogateescape")


UNSIGNED = Signature({})


def signature(name: str, credential: Mapping[str, Any]) -> Signature:
	"""What the site's credential `name` adds to a request. Raises ValidationError if it is not complete."""
	try:
		headers, secrets = _signed(credential)
	except KeyError as missing:
		raise ValidationError(
			f"credential {name!r}: {missing} is missing or unknown. It is a bearer with a token, a basic with a username"
			" and a password, a header with a header and a value, an hmac with a secret, or an address with a url. Correct it"
			" on the site."
		) from None
	hosts = frozenset(str(host).lower() for host in credential.get("hosts", ()))
	key = credential["secret"] if credential["type"] == "hmac" else ""
	url = credential["url"] if credential["type"] == "address" else ""
	return Signature(headers, _pattern(secrets), hosts, key, url)


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
	"""What finds secrets in text, in every way that servers spell what they were sent."""
	spelled = {each for secret in secrets if len(secret) >= SHORTEST_SECRET for each in spellings(secret)}
	longest_first = sorted(spelled, key=lambda each: (-len(each), each))
	return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def spellings(secret: str) -> set[str]:
	"""A secret as it may stand in text: as it is, in JSON, in JSON within JSON, in HTML, in an address."""
	found = {secret, escape(secret), escape(secret, quote=False), secret.replace('"', "&quot;")}
	for quoted in (quote(secret), quote(secret, safe=""), quote_plus(secret)):
		found |= {quoted, re.sub("%[0-9A-F]{2}", lambda code: code[0].lower(), quoted)}
	for _level in range(2):
		for text in tuple(found):
			for ascii_only in (True, False):
				written = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
				found |= {written, written.replace("/", "\\/")}
	return found


def _signed(credential: Mapping[str, str]) -> tuple[dict[str, str], tuple[str, ...]]:
	"""The headers of a credential, and its secrets. Raises KeyError for what is missing or unknown."""
	kind = credential["type"]
	if kind == "bearer":
		return {"Authorization": f"Bearer {credential['token']}"}, (credential["token"],)
	if kind == "basic":
		pair = f"{credential['username']}:{credential['password']}"
		packed = base64.b64encode(pair.encode()).decode()
		return {"Authorization": f"Basic {packed}"}, (packed, credential["password"])
	if kind == "header":
		return {credential["header"]: credential["value"]}, (credential["value"],)
	if kind == "hmac":
		return {}, (credential["secret"],)
	if kind == "address":
		return {}, _secrets_of(credential["url"])
	raise KeyError(kind)


def _secrets_of(url: str) -> tuple[str, ...]:
	"""What must not be shown of an address that is a secret: all of it but the server's name."""
	parts = urlsplit(url)
	path = parts.path.strip("/")
	return tuple(each for each in (url, parts.query, path, *path.split("/")) if len(each) >= SHORTEST_PART)

"""Signing requests in with a secret that the site keeps under a name, and keeping it out of sight afterwards."""

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dogansystem.actions.schema import ValidationError

SHORTEST_SECRET = 4  # characters; anything shorter would be cut out of ordinary words
REDACTED = "[secret]"


@dataclass(frozen=True, slots=True)
class Signature:
	"""The headers that sign a request in, and the texts that must not be shown to anyone."""

	headers: Mapping[str, str]
	secrets: tuple[str, ...]

	def redact(self, text: str) -> str:
		"""`text` without the secrets: servers echo what they were sent."""
		for secret in self.secrets:
			text = text.replace(secret, REDACTED)
		return text


UNSIGNED = Signature({}, ())


def signature(name: str, credential: Mapping[str, Any]) -> Signature:
	"""What the site's credential `name` adds to a request. Raises ValidationError if it is not complete."""
	try:
		headers, secrets = KINDS[credential["type"]](credential)
	except KeyError as missing:
		raise ValidationError(
			f"credential {name!r}: {missing} is missing or unknown. It is a bearer with a token, a basic with a username"
			" and a password, or a header with a header and a value. Correct it on the site."
		) from None
	escaped = (json.dumps(secret)[1:-1] for secret in secrets)
	return Signature(
		headers, tuple(secret for secret in (*secrets, *escaped) if len(secret) >= SHORTEST_SECRET)
	)


Signed = tuple[dict[str, str], tuple[str, ...]]


def _bearer(credential: Mapping[str, str]) -> Signed:
	return {"Authorization": f"Bearer {credential['token']}"}, (credential["token"],)


def _basic(credential: Mapping[str, str]) -> Signed:
	pair = f"{credential['username']}:{credential['password']}"
	packed = base64.b64encode(pair.encode()).decode()
	return {"Authorization": f"Basic {packed}"}, (packed, credential["password"])


def _header(credential: Mapping[str, str]) -> Signed:
	return {credential["header"]: credential["value"]}, (credential["value"],)


KINDS: Mapping[str, Callable[[Mapping[str, str]], Signed]] = {
	"bearer": _bearer,
	"basic": _basic,
	"header": _header,
}

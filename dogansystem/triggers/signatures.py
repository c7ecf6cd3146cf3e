"""Who has sent a delivery: its signature, held against the secret of a credential. Pure; a test holds it against recorded ones.

The formats are those of the senders: GitHub signs the body, Stripe the time and the body, Shopify the body in base64. Our own,
`hmac`, signs the time, the delivery's id and the body, so that none of them can be exchanged.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

MAX_BODY = 1_000_000  # bytes. Source: workflow-format.md, Webhook
MAX_AGE = 300.0  # seconds that a signed time may differ from ours. Source: as above
MAX_ID = 140  # characters of a delivery's id
TIMESTAMP, DELIVERY, SIGNATURE = "x-dogan-timestamp", "x-dogan-delivery", "x-dogan-signature"
_TIME = re.compile(r"[0-9]{1,12}", re.ASCII)
# No dot: with one in it, bytes could be moved from the id to the body and the signature would still be right.
_ID = re.compile(rf"[A-Za-z0-9_:-]{{1,{MAX_ID}}}", re.ASCII)


class Refused(Exception):
	"""A delivery that is not taken. What it says is for those who run this place, and never for the sender."""


@dataclass(frozen=True, slots=True)
class Request:
	"""A POST as it was received. Names of headers are in lower case."""

	body: bytes = field(repr=False)
	headers: Mapping[str, str] = field(repr=False)
	query: Mapping[str, object] = field(default_factory=dict)


def check(secret: Mapping[str, str], request: Request, now: float) -> str | None:
	"""The id of a delivery whose signature is right; None: the sender gives none. Raises Refused.

	`secret` is what `Site.webhook_secret` gives, `now` epoch seconds.
	"""
	if len(request.body) > MAX_BODY:
		raise Refused(f"its body is larger than {MAX_BODY:,} bytes")
	found = _KINDS[secret["type"]](secret, request, now)
	if found is not None and len(found) > MAX_ID:
		raise Refused(f"its delivery id is longer than {MAX_ID} characters")
	return found or None


def signed(secret: str, timestamp: str, delivery: str, body: bytes) -> str:
	"""The signature of our own format, in hexadecimal."""
	return _hex(secret, f"{timestamp}.{delivery}.".encode() + body)


def is_delivery_id(text: str) -> bool:
	"""Whether our own format can sign this id."""
	return bool(_ID.fullmatch(text))


def _ours(secret: Mapping[str, str], request: Request, now: float) -> str:
	timestamp, delivery = (request.headers.get(name, "") for name in (TIMESTAMP, DELIVERY))
	if not _TIME.fullmatch(timestamp) or not _ID.fullmatch(delivery):
		raise Refused(
			f"it has no {TIMESTAMP} in seconds, or no {DELIVERY} of letters, digits, `_`, `:` and `-`"
		)
	given = request.headers.get(SIGNATURE, "").removeprefix("sha256=")
	_compare(given, signed(secret["secret"], timestamp, delivery, request.body))
	_check_age(timestamp, now)
	return delivery


def _github(secret: Mapping[str, str], request: Request, now: float) -> str | None:
	kind, _, given = request.headers.get("x-hub-signature-256", "").partition("=")
	_compare(given if kind == "sha256" else "", _hex(secret["secret"], request.body))
	return request.headers.get("x-github-delivery")


def _stripe(secret: Mapping[str, str], request: Request, now: float) -> str | None:
	parts = [part.strip().partition("=") for part in request.headers.get("stripe-signature", "").split(",")]
	timestamp = next((value for name, _, value in parts if name == "t"), "")
	given = [value for name, _, value in parts if name == "v1"]
	if not _TIME.fullmatch(timestamp):
		raise Refused("its stripe-signature has no time")
	expected = _hex(secret["secret"], f"{timestamp}.".encode() + request.body)
	# While a secret is rolled, Stripe signs with both.
	if not any([_is_same(each, expected) for each in given]):
		raise Refused("its signature is wrong")
	_check_age(timestamp, now)
	try:
		found = json.loads(request.body)["id"]
	except (ValueError, TypeError, KeyError, RecursionError):
		return None
	return found if isinstance(found, str) else None


def _shopify(secret: Mapping[str, str], request: Request, now: float) -> str | None:
	mac = hmac.new(secret["secret"].encode(), request.body, sha256).digest()
	_compare(request.headers.get("x-shopify-hmac-sha256", ""), base64.b64encode(mac).decode())
	return request.headers.get("x-shopify-webhook-id")


def _token(secret: Mapping[str, str], request: Request, now: float) -> str | None:
	_compare(request.headers.get(secret["header"].lower(), ""), secret["secret"])
	return request.headers.get(DELIVERY) or request.headers.get("idempotency-key")


def _hex(secret: str, data: bytes) -> str:
	return hmac.new(secret.encode(), data, sha256).hexdigest()


def _is_same(given: str, expected: str) -> bool:
	"""In a time that does not tell how much of it is right. Headers hold what HTTP allows, not only ASCII."""
	return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _compare(given: str, expected: str) -> None:
	if not _is_same(given, expected):
		raise Refused("its signature is wrong")


def _check_age(timestamp: str, now: float) -> None:
	if abs(now - int(timestamp)) > MAX_AGE:
		raise Refused(f"its time is more than {MAX_AGE / 60:g} minutes from ours")


Verify = Callable[[Mapping[str, str], Request, float], str | None]
_KINDS: Mapping[str, Verify] = {
	"hmac": _ours,
	"github": _github,
	"stripe": _stripe,
	"shopify": _shopify,
	"token": _token,
}
KINDS = frozenset(_KINDS)

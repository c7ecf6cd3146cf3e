"""Who has sent a delivery: the published formats of senders, held against recorded ones, and what forgers try."""

import base64
import time
from dataclasses import replace
from typing import Any

import pytest

from dogansystem.engine.errors import DoganError
from dogansystem.tests.recorded import NAMES, recorded
from dogansystem.triggers import bodies, signatures
from dogansystem.triggers.signatures import MAX_BODY, Refused, Request, check, signed

NOW = 1_763_630_100.0
SECRET = {"type": "hmac", "secret": "s3cret-of-the-tests"}


def ours(
	body: bytes = b"{}", *, at: float = NOW, delivery: str = "d-1", secret: str = SECRET["secret"]
) -> Request:
	stamp = str(int(at))
	headers = {
		"x-dogan-timestamp": stamp,
		"x-dogan-delivery": delivery,
		"x-dogan-signature": signed(secret, stamp, delivery, body),
	}
	return Request(body, headers)


def received(name: str, **headers: str) -> tuple[dict[str, str], Request]:
	found = recorded(name)
	given = {key.lower(): value for key, value in found["headers"].items()} | headers
	return found["secret"], Request(found["body"].encode(), given)


@pytest.mark.parametrize("name", NAMES)
def test_a_recorded_delivery_is_taken_and_its_id_is_the_senders(name: str) -> None:
	secret, request = received(name)
	found = recorded(name)
	assert check(secret, request, NOW) == found["delivery"]
	value: Any = bodies.read(request)
	for key in found["field"]:
		value = value[key]
	assert value == found["value"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("change", ["body", "secret", "no header", "cut", "other case", "two headers"])
def test_a_forged_one_is_refused(name: str, change: str) -> None:
	if (name, change) == ("stripe", "two headers"):
		pytest.skip("Stripe's header is a list, of which one has to be right")
	secret, request = received(name)
	header = next(key for key in request.headers if "signature" in key or "hmac" in key)
	value = request.headers[header]
	forged = {
		"body": lambda: (secret, replace(request, body=request.body + b" ")),
		"secret": lambda: ({**secret, "secret": secret["secret"] + "x"}, request),
		"no header": lambda: (secret, replace(request, headers={**request.headers, header: ""})),
		"cut": lambda: (
			secret,
			replace(request, headers={**request.headers, header: value[: len(value) // 2]}),
		),
		"other case": lambda: (
			secret,
			replace(request, headers={**request.headers, header: value.swapcase()}),
		),
		"two headers": lambda: (
			secret,
			replace(request, headers={**request.headers, header: f"x, {value}x"}),
		),
	}[change]
	with pytest.raises(Refused):
		check(*forged(), NOW)


def test_githubs_published_example_is_right() -> None:
	# From GitHub's page on validating webhook deliveries.
	secret = {"type": "github", "secret": "It's a Secret to Everybody"}
	signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	request = Request(b"Hello, World!", {"x-hub-signature-256": signature, "x-github-delivery": "a"})
	assert check(secret, request, NOW) == "a"


def test_our_own_format_signs_the_time_the_id_and_the_body() -> None:
	assert check(SECRET, ours(b'{"a": 1}'), NOW) == "d-1"
	right = ours(b'{"a": 1}')
	for name, value in (("x-dogan-timestamp", str(int(NOW) + 1)), ("x-dogan-delivery", "d-2")):
		with pytest.raises(Refused):
			check(SECRET, replace(right, headers={**right.headers, name: value}), NOW)


def test_bytes_cannot_be_moved_from_the_body_to_the_id() -> None:
	stamp = str(int(NOW))
	mac = signed(SECRET["secret"], stamp, "a", b"b.c")  # the same bytes are signed as of `a.b` and `c`
	moved = {"x-dogan-timestamp": stamp, "x-dogan-delivery": "a.b", "x-dogan-signature": mac}
	with pytest.raises(Refused):
		check(SECRET, Request(b"c", moved), NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 10**6])
def test_what_is_older_than_five_minutes_or_from_the_future_is_refused(seconds: int) -> None:
	with pytest.raises(Refused, match="minutes"):
		check(SECRET, ours(at=NOW + seconds), NOW)
	secret, request = received("stripe")
	with pytest.raises(Refused, match="minutes"):
		check(secret, request, recorded("stripe")["sent_at"] + seconds)


@pytest.mark.parametrize("stamp", ["", "abc", "1e9", "-1", "١٢٣", "9" * 400, "1763630100.5", " 1763630100"])
def test_a_time_that_is_none_is_refused(stamp: str) -> None:
	headers = {
		"x-dogan-timestamp": stamp,
		"x-dogan-delivery": "d",
		"x-dogan-signature": signed(SECRET["secret"], stamp, "d", b""),
	}
	with pytest.raises(Refused):
		check(SECRET, Request(b"", headers), NOW)


def test_a_body_of_more_than_a_megabyte_is_refused_whatever_signs_it() -> None:
	assert check(SECRET, ours(b"x" * MAX_BODY), NOW) == "d-1"
	with pytest.raises(Refused, match="larger"):
		check(SECRET, ours(b"x" * (MAX_BODY + 1)), NOW)


def test_a_token_is_a_header_of_the_credential() -> None:
	secret = {"type": "token", "header": "X-Gitlab-Token", "secret": "tök-1"}
	assert check(secret, Request(b"", {"x-gitlab-token": "tök-1"}), NOW) is None
	given = {"x-gitlab-token": "tök-1", "idempotency-key": "k-1"}
	assert check(secret, Request(b"", given), NOW) == "k-1"
	for wrong in (
		{},
		{"x-gitlab-token": ""},
		{"x-gitlab-token": "tok-1"},
		{"x-gitlab-token": "tök-1, tök-1"},
	):
		with pytest.raises(Refused):
			check(secret, Request(b"", wrong), NOW)


def test_stripe_signs_with_both_secrets_while_one_is_rolled() -> None:
	secret, request = received("stripe")
	value = request.headers["stripe-signature"]
	both = value.replace("v1=", f"v1={'0' * 64},v1=", 1)
	assert check(secret, replace(request, headers={"stripe-signature": both}), NOW)
	older = value.replace("v1=", "v0=")  # the scheme of test deliveries signs nothing
	with pytest.raises(Refused):
		check(secret, replace(request, headers={"stripe-signature": older}), NOW)


def test_comparing_takes_as_long_however_much_is_right() -> None:
	"""A comparison that ends at the first wrong byte of a long secret is many times faster than at the last one."""
	secret = {"type": "token", "header": "X-Token", "secret": "a" * 2_000_000}
	wrong = [Request(b"", {"x-token": text}) for text in ("b" + "a" * 1_999_999, "a" * 1_999_999 + "b")]
	best = []
	for request in wrong:
		times = []
		for _ in range(9):
			begun = time.perf_counter()
			with pytest.raises(Refused):
				check(secret, request, NOW)
			times.append(time.perf_counter() - begun)
		best.append(min(times))
	assert 0.5 < best[0] / best[1] < 2.0


@pytest.mark.parametrize(
	("content_type", "body", "expected"),
	[
		("application/json", b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
		("application/json; charset=utf-16", '{"a": "é"}'.encode("utf-16"), {"a": "é"}),
		("application/vnd.api+json", b"[1, null]", [1, None]),
		("application/x-www-form-urlencoded", b"a=1&b=%C3%A9&b=3&c=", {"a": "1", "b": ["é", "3"], "c": ""}),
		("text/plain; charset=latin-1", b"caf\xe9", "café"),
		("text/plain", b"\xff\x00", base64.b64encode(b"\xff\x00").decode()),
		("text/plain; charset=nonsense", b"x", base64.b64encode(b"x").decode()),
		("application/json", b"", None),
		("", b"", None),
	],
)
def test_a_body_is_read_by_what_it_says_it_is(content_type: str, body: bytes, expected: Any) -> None:
	assert bodies.read(Request(body, {"content-type": content_type})) == expected


@pytest.mark.parametrize(
	("headers", "body"),
	[
		({"content-type": "application/json"}, b"{"),
		({"content-type": "application/json"}, b'{"a": NaN}'),
		({"content-type": "application/json"}, b'{"a": 1e999}'),
		({"content-type": "application/json"}, b'{"a": 1, "a": 2}'),
		({"content-type": "application/json"}, b'"\\ud800"'),
		({"content-type": "application/json"}, b"[" * 100_000),
		({"content-type": "application/json"}, b"9" * 5000),
		({"content-type": "application/json", "content-encoding": "gzip"}, b"\x1f\x8b"),
		({"content-type": "application/x-www-form-urlencoded"}, b"a=1&" * 2000),
	],
)
def test_a_body_that_is_not_what_it_says_is_refused(headers: dict[str, str], body: bytes) -> None:
	with pytest.raises(DoganError):
		bodies.read(Request(body, headers))


def test_kinds_are_those_that_the_reference_names() -> None:
	assert signatures.KINDS == {"hmac", "github", "stripe", "shopify", "token"}

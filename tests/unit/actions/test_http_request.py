"""http.request against a real server: what goes out, what comes back, what goes wrong."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.http import Request
from dogansystem.actions.schema import ValidationError
from dogansystem.engine.errors import (
	PERMANENT,
	HTTPError,
	NotFound,
	OutputTooLarge,
	Timeout,
	error_names,
)
from dogansystem.triggers import signatures

from .conftest import context
from .server import MEGABYTE, Server, serving

CREDENTIALS = {
	"shop": {"type": "bearer", "token": "tok-3f9a77"},
	"mill": {"type": "basic", "username": "amy", "password": "pass-8812"},
	"port": {"type": "header", "header": "X-Api-Key", "value": 'key-"51"-55'},
	"torn": {"type": "basic", "username": "amy"},
	"odd": {"type": "magic"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
	with serving() as server:
		yield server


@pytest.fixture
def server(running: Server) -> Server:
	running.received.clear()
	return running


Send = Callable[..., dict[str, Any]]


@pytest.fixture
def send(site: Sandbox) -> Send:
	"""Does the action with the given params, in a sandbox that allows private addresses."""
	site.set_settings(allow_private_network=1)
	for name, credential in CREDENTIALS.items():
		site.set_credential(name, credential)

	def send(url: str, *, timeout: float | None = 5.0, **params: Any) -> dict[str, Any]:
		action = Request()
		action.validate({"url": url, **params})
		return action.run({"url": url, **params}, context(site, timeout=timeout))

	return send


@pytest.mark.contract(
	"`{status, headers, body}`; JSON bodies parsed",
	"| `http.request` | url, [method: GET]",
)
def test_a_get_gives_status_headers_and_parsed_json(server: Server, send: Send) -> None:
	answer = send(f"{server.url}/echo", query={"page": 2, "tag": ["a", "b"], "all": True, "none": None})

	assert answer["status"] == 200
	assert answer["headers"]["content-type"] == "application/json"
	assert answer["body"]["method"] == "GET"
	assert answer["body"]["query"] == [["page", "2"], ["tag", "a"], ["tag", "b"], ["all", "true"]]
	assert json.loads(json.dumps(answer)) == answer


@pytest.mark.contract("request (JSON, form")
def test_json_and_form_bodies_arrive_with_their_content_type(server: Server, send: Send) -> None:
	send(f"{server.url}/echo", method="POST", json={"name": "Çelik", "rows": [1, None]})
	send(f"{server.url}/echo", method="POST", form={"name": "Çelik & Co", "tag": ["a", "b"], "paid": False})
	send(f"{server.url}/echo", method="PUT", json=None)

	as_json, as_form, as_null = server.received
	assert as_json.headers["content-type"] == "application/json"
	assert json.loads(as_json.body) == {"name": "Çelik", "rows": [1, None]}
	assert as_form.headers["content-type"] == "application/x-www-form-urlencoded"
	assert as_form.body == b"name=%C3%87elik+%26+Co&tag=a&tag=b&paid=false"
	assert as_null.body == b"null"


def test_the_idempotency_key_goes_out_with_what_changes_something_and_only_then(
	server: Server, send: Send
) -> None:
	for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
		send(f"{server.url}/status?code=200", method=method)
	send(f"{server.url}/status?code=200", method="POST", headers={"idempotency-key": "mine"})

	keys = [(request.method, request.headers.get("idempotency-key")) for request in server.received]
	assert keys == [
		("GET", None),
		("HEAD", None),
		("OPTIONS", None),
		("POST", "RUN-1/first"),
		("PUT", "RUN-1/first"),
		("PATCH", "RUN-1/first"),
		("DELETE", "RUN-1/first"),
		("POST", "mine"),
	]


@pytest.mark.parametrize(
	("name", "header", "value"),
	[
		("shop", "authorization", "Bearer tok-3f9a77"),
		("mill", "authorization", "Basic YW15OnBhc3MtODgxMg=="),
		("port", "x-api-key", 'key-"51"-55'),
	],
)
@pytest.mark.contract("named credentials: basic, bearer, header")
def test_a_credential_signs_in_and_an_echo_does_not_give_it_away(
	server: Server, name: str, header: str, value: str, send: Send
) -> None:
	answer = send(f"{server.url}/echo", credential=name)

	assert server.received[0].headers[header] == value
	for secret in ("tok-3f9a77", "pass-8812", "YW15OnBhc3MtODgxMg==", "51", '"51"'):
		assert secret not in json.dumps(answer["body"]["headers"][header])
		assert secret not in answer["headers"]["x-echo"]
	assert "[secret]" in answer["body"]["headers"][header]


def test_a_secret_is_not_in_the_error_of_a_failed_request(server: Server, send: Send) -> None:
	with pytest.raises(HTTPError) as failure:
		send(
			f"{server.url}/status?code=403&body=bad+token+tok-3f9a77",
			credential="shop",
			query={"key": "q-99"},
		)

	assert str(failure.value) == f"GET {server.url}/status: answered 403 Forbidden: bad token [secret]"
	assert failure.value.__cause__ is None


def test_a_credential_that_is_unknown_or_incomplete_sends_nothing(server: Server, send: Send) -> None:
	with pytest.raises(NotFound, match=r"no credential 'none' that sales@example\.com may use"):
		send(f"{server.url}/echo", credential="none")
	with pytest.raises(ValidationError, match=r"credential 'torn': 'password' is missing"):
		send(f"{server.url}/echo", credential="torn")
	with pytest.raises(ValidationError, match=r"credential 'odd': 'magic' is missing or unknown"):
		send(f"{server.url}/echo", credential="odd")
	assert server.received == []


@pytest.mark.parametrize(
	("expect", "code", "passes"),
	[
		(None, 204, True),
		(None, 299, True),
		(None, 404, False),
		(404, 404, True),
		(404, 200, False),
		("404", 404, True),
		("200-404", 404, True),
		([200, "400-404"], 404, True),
		([200, "400-404"], 405, False),
		(302, 302, True),
	],
)
@pytest.mark.contract("[expect: 200-299]")
def test_expect_says_which_status_is_a_success(
	server: Server, expect: Any, code: int, passes: bool, send: Send
) -> None:
	params = {} if expect is None else {"expect": expect}
	if passes:
		assert send(f"{server.url}/status?code={code}", **params)["status"] == code
	else:
		with pytest.raises(HTTPError, match=f"answered {code}"):
			send(f"{server.url}/status?code={code}", **params)


@pytest.mark.contract("another status is the error `HTTPError`")
def test_an_unexpected_status_names_the_request_without_its_query_and_quotes_the_beginning(
	server: Server, send: Send
) -> None:
	with pytest.raises(HTTPError) as failure:
		send(f"{server.url}/status", method="POST", query={"code": 500, "body": "broken  \n" * 500})

	message = str(failure.value)
	assert message.startswith(f"POST {server.url}/status: answered 500 Internal Server Error: broken broken")
	assert len(message) < 620
	assert "?" not in message


@pytest.mark.parametrize(
	("kind", "data", "body"),
	[
		("application/json", b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
		("application/problem+json; charset=utf-8", b'"x"', "x"),
		("application/json", b"\xef\xbb\xbf[1]", [1]),
		("application/json", b"", None),
		("text/html; charset=iso-8859-9", b"\xddstanbul", "İstanbul"),
		("text/plain", "Çelik".encode(), "Çelik"),
		("text/plain; charset=no-such", b"plain", "plain"),
		("image/png", b"\x89PNG\xff", "iVBOR/8="),
	],
)
def test_a_body_is_read_as_its_content_type_says(
	server: Server, kind: str, data: bytes, body: Any, send: Send
) -> None:
	assert send(f"{server.url}/raw", query={"type": kind, "hex": data.hex()})["body"] == body


@pytest.mark.parametrize(
	("data", "times"), [(b"<html>", 1), (b"[NaN]", 1), (b"[", 200_000)], ids=["html", "nan", "deep"]
)
def test_a_body_that_says_json_and_is_not_is_an_error(
	server: Server, data: bytes, times: int, send: Send
) -> None:
	query = {"type": "application/json", "hex": data.hex(), "times": times}
	with pytest.raises(HTTPError, match="the answer says it is JSON, but is not"):
		send(f"{server.url}/raw", query=query)


def test_a_packed_body_is_unpacked(server: Server, send: Send) -> None:
	assert send(f"{server.url}/packed?bytes=5000")["body"] == "x" * 5000


def test_a_body_may_be_one_megabyte_and_no_more(server: Server, send: Send) -> None:
	assert len(send(f"{server.url}/large?bytes={MEGABYTE}")["body"]) == MEGABYTE
	with pytest.raises(OutputTooLarge, match="larger than 1,048,576 bytes"):
		send(f"{server.url}/large?bytes={MEGABYTE + 1}")


def test_a_small_answer_that_unpacks_to_a_large_one_is_stopped_at_a_megabyte(
	server: Server, send: Send
) -> None:
	with pytest.raises(OutputTooLarge):
		send(f"{server.url}/packed?bytes={50 * MEGABYTE}")


@pytest.mark.parametrize(
	("query", "words"),
	[("bytes=5000&cut=12", "ends in the middle"), ("bytes=10&as=br", "packed as 'br'")],
)
def test_a_body_that_cannot_be_unpacked_is_an_error(
	server: Server, query: str, words: str, send: Send
) -> None:
	with pytest.raises(HTTPError, match=words):
		send(f"{server.url}/packed?{query}")


def test_an_answer_that_breaks_off_is_a_connection_error(server: Server, send: Send) -> None:
	with pytest.raises(ConnectionError, match=r"GET http://127\.0\.0\.1:\d+/cut_off: "):
		send(f"{server.url}/cut_off?code=200")


def test_an_error_that_breaks_off_is_still_known_by_its_status(server: Server, send: Send) -> None:
	with pytest.raises(HTTPError, match=r"answered 503 Service Unavailable$"):
		send(f"{server.url}/cut_off?code=503")


def test_a_closed_port_is_a_connection_error_without_the_query(send: Send) -> None:
	with pytest.raises(ConnectionError) as failure:
		send("http://127.0.0.1:9/pay", query={"key": "s3cr3t"})

	assert str(failure.value).startswith("GET http://127.0.0.1:9/pay: ")
	assert str(failure.value).endswith("Connection refused")
	assert "ConnectionError" in error_names(failure.value)


def test_a_name_that_does_not_exist_is_a_connection_error(
	send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
	def unknown(*args: Any, **kwargs: Any) -> None:
		raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

	monkeypatch.setattr(socket, "getaddrinfo", unknown)
	with pytest.raises(ConnectionError, match=r"^GET http://nowhere\.invalid/: .*Name or service not known$"):
		send("http://nowhere.invalid/")


@pytest.mark.parametrize("path", ["silent", "slow_headers", "slow_body"])
def test_a_server_that_takes_its_time_is_a_timeout_after_the_steps_timeout(
	server: Server, path: str, send: Send
) -> None:
	started = time.monotonic()
	with pytest.raises(Timeout):
		send(f"{server.url}/{path}", timeout=0.5)
	assert 0.4 < time.monotonic() - started < 5


@pytest.mark.parametrize(
	("params", "words"),
	[
		({"url": "ftp://example.com/a"}, "params.url"),
		({"url": "http:///path"}, "params.url"),
		({"url": "https://amy:pw@example.com/"}, "Use a credential"),
		({"url": "http://example.com:port/"}, "params.url: is not an address"),
		({"url": "http://example.com", "method": "get"}, "params.method: 'get' is not one of the choices"),
		({"url": "http://example.com", "json": 1, "form": {}}, "give only one of json, form"),
		({"url": "http://example.com", "expect": "2xx"}, "params.expect"),
		(
			{"url": "http://example.com", "expect": 1000},
			"params.expect: is ",
		),
		({"url": "http://example.com", "headers": {"Host": "x"}}, "params.headers.Host"),
		({"url": "http://example.com", "headers": {"X": "a\r\nY: b"}}, "a header cannot be sent"),
		({"url": "http://example.com", "headers": {"X": "日本"}}, "a header cannot be sent"),
		({"url": "http://example.com", "json": {"n": float("nan")}}, "params.json"),
		({"url": "http://example.com", "timeout": 3}, "params.timeout: unknown parameter 'timeout'"),
		({"method": "GET"}, "params.url: is missing"),
	],
)
def test_params_that_cannot_be_sent_are_refused_before_anything_is(
	site: Sandbox, params: dict[str, Any], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setattr("socket.socket.connect", lambda *args: pytest.fail("connected"))
	action = Request()
	with pytest.raises(ValidationError, match=words) as failure:
		action.validate(params)
		action.run(params, context(site))
	assert PERMANENT & set(error_names(failure.value))


def test_proxies_and_passwords_of_the_environment_are_not_used(
	server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, send: Send
) -> None:
	(tmp_path / ".netrc").write_text("machine 127.0.0.1 login amy password pw\n")
	monkeypatch.setenv("HOME", str(tmp_path))
	monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
	for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
		monkeypatch.setenv(name, "http://127.0.0.1:9")

	answer = send(f"{server.url}/echo")

	assert answer["status"] == 200
	assert "authorization" not in server.received[0].headers


def test_files_go_out_with_a_form(server: Server, site: Sandbox, send: Send) -> None:
	site.load_documents(
		[
			{
				"doctype": "File",
				"name": "F-1",
				"file_name": "prices.csv",
				"file_url": "/files/p.csv",
				"content": "a;b",
			},
			{"doctype": "File", "name": "F-2", "file_name": 'odd"\r\nX-Evil: 1.csv', "content": "é"},
		]
	)
	send(f"{server.url}/status?code=200", method="POST", form={"of": "May"}, files={"list": ["F-1", "F-2"]})
	body = server.received[0].body
	assert server.received[0].headers["content-type"].startswith("multipart/form-data; boundary=")
	assert b'name="of"\r\n\r\nMay' in body
	assert b'name="list"; filename="prices.csv"\r\n\r\na;b' in body
	assert "é".encode() in body
	assert b"\r\nX-Evil" not in body


def test_files_are_those_that_the_user_may_read_and_not_too_large(
	server: Server, site: Sandbox, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
	own = {"doctype": "File", "name": "F-1", "content": "x" * 60}
	site.load_documents([own, {**own, "name": "F-2", "is_private": 1, "owner": "other@example.com"}])
	with pytest.raises(Exception, match="may not read"):
		send(f"{server.url}/echo", method="POST", files={"a": "F-2"})
	monkeypatch.setattr("dogansystem.actions.http.MAX_FILE_BYTES", 100)
	with pytest.raises(Exception, match="at most 40"):
		send(f"{server.url}/echo", method="POST", files={"a": ["F-1", "F-1"]})
	with pytest.raises(ValidationError):
		send(f"{server.url}/echo", method="POST", json={}, files={"a": "F-1"})
	assert server.received == []


def test_an_hmac_signs_what_is_sent_so_that_a_webhook_of_this_app_takes_it(
	server: Server, site: Sandbox, send: Send
) -> None:
	secret = {"type": "hmac", "secret": "s3cret-between-two"}
	site.set_credential("pair", secret)
	send(f"{server.url}/status?code=200", method="POST", json={"of": "é"}, credential="pair")
	send(f"{server.url}/status?code=200", method="POST", json={"of": "é"}, credential="pair")
	first, second = server.received
	now = int(first.headers["x-dogan-timestamp"])
	taken = [
		signatures.check(secret, signatures.Request(each.body, each.headers), now) for each in (first, second)
	]
	assert taken[0] == taken[1]  # another attempt is the same delivery
	with pytest.raises(signatures.Refused):
		signatures.check(secret, signatures.Request(first.body + b" ", first.headers), now)


def test_a_secret_of_an_hmac_is_shown_nowhere(server: Server, site: Sandbox, send: Send) -> None:
	site.set_credential("pair", {"type": "hmac", "secret": "s3cret-between-two"})
	answer = send(f"{server.url}/echo", method="POST", json={"of": "s3cret-between-two"}, credential="pair")
	assert "s3cret-between-two" not in json.dumps(answer)
	assert all("s3cret-between-two" not in value for value in server.received[0].headers.values())

"""http.request keeps inside the public internet, whatever a workflow, a resolver or a server says."""

import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions import addresses, outbound
from dogansystem.actions.addresses import is_odd_notation, is_public
from dogansystem.actions.http import Request
from dogansystem.actions.schema import ValidationError
from dogansystem.engine.errors import PERMANENT, HTTPError, NotAllowed

from .conftest import context
from .server import Server, serving

TLS = Path(__file__).parent / "tls"  # a self-signed certificate for tls.example.com, made for these tests

ATTACKS = [
	"http://127.0.0.1/",
	"http://127.0.0.1:3306/",
	"http://127.1/",
	"http://127.255.255.254/",
	"http://2130706433/",
	"http://0x7f000001/",
	"http://0x7f.0.0.1/",
	"http://017700000001/",
	"http://0177.0.0.1/",
	"http://0/",
	"http://0.0.0.0/",
	"http://0.1.2.3/",
	"http://134744072/",  # 8.8.8.8, in disguise all the same
	"http://127.0.0.1./",
	"http://localhost/",
	"http://localhost./",
	"http://LOCALHOST:11000/",
	"http://10.0.0.1/",
	"http://172.16.0.1/",
	"http://172.31.255.255/",
	"http://192.168.1.1/",
	"http://100.64.0.1/",
	"http://100.100.100.200/latest/meta-data/",
	"http://169.254.169.254/latest/meta-data/",
	"http://169.254.170.2/v2/credentials/",
	"https://169.254.169.254/",
	"http://192.0.0.192/opc/v2/instance/",
	"http://192.0.2.1/",
	"http://192.88.99.1/",
	"http://198.18.0.1/",
	"http://198.51.100.7/",
	"http://203.0.113.7/",
	"http://224.0.0.1/",
	"http://239.255.255.250:1900/",
	"http://240.0.0.1/",
	"http://255.255.255.255/",
	"http://[::]/",
	"http://[::1]/",
	"http://[0:0:0:0:0:0:0:1]/",
	"http://[::ffff:127.0.0.1]/",
	"http://[::ffff:7f00:1]/",
	"http://[::ffff:10.0.0.1]/",
	"http://[::ffff:8.8.8.8]/",
	"http://[::127.0.0.1]/",
	"http://[fe80::1]/",
	"http://[fc00::1]/",
	"http://[fd00:ec2::254]/latest/meta-data/",
	"http://[fec0::1]/",
	"http://[ff02::1]/",
	"http://[64:ff9b::127.0.0.1]/",
	"http://[64:ff9b::a9fe:a9fe]/",
	"http://[64:ff9b:1::8.8.8.8]/",
	"http://[2002:7f00:1::]/",
	"http://[2002:a00:1::1]/",
	"http://[2001::7f00:1]/",
	"http://[2001:db8::1]/",
	"http://[100::1]/",
	"http://[5f00::1]/",
	"http://127.0.0.1#@example.com/",
	"http://127.0.0.1?@example.com/",
	"http://%31%32%37.0.0.1/",
]

MISREAD = [  # addresses that one program reads otherwise than the next
	"http://\uff11\uff12\uff17.\uff10.\uff10.\uff11/",  # full-width digits
	"http://127\u30020\u30020\u30021/",  # ideographic full stops
	"http://example.com\\@127.0.0.1/",
	"http://127.0.0.1\\@example.com/",
]


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
	with serving() as server:
		yield server


@pytest.fixture
def server(running: Server) -> Server:
	running.received.clear()
	return running


Answers = Callable[[str], list[str]]


class Resolver:
	"""Stands in for the name service; counts what it is asked."""

	def __init__(self, answers: Answers):
		self.answers = answers
		self.asked: list[str] = []

	def __call__(self, host: str, port: int, *args: Any, **kwargs: Any) -> list[Any]:
		self.asked.append(host)
		return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port)) for found in self.answers(host)]


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], Resolver]:
	"""Names resolve as a test says, and 127.0.0.1 counts as public; 127.0.0.2 stays private."""

	def install(answers: Answers) -> Resolver:
		resolver = Resolver(answers)
		monkeypatch.setattr(socket, "getaddrinfo", resolver)
		monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1" or is_public(text))
		return resolver

	return install


Send = Callable[..., dict[str, Any]]


@pytest.fixture
def send(site: Sandbox) -> Send:
	"""Does the action with the given params, in a sandbox that allows no private addresses unless told to."""
	site.set_credential("shop", {"type": "bearer", "token": "tok-3f9a77"})

	def send(url: str, *, private_allowed: bool = False, **params: Any) -> dict[str, Any]:
		site.set_settings(allow_private_network=int(private_allowed))
		action = Request()
		action.validate({"url": url, **params})
		return action.run({"url": url, **params}, context(site, timeout=5.0))

	return send


@pytest.mark.parametrize("url", ATTACKS + MISREAD)
@pytest.mark.contract("private addresses refused unless allowed in settings")
def test_no_connection_leaves_for_a_private_address(
	url: str, monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
	tried: list[Any] = []
	monkeypatch.setattr(outbound, "_connect", lambda endpoint, *args: tried.append(endpoint))

	with pytest.raises(NotAllowed if url in ATTACKS else ValidationError):
		send(url)

	assert tried == []


def test_the_refusal_says_what_to_set_and_is_not_retried(send: Send) -> None:
	with pytest.raises(NotAllowed) as failure:
		send("http://localhost:3306/?key=s3cr3t")

	assert str(failure.value) == (
		"localhost is a private or reserved address. To let workflows reach those, tick Allow Private Network"
		" in Dogan Settings (in the sandbox: --allow-private-network)."
	)
	assert "NotAllowed" in PERMANENT


@pytest.mark.contract("private addresses refused unless allowed in settings")
def test_private_addresses_are_reached_once_the_settings_allow_them(server: Server, send: Send) -> None:
	assert send(f"{server.url}/status?code=200", private_allowed=True)["status"] == 200


@pytest.mark.parametrize(
	"address",
	[
		"8.8.8.8",
		"93.184.216.34",
		"100.63.255.255",
		"100.128.0.1",
		"172.15.255.255",
		"172.32.0.1",
		"192.167.1.1",
		"223.255.255.255",
		"2606:4700::1111",
		"2a00:1450:4001:80b::200e",
		"64:ff9b::8.8.8.8",
	],
)
def test_public_addresses_are_public(address: str) -> None:
	assert is_public(address)


@pytest.mark.parametrize("text", ["", "example.com", "1.2.3", "8.8.8.8/8", "08.8.8.8"])
def test_what_is_not_an_address_is_not_public(text: str) -> None:
	assert not is_public(text)


@pytest.mark.parametrize(
	("host", "odd"),
	[
		("8.8.8.8", False),
		("example.com", False),
		("3com.example.com", False),
		("a\0b", False),
		("8.8", True),
		("010.0.0.1", True),
	],
)
def test_an_address_in_an_odd_notation_is_told_from_names_and_usual_ones(host: str, odd: bool) -> None:
	assert is_odd_notation(host) is odd


def test_one_private_address_among_public_ones_refuses_the_name(
	server: Server, resolving: Callable[[Answers], Resolver], send: Send
) -> None:
	resolving(lambda host: ["127.0.0.1", "127.0.0.2"])

	with pytest.raises(NotAllowed, match=r"mixed\.example\.com"):
		send(f"http://mixed.example.com:{server.port}/echo")

	assert server.received == []


def test_a_name_that_resolves_differently_the_second_time_gets_no_second_time(
	server: Server, resolving: Callable[[Answers], Resolver], send: Send
) -> None:
	answers = iter([["127.0.0.1"], ["127.0.0.2"], ["127.0.0.2"]])
	resolver = resolving(lambda host: next(answers))

	answer = send(f"http://rebind.example.com:{server.port}/echo")

	assert resolver.asked == ["rebind.example.com"]
	assert server.received[0].address == "127.0.0.1"
	assert answer["body"]["headers"]["host"] == f"rebind.example.com:{server.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(
	server: Server, resolving: Callable[[Answers], Resolver], monkeypatch: pytest.MonkeyPatch, send: Send
) -> None:
	resolving(lambda host: ["127.0.0.3", "127.0.0.1"])
	monkeypatch.setattr(addresses, "is_public", lambda text: True)
	connect = outbound._connect

	def first_is_down(endpoint: addresses.Endpoint, *args: Any) -> socket.socket:
		if endpoint.address[0] == "127.0.0.3":
			raise ConnectionRefusedError("down")
		return connect(endpoint, *args)

	monkeypatch.setattr(outbound, "_connect", first_is_down)

	send(f"http://two.example.com:{server.port}/echo")

	assert server.received[0].address == "127.0.0.1"


@pytest.mark.parametrize(
	"target",
	[
		"http://127.0.0.2:{port}/echo",
		"//127.0.0.2:{port}/echo",
		"http://private.example.com:{port}/echo",
		"http://[::ffff:127.0.0.2]:{port}/echo",
		"http://0x7f000002:{port}/echo",
	],
)
def test_a_redirect_to_a_private_address_is_refused(
	server: Server, resolving: Callable[[Answers], Resolver], target: str, send: Send
) -> None:
	resolving(lambda host: ["127.0.0.1" if host == "public.example.com" else "127.0.0.2"])

	with pytest.raises(NotAllowed):
		send(
			f"http://public.example.com:{server.port}/redirect", query={"to": target.format(port=server.port)}
		)

	assert [request.path for request in server.received] == ["/redirect"]


@pytest.mark.parametrize(
	"target", ["ftp://example.com/a", "file:///etc/passwd", "gopher://127.0.0.1:11000/_x"]
)
def test_a_redirect_away_from_http_is_refused(server: Server, target: str, send: Send) -> None:
	with pytest.raises(NotAllowed, match="neither http nor https"):
		send(f"{server.url}/redirect", query={"to": target}, private_allowed=True)


@pytest.mark.parametrize("target", ["http://[::1/", "http://", "http://example.com:99999999/"])
def test_a_redirect_to_nonsense_is_an_error_of_the_server(server: Server, target: str, send: Send) -> None:
	with pytest.raises((HTTPError, ConnectionError)):
		send(f"{server.url}/redirect", query={"to": target}, private_allowed=True)


def test_five_redirects_are_followed_and_six_are_not(server: Server, send: Send) -> None:
	assert send(f"{server.url}/again?left=5", private_allowed=True)["body"] == "arrived"
	with pytest.raises(HTTPError, match="more than 5 redirects"):
		send(f"{server.url}/again?left=6", private_allowed=True)


@pytest.mark.parametrize(
	("code", "method", "then", "body_kept"),
	[
		(301, "POST", "GET", False),
		(302, "POST", "GET", False),
		(303, "PUT", "GET", False),
		(303, "HEAD", "HEAD", True),
		(302, "PUT", "PUT", True),
		(307, "POST", "POST", True),
		(308, "POST", "POST", True),
	],
)
def test_a_redirect_keeps_or_changes_the_method_as_browsers_do(
	server: Server, code: int, method: str, then: str, body_kept: bool, send: Send
) -> None:
	body = {} if method == "HEAD" else {"json": [1]}
	query = {"to": "/echo", "code": code}
	send(f"{server.url}/redirect", method=method, query=query, private_allowed=True, **body)

	last = server.received[-1]
	assert last.method == then
	if body:
		assert last.body == (b"[1]" if body_kept else b"")
		assert ("idempotency-key" in last.headers) is body_kept


def test_secrets_stay_with_the_server_they_were_for(
	server: Server, resolving: Callable[[Answers], Resolver], send: Send
) -> None:
	resolving(lambda host: ["127.0.0.1"])
	headers = {"X-Api-Key": "mine", "Cookie": "a=b", "Accept": "text/csv"}

	for host in ("one.example.com", "two.example.com"):
		send(
			f"http://one.example.com:{server.port}/redirect",
			query={"to": f"http://{host}:{server.port}/echo"},
			credential="shop",
			headers=headers,
		)

	same, other = server.received[1].headers, server.received[3].headers
	assert same["authorization"] == "Bearer tok-3f9a77"
	assert same["x-api-key"] == "mine"
	assert other["accept"] == "text/csv"
	assert not {"authorization", "x-api-key", "cookie"} & other.keys()


def test_a_password_in_the_address_of_a_redirect_is_not_sent(server: Server, send: Send) -> None:
	target = f"http://amy:pw@127.0.0.1:{server.port}/echo"
	answer = send(f"{server.url}/redirect", query={"to": target}, private_allowed=True)

	assert "authorization" not in answer["body"]["headers"]


@pytest.fixture
def tls_server() -> Iterator[tuple[Server, list[str]]]:
	names: list[str] = []
	tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	tls.load_cert_chain(TLS / "server.crt", TLS / "server.key")
	tls.sni_callback = lambda connection, name, _context: names.append(name)
	with serving(tls) as server:
		yield server, names


def test_a_checked_connection_keeps_the_servers_name_for_tls_and_host(
	tls_server: tuple[Server, list[str]],
	resolving: Callable[[Answers], Resolver],
	monkeypatch: pytest.MonkeyPatch,
	send: Send,
) -> None:
	server, names = tls_server
	resolving(lambda host: ["127.0.0.1"])
	monkeypatch.setattr(outbound.Outbound, "certificates", str(TLS / "server.crt"))

	answer = send(f"https://tls.example.com:{server.port}/echo")

	assert answer["status"] == 200
	assert names == ["tls.example.com"]
	assert server.received[0].headers["host"] == f"tls.example.com:{server.port}"


def test_a_certificate_that_nobody_vouches_for_is_a_connection_error(
	tls_server: tuple[Server, list[str]], resolving: Callable[[Answers], Resolver], send: Send
) -> None:
	server, _names = tls_server
	resolving(lambda host: ["127.0.0.1"])

	with pytest.raises(ConnectionError, match="certificate verify failed"):
		send(f"https://tls.example.com:{server.port}/echo")

	assert server.received == []


def test_a_certificate_for_another_name_is_a_connection_error(
	tls_server: tuple[Server, list[str]],
	resolving: Callable[[Answers], Resolver],
	monkeypatch: pytest.MonkeyPatch,
	send: Send,
) -> None:
	server, _names = tls_server
	resolving(lambda host: ["127.0.0.1"])
	monkeypatch.setattr(outbound.Outbound, "certificates", str(TLS / "server.crt"))

	with pytest.raises(ConnectionError, match=r"mismatch|doesn't match"):
		send(f"https://other.example.com:{server.port}/echo")

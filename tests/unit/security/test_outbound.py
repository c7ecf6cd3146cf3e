"""More ways to make `http.request` reach the site's own network than tests/unit/actions/test_http_guard.py has: other notations,
names that lead there, servers that answer differently each time, and requests that smuggle a second one.

Whole workflows run here, as a person would write them.
"""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.actions import addresses, outbound
from dogansystem.actions.addresses import is_public
from dogansystem.worker.drainer import Drainer
from tests.conftest import Tell
from tests.unit.actions.server import Server, serving

ADDRESSES = [
	"http://127.0.0.1%09/", "http://127.0.0.1%00.example.com/", "http://127.000.000.001/", "http://0127.0.0.1/",
	"http://00000000000000000177.1/", "http://0x7F.1/", "http://0X7f000001/", "http://127.0.1/", "http://127.65535/",
	"http://2130706433./", "http://0x7f000001./", "http://4294967295/", "http://00/", "http://0x0/",
	"http://localhost:80@127.0.0.1/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:a9fe:a9fe]/",
	"http://[0000:0000:0000:0000:0000:ffff:7f00:0001]/", "http://[::ffff:0:127.0.0.1]/", "http://[::7f00:1]/",
	"http://[fe80::1%25eth0]/", "http://[::1%25lo]/", "http://[64:ff9b::10.0.0.1]/", "http://[64:ff9b::c0a8:101]/",
	"http://[2002:a9fe:a9fe::]/", "http://[2001:0:7f00:1::]/", "http://[2001:10::1]/", "http://[fd12:3456::1]/",
	"http://[fe80::]/", "http://[ff05::1:3]/", "http://[::2]/", "http://169.254.169.254./", "http://169.254.0.1/",
	"http://2852039166/latest/meta-data/", "http://0xa9fea9fe/", "http://0251.0376.0251.0376/", "http://169.16689662/",
	"http://metadata.google.internal/", "http://LocalHost.LocalDomain/", "http://ip6-localhost/", "http://192.168.0.1:6379/",
	"http://172.17.0.1/", "http://172.20.10.1:2375/", "http://10.255.255.255/", "http://198.19.255.255/",
	"http://255.255.255.255/", "http://233.252.0.1/", "http://192.0.0.170/", "http://192.31.196.1.nip.io.localhost/",
	"http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "http://127\uff0e0\uff0e0\uff0e1/", "http://loc\u00adalhost/",
	"http:///127.0.0.1/", "http:/127.0.0.1/", "http:127.0.0.1", "http:\\\\127.0.0.1\\", "//127.0.0.1/", "http://127.0.0.1:/",
	"http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:-1/", "http://127.0.0.1:8\u0660/", "http://[127.0.0.1]/",
	"http://[::1/", "http://::1/", "http://user:pass@127.0.0.1/", "http://user@example.com/", "http://:pw@example.com/",
	"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1:6379/_INFO", "dict://127.0.0.1:6379/info", "ldap://127.0.0.1/",
	"unix:///var/run/docker.sock", "http+unix://%2Fvar%2Frun%2Fdocker.sock/info", "data:text/plain,a", "jar:http://127.0.0.1!/",
	"javascript:alert(1)", "netdoc:///etc/passwd", " http://127.0.0.1/", "http://127.0.0.1\t/", "HTTP://127.0.0.1/", "hTtP://2130706433/",
	"http://example.com:80#@127.0.0.1/", "http://example.com\n@127.0.0.1/", "http://a.example.com\r\nHost: b/",
]  # fmt: skip

SMUGGLED: dict[str, dict[str, Any]] = {
	"a line end in a header": {"headers": {"X-A": "b\r\nHost: other"}},
	"a line end alone in a header": {"headers": {"X-A": "b\nX-B: c"}},
	"a return alone in a header": {"headers": {"X-A": "b\rX-B: c"}},
	"a line end in a header's name": {"headers": {"X-A\r\nX-B": "c"}},
	"a colon in a header's name": {"headers": {"X-A: b\r\nX-B": "c"}},
	"a space in front of a header's name": {"headers": {" Host": "other"}},
	"a space behind a header's name": {"headers": {"Content-Length ": "0"}},
	"no name of a header": {"headers": {"": "x"}},
	"another host": {"headers": {"Host": "127.0.0.1"}},
	"another host in capitals": {"headers": {"HOST": "127.0.0.1"}},
	"another length": {"headers": {"content-length": "0"}, "method": "POST", "json": {}},
	"chunks": {"headers": {"Transfer-Encoding": "chunked"}, "method": "POST", "json": {}},
	"another protocol": {"headers": {"Connection": "Upgrade", "Upgrade": "h2c"}},
	"a NUL in a header": {"headers": {"X-A": "a\0b"}},
	"what is no latin-1": {"headers": {"X-A": "\u560d\u560a"}},
	"what is no latin-1 in a name": {"headers": {"X-\u560d\u560aA": "b"}},
	"a method with a line end": {"method": "GET / HTTP/1.1\r\nHost: other\r\n\r\nGET"},
	"a method of one's own": {"method": "CONNECT"},
	"a trace": {"method": "TRACE"},
}


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
	with serving() as server:
		yield server


@pytest.fixture
def server(running: Server) -> Server:
	running.received.clear()
	return running


@pytest.fixture
def site() -> Iterator[Sandbox]:
	with Sandbox(timezone="UTC") as sandbox:
		yield sandbox


def run(site: Sandbox, **params: Any) -> dict[str, Any]:
	"""The run of a workflow that sends a request whose parameters come out of its input."""
	front = Orchestrator(site)
	given = {key: f"{{{{ input[{key!r}] }}}}" for key in params}
	step = {"id": "a", "action": "http.request", "params": given, "timeout": "5s", "retry": {"attempts": 1}}
	name = front.import_workflow({"name": "fetch", "run_as": "a@example.com", "steps": [step]})
	started = front.start_run(name, params)
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	site.database.rollback()
	return front.get_run(started)


@pytest.mark.parametrize("url", ADDRESSES)
def test_no_notation_of_an_inner_address_is_connected_to(
	url: str, site: Sandbox, monkeypatch: pytest.MonkeyPatch, tell: Tell
) -> None:
	tried: list[Any] = []
	monkeypatch.setattr(outbound, "_connect", lambda endpoint, *rest: tried.append(endpoint))

	found = run(site, url=url)

	assert found["status"] == "Failed"
	assert tried == []
	assert found["error"].type in ("NotAllowed", "ValidationError", "ConnectionError"), found["error"]
	tell("addresses", tried=1, refused=1)


@pytest.mark.parametrize("params", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_a_request_has_no_room_for_a_second_one(
	params: dict[str, Any], server: Server, site: Sandbox, tell: Tell
) -> None:
	site.set_settings(allow_private_network=1)

	found = run(site, url=f"{server.url}/echo", **params)

	assert found["status"] == "Failed", found["steps"][0]["output"]
	assert found["error"].type == "ValidationError"
	assert server.received == []
	tell("requests in requests", tried=1, refused=1)


@pytest.mark.parametrize(
	"path", ["a\r\nX-B: c", "a HTTP/1.1\r\nX-B: c", "a\tb", "\u560d\u560aX", "%0d%0aX-B:%20c"]
)
def test_a_line_end_in_an_address_stays_in_the_address(path: str, server: Server, site: Sandbox) -> None:
	site.set_settings(allow_private_network=1)
	run(site, url=f"{server.url}/{path}", query={"a\r\nX-C: d": "e\r\nX-D: f"})
	assert all(not {"x-b", "x-c", "x-d"} & set(request.headers) for request in server.received)
	assert len(server.received) <= 1


@pytest.fixture
def resolving(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[str], str]], list[str]]:
	"""Names resolve as a test says. 127.0.0.1, where the test's server listens, counts as public, 127.0.0.2 does not."""

	def install(answer: Callable[[str], str]) -> list[str]:
		asked: list[str] = []

		def resolve(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:
			asked.append(host)
			return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answer(host), port))]

		monkeypatch.setattr(socket, "getaddrinfo", resolve)
		monkeypatch.setattr(addresses, "is_public", lambda text: text == "127.0.0.1" or is_public(text))
		return asked

	return install


def test_each_attempt_looks_again_and_each_time_checks_what_it_connects_to(
	server: Server, site: Sandbox, resolving: Callable[[Callable[[str], str]], list[str]]
) -> None:
	answers = iter(["127.0.0.1", "127.0.0.2", "169.254.169.254", "10.0.0.1"])
	resolving(lambda host: next(answers))
	url = f"http://rebinds.example.com:{server.port}/echo"
	statuses = [run(site, url=url)["status"] for _ in range(4)]
	assert statuses == ["Succeeded", "Failed", "Failed", "Failed"]
	assert [request.address for request in server.received] == ["127.0.0.1"]


def test_a_redirect_to_the_same_name_is_checked_with_its_new_address(
	server: Server, site: Sandbox, resolving: Callable[[Callable[[str], str]], list[str]]
) -> None:
	answers = iter(["127.0.0.1", "127.0.0.2"])
	resolving(lambda host: next(answers))
	base = f"http://rebinds.example.com:{server.port}"
	# The server closes the connection, so the redirect needs a new one.
	found = run(site, url=f"{base}/redirect", query={"to": f"{base}/echo"})
	assert found["error"].type == "NotAllowed"
	assert [request.path for request in server.received] == ["/redirect"]


@pytest.mark.parametrize("target", ["http://2130706434:{port}/", "http://0177.0.0.2:{port}/", "http://[::ffff:7f00:2]:{port}/", "http://inner.example.com:{port}/", "\\\\127.0.0.2:{port}\\", "http:/\\127.0.0.2:{port}/"])  # fmt: skip
@pytest.mark.parametrize("hops", [1, 3])
def test_no_chain_of_redirects_ends_inside(
	target: str,
	hops: int,
	server: Server,
	site: Sandbox,
	resolving: Callable[[Callable[[str], str]], list[str]],
) -> None:
	resolving(
		lambda host: "127.0.0.2" if host.startswith("inner") else "127.0.0.1" if "example" in host else host
	)
	url = target.format(port=server.port)
	for hop in range(hops):
		url = f"http://outer{hop}.example.com:{server.port}/redirect?to={requests_quote(url)}"
	run(site, url=url)
	assert {request.address for request in server.received} <= {"127.0.0.1"}


def requests_quote(text: str) -> str:
	from urllib.parse import quote

	return quote(text, safe="")


@pytest.mark.parametrize(
	"variable", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE"]
)
def test_the_environment_does_not_lead_requests_elsewhere(
	variable: str, server: Server, site: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
	monkeypatch.setenv(variable, "http://127.0.0.1:1")
	site.set_settings(allow_private_network=1)
	assert run(site, url=f"{server.url}/echo")["status"] == "Succeeded"

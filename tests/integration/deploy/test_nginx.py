"""nginx-lb.conf: nginx's own check, and nginx itself in front of three web processes of which one is killed."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import crossplane
import pytest

from tests.conftest import Tell
from tests.integration.deploy.balanced import NODES, Balanced, addresses, write
from tests.integration.deploy.files import DEPLOY, broken, program, run

FILE = DEPLOY / "nginx" / "nginx-lb.conf"


@pytest.fixture(scope="module")
def nginx() -> str:
	return program("nginx", "nginx-light")


@pytest.fixture
def balanced(nginx: str, tmp_path: Path) -> Iterator[Balanced]:
	with Balanced(nginx, tmp_path, FILE.read_text()) as opened:
		yield opened


def check(nginx: str, folder: Path, text: str) -> str:
	checked = run(nginx, "-t", "-p", folder, "-c", write(folder, text))
	return "" if checked.returncode == 0 and "[warn]" not in checked.stdout else checked.stdout


def test_nginx_takes_it(nginx: str, tmp_path: Path):
	assert check(nginx, tmp_path, FILE.read_text()) == ""


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("least_conn;", "least_con;", "unknown directive"),
		("fail_timeout=10s;", "fail_timeout=soon;", "invalid parameter"),
		("hash $dogansystem_session consistent;", "hash $dogansystem_sesion consistent;", "unknown"),
		("10.0.0.11:8080", "node-one.invalid:8080", "host not found in upstream"),
		("proxy_next_upstream error", "proxy_next_upstream errors", "invalid value"),
		("upstream dogansystem_web {", "upstream dogansystem_wen {", "host not found"),
	],
)
def test_nginx_refuses_a_broken_copy(nginx: str, tmp_path: Path, old: str, new: str, problem: str):
	assert problem in check(nginx, tmp_path, broken(FILE.read_text(), old, new))


# What nginx would take, and would not do what it is for


def problems(folder: Path, text: str) -> list[str]:
	write(folder, text)
	parsed = crossplane.parse(str(folder / "lb.conf"), single=True, check_ctx=False)
	blocks = parsed["config"][0]["parsed"]
	upstreams = [block for block in blocks if block["directive"] == "upstream"]
	(server,) = [block for block in blocks if block["directive"] == "server"]
	found = [problem for upstream in upstreams for problem in _upstream(upstream)]
	if len({tuple(_servers(upstream)) for upstream in upstreams}) != 1:
		found.append("the upstreams have other nodes")
	again = [each["args"] for each in server["block"] if each["directive"] == "proxy_next_upstream"]
	if not again or "error" not in again[0] or {"non_idempotent", "http_503"} & set(again[0]):
		found.append("what fails is not repeated as it should be")
	return found


def _servers(upstream: dict[str, Any]) -> list[str]:
	return [each["args"][0] for each in upstream["block"] if each["directive"] == "server"]


def _upstream(upstream: dict[str, Any]) -> Iterator[str]:
	words = {each["directive"] for each in upstream["block"]}
	name = upstream["args"][0]
	if "zone" not in words:
		yield f"{name}: each process of nginx has to find out for itself which node is out"
	if "socketio" in name and not words & {"hash", "ip_hash"}:
		yield f"{name}: sessions wander"
	for each in upstream["block"]:
		if each["directive"] == "server" and not {"fail_timeout=10s", "max_fails=2"} <= set(each["args"]):
			yield f"{name}: {each['args'][0]} is never left out, or too late"


def test_the_rules_hold(tmp_path: Path):
	assert problems(tmp_path, FILE.read_text()) == []


@pytest.mark.parametrize(
	"old, new, problem",
	[
		("fail_timeout=10s;", "fail_timeout=0;", "never left out"),
		("max_fails=2", "max_fails=0", "never left out"),
		("	hash $dogansystem_session consistent;\n", "", "sessions wander"),
		("	zone dogansystem_socketio 64k;\n", "", "find out for itself"),
		("error timeout http_502", "error timeout http_502 non_idempotent", "repeated"),
		("error timeout http_502", "error http_503", "repeated"),
		("server 10.0.0.13:8080 max_fails=2 fail_timeout=10s;\n	keepalive", "keepalive", "other nodes"),
	],
)
def test_a_copy_that_breaks_a_rule_is_noticed(tmp_path: Path, old: str, new: str, problem: str):
	assert problem in " ".join(problems(tmp_path, broken(FILE.read_text(), old, new)))


# nginx at work


def test_a_node_killed_under_load_fails_no_request_after_its_ejection(balanced: Balanced, tell: Tell):
	lost: list[tuple[str, float]] = []
	nodes: Counter[str] = Counter()
	done = threading.Event()

	def load() -> None:
		while not done.is_set():
			for method in ("GET", "POST"):
				began = time.monotonic()
				answer = balanced.ask(method, "/api/method/ping")
				nodes[answer.node] += 1
				if answer.status != 200:
					lost.append((method, began))

	threads = [threading.Thread(target=load, daemon=True) for _ in range(4)]
	for thread in threads:
		thread.start()
	_wait_for(lambda: min(nodes[name] for name in NODES) > 20)
	balanced.kill("two")
	_wait_for(lambda: balanced.tried_in_vain() >= 2)
	ejected = time.monotonic()
	before = nodes.total()
	_wait_for(lambda: nodes.total() > before + 400)
	done.set()
	for thread in threads:
		thread.join()

	# A POST that the node had received when it died may have been done: only such a one is not repeated.
	assert [each for each in lost if each[0] == "GET" or each[1] > ejected] == []
	assert len(lost) <= len(threads)
	assert 1 <= balanced.tried_in_vain() <= 2 * 2 * 2, (
		"two failures, and those that were on their way; again after ten seconds"
	)
	tell(
		"load balancer",
		requests=nodes.total(),
		nodes_killed=1,
		failed_in_flight=len(lost),
		failed_after=0,
		asked_in_vain=balanced.tried_in_vain(),
	)


def test_a_node_that_comes_back_gets_requests_again(nginx: str, tmp_path: Path):
	with Balanced(
		nginx, tmp_path, broken(FILE.read_text(), "fail_timeout=10s", "fail_timeout=1s")
	) as balanced:
		balanced.kill("two")
		assert {balanced.ask("GET", "/").node for _ in range(30)} == {"one", "three"}
		balanced.start("two")
		_wait_for(lambda: balanced.ask("GET", "/").node == "two")


def test_with_fail_timeout_0_a_dead_node_is_tried_again_and_again(nginx: str, tmp_path: Path):
	with Balanced(
		nginx, tmp_path, broken(FILE.read_text(), "fail_timeout=10s", "fail_timeout=0")
	) as balanced:
		balanced.kill("two")
		_wait_for(
			lambda: balanced.ask("GET", "/").status == 200 and balanced.tried_in_vain() > 4, seconds=10.0
		)


def test_socketio_stays_on_its_node(balanced: Balanced):
	def node_of(session: str) -> str:
		found = {balanced.ask("GET", "/socket.io/?EIO=4", Cookie=f"sid={session}").node for _ in range(4)}
		assert len(found) == 1, f"{session} wandered between {found}"
		return found.pop()

	before = {session: node_of(session) for session in (f"session-{number}" for number in range(30))}
	assert set(before.values()) == set(NODES)
	assert {balanced.upgrade(session) for session, node in before.items() if node == "one"} == {"one"}

	balanced.kill("two")
	after = {session: node_of(session) for session in before}
	assert "two" not in after.values() and "" not in after.values()
	assert all(after[session] == node for session, node in before.items() if node != "two")


def test_guests_stay_by_their_address(balanced: Balanced):
	for cookie in ("", "sid=Guest"):
		assert len({balanced.ask("GET", "/socket.io/", Cookie=cookie).node for _ in range(12)}) == 1


def test_pages_go_to_all_nodes_with_what_they_need_to_know(balanced: Balanced):
	answers = [balanced.ask("GET", "/", Cookie="sid=same") for _ in range(12)]
	assert {answer.node for answer in answers} == set(NODES)
	assert answers[0].headers["Host"] == "erp.example.com"
	assert answers[0].headers["X-Forwarded-For"] == "127.0.0.1"
	assert answers[0].headers["X-Forwarded-Proto"] == "http"


def test_a_site_in_maintenance_does_not_put_its_nodes_out(balanced: Balanced):
	assert {balanced.ask("GET", "/maintenance").status for _ in range(12)} == {503}
	assert {balanced.ask("GET", "/").node for _ in range(12)} == set(NODES)


def test_all_frontends_are_where_the_file_says_to_change_them():
	assert len(addresses(FILE.read_text())) == len(NODES)


def _wait_for(condition: Any, seconds: float = 20.0) -> None:
	deadline = time.monotonic() + seconds
	while not condition():
		assert time.monotonic() < deadline
		time.sleep(0.02)

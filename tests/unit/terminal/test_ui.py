"""The server of `dogansystem ui`: who gets in, and what the page may ask of a sandbox."""

import http.client
import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.store import models
from dogansystem.terminal.ui.calls import Calls
from dogansystem.terminal.ui.server import Server
from dogansystem.worker.drainer import Drainer
from dogansystem.workflows import template

WORKFLOW: dict[str, Any] = {
	"name": "try",
	"steps": [
		{"id": "each", "for_each": [{"n": 1}, {"n": 2}, {"n": 3}], "action": "data.set", "params": {"x": "{{ item.n }}"}},
		{"id": "ok", "action": "flow.approve", "params": {"to": ["a@example.com", "b@example.com"], "subject": "Shall we?"}},
		{"id": "end", "after": ["ok.approved"], "action": "data.set", "params": {"done": True}},
	],
}  # fmt: skip


class Page:
	"""Requests to a server as any program may send them."""

	def __init__(self, server: Server) -> None:
		self.server = server

	def send(
		self, method: str, path: str, body: str | None = None, **headers: str
	) -> http.client.HTTPResponse:
		connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=10)
		given = {name.replace("_", "-"): value for name, value in headers.items()}
		connection.request(method, path, body, given)
		answer = connection.getresponse()
		answer.text = answer.read().decode()  # type: ignore[attr-defined]
		connection.close()
		return answer

	def call(self, method: str, **given: Any) -> tuple[int, Any]:
		path = f"/{self.server.secret}/call/{method}"
		answer = self.send("POST", path, json.dumps(given), Content_Type="application/json")
		return answer.status, json.loads(answer.text)  # type: ignore[attr-defined]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Sandbox]:
	with Sandbox(tmp_path / "ui.db") as found:
		yield found


@pytest.fixture
def page(site: Sandbox) -> Iterator[Page]:
	yield from served(Calls(site))


def served(calls: Calls) -> Iterator[Page]:
	server = Server(0, calls)
	threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
	yield Page(server)
	server.shutdown()
	server.server_close()


def work(site: Sandbox) -> None:
	Drainer(site, until=lambda: False, linger=0).run()


def test_a_template_brings_the_agent_that_it_asks(site: Sandbox):
	calls = Calls(site, "a@example.com")
	for name in ("mail-sorter", "late-order"):  # both name their model Script
		found = template(name)
		assert found.agent
		status, definition = calls("template", {"name": name})
		status, kept = calls("save", {"definition": definition, "enabled": False})
		assert (status, kept["agents"]) == (200, [found.agent.name]), kept
		kept = calls("save", {"definition": definition, "enabled": False})[1]
		assert kept["agents"] == []  # it is there now, and stays as it is
		agent = models.agent(site.database, found.agent.name)
		script = next(each for each in found.samples(date.today()) if each["name"] == "Script")["script"]
		assert json.loads(models.model(site.database, agent["model"])["script"]) == script


def test_only_this_machine_can_reach_it(page: Page):
	assert page.server.server_address[0] == "127.0.0.1"


def test_the_address_opens_the_page_and_tells_nobody_else(page: Page):
	answer = page.send("GET", f"/{page.server.secret}/")
	assert answer.status == 200
	assert "app" in answer.text  # type: ignore[attr-defined]
	assert answer.headers["Referrer-Policy"] == "no-referrer"
	assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["/", "/wrong/", "/%2e%2e/", "/../../etc/passwd", "/call/about", "/%C3%BC/"])
def test_without_the_secret_there_is_nothing(page: Page, path: str):
	for method, body in (("GET", None), ("POST", "{}")):
		answer = page.send(method, path, body, Content_Type="application/json")
		assert answer.status in (403, 404)


@pytest.mark.parametrize(
	"name", ["..%2fcalls.py", "../calls.py", "index.html/../../calls.py", "ui.licences.txt", "calls.py"]
)
def test_no_other_file_is_given(page: Page, name: str):
	assert page.send("GET", f"/{page.server.secret}/{name}").status == 404


@pytest.mark.parametrize(
	"headers",
	[
		{"Host": "attacker.example.com"},  # a name of theirs that leads here
		{"Host": "attacker.example.com:8765"},
		{"Origin": "http://attacker.example.com"},
		{"Origin": "http://127.0.0.1:1"},  # another server on this machine
		{"Origin": "null"},
		{"Content_Type": "text/plain"},  # what a form may send without asking
		{"Content_Type": "application/x-www-form-urlencoded"},
	],
)
def test_another_page_cannot_drive_it_even_with_the_secret(page: Page, headers: dict[str, str]):
	given = {"Content_Type": "application/json"} | headers
	assert page.send("POST", f"/{page.server.secret}/call/about", "{}", **given).status == 403


def test_its_own_page_may_call(page: Page):
	origin = f"http://127.0.0.1:{page.server.server_port}"
	path = f"/{page.server.secret}/call/about"
	assert page.send("POST", path, "{}", Origin=origin, Content_Type="application/json").status == 200


def test_nothing_may_be_asked_across_pages(page: Page):
	answer = page.send("OPTIONS", f"/{page.server.secret}/call/about", Origin="http://attacker.example.com")
	assert answer.status == 501
	assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize("length", ["99999999999", "-1", "x"])
def test_a_call_without_a_length_that_makes_sense_is_refused(page: Page, length: str):
	answer = page.send("POST", f"/{page.server.secret}/call/about", Content_Length=length)
	assert answer.status == 413


@pytest.mark.parametrize("body", ["", "[1]", "{", '"x"', "[" * 100_000])
def test_arguments_that_are_no_object_are_refused(page: Page, body: str):
	path = f"/{page.server.secret}/call/about"
	assert page.send("POST", path, body, Content_Type="application/json").status == 400


@pytest.mark.parametrize("method", ["", "_site", "__init__", "_orchestrator", "nothing", "__call__", "user"])
def test_only_its_methods_can_be_called(page: Page, method: str):
	assert page.call(method)[0] == 404


def test_a_method_says_which_argument_is_wrong(page: Page):
	status, found = page.call("run", other=1)
	assert (status, "other" in found["error"] or "run" in found["error"]) == (400, True)


def test_what_is_saved_went_through_the_check(page: Page):
	broken = WORKFLOW | {"steps": [{"id": "a", "action": "data.sett"}]}
	status, found = page.call("save", definition=broken, enabled=False)
	assert status == 422
	assert [each["path"] for each in found["problems"]] == ["steps[0].action"]
	assert page.call("workflows") == (200, [])
	status, found = page.call("save", definition=WORKFLOW, enabled=False)
	assert (status, found["enabled"]) == (200, False)
	assert found["definition"]["steps"] == WORKFLOW["steps"]


def test_a_run_is_started_watched_and_decided(page: Page, site: Sandbox):
	page.call("save", definition=WORKFLOW, enabled=False)
	_, run = page.call("start", workflow="try")
	work(site)
	_, found = page.call("run", run=run)
	assert found["status"] == "Waiting"
	assert "output" not in found
	assert found["steps"][0]["items"] == {"Succeeded": 3}
	assert [each["kind"] for each in found["waits"]] == ["decision"]
	_, items = page.call("items", run=run, step="each", first=1)
	assert [(each["item"], json.loads(each["output"])) for each in items] == [(2, {"x": 2}), (3, {"x": 3})]
	_, (approval,) = page.call("approvals")
	assert page.call("decide", approval=approval["approval"], decision="approved")[0] == 422
	status, decided = page.call(
		"decide", approval=approval["approval"], decision="approved", user="b@example.com"
	)
	assert (status, decided["status"]) == (200, "Approved")
	work(site)
	assert page.call("run", run=run)[1]["status"] == "Succeeded"
	assert page.call("step", run=run, step="end")[1]["output"] == {"done": True}


def test_with_a_person_named_decisions_are_theirs(site: Sandbox):
	for page in served(Calls(site, "a@example.com")):
		page.call("save", definition=WORKFLOW, enabled=False)
		_, run = page.call("start", workflow="try")
		work(site)
		assert site.database.sql("SELECT started_by FROM `tabDogan Workflow Run`")[0][0] == "a@example.com"
		_, (approval,) = page.call("approvals")
		status, decided = page.call(
			"decide", approval=approval["approval"], decision="approved", user="b@example.com"
		)
		assert (status, decided["decisions"][0]["by"]) == (200, "a@example.com")
		assert page.call("run", run=run)[0] == 200


def test_a_run_is_cancelled_and_retried(page: Page, site: Sandbox):
	page.call("save", definition=WORKFLOW, enabled=False)
	_, run = page.call("start", workflow="try")
	work(site)
	assert page.call("cancel", run=run)[0] == 200
	work(site)
	assert page.call("run", run=run)[1]["status"] == "Cancelled"
	assert page.call("cancel", run=run)[0] == 422
	status, again = page.call("retry", run=run)
	assert (status, again) == (200, ["end", "ok"])


def test_problems_of_a_text_name_their_lines(page: Page):
	text = "name: try\nsteps:\n- id: a\n  action: data.sett\n- {id: b, action: data.set, params: {x: 1}, after: [c]}\n"
	_, found = page.call("from_yaml", text=text)
	assert [(each["path"], each["line"]) for each in found["problems"]] == [
		("steps[0].action", 4),
		("steps[1].after[0]", 5),
	]
	_, found = page.call("from_yaml", text="name: try\nsteps: [\n")
	assert found["definition"] is None
	assert found["problems"][0]["line"] >= 2


def test_every_template_can_be_kept_as_it_is_opened(page: Page):
	for each in page.call("templates")[1]:
		status, found = page.call(
			"save", definition=page.call("template", name=each["name"])[1], enabled=False
		)
		assert status == 200, found

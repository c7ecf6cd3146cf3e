"""Both sides of MCP against its official SDK: its client and our server, our client and a server that was made with it."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.base import StepContext
from dogansystem.agents.ai.mcp import client
from dogansystem.agents.ai.mcp import serving as ours
from dogansystem.agents.ai.mcp.servers import Known, Server
from tests.integration.mcp import sdk

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def refuse(given: dict[str, Any]) -> Any:
	raise ours.Refused("n is too large.")


TOOLS = [
	ours.Tool("double", "Doubles a number", SCHEMA, lambda given: {"twice": 2 * given["n"]}, reads_only=True),
	ours.Tool("refuse", "Refuses", SCHEMA, refuse),
	*(ours.Tool(f"filler-{number:03}", "x", SCHEMA, dict) for number in range(ours.PAGE)),
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
	return tmp_path_factory.mktemp("sdk")


@contextmanager
def serving() -> Iterator[str]:
	"""Our server, over a socket."""

	class Handler(BaseHTTPRequestHandler):
		protocol_version = "HTTP/1.1"

		def take(self) -> None:
			body = self.rfile.read(int(self.headers.get("content-length") or 0))
			headers = {name.lower(): value for name, value in self.headers.items()}
			found = ours.answer(ours.Request(self.command, headers, body), lambda: TOOLS)
			content = b"" if found.content is None else json.dumps(found.content).encode()
			self.send_response(found.status)
			for name, value in {**found.headers, "Content-Length": str(len(content))}.items():
				self.send_header(name, value)
			if content:
				self.send_header("Content-Type", "application/json")
			self.end_headers()
			self.wfile.write(content)

		do_POST = do_GET = do_DELETE = take

		def log_message(self, *_: object) -> None:
			pass

	server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	server.daemon_threads = True
	thread = threading.Thread(target=server.serve_forever, daemon=True)
	thread.start()
	try:
		yield f"http://127.0.0.1:{server.server_port}/mcp"
	finally:
		server.shutdown()
		thread.join()
		server.server_close()


@pytest.mark.parametrize(
	"release, mode", [("1", "legacy"), ("2", "legacy"), ("2", "auto"), ("2", "2026-07-28")]
)
def test_the_official_client_lists_and_calls_our_tools(release: str, mode: str, folder: Path):
	interpreter = sdk.python(release, folder)
	with serving() as url:
		found = sdk.asked(
			interpreter, url, ("double", {"n": 21}), ("refuse", {"n": 1}), ("none", {}), mode=mode
		)
	assert len(found["tools"]) == ours.PAGE  # the first page of two
	assert found["tools"]["double"]["inputSchema"] == SCHEMA
	doubled, refused, unknown = found["results"]
	assert (doubled["structuredContent"], bool(doubled["isError"])) == ({"twice": 42}, False)
	assert (refused["isError"], refused["content"][0]["text"]) == (True, "n is too large.")
	assert "Unknown tool: none" in unknown["error"]


@pytest.mark.parametrize("is_stateless", [False, True], ids=["sessions", "stateless"])
@pytest.mark.parametrize("is_json", [True, False], ids=["json", "events"])
@pytest.mark.parametrize("release", sdk.RELEASES)
def test_our_client_calls_the_tools_of_an_official_server(
	release: str, is_json: bool, is_stateless: bool, folder: Path
):
	interpreter = sdk.python(release, folder)
	with sdk.serving(interpreter, is_json=is_json, is_stateless=is_stateless) as url, Sandbox() as site:
		site.set_settings(allow_private_network=1)
		context = StepContext(site, "", "", "", None, 1, "", "key", site.now(), 10.0)
		offered = client.tools_of(Server("Sums", url), context)
		assert [each["name"] for each in offered] == ["add", "fail"]
		server = Server("Sums", url, tools=tuple(Known(each["name"], True, each) for each in offered))
		assert client.call(server, "add", {"a": 2, "b": 3}, context) == {"result": 5}
		with pytest.raises(client.ToolServerError, match="fail"):
			client.call(server, "fail", {"why": "no more"}, context)
		with pytest.raises(client.ToolServerError, match="Sums"):
			client.call(server, "add", {"a": "x"}, context)

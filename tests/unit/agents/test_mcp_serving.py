"""The server for assistants: both ways to speak it, and everything that is no good request."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from dogansystem.agents.ai.mcp import serving, wire
from dogansystem.agents.ai.mcp.serving import Answer, Failed, Refused, Request, Tool

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}}
META = {wire.VERSION: wire.MODERN, wire.CAPABILITIES: {}}


def refuse(given: dict[str, Any]) -> Any:
	raise Refused("n has to be a number.")


TOOLS = [
	Tool("echo", "Says it again", SCHEMA, lambda given: {"said": given}, title="Echo", reads_only=True),
	Tool("fail", "Fails", SCHEMA, lambda given: Failed({"status": "Failed"})),
	Tool("refuse", "Refuses", SCHEMA, refuse),
]


def ask(body: Any, tools: list[Tool] = TOOLS, verb: str = "POST", **headers: str) -> Answer:
	"""Send a body. Names of headers have underscores here."""
	sent = {"content-type": "application/json"} | {
		name.replace("_", "-"): value for name, value in headers.items()
	}
	data = body if isinstance(body, bytes) else json.dumps(body).encode()
	return serving.answer(Request(verb, sent, data), lambda: tools)


def request(method: str, params: Any = None, identity: Any = 1) -> dict[str, Any]:
	return {
		"jsonrpc": "2.0",
		"id": identity,
		"method": method,
		**({} if params is None else {"params": params}),
	}


def legacy(method: str, tools: list[Tool] = TOOLS, **params: Any) -> Mapping[str, Any]:
	found = ask(request(method, params), tools, mcp_protocol_version="2025-11-25")
	assert found.status == 200 and found.content is not None
	return found.content


def modern(
	method: str, tools: list[Tool] = TOOLS, *, meta: Any = META, headers: Any = None, **params: Any
) -> Answer:
	named = {"mcp_name": params["name"]} if "name" in params else {}
	sent = {"mcp_protocol_version": wire.MODERN, "mcp_method": method, **named, **(headers or {})}
	return ask(
		request(method, {**params, "_meta": meta}),
		tools,
		**{name: each for name, each in sent.items() if each is not None},
	)


def code(found: Answer) -> tuple[int, int]:
	assert found.content is not None
	return found.status, found.content["error"]["code"]


@pytest.mark.parametrize(
	"wanted, given",
	[("2025-11-25", "2025-11-25"), ("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25")],
)
def test_a_version_is_agreed_on(wanted: str, given: str):
	result = legacy(
		"initialize", protocolVersion=wanted, capabilities={}, clientInfo={"name": "x", "version": "1"}
	)["result"]
	assert result["protocolVersion"] == given
	assert result["capabilities"] == {"tools": {}}
	assert result["serverInfo"]["name"] == "dogansystem"


def test_a_client_that_shook_hands_lists_calls_and_pings():
	assert legacy("ping")["result"] == {}
	listed = legacy("tools/list")["result"]
	assert [each["name"] for each in listed["tools"]] == ["echo", "fail", "refuse"]
	assert listed["tools"][0]["annotations"]["readOnlyHint"] is True
	assert "ttlMs" not in listed
	result = legacy("tools/call", name="echo", arguments={"n": 1})["result"]
	assert result["structuredContent"] == {"said": {"n": 1}}
	assert json.loads(result["content"][0]["text"]) == {"said": {"n": 1}}
	assert result["isError"] is False
	assert "resultType" not in result


def test_a_client_without_a_handshake_discovers_lists_and_calls():
	found = modern("server/discover")
	assert found.content["result"]["supportedVersions"] == list(wire.VERSIONS)
	assert found.content["result"]["resultType"] == "complete"
	listed = modern("tools/list").content["result"]
	assert (len(listed["tools"]), listed["cacheScope"]) == (3, "private")
	called = modern("tools/call", name="echo", arguments={}).content["result"]
	assert (called["structuredContent"], called["resultType"]) == ({"said": {}}, "complete")
	assert called["_meta"][f"{wire.PREFIX}serverInfo"]["name"] == "dogansystem"


def test_a_request_that_does_not_say_its_version_is_an_older_clients():
	assert ask(request("tools/list")).status == 200


def test_what_a_tool_refuses_or_has_failed_at_is_told_as_its_result():
	refused = legacy("tools/call", name="refuse", arguments={})["result"]
	assert (refused["isError"], refused["content"][0]["text"]) == (True, "n has to be a number.")
	failed = legacy("tools/call", name="fail")["result"]
	assert (failed["isError"], failed["structuredContent"]) == (True, {"status": "Failed"})


def test_a_list_has_pages_in_the_order_of_names():
	tools = [Tool(f"t{number:03}", "x", SCHEMA, dict) for number in range(250)]
	names, cursor = [], {}
	for _page in range(3):
		result = legacy("tools/list", list(reversed(tools)), **cursor)["result"]
		names += [each["name"] for each in result["tools"]]
		cursor = {"cursor": result["nextCursor"]} if "nextCursor" in result else {}
	assert (names, cursor) == ([each.name for each in tools], {})


def test_a_notification_is_taken_and_not_answered():
	for method in ("notifications/initialized", "notifications/cancelled", "of/nobody"):
		found = ask({"jsonrpc": "2.0", "method": method})
		assert (found.status, found.content) == (202, None)


@pytest.mark.parametrize("verb", ["GET", "DELETE"])
def test_there_is_no_stream_and_no_session_to_end(verb: str):
	found = ask(b"", verb=verb)
	assert (found.status, found.content, found.headers["Allow"]) == (405, None, "POST")


def test_an_unknown_method_is_said_to_be_one():
	assert code(ask(request("resources/list"))) == (200, wire.METHOD_NOT_FOUND)
	assert code(modern("resources/list")) == (404, wire.METHOD_NOT_FOUND)
	assert code(modern("ping")) == (404, wire.METHOD_NOT_FOUND)
	assert code(modern("initialize")) == (404, wire.METHOD_NOT_FOUND)
	assert code(ask(request("server/discover"))) == (400, wire.INVALID_PARAMS)


@pytest.mark.parametrize(
	"headers",
	[
		{"mcp_protocol_version": None},
		{"mcp_protocol_version": "2025-11-25"},
		{"mcp_method": None},
		{"mcp_method": "tools/list"},
		{"mcp_name": None},
		{"mcp_name": "fail"},
		{"mcp_name": "=?base64?!!!?="},
	],
)
def test_headers_have_to_say_what_the_body_says(headers: dict[str, Any]):
	assert code(modern("tools/call", name="echo", headers=headers)) == (400, wire.HEADER_MISMATCH)


def test_a_packed_name_is_read():
	assert modern("tools/call", name="echo", headers={"mcp_name": "=?base64?ZWNobw==?="}).status == 200


def test_a_version_that_nobody_speaks_is_told_those_that_are():
	found = modern(
		"tools/list",
		meta={**META, wire.VERSION: "2031-01-01"},
		headers={"mcp_protocol_version": "2031-01-01"},
	)
	assert code(found) == (400, wire.UNSUPPORTED_VERSION)
	assert found.content["error"]["data"] == {"supported": list(wire.VERSIONS), "requested": "2031-01-01"}


def test_what_has_to_stand_in_meta_is_missed():
	assert code(modern("tools/list", meta={wire.VERSION: wire.MODERN})) == (400, wire.INVALID_PARAMS)
	assert code(modern("tools/list", meta={})) == (400, wire.INVALID_PARAMS)


@pytest.mark.parametrize(
	"body, status, number",
	[
		(b"{", 400, wire.PARSE_ERROR),
		(b"\xff\xfe", 400, wire.PARSE_ERROR),
		(b"[" * 100_000, 400, wire.PARSE_ERROR),
		(b'{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"n": NaN}}', 400, wire.PARSE_ERROR),
		(b'{"jsonrpc": "2.0", "id": %s, "method": "ping"}' % (b"9" * 5000), 400, wire.PARSE_ERROR),
		(b'{"jsonrpc": "2.0", "id": 1, "method": "\\ud800"}', 400, wire.PARSE_ERROR),
		([request("ping"), request("ping", identity=2)], 400, wire.INVALID_REQUEST),
		([], 400, wire.INVALID_REQUEST),
		("ping", 400, wire.INVALID_REQUEST),
		(None, 400, wire.INVALID_REQUEST),
		({"id": 1, "method": "ping"}, 400, wire.INVALID_REQUEST),
		({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 400, wire.INVALID_REQUEST),
		({"jsonrpc": "2.0", "id": 1, "result": {"approved": True}}, 400, wire.INVALID_REQUEST),
		({"jsonrpc": "2.0", "id": 1, "method": ["ping"]}, 400, wire.INVALID_REQUEST),
		(request("ping", identity=None), 400, wire.INVALID_REQUEST),
		(request("ping", identity=True), 400, wire.INVALID_REQUEST),
		(request("ping", identity=1.5), 400, wire.INVALID_REQUEST),
		(request("ping", identity={"a": 1}), 400, wire.INVALID_REQUEST),
		(request("ping", identity="x" * 201), 400, wire.INVALID_REQUEST),
		(request("ping", identity=10**300), 400, wire.INVALID_REQUEST),
		(request("ping", [1]), 400, wire.INVALID_PARAMS),
		(request("tools/call", {"name": "none"}), 200, wire.INVALID_PARAMS),
		(request("tools/call", {"name": ["echo"]}), 200, wire.INVALID_PARAMS),
		(request("tools/call", {"name": "echo", "arguments": [1]}), 200, wire.INVALID_PARAMS),
		(request("tools/list", {"cursor": 7}), 200, wire.INVALID_PARAMS),
		(b" " * (serving.MAX_BODY + 1), 413, wire.INVALID_REQUEST),
	],
	ids=repr,
)
def test_what_is_no_good_request_is_refused_with_the_reason(body: Any, status: int, number: int):
	assert code(ask(body)) == (status, number)


def test_arguments_that_are_nested_without_end_are_refused():
	deep: Any = 1
	for _level in range(serving.MAX_DEPTH):
		deep = {"a": deep}
	assert code(ask(request("tools/call", {"name": "echo", "arguments": deep}))) == (
		400,
		wire.INVALID_REQUEST,
	)
	assert ask(request("tools/call", {"name": "echo", "arguments": {"a": {"a": 1}}})).status == 200


@pytest.mark.parametrize(
	"kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_another_content_type_is_not_read(kind: str):
	assert code(ask(request("ping"), content_type=kind)) == (415, wire.INVALID_REQUEST)
	assert ask(request("ping"), content_type="application/json; charset=utf-8").status == 200


@pytest.mark.parametrize("text", ["echo", "a b", " padded ", "Grüße", "two\nlines", "=?base64?x?=", ""])
def test_a_text_survives_being_a_header(text: str):
	packed = wire.as_header(text)
	assert packed.isascii() and packed.isprintable() and packed.strip() == packed
	assert wire.of_header(packed) == text

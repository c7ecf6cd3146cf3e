"""Two wire formats: what goes out, and what comes back, by conversations that are written down."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from dogansystem.agents.ai.conversation import (
	Answer,
	Asked,
	Message,
	Model,
	ModelBusy,
	ModelError,
	most_tokens_in,
)
from dogansystem.agents.ai.providers import anthropic, openai, scripted
from dogansystem.homes.sandbox import Sandbox
from dogansystem.proving.outside import Pinned
from tests.unit.agents.place import asked, office, output, row, start, step, work

FOLDER = Path(__file__).parent / "recorded"
GET = {"action": "document.get", "params": {"doctype": "Lead"}}
LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open"}
WIRES = {"openai": openai, "anthropic": anthropic}
PATHS = {"openai": "/chat/completions", "anthropic": "/messages"}
HELLO = Asked("Be kind.", (Message("user", "Hello"),), max_tokens=100)


def at(value: Any, path: str) -> Any:
	for part in path.split("."):
		value = value[int(part)] if isinstance(value, list) else value[part]
	return value


def recorded(provider: str) -> dict[str, Any]:
	return json.loads((FOLDER / f"{provider}.json").read_text())


def prepare(site: Sandbox, answers: list[dict[str, Any]], about: dict[str, Any]) -> Pinned:
	site.models = None
	site.set_credential("key", about["credential"])
	pinned = Pinned({f"POST {about['address']}{PATHS[about['provider']]}": answers})
	site.outbound = pinned
	return pinned


@pytest.mark.parametrize("provider", WIRES)
def test_a_recorded_conversation_is_had_again(provider: str):
	about = recorded(provider)
	model = {"provider": provider, "address": about["address"], "model": "small-1", "credential": "key"}
	with office(None, [GET], model=model, documents=[LEAD]) as site:
		pinned = prepare(site, [each["answer"] for each in about["exchanges"]], about)
		made = output(asked(site, step(prompt="Which status has L-1?")))
		assert {key: made[key] for key in about["output"]} == about["output"]
		for exchange, sent in zip(about["exchanges"], pinned.asked, strict=True):
			assert {path: at(sent["json"], path) for path in exchange["sent"]} == exchange["sent"]


@contextmanager
def serving(answers: list[dict[str, Any]]) -> Iterator[tuple[int, list[Any]]]:
	"""A server that gives these answers over a socket; and the requests that it got."""
	got: list[Any] = []

	class Handler(BaseHTTPRequestHandler):
		def do_POST(self) -> None:
			sent = json.loads(self.rfile.read(int(self.headers["content-length"])))
			got.append((self.path, {key.lower(): value for key, value in self.headers.items()}, sent))
			given = answers[len(got) - 1]
			body = json.dumps(given["json"]).encode()
			self.send_response(given["status"])
			for name, value in {**given.get("headers", {}), "Content-Type": "application/json"}.items():
				self.send_header(name, value)
			self.send_header("Content-Length", str(len(body)))
			self.end_headers()
			self.wfile.write(body)

		def log_message(self, *_: object) -> None:
			pass

	server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	thread = threading.Thread(target=server.serve_forever, daemon=True)
	thread.start()
	try:
		yield server.server_port, got
	finally:
		server.shutdown()
		thread.join()
		server.server_close()


@pytest.mark.parametrize("provider", WIRES)
def test_a_conversation_is_had_over_a_socket_with_a_server_that_is_busy_in_between(provider: str):
	about = recorded(provider)
	first, second = (each["answer"] for each in about["exchanges"])
	busy = {"status": 429, "headers": {"Retry-After": "5"}, "json": {"error": {"message": "Slow down"}}}
	with serving([first, busy, second]) as (port, got):
		model = {
			"provider": provider,
			"address": f"http://127.0.0.1:{port}/v1",
			"model": "small-1",
			"credential": "key",
		}
		with office(None, [GET], model=model, documents=[LEAD]) as site:
			site.models = None
			site.set_credential("key", about["credential"])
			assert "Allow Private Network" in row(asked(site, step()))["error"].message
			site.set_settings(allow_private_network=1)
			run = start(site, step(prompt="Which status has L-1?"))
			assert work(site, run)["status"] == "Waiting"
			site.clock.advance(5.1)
			made = output(work(site, run))
	assert {key: made[key] for key in about["output"]} == about["output"]
	secret = about["credential"].get("token") or about["credential"]["value"]
	assert all(path == "/v1" + PATHS[provider] and secret in str(headers) for path, headers, _ in got)
	keys = [headers["idempotency-key"] for _, headers, _ in got]
	assert (keys[0] != keys[1], keys[1] == keys[2], got[1][2] == got[2][2]) == (True, True, True)


@pytest.mark.parametrize("provider", WIRES)
def test_the_key_of_a_model_is_in_no_error_and_no_row(provider: str):
	about = recorded(provider)
	secret = about["credential"].get("token") or about["credential"]["value"]
	model = {"provider": provider, "address": about["address"], "model": "small-1", "credential": "key"}
	with office(None, [GET], model=model) as site:
		prepare(site, [{"status": 401, "json": {"error": {"message": f"no such key: {secret}"}}}], about)
		error = row(asked(site))["error"].message
		assert ("401" in error, secret in error) == (True, False)
		for table in ("dogan_ask", "tabDogan Agent Turn", "tabDogan Step Run", "dogan_agent_version"):
			assert secret not in str(site.database.sql(f"SELECT * FROM `{table}`"))


@pytest.mark.parametrize("provider", WIRES)
@pytest.mark.parametrize(
	("status", "headers", "pause"),
	[
		(429, {"retry-after": "7"}, 7.0),
		(429, {"retry-after-ms": "1500"}, 1.5),
		(529, {}, None),
		(503, {"retry-after": "soon"}, None),
		(500, {"retry-after": "99999999"}, 3600.0),
		(503, {"retry-after": "Fri, 01 Jan 2021 00:00:00 GMT"}, 0.0),
	],
)
def test_a_busy_server_says_when_to_come_back(
	provider: str, status: int, headers: dict[str, str], pause: float | None
):
	with pytest.raises(ModelBusy) as error:
		WIRES[provider].answer(
			status, headers, {"error": {"type": "overloaded_error", "message": "Overloaded"}}
		)
	assert (error.value.pause, error.value.may_have_answered) == (pause, False)
	assert "Overloaded" in str(error.value)


@pytest.mark.parametrize("provider", WIRES)
@pytest.mark.parametrize(
	"body", ["<html>", None, [], {}, {"choices": []}, {"choices": [3]}, {"content": "x"}]
)
def test_what_is_no_answer_of_a_model_is_an_error_of_its_setup(provider: str, body: Any):
	with pytest.raises(ModelError):
		WIRES[provider].answer(200, {}, body)


def test_openais_own_server_has_another_name_for_the_largest_answer():
	assert "max_completion_tokens" in openai.request(Model("m", "openai", model="x"), HELLO)["json"]
	local = openai.request(Model("m", "openai", "http://localhost:11434/v1/", "x"), HELLO)
	assert (local["url"], local["json"]["max_tokens"]) == ("http://localhost:11434/v1/chat/completions", 100)


def test_broken_arguments_of_a_call_are_kept_as_they_are_and_told_to_the_model():
	body = {
		"choices": [
			{"message": {"tool_calls": [{"id": "a", "function": {"name": "x", "arguments": '{"a": '}}]}}
		]
	}
	(call,) = openai.answer(200, {}, body).calls
	assert (call.params, call.raw) == (None, '{"a": ')


def test_an_answer_that_was_cut_off_says_so_in_both_formats():
	cut = {"choices": [{"message": {"content": "Go"}, "finish_reason": "length"}]}
	assert openai.answer(200, {}, cut).stop == "length"
	assert anthropic.answer(200, {}, {"content": [], "stop_reason": "max_tokens"}).stop == "length"


def test_results_of_several_calls_are_one_message_of_the_users_in_messages():
	results = (Message("tool", "1", call_id="a"), Message("tool", "2", call_id="b", is_error=True))
	sent = anthropic.request(Model("m", "anthropic", model="x"), Asked("", (*HELLO.messages, *results)))
	assert len(sent["json"]["messages"]) == 1  # the first one is the user's too
	assert [each["type"] for each in sent["json"]["messages"][0]["content"]] == [
		"text",
		"tool_result",
		"tool_result",
	]


def test_no_text_has_more_tokens_than_bytes():
	assert most_tokens_in(Asked("ä", (Message("user", "日本"),))) >= 2 + 6
	assert most_tokens_in(HELLO, 500, 1) == 500


def test_a_script_says_what_fits_first():
	script = [{"when": r"status of (\S+)", "text": r"Look at \1"}, {"turn": 1, "text": "Hello"}]
	model = Model("m", "scripted", script=script)
	said = [
		scripted.answer(model, Asked("", (Message("user", text),))) for text in ("the status of L-1", "hi")
	]
	assert [each.text for each in said] == ["Look at L-1", "Hello"]
	with pytest.raises(ModelError, match="no rule"):
		scripted.answer(
			model, Asked("", (Message("user", "hi"), Message("assistant", "Hello"), Message("user", "and?")))
		)


def test_an_answer_says_nothing_of_tokens_where_the_server_does_not():
	assert openai.answer(200, {}, {"choices": [{"message": {"content": "Hi"}}]}) == Answer("Hi")

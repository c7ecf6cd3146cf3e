"""Secrets stay secret: a server that echoes a credential in every way it can, and everything that is kept, logged, printed
or told afterwards is searched for it."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from typing import Any
from urllib.parse import quote

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.worker.drainer import Drainer
from tests.conftest import Tell
from tests.unit.actions.server import ROUTES, Handler, Server, serving

SECRET = 'tok/3f9a+77"é\\ü=='  # what encodings like to change
CREDENTIALS: dict[str, dict[str, str]] = {
	"bearer": {"type": "bearer", "token": "tok/3f9a+77=="},
	"basic": {"type": "basic", "username": "amy", "password": 'pass/word"é\\='},
	"header": {"type": "header", "header": "X-Api-Key", "value": 'key/3f9a"\\+='},
}


def sent(handler: Handler) -> str:
	"""The secret as it arrived."""
	headers = handler.record.received[-1].headers
	found = headers.get("x-api-key") or headers.get("authorization", "")
	if found.startswith("Basic "):
		found = base64.b64decode(found[6:]).decode().partition(":")[2]
	return found.removeprefix("Bearer ").encode("latin-1", "replace").decode("utf-8", "replace")


def leak(handler: Handler, query: dict[str, str]) -> None:
	secret = sent(handler)
	kind = query["as"]
	code = int(query.get("code", "200"))
	bodies = {
		"text": (secret, "text/plain"),
		"json": (json.dumps({"a": secret}), "application/json"),
		"json as PHP writes it": (json.dumps({"a": secret}).replace("/", "\\/"), "application/json"),
		"json in escapes": (
			"".join(['{"a": "', *(f"\\u{ord(char):04x}" for char in secret), '"}']),
			"application/json",
		),
		"json's key": (json.dumps({secret: 1}), "application/json"),
		"json in json": (json.dumps({"a": json.dumps({"b": secret})}), "application/json"),
		"html": (secret.replace('"', "&quot;"), "text/html"),
		"address": (quote(secret, safe=""), "text/plain"),
		"latin": (secret, "text/plain; charset=latin-1"),
		"binary": (secret, "application/octet-stream"),
	}
	if kind == "reason":
		handler.send_response(code, "no " + secret.encode("ascii", "ignore").decode())
		handler.send_header("Content-Length", "0")
		handler.end_headers()
	elif kind == "header":
		handler.send(code, b"", X_Seen=secret.encode("ascii", "ignore").decode())
	elif kind == "header's name":
		handler.send(code, b"", **{"X-" + "".join(filter(str.isalnum, secret)): "1"})
	elif kind == "redirect":
		handler.send(302, b"", Location=f"/leak?as=redirect&seen={quote(secret)}")
	elif kind == "redirect's path":
		handler.send(302, b"", Location=f"http://127.0.0.1:1/{quote(secret, safe='')}")
	else:
		text, content = bodies[kind]
		data = text.encode("latin-1", "replace") if "latin" in content else text.encode()
		handler.send(code, b"\xff\xfe" + data if kind == "binary" else data, Content_Type=content)


WAYS = ["text", "json", "json as PHP writes it", "json in escapes", "json's key", "json in json", "html", "address", "latin", "binary", "reason", "header", "redirect", "redirect's path"]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
	ROUTES["leak"] = leak
	with serving() as running:
		yield running
	del ROUTES["leak"]


@pytest.fixture
def site() -> Iterator[Sandbox]:
	with Sandbox(timezone="UTC") as sandbox:
		sandbox.set_settings(allow_private_network=1)
		for name, credential in CREDENTIALS.items():
			sandbox.set_credential(name, credential)
		yield sandbox


def forms(secret: str) -> set[str]:
	"""A secret as it may look like somewhere."""
	plain = {secret, json.dumps(secret)[1:-1], quote(secret, safe=""), quote(secret), secret.replace('"', "&quot;"), repr(secret)[1:-1]}  # fmt: skip
	return plain | {json.dumps(each)[1:-1] for each in plain}


def everything(site: Sandbox) -> str:
	"""All that the sandbox has kept, as text."""
	tables = [row[0] for row in site.database.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
	rows = [repr(row) for table in tables for row in site.database.sql(f"SELECT * FROM `{table}`")]
	return "\n".join(rows)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("code", [200, 500])
def test_an_echoed_secret_is_nowhere_to_be_found(
	kind: str,
	way: str,
	code: int,
	server: Server,
	site: Sandbox,
	caplog: pytest.LogCaptureFixture,
	tell: Tell,
) -> None:
	front = Orchestrator(site)
	step = {
		"id": "a", "action": "http.request", "on_error": "continue", "retry": {"attempts": 1},
		"params": {"url": f"{server.url}/leak", "query": {"as": way, "code": code}, "credential": kind},
	}  # fmt: skip
	after = {"id": "b", "action": "email.send", "params": {"to": "a@example.com", "subject": "s", "message": "{{ steps.a }} {{ steps.a.error }}"}}  # fmt: skip
	name = front.import_workflow({"name": "leak", "run_as": "a@example.com", "steps": [step, after], "output": {"a": "{{ steps.a }}"}})  # fmt: skip
	printed = io.StringIO()
	told: list[list[str]] = []
	site.watch_runs(told.append) if hasattr(site, "watch_runs") else None
	with caplog.at_level(logging.INFO), redirect_stdout(printed), redirect_stderr(printed):
		run = front.start_run(name)
		site.database.commit()
		Drainer(site, until=lambda: True).run()
		site.database.rollback()
	assert server.received[-1].path == "/leak"
	found = front.get_run(run)
	secret = next(value for key, value in CREDENTIALS[kind].items() if key in ("token", "password", "value"))
	places = {
		"run": repr(found), "json": json.dumps(found, default=str), "database": everything(site), "log": caplog.text,
		"printed": printed.getvalue(), "realtime": repr(told),
	}  # fmt: skip
	for place, text in places.items():
		for form in forms(secret):
			assert form not in text, f"{kind} by {way} in {place}: {found['steps'][0]}"
	body = (found["steps"][0]["output"] or {}).get("body")
	if isinstance(body, str) and way == "binary":
		assert secret.encode() not in base64.b64decode(body + "===")
	tell("secrets", echoed=1, found=0)


def test_a_credential_that_is_wrong_is_named_and_not_shown(site: Sandbox) -> None:
	site.set_credential("odd", {"type": "odd", "token": SECRET, "password": SECRET})
	front = Orchestrator(site)
	for params in ({"credential": "odd"}, {"credential": "bearer", "headers": {"X": "é\u4e00"}}):
		name = front.import_workflow({"name": "odd", "run_as": "a@example.com", "steps": [{"id": "a", "action": "http.request", "params": {"url": "http://127.0.0.1:1/", **params}}]})  # fmt: skip
		run = front.start_run(name)
		site.database.commit()
		Drainer(site, until=lambda: True).run()
		site.database.rollback()
		assert front.get_run(run)["status"] == "Failed"
	assert SECRET not in everything(site)
	assert CREDENTIALS["bearer"]["token"] not in everything(site)


@pytest.mark.parametrize(
	("host", "goes"),
	[("127.0.0.1", True), ("localhost", False), ("127.0.0.1.example.com", False), ("evil.example.com", False), ("[::ffff:127.0.0.1]", False)],
)  # fmt: skip
def test_a_credential_is_sent_to_its_own_servers_only(
	host: str, goes: bool, server: Server, site: Sandbox
) -> None:
	server.received.clear()
	site.set_credential("bound", {**CREDENTIALS["bearer"], "hosts": ["127.0.0.1", "api.example.com"]})
	front = Orchestrator(site)
	name = front.import_workflow({"name": "bound", "run_as": "a@example.com", "steps": [{"id": "a", "action": "http.request", "retry": {"attempts": 1}, "params": {"url": f"http://{host}:{server.port}/echo", "credential": "bound"}}]})  # fmt: skip
	run = front.start_run(name)
	site.database.commit()
	Drainer(site, until=lambda: True).run()
	site.database.rollback()
	found = front.get_run(run)
	assert found["status"] == ("Succeeded" if goes else "Failed")
	assert len(server.received) == int(goes)
	if not goes:
		assert "may not be sent to" in found["error"]


def test_the_address_of_a_database_never_shows_its_password() -> None:
	from dogansystem.homes.databases.address import AddressError

	for url in ("mariadb://amy:hush-3f9a@127.0.0.1:1/x", "mariadb://amy:hush-3f9a@127.0.0.1:99999/x", "mariadb://amy:hush-3f9a@/x", "postgres://amy:hush-3f9a@h/x"):  # fmt: skip
		with pytest.raises(Exception) as failure:
			Sandbox(url)
		error: Any = failure.value
		while error is not None:
			assert "hush-3f9a" not in str(error), type(error)
			error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
	assert AddressError

"""Chats, SMS and WhatsApp: what is sent where, and that the secret address of a chat is shown nowhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.channels import Chat, Sms, WhatsApp
from dogansystem.actions.http import Request
from dogansystem.actions.schema import ValidationError
from dogansystem.engine.errors import HTTPError, NotAllowed, NotFound

from .conftest import context
from .server import Server, serving

TOKEN = "T0PSECRET-B00KED-xYz123"


@pytest.fixture
def server() -> Iterator[Server]:
	with serving() as running:
		yield running


@pytest.fixture
def chat(site: Sandbox, server: Server) -> Any:
	site.set_settings(allow_private_network=1)

	def chat(path: str = "echo", **params: Any) -> Any:
		site.set_credential("chat", {"type": "address", "url": f"{server.url}/{path}"})
		action = Chat()
		action.validate({"credential": "chat", **params})
		return action.run({"credential": "chat", **params}, context(site))

	return chat


@pytest.mark.parametrize("service", ["slack", "google_chat"])
def test_slack_and_google_chat_get_a_text(server: Server, chat: Any, service: str) -> None:
	assert chat(service=service, message='Größe <b> & "x"\n2') == {"status": 200}
	(request,) = server.received
	assert (request.method, request.headers["content-type"]) == ("POST", "application/json")
	assert json.loads(request.body) == {"text": 'Größe <b> & "x"\n2'}


def test_teams_gets_an_adaptive_card(server: Server, chat: Any) -> None:
	chat(service="teams", message="Late")
	body = json.loads(server.received[0].body)
	(attached,) = body["attachments"]
	assert (body["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
	assert attached["content"]["body"][0]["text"] == "Late"


def test_telegram_gets_the_chat_and_the_text(server: Server, chat: Any) -> None:
	chat(f"echo/bot123:{TOKEN}/sendMessage", service="telegram", to="-1001", message=250.5)
	assert json.loads(server.received[0].body) == {"chat_id": "-1001", "text": "250.5"}
	assert server.received[0].path == f"/echo/bot123:{TOKEN}/sendMessage"


@pytest.mark.parametrize(
	"params", [{"service": "telegram"}, {"service": "slack", "to": "x"}, {"service": "irc"}]
)
def test_what_does_not_fit_is_refused(chat: Any, params: dict[str, str]) -> None:
	with pytest.raises(ValidationError, match=r"params\."):
		chat(message="x", **params)


def test_an_answer_that_refuses_is_an_error_without_the_address(server: Server, chat: Any) -> None:
	with pytest.raises(HTTPError) as caught:
		chat(f"status/{TOKEN}?code=404&body=no%20{TOKEN}", service="slack", message="x")
	assert "404" in str(caught.value)
	assert TOKEN not in str(caught.value)


def test_a_server_that_is_away_is_an_error_without_the_address(site: Sandbox, chat: Any) -> None:
	site.set_credential("gone", {"type": "address", "url": f"http://127.0.0.1:9/services/{TOKEN}"})
	with pytest.raises(ConnectionError) as caught:
		Chat().run({"service": "slack", "credential": "gone", "message": "x"}, context(site))
	assert TOKEN not in str(caught.value)


def test_a_redirect_with_the_secret_in_it_shows_nothing(server: Server, chat: Any) -> None:
	with pytest.raises((HTTPError, NotAllowed)) as caught:
		chat(f"redirect?code=307&to=ftp://example.com/{TOKEN}", service="slack", message="x")
	assert TOKEN not in str(caught.value)


def test_private_addresses_are_refused(site: Sandbox, server: Server) -> None:
	site.set_credential("chat", {"type": "address", "url": f"{server.url}/echo"})
	with pytest.raises(NotAllowed):
		Chat().run({"service": "slack", "credential": "chat", "message": "x"}, context(site))
	assert server.received == []


def test_only_a_credential_that_is_an_address_is_taken_and_only_here(site: Sandbox) -> None:
	site.set_credential("token", {"type": "bearer", "token": TOKEN})
	site.set_credential("chat", {"type": "address", "url": f"https://example.com/{TOKEN}"})
	with pytest.raises(ValidationError, match="address"):
		Chat().run({"service": "slack", "credential": "token", "message": "x"}, context(site))
	with pytest.raises(NotFound):
		Chat().run({"service": "slack", "credential": "none", "message": "x"}, context(site))
	with pytest.raises(ValidationError, match=r"notify\.chat"):
		Request().run({"url": "https://evil.example/", "credential": "chat"}, context(site))


@pytest.mark.parametrize(("action", "kind"), [(Sms(), "sms"), (WhatsApp(), "whatsapp")])
def test_messages_to_numbers_are_recorded(site: Sandbox, action: Any, kind: str) -> None:
	params = {"to": ["+905551234567", "+905551234567", "0049 30 1"], "message": 12}
	action.validate(params)
	assert action.run(params, context(site)) == {"recipients": ["+905551234567", "0049 30 1"]}
	(sent,) = site.outbox()
	assert (sent["kind"], sent["to"], sent["message"]) == (kind, ["+905551234567", "0049 30 1"], "12")
	with pytest.raises(ValidationError):
		action.validate({"to": "nobody", "message": "x"})

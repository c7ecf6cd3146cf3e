"""Messages to people by what they carry with them: SMS, WhatsApp, and the chats of teams.

SMS and WhatsApp go through what the site has installed for them. A chat is reached by the secret address that it gives for
messages from outside, kept as a Dogan Credential of the kind `address`.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from dogansystem.actions import http
from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import ValidationError, one_or_many, parameters, text, words
from dogansystem.protocol import Site

NUMBERS = one_or_many(
	"A mobile number with its country's code, such as +905551234567, or a list of them", pattern="[0-9]"
)
MESSAGE = words("The message, as plain text", needed=True)


class Sms(Action):
	name = "notify.sms"
	summary = "Send an SMS by the gateway of SMS Settings"
	external = True
	parameters = parameters({"to": NUMBERS, "message": MESSAGE})
	returns = "{recipients: the numbers it was sent to}"
	example: ClassVar[Mapping[str, Any]] = {
		"to": "{{ doc.contact_mobile }}",
		"message": "Your quotation {{ doc.name }} expires soon.",
	}

	def missing(self, site: Site, params: Mapping[str, Any]) -> str | None:
		return site.people.missing_for("sms")

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		return {"recipients": context.site.people.send_sms(_numbers(params), str(params["message"]))}


class WhatsApp(Action):
	name = "notify.whatsapp"
	summary = "Send a WhatsApp message by the app that the site has for it"
	external = True
	parameters = parameters({"to": NUMBERS, "message": MESSAGE})
	returns = "{recipients: the numbers it was sent to}"
	example: ClassVar[Mapping[str, Any]] = {
		"to": "{{ doc.contact_mobile }}",
		"message": "Your quotation {{ doc.name }} expires soon.",
	}

	def missing(self, site: Site, params: Mapping[str, Any]) -> str | None:
		return site.people.missing_for("whatsapp")

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		message, numbers = str(params["message"]), _numbers(params)
		return {"recipients": context.site.people.send_whatsapp(numbers, message, context.reference)}


class Chat(Action):
	name = "notify.chat"
	summary = "Write into a chat: Slack, Teams, Google Chat, Telegram"
	external = True
	parameters = parameters(
		{
			"service": {
				"type": "string",
				"enum": ["slack", "teams", "google_chat", "telegram"],
				"description": "Which chat it is",
			},
			"credential": text(
				"The credential of the kind `address` that holds the chat's address for messages"
			),
			"message": MESSAGE,
		},
		{"to": text("Telegram only, and needed there: the id of the chat, such as -1001234567890")},
	)
	returns = "{status: the status of the answer}"
	example: ClassVar[Mapping[str, Any]] = {
		"service": "slack",
		"credential": "sales-chat",
		"message": "{{ doc.name }} expires soon.",
	}

	def validate(self, params: Mapping[str, Any]) -> None:
		super().validate(params)
		is_telegram = params["service"] == "telegram"
		if is_telegram != ("to" in params):
			needed = (
				"is missing: Telegram needs the id of the chat"
				if is_telegram
				else "only goes with `service: telegram`"
			)
			raise ValidationError(f"params.to: {needed}.")

	def missing(self, site: Site, params: Mapping[str, Any]) -> str | None:
		name = params.get("credential")
		if (
			isinstance(name, str)
			and "{" not in name
			and site.documents.exists("Dogan Credential", name) is False
		):
			return f"there is no credential {name!r}; add a Dogan Credential of the kind `address` with the chat's address"
		return None

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		signed = http.sign_in(params["credential"], context)
		if not signed.url:
			raise ValidationError(
				f"params.credential: {params['credential']!r} is no address of a chat. Use a credential of the kind `address`."
			)
		body = _BODIES[params["service"]](str(params["message"]), params.get("to"))
		return {
			"status": http.send({"url": signed.url, "method": "POST", "json": body}, signed, context)[
				"status"
			]
		}


def _numbers(params: Mapping[str, Any]) -> list[str]:
	given = params["to"]
	return list(dict.fromkeys([given] if isinstance(given, str) else given))


def _plain(message: str, to: str | None) -> dict[str, Any]:
	return {"text": message}


def _card(message: str, to: str | None) -> dict[str, Any]:
	"""What the workflows of Teams take, which have replaced its connectors."""
	card = {
		"type": "AdaptiveCard",
		"version": "1.4",
		"body": [{"type": "TextBlock", "text": message, "wrap": True}],
	}
	content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
	return {"type": "message", "attachments": [content]}


def _telegram(message: str, to: str | None) -> dict[str, Any]:
	return {"chat_id": to, "text": message}


_BODIES: Mapping[str, Callable[[str, str | None], dict[str, Any]]] = {
	"slack": _plain,
	"google_chat": _plain,
	"teams": _card,
	"telegram": _telegram,
}

"""Mail to anyone, queued by the site in the step's transaction: sent if the step commits, and only then."""

import re
from collections.abc import Mapping, Sequence
from email.utils import getaddresses
from typing import Any, ClassVar

from dogansystem.actions.base import Action, StepContext
from dogansystem.actions.schema import (
	ValidationError,
	document_of,
	one_or_many,
	parameters,
	shown,
	text,
	words,
)

# Typing errors, not RFC 5322: the mail server has the last word.
ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\Z")


class Send(Action):
	name = "email.send"
	summary = "Send an email"
	parameters = parameters(
		{
			"to": one_or_many("Who gets it: addresses, separated by commas or as a list", pattern="@"),
			"subject": words("The subject line", needed=True),
		},
		{
			"message": words("The text; HTML is allowed"),
			"template": text(
				"An Email Template that gives the text instead, filled with the printed document, "
				"else with the one the run is about"
			),
			"cc": one_or_many("Who gets a copy: addresses, separated by commas or as a list", pattern="@"),
			"attachments": {
				"type": "array",
				"items": {
					**parameters({"fname": text("The file's name"), "fcontent": words("The file's text")}),
					"type": ["string", "object"],
					"minLength": 1,
				},
				"description": "What is attached: a File's name or URL, or {fname, fcontent} for text of your own",
			},
			"print": document_of(
				"A document that is attached as PDF",
				format=text("The Print Format; the document type's own if left out"),
			),
			"in_reply_to": text(
				"The Communication that it answers, such as {{ doc.name }} of a mail: it stands below that one in the "
				"receiver's mailbox. The user must be allowed to read it"
			),
		},
		oneOf=[{"required": ["message"]}, {"required": ["template"]}],
	)
	returns = "{recipients: the addresses it goes to}"
	example: ClassVar[Mapping[str, Any]] = {
		"to": "{{ doc.contact_email }}",
		"subject": "Your quotation {{ doc.name }}",
		"message": "It is valid until {{ doc.valid_till }}.",
	}

	def run(self, params: dict[str, Any], context: StepContext) -> dict[str, Any]:
		recipients = context.site.people.send_email(
			to=addresses(params["to"], "params.to"),
			subject=str(params["subject"]),
			message=str(params.get("message", "")),
			template=params.get("template"),
			values=_values(params, context) if "template" in params else None,
			cc=addresses(params["cc"], "params.cc") if "cc" in params else (),
			attachments=[
				each if isinstance(each, str) else {**each, "fcontent": str(each["fcontent"])}
				for each in params.get("attachments", ())
			],
			print_of=params.get("print"),
			in_reply_to=params.get("in_reply_to"),
			reference=context.reference,
		)
		return {"recipients": recipients}


def addresses(given: str | Sequence[str], path: str) -> list[str]:
	"""The addresses in a text or a list of texts, each once, without the names that may stand before them.

	Raises ValidationError, naming `path`, for one that is none.
	"""
	found: dict[str, None] = {}
	for each in [given] if isinstance(given, str) else given:
		# People separate by semicolon and new line too; Frappe's own mail form takes them.
		# Python 3.14 takes a comma at the end for a mistake in all of it.
		text = re.sub(r"[;\n]", ",", each).strip(", ")
		parts = [address for _name, address in getaddresses([text]) if address]
		if not parts or not all(ADDRESS.match(address) for address in parts):
			raise ValidationError(f"{path}: {shown(each)} is not an email address. Write name@example.com.")
		found.update(dict.fromkeys(parts))
	return list(found)


def _values(params: Mapping[str, Any], context: StepContext) -> Mapping[str, Any]:
	"""What an Email Template is filled with. Frappe gives it the document's fields as names of their own."""
	printed = params.get("print")
	subject = (printed["doctype"], printed["name"]) if printed else context.reference
	if subject is None:
		return {}
	document = context.site.documents.get(*subject)
	return {**document, "doc": document}

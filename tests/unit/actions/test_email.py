"""email.send hands one mail to the site, with addresses that can be mailed to."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.email import Send, addresses
from dogansystem.actions.schema import ValidationError

from .conftest import context


@pytest.fixture(autouse=True)
def documents(site: Sandbox) -> None:
	response = "{{ name }} for {{ customer_name }} ({{ doc.name }})"
	site.load_documents(
		[
			{"doctype": "Quotation", "name": "Q-1", "customer_name": "Çelik"},
			{"doctype": "Sales Invoice", "name": "I-2", "customer_name": "Kaya"},
			{"doctype": "File", "name": "terms", "file_url": "/files/terms.pdf"},
			{"doctype": "Email Template", "name": "Reminder", "subject": "…", "response": response},
			{"doctype": "Email Template", "name": "Newsletter", "subject": "…", "response": "News"},
		]
	)


def send(
	site: Sandbox, reference: tuple[str, str] | None = None, **params: Any
) -> tuple[Any, dict[str, Any]]:
	"""The action's output, and the mail in the outbox."""
	action = Send()
	action.validate(params)
	output = action.run(params, context(site, reference=reference))
	(mail,) = site.outbox()
	return output, mail


@pytest.mark.contract(
	"| `email.send` | to, subject, message or template, [cc], [attachments], [print: {doctype, name, format}] | `{recipients: […]}` |",
	"attachments, a document's print as PDF",
)
def test_a_mail_is_queued_whole(site: Sandbox) -> None:
	attachments = ["/files/terms.pdf", {"fname": "a.csv", "fcontent": "x,y"}]
	printed = {"doctype": "Quotation", "name": "Q-1", "format": "Short"}

	output, mail = send(
		site,
		("Quotation", "Q-1"),
		to="amy@example.com, bob@example.com",
		cc=["cem@example.com"],
		subject="Your quotation",
		message="<p>See below</p>",
		attachments=attachments,
		print=printed,
	)

	assert output == {"recipients": ["amy@example.com", "bob@example.com", "cem@example.com"]}
	assert mail["kind"] == "email"
	assert (mail["to"], mail["cc"]) == (["amy@example.com", "bob@example.com"], ["cem@example.com"])
	assert (mail["subject"], mail["message"]) == ("Your quotation", "<p>See below</p>")
	assert (mail["attachments"], mail["print"]) == (attachments, printed)
	assert mail["reference"] == {"doctype": "Quotation", "name": "Q-1"}


def test_a_mail_is_not_sent_when_the_step_is_rolled_back(site: Sandbox) -> None:
	send(site, to="amy@example.com", subject="S", message="M")
	site.database.rollback()

	assert site.outbox() == []


INVOICE = {"doctype": "Sales Invoice", "name": "I-2"}


@pytest.mark.parametrize(
	("params", "reference", "text"),
	[
		({}, ("Quotation", "Q-1"), "Q-1 for Çelik (Q-1)"),
		({"print": INVOICE}, ("Quotation", "Q-1"), "I-2 for Kaya (I-2)"),
		({"print": INVOICE}, None, "I-2 for Kaya (I-2)"),
	],
)
@pytest.mark.contract("send (template")
def test_a_template_is_filled_with_the_printed_document_or_else_the_runs(
	site: Sandbox, params: dict[str, Any], reference: tuple[str, str] | None, text: str
) -> None:
	_output, mail = send(site, reference, to="amy@example.com", subject="S", template="Reminder", **params)

	assert (mail["subject"], mail["message"]) == ("S", text)


def test_a_template_that_needs_no_document_goes_out_without_one(site: Sandbox) -> None:
	_output, mail = send(site, to="amy@example.com", subject="S", template="Newsletter")

	assert mail["message"] == "News"


@pytest.mark.parametrize(
	("given", "found"),
	[
		("amy@example.com", ["amy@example.com"]),
		("amy@example.com,bob@example.com", ["amy@example.com", "bob@example.com"]),
		(
			"amy@example.com; bob@example.com\ncem@example.com,",
			["amy@example.com", "bob@example.com", "cem@example.com"],
		),
		('"Kaya, Amy" <amy@example.com>', ["amy@example.com"]),
		(["amy@example.com", "Amy <amy@example.com>"], ["amy@example.com"]),
		(
			["amy@example.com, bob@example.com", "cem@example.com"],
			["amy@example.com", "bob@example.com", "cem@example.com"],
		),
	],
)
def test_addresses_come_as_text_or_list_and_each_counts_once(given: Any, found: list[str]) -> None:
	assert addresses(given, "params.to") == found


@pytest.mark.parametrize(
	"given",
	["amy", "amy@", "@example.com", " ", ",", "amy@example.com bob@example.com", ["amy@example.com", "bob"]],
)
def test_what_is_not_an_address_is_named(given: Any) -> None:
	with pytest.raises(
		ValidationError, match=r"^params\.cc: .* is not an email address\. Write name@example\.com\."
	):
		addresses(given, "params.cc")


def test_an_answer_names_the_communication_that_the_user_may_read(site: Sandbox) -> None:
	site.load_documents([{"doctype": "Communication", "name": "C-1"}])
	_output, mail = send(site, to="a@example.com", subject="Re: S", message="M", in_reply_to="C-1")
	assert mail["in_reply_to"] == "C-1"
	with pytest.raises(Exception, match="no Communication"):
		send(site, to="a@example.com", subject="Re: S", message="M", in_reply_to="C-2")

"""Users with roles, and an outbox of what they would have been told."""

import json

import pytest

from dogansystem.engine.errors import NotFound
from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.errors import (
	DoesNotExistError,
	InvalidEmailAddressError,
	PermissionError,
	ValidationError,
)


def test_a_user_whom_nobody_described_exists_and_is_trusted(sandbox: Sandbox) -> None:
	people = sandbox.people
	assert people.exists("anybody@example.com")
	assert {"System Manager", "Dogan Manager", "All"} <= people.roles("anybody@example.com")
	assert not people.exists("Guest")
	assert not people.exists("")
	assert people.roles("Guest") == {"Guest"}


def test_a_described_user_has_the_roles_given_and_no_others(sandbox: Sandbox) -> None:
	people = sandbox.people
	people.add_user("ada@example.com", ["Sales User", "Accounts User"], full_name="Ada")
	people.add_user("bob@example.com", ["Sales User"], enabled=False)
	people.add_user("Administrator", ["Sales User"])
	assert people.roles("ada@example.com") == {"Sales User", "Accounts User", "All", "Guest"}
	assert people.users_with_role("Sales User") == ["ada@example.com"]
	assert people.users_with_role("Pilot") == []
	assert people.exists("ada@example.com")
	assert not people.exists("bob@example.com")
	assert sandbox.documents.get("User", "ada@example.com")["full_name"] == "Ada"


def test_a_mail_is_recorded_with_the_transaction(sandbox: Sandbox) -> None:
	sandbox.people.send_email(to=["x@example.com"], subject="Lost", message="…")
	sandbox.database.rollback()
	assert sandbox.outbox() == []
	with sandbox.acting_as("ada@example.com"):
		sandbox.documents.create("Quotation", {"name": "Q"})
		recipients = sandbox.people.send_email(
			to=["x@example.com", "y@example.com"],
			subject="Your quotation",
			message="<p>Günaydın</p>",
			cc=["z@example.com"],
			attachments=[{"fname": "a.txt", "fcontent": "text"}],
			print_of={"doctype": "Quotation", "name": "Q", "format": "Modern"},
			reference=("Quotation", "Q"),
		)
	sandbox.database.commit()
	assert recipients == ["x@example.com", "y@example.com", "z@example.com"]
	(mail,) = json.loads(json.dumps(sandbox.outbox()))
	assert mail == {
		"id": mail["id"],
		"kind": "email",
		"sent_at": "2025-06-15 15:06:40.000000",
		"to": ["x@example.com", "y@example.com"],
		"cc": ["z@example.com"],
		"subject": "Your quotation",
		"message": "<p>Günaydın</p>",
		"attachments": [{"fname": "a.txt", "fcontent": "text"}],
		"print": {"doctype": "Quotation", "name": "Q", "format": "Modern"},
		"reference": {"doctype": "Quotation", "name": "Q"},
		"sender": "ada@example.com",
	}
	assert sandbox.outbox(after=mail["id"]) == []


def test_a_template_gives_the_text(sandbox: Sandbox) -> None:
	sandbox.load_documents(
		[
			{
				"doctype": "Email Template",
				"name": "Due",
				"response": "Dear {{ customer }}, {{ doc.total }} {{ x }}",
			},
			{
				"doctype": "Email Template",
				"name": "HTML",
				"use_html": 1,
				"response_html": "<b>{{ customer }}</b>",
				"response": "no",
			},
			{"doctype": "Email Template", "name": "Broken", "response": "{{ customer"},
			{"doctype": "Email Template", "name": "Sly", "response": "{{ ''.__class__.__mro__ }}"},
		]
	)
	values = {"customer": "Acme", "doc": {"total": 5}}

	def text(template: str) -> str:
		sandbox.people.send_email(
			to=["x@example.com"], subject="s", message="", template=template, values=values
		)
		return str(sandbox.outbox()[-1]["message"])

	assert text("Due") == "Dear Acme, 5 {{ x }}"
	assert text("HTML") == "<b>Acme</b>"
	with pytest.raises(DoesNotExistError, match="There is no Email Template named 'Reminder'"):
		text("Reminder")
	with pytest.raises(ValidationError, match="'Broken' cannot be rendered"):
		text("Broken")
	with pytest.raises(ValidationError, match="'Sly' cannot be rendered"):
		text("Sly")


def test_a_mail_to_nobody_or_nowhere_is_refused(sandbox: Sandbox) -> None:
	with pytest.raises(ValidationError, match="has no recipient"):
		sandbox.people.send_email(to=[], subject="s", message="m")
	with pytest.raises(InvalidEmailAddressError, match="'nowhere' is no email address"):
		sandbox.people.send_email(to=["x@example.com"], cc=["nowhere"], subject="s", message="m")
	assert sandbox.outbox() == []


def test_what_goes_along_must_be_there_and_readable(sandbox: Sandbox) -> None:
	def send(**along: object) -> None:
		sandbox.people.send_email(to=["x@example.com"], subject="s", message="m", **along)  # type: ignore[arg-type]

	with pytest.raises(DoesNotExistError, match="no Quotation named 'Q'"):
		send(print_of={"doctype": "Quotation", "name": "Q"})
	with pytest.raises(NotFound, match=r"no File named /files/a.pdf, nor one with that URL"):
		send(attachments=["/files/a.pdf"])
	sandbox.load_documents([{"doctype": "File", "name": "f1", "file_url": "/files/a.pdf"}])
	send(attachments=["/files/a.pdf", "f1"])
	assert sandbox.outbox()[0]["attachments"] == ["/files/a.pdf", "f1"]
	sandbox.permissions.restrict("File", ["Keeper"])
	with pytest.raises(PermissionError):
		send(attachments=["f1"])


def test_a_notification_reaches_enabled_users(sandbox: Sandbox) -> None:
	sandbox.people.add_user("off@example.com", enabled=False)
	reached = sandbox.people.notify(
		["ada@example.com", "off@example.com"], "Approve", "please", ("Lead", "A")
	)
	assert reached == ["ada@example.com"]
	(message,) = sandbox.outbox()
	assert message["kind"] == "notification"
	assert (message["to"], message["subject"], message["message"]) == (
		["ada@example.com"],
		"Approve",
		"please",
	)
	assert message["reference"] == {"doctype": "Lead", "name": "A"}
	assert sandbox.people.notify(["off@example.com"], "x") == []
	assert len(sandbox.outbox()) == 1

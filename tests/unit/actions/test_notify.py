"""notify.user and notify.role reach users of the site, and say whom."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.base import Action
from dogansystem.actions.notify import Role, User
from dogansystem.engine.errors import NotFound

from .conftest import context

AMY, BOB, ZOE = "amy@example.com", "bob@example.com", "zoe@example.com"


@pytest.fixture(autouse=True)
def staff(site: Sandbox) -> None:
	site.people.add_user(AMY, ["Sales User"])
	site.people.add_user(BOB, ["Sales User"])
	site.people.add_user(ZOE, ["Sales User"], enabled=False)


def notify(site: Sandbox, action: Action, reference: Any = None, **params: Any) -> Any:
	action.validate(params)
	return action.run(params, context(site, reference=reference))


@pytest.mark.contract("| `notify.user`, `notify.role` | user or role, subject, [message]")
def test_users_are_told_once_each(site: Sandbox) -> None:
	output = notify(site, User(), user=[AMY, BOB, AMY], subject="Late", message="Look")

	(told,) = site.outbox()
	assert output == {"notified": [AMY, BOB]}
	assert (told["kind"], told["to"], told["subject"], told["message"]) == (
		"notification",
		[AMY, BOB],
		"Late",
		"Look",
	)
	assert told["reference"] is None


@pytest.mark.contract("[document: {doctype, name}] | `{notified: […]}` |")
def test_a_notification_opens_the_named_document_or_else_the_runs(site: Sandbox) -> None:
	document = {"doctype": "Lead", "name": "L-1"}
	notify(site, User(), ("Quotation", "Q-1"), user=AMY, subject="Late")
	notify(site, User(), ("Quotation", "Q-1"), user=AMY, subject="Late", document=document)

	assert [told["reference"] for told in site.outbox()] == [
		{"doctype": "Quotation", "name": "Q-1"},
		document,
	]


def test_a_disabled_user_is_an_error_and_nobody_is_told(site: Sandbox) -> None:
	with pytest.raises(NotFound, match=r"params\.user: zoe@example\.com: no such user here, or disabled"):
		notify(site, User(), user=[AMY, ZOE], subject="Late")

	assert site.outbox() == []


@pytest.mark.contract("user, role (desk notification, realtime)")
def test_everyone_enabled_who_has_the_role_is_told(site: Sandbox) -> None:
	output = notify(site, Role(), ("Quotation", "Q-1"), role="Sales User", subject="Late")

	(told,) = site.outbox()
	assert output == {"notified": [AMY, BOB]}
	assert (told["to"], told["reference"]) == ([AMY, BOB], {"doctype": "Quotation", "name": "Q-1"})


def test_a_role_that_nobody_has_reaches_nobody(site: Sandbox) -> None:
	assert notify(site, Role(), role="Auditor", subject="Late") == {"notified": []}
	assert site.outbox() == []

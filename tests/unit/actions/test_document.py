"""document.* in a sandbox: what comes back, what changes, and which errors are told."""

import json
from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.actions.registry import core_actions
from dogansystem.engine.errors import PERMANENT, error_names
from dogansystem.engine.outputs import encode

from .conftest import context

ACTIONS = core_actions()
USER = "sales@example.com"


def act(site: Sandbox, action: str, **params: Any) -> Any:
	"""The output of an action, done as USER."""
	ACTIONS[action].validate(params)
	with site.acting_as(USER):
		output = ACTIONS[action].run(params, context(site))
	assert json.loads(encode(output, action)) == output
	return output


@pytest.fixture
def quotation(site: Sandbox) -> str:
	return str(
		act(site, "document.create", doctype="Quotation", values={"customer": "Çelik", "status": "Open"})[
			"name"
		]
	)


def test_create_gives_the_document_with_its_name(site: Sandbox) -> None:
	document = act(
		site, "document.create", doctype="Lead", values={"lead_name": "Ayşe", "notes": [{"note": "a"}]}
	)

	assert document["lead_name"] == "Ayşe"
	assert document["owner"] == USER
	assert act(site, "document.get", doctype="Lead", name=document["name"]) == document


def test_get_gives_only_the_fields_that_were_asked_for(site: Sandbox, quotation: str) -> None:
	found = act(site, "document.get", doctype="Quotation", name=quotation, fields=["customer"])
	assert found == {"name": quotation, "customer": "Çelik"}


def test_list_filters_sorts_and_limits(site: Sandbox) -> None:
	for amount in (5, 20, 10, 30):
		act(site, "document.create", doctype="Order", values={"amount": amount})
	params: dict[str, Any] = {"doctype": "Order", "fields": ["amount"], "order_by": "amount desc"}

	assert act(site, "document.list", **params, filters={"amount": [">", 5]}, limit=2) == [
		{"amount": 30},
		{"amount": 20},
	]
	assert act(site, "document.list", **params, filters=[["amount", "<", 20]]) == [
		{"amount": 10},
		{"amount": 5},
	]


def test_list_gives_at_most_a_thousand_rows_unless_told_otherwise(site: Sandbox) -> None:
	site.load_documents({"doctype": "Tag", "name": f"T-{number}"} for number in range(1001))

	assert len(act(site, "document.list", doctype="Tag")) == 1000
	assert len(act(site, "document.list", doctype="Tag", limit=1001)) == 1001


def test_update_gives_the_changed_document(site: Sandbox, quotation: str) -> None:
	document = act(site, "document.update", doctype="Quotation", name=quotation, values={"status": "Lost"})

	assert (document["status"], document["customer"], document["name"]) == ("Lost", "Çelik", quotation)
	assert act(site, "document.get", doctype="Quotation", name=quotation)["status"] == "Lost"


def test_submit_cancel_and_delete_give_name_and_docstatus(site: Sandbox, quotation: str) -> None:
	params = {"doctype": "Quotation", "name": quotation}

	assert act(site, "document.submit", **params) == {"name": quotation, "docstatus": 1}
	assert act(site, "document.cancel", **params) == {"name": quotation, "docstatus": 2}
	assert act(site, "document.delete", **params) == {"name": quotation, "docstatus": 2}
	assert act(site, "document.list", doctype="Quotation") == []


def test_a_comment_stands_on_the_document_and_gives_its_name(site: Sandbox, quotation: str) -> None:
	output = act(site, "document.comment", doctype="Quotation", name=quotation, text="Called, no answer")

	comment = act(site, "document.get", doctype="Comment", name=output["name"])
	assert list(output) == ["name"]
	assert (comment["content"], comment["reference_name"], comment["owner"]) == (
		"Called, no answer",
		quotation,
		USER,
	)


def test_an_assignment_is_a_todo_and_gives_its_name(site: Sandbox, quotation: str) -> None:
	output = act(
		site,
		"document.assign",
		doctype="Quotation",
		name=quotation,
		user="amy@example.com",
		description="Call them",
	)

	todo = act(site, "document.get", doctype="ToDo", name=output["name"])
	assert list(output) == ["name"]
	assert (todo["allocated_to"], todo["description"], todo["reference_name"]) == (
		"amy@example.com",
		"Call them",
		quotation,
	)


@pytest.mark.parametrize("verb", ["get", "submit", "cancel", "delete", "update", "comment", "assign"])
def test_a_missing_document_is_an_error_of_that_name_that_is_not_retried(site: Sandbox, verb: str) -> None:
	more = {"update": {"values": {}}, "comment": {"text": "x"}, "assign": {"user": "amy@example.com"}}

	with pytest.raises(Exception, match="Q-404") as failure:
		act(site, f"document.{verb}", doctype="Quotation", name="Q-404", **more.get(verb, {}))

	assert type(failure.value).__name__ == "DoesNotExistError"
	assert PERMANENT & set(error_names(failure.value))


def test_what_the_acting_user_may_not_do_is_a_permission_error(site: Sandbox, quotation: str) -> None:
	site.database.commit()
	site.permissions.restrict("Quotation", ["Auditor"])

	with pytest.raises(Exception, match=USER) as failure:
		act(site, "document.update", doctype="Quotation", name=quotation, values={"status": "Lost"})

	assert type(failure.value).__name__ == "PermissionError"


def test_changing_a_submitted_document_is_a_validation_error(site: Sandbox, quotation: str) -> None:
	act(site, "document.submit", doctype="Quotation", name=quotation)

	with pytest.raises(Exception, match=quotation) as failure:
		act(site, "document.update", doctype="Quotation", name=quotation, values={"status": "Lost"})

	assert "ValidationError" in error_names(failure.value)

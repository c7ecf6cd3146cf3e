"""document.* in a sandbox: what comes back, what changes, and which errors are told."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.engine.errors import PERMANENT, error_names

from .conftest import USER, act


@pytest.fixture
def quotation(site: Sandbox) -> str:
	return str(
		act(site, "document.create", doctype="Quotation", values={"customer": "Çelik", "status": "Open"})[
			"name"
		]
	)


@pytest.mark.contract("| `document.create` | doctype, values | the document, `name` included |")
def test_create_gives_the_document_with_its_name(site: Sandbox) -> None:
	document = act(
		site, "document.create", doctype="Lead", values={"lead_name": "Ayşe", "notes": [{"note": "a"}]}
	)

	assert document["lead_name"] == "Ayşe"
	assert document["owner"] == USER
	assert act(site, "document.get", doctype="Lead", name=document["name"]) == document


@pytest.mark.contract("| `document.get` | doctype, name, [fields] | the document;")
def test_get_gives_only_the_fields_that_were_asked_for(site: Sandbox, quotation: str) -> None:
	found = act(site, "document.get", doctype="Quotation", name=quotation, fields=["customer"])
	assert found == {"name": quotation, "customer": "Çelik"}


@pytest.mark.contract("| `document.count` | doctype, [filters] | a number |")
def test_count_gives_the_number_of_those_that_match(site: Sandbox, quotation: str) -> None:
	act(site, "document.create", doctype="Quotation", values={"status": "Lost"})

	assert act(site, "document.count", doctype="Quotation") == 2
	assert act(site, "document.count", doctype="Quotation", filters={"status": "Open"}) == 1


@pytest.mark.contract("list of rows; filters as in `frappe.get_list`")
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


@pytest.mark.contract("| `document.list` | doctype, [filters], [fields], [order_by], [limit: 1000] |")
def test_list_gives_at_most_a_thousand_rows_unless_told_otherwise(site: Sandbox) -> None:
	site.load_documents({"doctype": "Tag", "name": f"T-{number}"} for number in range(1001))

	assert len(act(site, "document.list", doctype="Tag")) == 1000
	assert len(act(site, "document.list", doctype="Tag", limit=1001)) == 1001


@pytest.mark.contract("| `document.update` | doctype, name, values | the document |")
def test_update_gives_the_changed_document(site: Sandbox, quotation: str) -> None:
	document = act(site, "document.update", doctype="Quotation", name=quotation, values={"status": "Lost"})

	assert (document["status"], document["customer"], document["name"]) == ("Lost", "Çelik", quotation)
	assert act(site, "document.get", doctype="Quotation", name=quotation)["status"] == "Lost"


@pytest.mark.contract("| `document.submit` `cancel` `delete` | doctype, name | `{name, docstatus}` |")
def test_submit_cancel_and_delete_give_name_and_docstatus(site: Sandbox, quotation: str) -> None:
	params = {"doctype": "Quotation", "name": quotation}

	assert act(site, "document.submit", **params) == {"name": quotation, "docstatus": 1}
	assert act(site, "document.cancel", **params) == {"name": quotation, "docstatus": 2}
	assert act(site, "document.delete", **params) == {"name": quotation, "docstatus": 2}
	assert act(site, "document.list", doctype="Quotation") == []


@pytest.mark.contract("| `document.comment` | doctype, name, text | `{name}` of the comment |")
def test_a_comment_stands_on_the_document_and_gives_its_name(site: Sandbox, quotation: str) -> None:
	output = act(site, "document.comment", doctype="Quotation", name=quotation, text="Called, no answer")

	comment = act(site, "document.get", doctype="Comment", name=output["name"])
	assert list(output) == ["name"]
	assert (comment["content"], comment["reference_name"], comment["owner"]) == (
		"Called, no answer",
		quotation,
		USER,
	)


@pytest.mark.contract("| `document.assign` | doctype, name, user, [description] | `{name}` of the ToDo |")
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


MORE: dict[str, dict[str, Any]] = {
	"update": {"values": {}},
	"comment": {"text": "x"},
	"assign": {"user": "amy@example.com"},
	"tag": {"tag": "x"},
	"share": {"user": "amy@example.com"},
	"rename": {"new_name": "Q-405"},
	"attach": {"content": "x", "file_name": "x.txt"},
	"transition": {"action": "Approve"},
}


@pytest.mark.parametrize("verb", ["get", "submit", "cancel", "delete", "amend", "unassign", *MORE])
@pytest.mark.contract("a missing one is the error `DoesNotExistError`")
def test_a_missing_document_is_an_error_of_that_name_that_is_not_retried(site: Sandbox, verb: str) -> None:

	with pytest.raises(Exception, match="Q-404") as failure:
		act(site, f"document.{verb}", doctype="Quotation", name="Q-404", **MORE.get(verb, {}))

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


def test_two_values_of_a_key_are_refused(site: Sandbox) -> None:
	with pytest.raises(Exception, match=r"params\.values\.email is 'b'.*params\.key\.email 'a'") as failure:
		act(site, "document.upsert", doctype="Lead", key={"email": "a"}, values={"email": "b"})
	assert PERMANENT & set(error_names(failure.value))


@pytest.mark.contract(
	"| `document.upsert` | doctype, key (a mapping of fields that finds it), values | "
	"the document, `{…, created: true or false}`; more than one found is an error |"
)
def test_an_upsert_says_whether_it_has_created_and_refuses_to_choose(site: Sandbox) -> None:
	lead = {"doctype": "Lead", "key": {"email": "a@example.com"}, "values": {"status": "Open"}}
	made = act(site, "document.upsert", **lead)
	found = act(site, "document.upsert", **{**lead, "values": {"status": "Lost"}})
	act(site, "document.create", doctype="Lead", values={"email": "a@example.com"})

	assert (made["created"], made["email"], made["status"]) == (True, "a@example.com", "Open")
	assert (found["created"], found["name"], found["status"]) == (False, made["name"], "Lost")
	with pytest.raises(Exception, match=r"more than one Lead with email 'a@example\.com'") as failure:
		act(site, "document.upsert", **lead)
	assert PERMANENT & set(error_names(failure.value))


def test_an_upsert_by_name_makes_a_document_of_that_name(site: Sandbox) -> None:
	act(site, "document.upsert", doctype="Lead", key={"name": "L-1"}, values={"status": "Open"})
	output = act(site, "document.upsert", doctype="Lead", key={"name": "L-1"}, values={"status": "Lost"})

	assert (output["name"], output["status"], output["created"]) == ("L-1", "Lost", False)


def test_an_upsert_needs_the_permissions_of_what_it_does(site: Sandbox) -> None:
	site.permissions.restrict("Lead", ["Desk User"], ["read", "create"])
	lead = {"doctype": "Lead", "key": {"email": "a@example.com"}, "values": {"status": "Open"}}

	assert act(site, "document.upsert", **lead)["created"] is True
	with pytest.raises(Exception, match="no permission to write Lead"):
		act(site, "document.upsert", **lead)


@pytest.mark.parametrize(
	("verb", "kind"), [("tag", "write"), ("rename", "write"), ("attach", "write"), ("amend", "create")]
)
def test_what_changes_a_document_needs_the_permission(
	site: Sandbox, quotation: str, verb: str, kind: str
) -> None:
	params = {"doctype": "Quotation", "name": quotation, **MORE.get(verb, {})}
	if verb == "amend":
		act(site, "document.submit", doctype="Quotation", name=quotation)
		act(site, "document.cancel", doctype="Quotation", name=quotation)
	site.database.commit()
	site.permissions.restrict("Quotation", ["Desk User"], ["read"])

	with pytest.raises(Exception, match=f"no permission to {kind} Quotation") as failure:
		act(site, f"document.{verb}", **params)
	assert type(failure.value).__name__ == "PermissionError"


def test_nobody_shares_a_right_that_they_do_not_have(site: Sandbox, quotation: str) -> None:
	site.database.commit()
	site.permissions.restrict("Quotation", ["Desk User"], ["read"])
	params = {"doctype": "Quotation", "name": quotation, "user": "amy@example.com"}

	assert act(site, "document.share", **params)["name"]
	with pytest.raises(Exception, match="no permission to write Quotation"):
		act(site, "document.share", **params, write=True)


def test_nothing_is_shared_with_a_user_who_is_disabled(site: Sandbox, quotation: str) -> None:
	site.database.commit()
	site.people.add_user("gone@example.com", enabled=False)
	with pytest.raises(Exception, match=r"params\.user: gone@example\.com: no such user") as failure:
		act(site, "document.share", doctype="Quotation", name=quotation, user="gone@example.com")
	assert PERMANENT & set(error_names(failure.value))


def test_a_renamed_document_is_found_by_its_new_name_in_what_happened(site: Sandbox, quotation: str) -> None:
	act(site, "document.rename", doctype="Quotation", name=quotation, new_name="Q-NEW")

	assert [(each["event"], each["name"]) for each in site.changes()] == [
		("created", "Q-NEW"),
		("renamed", "Q-NEW"),
	]


def test_a_private_file_of_somebody_else_is_not_attached_or_read(site: Sandbox, quotation: str) -> None:
	with site.acting_as("boss@example.com"):
		file = site.files.create("salaries.csv", b"name,salary\nboss,1\n")
	for given in (file["file"], file["file_url"]):
		for action, params in (
			("document.attach", {"doctype": "Quotation", "name": quotation, "file": given}),
			("data.parse", {"file": given}),
		):
			with pytest.raises(Exception, match=r"sales@example\.com may not read the File") as failure:
				act(site, action, **params)
			assert type(failure.value).__name__ == "PermissionError"


def test_a_new_file_needs_a_name(site: Sandbox, quotation: str) -> None:
	with pytest.raises(Exception, match=r"params\.file_name: is missing"):
		act(site, "document.attach", doctype="Quotation", name=quotation, content="x")


def test_a_name_that_another_file_has_becomes_another_url(site: Sandbox, quotation: str) -> None:
	attach = {"doctype": "Quotation", "name": quotation, "file_name": "a.txt"}
	one = act(site, "document.attach", **attach, content="one")
	two = act(site, "document.attach", **attach, content="two")

	assert one["file_url"] == "/private/files/a.txt"
	assert two["file_url"] != one["file_url"]
	assert act(site, "data.parse", file=two["file_url"], options={"header": False}) == [["two"]]

"""What becomes of documents in a sandbox: amendments, conversions, transitions; and that printing needs a site."""

from typing import Any

import pytest

from dogansystem import Sandbox
from dogansystem.engine.errors import PERMANENT, error_names

from .conftest import USER, act

FLOW: dict[str, Any] = {
	"doctype": "Workflow",
	"name": "Leave",
	"document_type": "Leave",
	"is_active": 1,
	"workflow_state_field": "state",
	"states": [
		{"state": "Open", "doc_status": "0"},
		{"state": "Approved", "doc_status": "1", "update_field": "approved_by", "update_value": "HR"},
		{"state": "Rejected", "doc_status": "0"},
	],
	"transitions": [
		{"state": "Open", "action": "Approve", "next_state": "Approved", "allowed": "HR"},
		{"state": "Open", "action": "Reject", "next_state": "Rejected", "allowed": "HR"},
		{
			"state": "Open",
			"action": "Wave Through",
			"next_state": "Approved",
			"allowed": "HR",
			"condition": "doc.days < 2 and doc.kind != 'Sick'",
		},
		{
			"state": "Rejected",
			"action": "Reopen",
			"next_state": "Open",
			"allowed": "HR",
			"allow_self_approval": 0,
		},
		{"state": "Open", "action": "Withdraw", "next_state": "Rejected", "allowed": "Boss"},
	],
}


@pytest.fixture
def leave(site: Sandbox) -> str:
	site.load_documents(
		[FLOW, {"doctype": "Leave", "name": "L-1", "days": 5, "kind": "Paid", "state": "Open"}]
	)
	site.people.add_user(USER, ["HR", "Desk User"])
	return "L-1"


def move(site: Sandbox, name: str, action: str) -> Any:
	return act(site, "document.transition", doctype="Leave", name=name, action=action)


def cancelled(site: Sandbox, **values: Any) -> str:
	name = str(act(site, "document.create", doctype="Invoice", values={**values, "docstatus": 1})["name"])
	act(site, "document.cancel", doctype="Invoice", name=name)
	return name


def assert_refused(failure: pytest.ExceptionInfo[BaseException], name: str) -> None:
	assert type(failure.value).__name__ == name
	assert PERMANENT & set(error_names(failure.value))


def test_an_amendment_is_a_draft_with_the_same_fields_that_names_the_original(site: Sandbox) -> None:
	name = cancelled(site, customer="Çelik", items=[{"qty": 1}])

	document = act(site, "document.amend", doctype="Invoice", name=name, values={"note": "again"})

	assert (document["name"], document["amended_from"], document["docstatus"]) == (f"{name}-1", name, 0)
	assert (document["customer"], document["items"], document["note"]) == ("Çelik", [{"qty": 1}], "again")


def test_only_what_is_cancelled_is_amended_and_only_once(site: Sandbox) -> None:
	draft = act(site, "document.create", doctype="Invoice", values={})["name"]
	with pytest.raises(Exception, match="is not cancelled") as failure:
		act(site, "document.amend", doctype="Invoice", name=draft)
	assert_refused(failure, "ValidationError")

	name = cancelled(site)
	act(site, "document.amend", doctype="Invoice", name=name)
	with pytest.raises(Exception, match=f"amended already, by {name}-1"):
		act(site, "document.amend", doctype="Invoice", name=name)


@pytest.mark.contract(
	"| `document.convert` | method (dotted path of a mapper), name, [values], [submit] | the new document |"
)
def test_what_a_mapper_makes_is_saved_with_the_values_given(site: Sandbox) -> None:
	site.whitelist(
		"shop.make_order",
		lambda source_name: {"doctype": "Order", "quotation": source_name, "priority": "Low"},
	)
	params = {"method": "shop.make_order", "name": "Q-1", "values": {"priority": "High"}}

	draft = act(site, "document.convert", **params)
	order = act(site, "document.convert", **params, submit=True)

	assert (draft["quotation"], draft["priority"], draft["docstatus"]) == ("Q-1", "High", 0)
	assert (order["docstatus"], order["name"] != draft["name"]) == (1, True)
	assert act(site, "document.get", doctype="Order", name=order["name"]) == order


def test_a_mapper_that_is_not_there_is_an_error_that_says_what_to_do(site: Sandbox) -> None:
	with pytest.raises(Exception, match=r"shop\.make_order.*whitelist.*on a site that has it") as failure:
		act(site, "document.convert", method="shop.make_order", name="Q-1")
	assert_refused(failure, "NotFound")


def test_a_copy_stands_in_for_a_mapper_of_erpnext(site: Sandbox) -> None:
	site.load_documents(
		[
			{
				"doctype": "Sales Order",
				"name": "SO-1",
				"docstatus": 1,
				"customer": "Acme",
				"items": [{"qty": 2}],
			}
		]
	)
	method = "erpnext.selling.doctype.sales_order.sales_order.make_delivery_note"
	made = act(site, "document.convert", method=method, name="SO-1", values={"po_no": "7"})
	assert (made["doctype"], made["docstatus"], made["customer"], made["po_no"]) == (
		"Delivery Note",
		0,
		"Acme",
		"7",
	)
	assert (made["items"], made["name"] != "SO-1") == ([{"qty": 2}], True)
	site.whitelist(method, lambda source_name: {"doctype": "Delivery Note", "customer": "Other"})
	assert act(site, "document.convert", method=method, name="SO-1")["customer"] == "Other"


def test_a_report_gives_the_rows_of_its_sample_document(site: Sandbox) -> None:
	rows = [{"voucher_no": "INV-1", "grand_total": 5.0}, {"voucher_no": "INV-2", "grand_total": 7.0}]
	site.load_documents(
		[{"doctype": "Report", "name": "Register", "rows": rows, "total": {"grand_total": 12.0}}]
	)
	found = act(site, "report.run", report="Register", limit=1)
	assert (found["rows"], found["left_out"], found["total"]) == (rows[:1], 1, {"grand_total": 12.0})
	assert [(each["fieldname"], each["label"]) for each in found["columns"]] == [
		("voucher_no", "Voucher No"), ("grand_total", "Grand Total"),
	]  # fmt: skip
	assert act(site, "report.send", report="Register", to="a@example.com") == {
		"recipients": ["a@example.com"],
		"rows": 2,
	}
	assert "<td>INV-2</td>" in site.outbox()[0]["message"]


def test_rows_of_a_sample_report_are_mappings(site: Sandbox) -> None:
	site.load_documents([{"doctype": "Report", "name": "Register", "rows": [["INV-1"]]}])
	with pytest.raises(Exception, match="each of its rows is a mapping") as failure:
		act(site, "report.run", report="Register")
	assert_refused(failure, "ValidationError")


def test_a_function_that_makes_no_document_is_no_mapper(site: Sandbox) -> None:
	site.whitelist("shop.count", lambda source_name: 5)
	with pytest.raises(Exception, match=r"shop\.count is no mapper") as failure:
		act(site, "document.convert", method="shop.count", name="Q-1")
	assert_refused(failure, "ValidationError")


@pytest.mark.contract("| `document.transition` | doctype, name, action | `{name, state}`;")
def test_an_action_of_a_workflow_moves_the_document(site: Sandbox, leave: str) -> None:
	assert move(site, leave, "Approve") == {"name": leave, "state": "Approved"}

	document = act(site, "document.get", doctype="Leave", name=leave)
	assert (document["docstatus"], document["approved_by"]) == (1, "HR")
	assert [each["event"] for each in site.changes()][-1] == "submitted"


@pytest.mark.contract("who may not is `PermissionError`")
def test_an_action_of_another_role_is_a_permission_error_that_names_it(site: Sandbox, leave: str) -> None:
	with pytest.raises(Exception, match=r"sales@example\.com may not.*Withdraw.*role Boss") as failure:
		move(site, leave, "Withdraw")
	assert_refused(failure, "PermissionError")
	assert act(site, "document.get", doctype="Leave", name=leave)["state"] == "Open"


@pytest.mark.contract("an action that is not open is an error that names the open ones")
@pytest.mark.parametrize("action", ["Reopen", "Wave Through", "Aprove"])
def test_an_action_that_is_not_open_is_an_error_that_names_those_that_are(
	site: Sandbox, leave: str, action: str
) -> None:
	with pytest.raises(
		Exception, match=rf"L-1 is Open.*'{action}' is not open.*: Approve, Reject\.$"
	) as failure:
		move(site, leave, action)
	assert_refused(failure, "WorkflowTransitionError")


def test_a_condition_lets_some_documents_pass(site: Sandbox, leave: str) -> None:
	act(site, "document.update", doctype="Leave", name=leave, values={"days": 1})
	assert move(site, leave, "Wave Through")["state"] == "Approved"


def test_a_condition_that_only_a_site_understands_says_so(site: Sandbox, leave: str) -> None:
	flow = {**FLOW, "transitions": [{**FLOW["transitions"][0], "condition": "frappe.db.get_value('x', 'y')"}]}
	site.load_documents([flow])
	with pytest.raises(Exception, match="cannot tell whether") as failure:
		move(site, leave, "Approve")
	assert_refused(failure, "NotAvailable")


def test_nobody_takes_an_action_on_a_document_of_their_own_where_the_workflow_forbids_it(
	site: Sandbox,
) -> None:
	site.load_documents([FLOW, {"doctype": "Leave", "name": "L-2", "owner": USER, "state": "Rejected"}])
	site.people.add_user(USER, ["HR"])
	with pytest.raises(Exception, match="document of their own") as failure:
		move(site, "L-2", "Reopen")
	assert_refused(failure, "PermissionError")


def test_a_transition_needs_the_permission_to_submit(site: Sandbox, leave: str) -> None:
	site.permissions.restrict("Leave", ["HR"], ["read", "write"])
	with pytest.raises(Exception, match="no permission to submit Leave") as failure:
		move(site, leave, "Approve")
	assert_refused(failure, "PermissionError")


def test_without_a_workflow_document_the_error_says_what_to_load(site: Sandbox) -> None:
	site.load_documents([{"doctype": "Leave", "name": "L-1"}])
	with pytest.raises(Exception, match=r"no Workflow for Leave.*sample document.*on a site") as failure:
		move(site, "L-1", "Approve")
	assert_refused(failure, "NotAvailable")


@pytest.mark.parametrize(
	("action", "params"),
	[
		("document.print", {"doctype": "Leave", "name": "L-1"}),
		("report.run", {"report": "Accounts Receivable"}),
		("report.send", {"report": "Accounts Receivable", "to": "a@example.com"}),
		("script.run", {"script": "my_script"}),
	],
)
def test_what_only_a_site_has_is_refused_with_an_error_that_says_so(
	site: Sandbox, action: str, params: dict[str, Any]
) -> None:
	with pytest.raises(Exception, match="on a Frappe site") as failure:
		act(site, action, **params)
	assert_refused(failure, "NotAvailable")

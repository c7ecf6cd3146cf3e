"""Documents behave as users of Frappe know them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from dogansystem.homes.sandbox import Sandbox, TestClock
from dogansystem.homes.sandbox.errors import (
	CannotChangeConstantError,
	CharacterLengthExceededError,
	DataError,
	DocstatusTransitionError,
	DoesNotExistError,
	DuplicateEntryError,
	InvalidNameError,
	PermissionError,
	TimestampMismatchError,
	UpdateAfterSubmitError,
	ValidationError,
)


def _events(sandbox: Sandbox) -> list[tuple[str, str, str]]:
	return [(each["event"], each["doctype"], each["name"]) for each in sandbox.changes()]


def test_a_new_document_has_what_every_document_has(sandbox: Sandbox) -> None:
	with sandbox.acting_as("ada@example.com"):
		document = sandbox.documents.create("Lead", {"lead_name": "Ada", "amount": 5})
	assert document == {
		"doctype": "Lead",
		"name": "LEAD-00001",
		"owner": "ada@example.com",
		"creation": "2025-06-15 15:06:40.000000",
		"modified": "2025-06-15 15:06:40.000000",
		"modified_by": "ada@example.com",
		"docstatus": 0,
		"idx": 0,
		"lead_name": "Ada",
		"amount": 5,
	}
	assert sandbox.documents.get("Lead", "LEAD-00001") == document
	assert _events(sandbox) == [("created", "Lead", "LEAD-00001")]


def test_a_document_is_gone_with_the_transaction_that_made_it(sandbox: Sandbox) -> None:
	sandbox.documents.create("Lead", {"name": "A"})
	sandbox.database.rollback()
	with pytest.raises(DoesNotExistError, match="There is no Lead named 'A'"):
		sandbox.documents.get("Lead", "A")
	assert sandbox.changes() == []


def test_a_name_is_taken_once(sandbox: Sandbox) -> None:
	sandbox.documents.create("Customer", {"name": "Çağrı Ltd"})
	with pytest.raises(DuplicateEntryError, match="Customer 'Çağrı Ltd' exists already"):
		sandbox.documents.create("Customer", {"name": "Çağrı Ltd "})
	# The transaction goes on after the refusal, and another case is another name.
	assert sandbox.documents.create("Customer", {"name": "çağrı ltd"})["name"] == "çağrı ltd"
	assert [row["name"] for row in sandbox.documents.list("Customer", {"name": "Çağrı Ltd"})] == ["Çağrı Ltd"]


@pytest.mark.parametrize(
	("name", "error"),
	[
		("  ", InvalidNameError),
		(["a"], InvalidNameError),
		("a<b", InvalidNameError),
		(True, InvalidNameError),
		("n" * 141, CharacterLengthExceededError),
	],
)
def test_a_name_that_no_document_can_have_is_refused(
	sandbox: Sandbox, name: Any, error: type[Exception]
) -> None:
	with pytest.raises(error, match="Customer: "):
		sandbox.documents.create("Customer", {"name": name})


def test_names_are_made_in_series(sandbox: Sandbox) -> None:
	create = sandbox.documents.create
	assert create("Sales Invoice", {})["name"] == "SALES-INVOICE-00001"
	assert create("Sales Invoice", {})["name"] == "SALES-INVOICE-00002"
	assert create("Quotation", {"naming_series": "SAL-QTN-.YYYY.-"})["name"] == "SAL-QTN-2025-00001"
	assert create("Quotation", {"naming_series": "Q.YY..MM..DD.-.##"})["name"] == "Q250615-01"
	assert create("Task", {"naming_series": "T-.{branch}.-.###", "branch": "IZM"})["name"] == "T-IZM-001"
	assert create("Lead", {"name": 7})["name"] == "7"
	assert len(create("ToDo", {})["name"]) == 10
	with pytest.raises(ValidationError, match="asks for the field 'branch', which is empty"):
		create("Task", {"naming_series": "T-.{branch}.-.###"})


def test_a_series_steps_over_a_name_that_was_given_by_hand(sandbox: Sandbox) -> None:
	sandbox.documents.create("Lead", {"name": "LEAD-00001"})
	assert sandbox.documents.create("Lead", {})["name"] == "LEAD-00002"


def test_values_become_json(sandbox: Sandbox) -> None:
	values = {
		"day": date(2025, 1, 2),
		"moment": datetime(2025, 1, 2, 3, 4, 5),
		"amount": Decimal("1.5"),
		"items": ({"item": "A", "qty": 2},),
	}
	document = sandbox.documents.create("Order", values)
	assert document["day"] == "2025-01-02"
	assert document["moment"] == "2025-01-02 03:04:05"
	assert document["amount"] == 1.5
	assert document["items"] == [{"item": "A", "qty": 2}]
	assert sandbox.documents.get("Order", document["name"]) == document


@pytest.mark.parametrize(
	("values", "error", "message"),
	[
		({"amount": float("nan")}, ValidationError, "amount is nan"),
		({"items": [{"file": b"x"}]}, ValidationError, r"items\[0\].file is a bytes"),
		({"a b": 1}, DataError, "'a b' is no field name"),
		({"doctype": "Task"}, ValidationError, "are of a Task, not of a Lead"),
		({"docstatus": 2}, DocstatusTransitionError, "docstatus 0 .draft. or 1 .submitted., not 2"),
	],
)
def test_values_that_no_document_can_have_are_refused(
	sandbox: Sandbox, values: dict[str, Any], error: type[Exception], message: str
) -> None:
	with pytest.raises(error, match=message):
		sandbox.documents.create("Lead", values)
	assert sandbox.documents.list("Lead") == []


def test_get_gives_the_fields_asked_for_and_the_name(sandbox: Sandbox) -> None:
	sandbox.documents.create("Lead", {"name": "A", "status": "Open", "source": "Mail"})
	assert sandbox.documents.get("Lead", "A", ["status"]) == {"name": "A", "status": "Open"}


def test_an_update_changes_and_stamps(sandbox: Sandbox, clock: TestClock) -> None:
	sandbox.documents.create("Lead", {"name": "A", "status": "Open", "source": "Mail"})
	clock.advance(60)
	with sandbox.acting_as("bob@example.com"):
		document = sandbox.documents.update("Lead", "A", {"status": "Lost", "name": "A"})
	assert (document["status"], document["source"]) == ("Lost", "Mail")
	assert (document["modified"], document["modified_by"]) == (
		"2025-06-15 15:07:40.000000",
		"bob@example.com",
	)
	assert document["creation"] == "2025-06-15 15:06:40.000000"
	assert sandbox.documents.get("Lead", "A") == document
	assert _events(sandbox)[-1] == ("updated", "Lead", "A")


def test_an_update_of_what_was_read_too_early_is_refused(sandbox: Sandbox, clock: TestClock) -> None:
	read = sandbox.documents.create("Lead", {"name": "A", "status": "Open"})
	clock.advance(1)
	assert sandbox.documents.update("Lead", "A", {**read, "status": "Lost"})["status"] == "Lost"
	with pytest.raises(TimestampMismatchError, match=r"was changed at 2025-06-15 15:06:41.000000"):
		sandbox.documents.update("Lead", "A", {**read, "status": "Open"})


@pytest.mark.parametrize("field", ["owner", "creation", "name"])
def test_what_a_document_was_created_with_stays(sandbox: Sandbox, field: str) -> None:
	sandbox.documents.create("Lead", {"name": "A"})
	with pytest.raises(CannotChangeConstantError, match=f"{field} cannot be changed"):
		sandbox.documents.update("Lead", "A", {field: "other"})


def test_a_draft_is_submitted_then_cancelled_and_nothing_else(sandbox: Sandbox) -> None:
	documents = sandbox.documents
	documents.create("Invoice", {"name": "I", "total": 1})
	with pytest.raises(DocstatusTransitionError, match="only a submitted document can be, and it is a draft"):
		documents.cancel("Invoice", "I")
	with pytest.raises(DocstatusTransitionError, match=r"Use document.submit or document.cancel"):
		documents.update("Invoice", "I", {"docstatus": 1})
	assert documents.submit("Invoice", "I") == {"name": "I", "docstatus": 1}
	with pytest.raises(DocstatusTransitionError, match="only a draft can be, and it is submitted"):
		documents.submit("Invoice", "I")
	with pytest.raises(UpdateAfterSubmitError, match=r"total cannot be changed. Cancel and amend it"):
		documents.update("Invoice", "I", {"total": 2})
	assert documents.update("Invoice", "I", {"total": 1})["docstatus"] == 1
	with pytest.raises(ValidationError, match=r"is submitted and cannot be deleted. Cancel it first"):
		documents.delete("Invoice", "I")
	assert documents.cancel("Invoice", "I") == {"name": "I", "docstatus": 2}
	with pytest.raises(ValidationError, match=r"is cancelled and cannot be changed. Amend it"):
		documents.update("Invoice", "I", {"total": 2})
	assert documents.delete("Invoice", "I") == {"name": "I", "docstatus": 2}
	assert documents.list("Invoice") == []
	events = [event for event, _, _ in _events(sandbox)]
	assert events == ["created", "submitted", "updated", "cancelled", "deleted"]


def test_a_document_created_as_submitted_is_both(sandbox: Sandbox) -> None:
	assert sandbox.documents.create("Invoice", {"docstatus": 1})["docstatus"] == 1
	assert [event for event, _, _ in _events(sandbox)] == ["created", "submitted"]


def test_an_amendment_is_named_after_what_it_amends(sandbox: Sandbox) -> None:
	documents = sandbox.documents
	documents.create("Invoice", {"name": "SINV-7", "docstatus": 1})
	with pytest.raises(ValidationError, match="'SINV-7' is not cancelled"):
		documents.create("Invoice", {"amended_from": "SINV-7"})
	documents.cancel("Invoice", "SINV-7")
	first = documents.create("Invoice", {"amended_from": "SINV-7", "docstatus": 1})
	assert first["name"] == "SINV-7-1"
	documents.cancel("Invoice", "SINV-7-1")
	assert documents.create("Invoice", {"amended_from": "SINV-7-1"})["name"] == "SINV-7-2"


@pytest.mark.parametrize("method", ["get", "submit", "cancel", "delete"])
def test_what_is_not_there_cannot_be_changed(sandbox: Sandbox, method: str) -> None:
	with pytest.raises(DoesNotExistError, match="There is no Lead named 'nobody'"):
		getattr(sandbox.documents, method)("Lead", "nobody")


def test_a_comment_is_a_document_about_another(sandbox: Sandbox) -> None:
	sandbox.documents.create("Lead", {"name": "A"})
	comment = sandbox.documents.comment("Lead", "A", "Called twice")
	found = sandbox.documents.get("Comment", comment["name"])
	assert (found["reference_doctype"], found["reference_name"]) == ("Lead", "A")
	assert found["content"] == "Called twice"
	with pytest.raises(DoesNotExistError):
		sandbox.documents.comment("Lead", "nobody", "x")


def test_an_assignment_is_a_todo_and_an_open_one_stands(sandbox: Sandbox) -> None:
	sandbox.documents.create("Lead", {"name": "A"})
	first = sandbox.documents.assign("Lead", "A", "ada@example.com", "Call back")
	todo = sandbox.documents.get("ToDo", first["name"])
	assert (todo["allocated_to"], todo["description"], todo["date"]) == (
		"ada@example.com",
		"Call back",
		"2025-06-15",
	)
	assert sandbox.documents.assign("Lead", "A", "ada@example.com") == first
	assert sandbox.documents.assign("Lead", "A", "bob@example.com") != first
	sandbox.documents.update("ToDo", first["name"], {"status": "Closed"})
	assert sandbox.documents.assign("Lead", "A", "ada@example.com") != first
	with pytest.raises(ValidationError, match="Guest is no enabled user"):
		sandbox.documents.assign("Lead", "A", "Guest")


def test_documents_of_a_file_are_taken_as_they_are(sandbox: Sandbox) -> None:
	given = {"doctype": "Invoice", "name": "I", "docstatus": 1, "owner": "ada@example.com", "total": 5}
	assert sandbox.load_documents([given, {"doctype": "Lead", "name": "A"}]) == 2
	assert given.items() <= sandbox.documents.get("Invoice", "I").items()
	sandbox.load_documents([{**given, "docstatus": 0, "total": 6}])
	assert sandbox.documents.list("Invoice", {"docstatus": 0}, ["total"]) == [{"total": 6}]
	assert sandbox.changes() == []


@pytest.mark.parametrize("bad", [{"doctype": "Lead"}, {"name": "A"}, {"doctype": 1, "name": "A"}])
def test_a_file_with_one_bad_document_loads_nothing(sandbox: Sandbox, bad: dict[str, Any]) -> None:
	with pytest.raises(ValidationError, match="needs a doctype and a name"):
		sandbox.load_documents([{"doctype": "Lead", "name": "B"}, bad])
	assert sandbox.documents.list("Lead") == []


def test_the_orchestrators_own_documents_can_be_read_but_not_written(sandbox: Sandbox) -> None:
	from dogansystem import Orchestrator

	step = {"id": "one", "action": "data.set", "params": {"x": 1}}
	Orchestrator(sandbox).import_workflow({"name": "try-it", "title": "Try it", "steps": [step]})
	assert sandbox.documents.list("Dogan Workflow", {"enabled": 1}, ["name", "title"]) == [
		{"name": "try-it", "title": "Try it"}
	]
	assert sandbox.documents.get("Dogan Workflow", "try-it")["creation"] == "2025-06-15 15:06:40.000000"
	with pytest.raises(DoesNotExistError):
		sandbox.documents.get("Dogan Workflow", "other")
	for change in (
		lambda: sandbox.documents.create("Dogan Workflow Run", {}),
		lambda: sandbox.documents.update("Dogan Workflow", "try-it", {"enabled": 0}),
		lambda: sandbox.load_documents([{"doctype": "Dogan Batch", "name": "A"}]),
	):
		with pytest.raises(PermissionError, match="are kept by the orchestrator"):
			change()


def test_a_saved_document_starts_what_wants_it_in_its_own_transaction(sandbox: Sandbox) -> None:
	from dogansystem import Orchestrator

	orchestrator = Orchestrator(sandbox)
	orchestrator.import_workflow(
		{
			"name": "greet",
			"triggers": [
				{"on": "document", "doctype": "Lead", "event": "created", "if": "{{ doc.amount > 1 }}"}
			],
			"steps": [{"id": "one", "action": "data.set", "params": {"lead": "{{ doc.name }}"}}],
		}
	)
	sandbox.database.commit()
	sandbox.documents.create("Lead", {"amount": 5})
	sandbox.database.rollback()
	assert orchestrator.list_runs() == []
	sandbox.documents.create("Lead", {"name": "A", "amount": 5})
	sandbox.documents.create("Lead", {"name": "B", "amount": 1})
	sandbox.database.commit()
	assert [run["document"] for run in orchestrator.list_runs()] == [{"doctype": "Lead", "name": "A"}]

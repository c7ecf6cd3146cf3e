"""The workflows that ship with the app: valid, complete, and each does its job in the sandbox."""

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import NotFound
from dogansystem.worker.drainer import Drainer
from dogansystem.workflows import template

PERSON = "sales@example.com"
# What a Quotation or a Sales Invoice has on a site, filled in or not.
FIELDS = {
	"party_name": "Acme", "customer": "Acme", "contact_display": None, "contact_email": None,
	"due_date": "2030-01-01", "valid_till": "2030-01-01",
}  # fmt: skip


@pytest.fixture
def site(tmp_path):
	with Sandbox(tmp_path / "workflows.db", timezone="UTC") as opened:
		opened.set_settings(linger_seconds=0)
		opened.database.commit()
		yield opened


def enable(site: Sandbox, name: str) -> Orchestrator:
	orchestrator = Orchestrator(site)
	# As on a site, where saving fills in who saves.
	orchestrator.import_workflow({**template(name).definition.source, "run_as": PERSON})
	site.database.commit()
	return orchestrator


def drain(site: Sandbox) -> None:
	Drainer(site, until=lambda: True).run()
	site.database.rollback()


def the_run(orchestrator: Orchestrator, workflow: str) -> dict:
	(run,) = orchestrator.list_runs(workflow)
	return orchestrator.get_run(run["run"])


def test_an_unknown_template_is_an_error_that_names_those_there_are():
	with pytest.raises(NotFound, match="mail-invoice, mail-quotation"):
		template("mail-order")


def test_leads_come_out_of_incoming_mail_once_for_each_sender(site):
	orchestrator = enable(site, "leads-from-mail")
	mail = {"sent_or_received": "Received", "communication_medium": "Email", "reference_name": None}
	with site.acting_as(PERSON):
		site.documents.create("Lead", {"first_name": "Known", "email_id": "known@example.com"})
		for sender in ("new@example.com", "known@example.com", "new@example.com"):
			site.documents.create("Communication", {**mail, "sender": sender, "subject": "Hello"})
	site.database.commit()
	drain(site)
	with site.acting_as(PERSON):
		leads = site.documents.list("Lead", fields=["name", "email_id"])
		mails = site.documents.list("Communication", fields=["sender", "reference_doctype", "reference_name"])
	assert sorted(lead["email_id"] for lead in leads) == ["known@example.com", "new@example.com"]
	names = {lead["email_id"]: lead["name"] for lead in leads}
	assert all(
		(each["reference_doctype"], each["reference_name"]) == ("Lead", names[each["sender"]])
		for each in mails
	)
	assert {run["status"] for run in orchestrator.list_runs("leads-from-mail")} == {"Succeeded"}


@pytest.mark.parametrize(
	("workflow", "doctype"), [("mail-quotation", "Quotation"), ("mail-invoice", "Sales Invoice")]
)
def test_a_submitted_document_is_mailed_with_its_print(site, workflow, doctype):
	orchestrator = enable(site, workflow)
	values = {**FIELDS, "contact_email": "buyer@example.com"}
	with site.acting_as(PERSON):
		name = site.documents.create(doctype, values)["name"]
		site.documents.submit(doctype, name)
	site.database.commit()
	drain(site)
	run = the_run(orchestrator, workflow)
	assert run["status"] == "Succeeded", run["error"]
	(mail,) = [each for each in site.outbox() if each["kind"] == "email"]
	assert mail["to"] == ["buyer@example.com"]
	assert name in mail["subject"]
	assert mail["print"] == {"doctype": doctype, "name": name}
	if workflow == "mail-invoice":
		assert "It is due on 01 January 2030." in mail["message"]


def test_a_document_without_an_address_is_told_to_whoever_submitted_it(site):
	orchestrator = enable(site, "mail-quotation")
	with site.acting_as(PERSON):
		name = site.documents.create("Quotation", FIELDS)["name"]
		site.documents.submit("Quotation", name)
	site.database.commit()
	drain(site)
	run = the_run(orchestrator, "mail-quotation")
	assert {step["id"]: step["status"] for step in run["steps"]} == {
		"mail": "Skipped",
		"note": "Skipped",
		"ask": "Succeeded",
	}
	(told,) = site.outbox()
	assert told["kind"] == "notification"


def test_open_quotations_are_followed_up_before_they_expire(site):
	orchestrator = enable(site, "follow-up-quotations")
	today = site.local_time(site.now()).date().isoformat()
	with site.acting_as(PERSON):
		for valid_till, email in (
			(today, "soon@example.com"),
			("2099-01-01", "later@example.com"),
			(today, None),
		):
			values = {
				"party_name": "Acme",
				"valid_till": valid_till,
				"contact_email": email,
				"status": "Open",
			}
			name = site.documents.create("Quotation", values)["name"]
			site.documents.submit("Quotation", name)
		run = orchestrator.start_run("follow-up-quotations", cause="manual")
	site.database.commit()
	drain(site)
	found = orchestrator.get_run(run)
	assert found["status"] == "Succeeded", found["error"]
	assert found["output"] == {"expiring": 2, "mailed": 1}
	assert [each["to"] for each in site.outbox() if each["kind"] == "email"] == [["soon@example.com"]]


def test_a_question_is_asked_once_for_each_total(site):
	matrix = {"doctype": "Dogan Approval Matrix", "name": "All", "rows": [{"user": "boss@example.com"}]}
	orchestrator = Orchestrator(site)
	source = {**template("quotation-approval").definition.source, "run_as": PERSON}
	orchestrator.import_workflow(source, True, {"matrix": "All"})
	site.load_documents([matrix])
	fields = {
		"customer_name": "Acme", "currency": "EUR", "grand_total": 20000, "base_grand_total": 20000, "docstatus": 0, **FIELDS
	}  # fmt: skip
	with site.acting_as(PERSON):
		name = site.documents.create("Quotation", fields)["name"]
		site.documents.update("Quotation", name, {"title": "Saved twice"})
	site.database.commit()
	drain(site)
	(asked,) = (each for each in site.outbox() if each["kind"] == "approval")
	with site.acting_as(PERSON):
		site.documents.update("Quotation", name, {"grand_total": 30000, "base_grand_total": 30000})
	site.database.commit()
	drain(site)
	states = [run["status"] for run in orchestrator.list_runs("quotation-approval")]
	assert sorted(states) == ["Cancelled", "Waiting"]
	subjects = [each["subject"] for each in site.outbox() if each["kind"] == "approval"]
	assert (asked["subject"], "30,000.00 EUR" in subjects[-1]) == (subjects[0], True)

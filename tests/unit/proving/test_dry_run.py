"""The dry run: for real, and nothing stays."""

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import InputError
from dogansystem.proving.course import ToSend
from tests.unit.proving.trying import USER, step, tried, workflow

TODO = {
	"doctype": "ToDo",
	"name": "T-1",
	"status": "Open",
	"rows": [{"name": "a", "qty": 1}, {"name": "b", "qty": 2}],
}


@pytest.fixture
def site():
	with Sandbox(user=USER) as found:
		found.load_documents([TODO])
		yield found


def fields(report, name):
	return {
		(each["field"], each.get("row"), each.get("event")): (each["before"], each["after"])
		for changed in report["changes"]
		if changed["name"] == name
		for each in changed["fields"]
	}


@pytest.mark.contract(
	"All of them run for real, inside transactions that are rolled back",
	"Nothing is left, provably: rows, counters, naming series, files, queues, mails, caches",
	"**Dry run** (`run --dry-run`, the button *Try*): one run of a saved or unsaved definition for a document or an input",
)
def test_documents_are_written_shown_and_gone(site):
	rows = [{"name": "a", "qty": 5}, {"name": "c", "qty": 3}]
	report = tried(
		site,
		workflow(
			step("change", "document.update", params={"doctype": "ToDo", "name": "T-1", "values": {"status": "Closed", "rows": rows}}),
			step("make", "document.create", params={"doctype": "ToDo", "values": {"description": "{{ doc.name }} {{ input.x }}"}}),
			step("order", "document.create", params={"doctype": "Order", "values": {"total": 5}}),
			step("submit", "document.submit", params={"doctype": "Order", "name": "{{ steps.order.output.name }}"}),
			step("gone", "document.delete", params={"doctype": "ToDo", "name": "T-1"}),
		),
		document=TODO,
		input={"x": 7},
	)  # fmt: skip
	assert (report["status"], report["dry_run"]) == ("Succeeded", True)
	assert [each["status"] for each in report["steps"]] == ["Succeeded"] * 5
	assert report["steps"][1]["output"]["description"] == "T-1 7"
	assert [each["events"] for each in report["changes"]] == [
		["updated", "deleted"],
		["created"],
		["created", "submitted"],
	]
	assert [each["doctype"] for each in report["documents"]["created"]] == ["ToDo", "Order"]
	assert report["documents"]["created"][1]["docstatus"] == 1


@pytest.mark.contract(
	"Shows steps with outputs, documents created, changed (field by field), submitted, deleted, mails, notifications, requests, approvals that would be asked"
)
def test_a_changed_document_is_shown_field_by_field_with_its_rows(site):
	rows = [{"name": "a", "qty": 5}, {"name": "c", "qty": 3}]
	values = {"status": "Closed", "rows": rows}
	change = step("change", "document.update", params={"doctype": "ToDo", "name": "T-1", "values": values})
	report = tried(site, workflow(change))
	found = fields(report, "T-1")
	assert found["status", None, None] == ("Open", "Closed")
	assert found["rows.qty", 1, None] == (1, 5)
	assert (found["rows.qty", 2, "added"], found["rows.qty", 2, "removed"]) == ((None, 3), (2, None))
	assert [each["events"] for each in report["changes"]] == [["updated"]]


def test_mails_and_requests_are_recorded_and_not_sent(site):
	report = tried(
		site,
		workflow(
			step("mail", "email.send", params={"to": "a@example.com", "subject": "Hello", "message": "You"}),
			step("ask", "http.request", params={"url": "https://example.com/rates?key=1", "expect": 201}),
			step("sms", "notify.sms", params={"to": "+905551234567", "message": "Hi"}),
		),
	)
	assert report["status"] == "Succeeded", report["error"]
	assert [(each["kind"], each["to"]) for each in report["outbox"]] == [
		("email", ["a@example.com"]), ("sms", ["+905551234567"])
	]  # fmt: skip
	assert report["requests"] == [
		{"request": "GET https://example.com/rates", "json": None, "stand_in": True, "status": 201}
	]
	assert site.outbox() == []


@pytest.mark.contract(
	"What reaches outside is recorded, not sent; its answer is what the author pinned, or a documented stand-in"
)
def test_a_pinned_answer_comes_before_the_stand_in(site):
	answers = {"GET https://example.com/rates": [{"status": 200, "json": {"eur": 2}}]}
	ask = step("ask", "http.request", params={"url": "https://example.com/rates"})
	report = tried(site, workflow(ask), responses=answers)
	assert report["steps"][0]["output"]["body"] == {"eur": 2}
	assert "stand_in" not in report["requests"][0]


def test_a_secret_is_not_shown_with_the_request(site):
	site.set_credential("chat", {"type": "address", "url": "https://hooks.example.com/very-secret"})
	params = {"service": "slack", "credential": "chat", "message": "Hi"}
	report = tried(site, workflow(step("say", "notify.chat", params=params)))
	assert report["status"] == "Succeeded", report["error"]
	assert "very-secret" not in repr(report)
	assert report["requests"][0]["json"] == {"text": "Hi"}


@pytest.mark.contract(
	"Waits pass at once (the clock jumps); approvals, asks and signals take the answers given, else the first branch, and say so"
)
def test_waits_pass_and_what_nobody_answers_takes_its_first_branch(site):
	fields_asked = [{"name": "limit", "type": "Int", "required": True}]
	report = tried(
		site,
		workflow(
			step("rest", "flow.wait", params={"for": "30d"}),
			step(
				"ok",
				"flow.approve",
				params={"to": "boss@example.com", "subject": "May I?", "comment": "required"},
			),
			step(
				"form",
				"flow.ask",
				params={"to": "boss@example.com", "subject": "How much?", "fields": fields_asked},
			),
			step("paid", "flow.wait_for", params={"signal": "paid", "key": "Q-1", "deadline": "90d"}),
			step("end", "data.set", params={"day": "{{ today }}", "branch": "{{ steps.ok.branch }}"}),
		),
	)
	assert report["status"] == "Succeeded", (report["error"], report["waits"], report["refused_answers"])
	assert [each["branch"] for each in report["steps"]] == [None, "approved", "answered", "received", None]
	assert [(each["step"], each["subject"], each["asked"]) for each in report["approvals"]] == [
		("ok", "May I?", ["boss@example.com"]), ("form", "How much?", ["boss@example.com"])
	]  # fmt: skip
	assert [each["step"] for each in report["assumed"]] == ["ok", "form", "paid"]
	assert [(each["step"], each["kind"]) for each in report["jumped"]] == [("rest", "wait")]


def test_answers_and_signals_that_are_given_count(site):
	report = tried(
		site,
		workflow(
			step("ok", "flow.approve", params={"to": "boss@example.com", "subject": "May I?"}),
			step("paid", "flow.wait_for", after=["ok.rejected"], params={"signal": "paid"}),
		),
		answers={"ok": [{"decision": "rejected", "by": "boss@example.com", "comment": "no"}]},
		signals=[ToSend("paid", None, {"sum": 3}, 86400.0)],
	)
	assert report["steps"][0]["output"]["comment"] == "no"
	assert report["steps"][1]["output"] == {"sum": 3}
	assert report["assumed"] == []


def test_other_workflows_that_would_start_are_named_and_not_run(site):
	trigger = {"on": "document", "doctype": "Order", "event": "created"}
	other = workflow(
		step("x", "document.create", params={"doctype": "Note", "values": {}}),
		name="other",
		triggers=[trigger],
	)
	Orchestrator(site).save_workflow(other, True)
	site.database.commit()
	make = step("make", "document.create", params={"doctype": "Order", "values": {}})
	report = tried(site, workflow(make))
	assert [(each["workflow"], each["by"]) for each in report["starts"]] == [("other", "document")]
	assert [each["doctype"] for each in report["documents"]["created"]] == ["Order"]


def test_what_waits_on_the_site_is_left_alone(site):
	real = workflow(step("x", "document.create", params={"doctype": "Note", "values": {}}), name="real")
	Orchestrator(site).save_workflow(real, True)
	run = Orchestrator(site).start_run("real")
	site.database.commit()
	report = tried(site, workflow(step("a", "data.set", params={"x": 1})))
	assert report["status"] == "Succeeded"
	assert Orchestrator(site).get_run(run)["status"] == "Queued"


def test_a_saved_workflow_is_tried_as_it_would_be_saved_and_stays_as_it_was(site):
	before = workflow(step("a", "data.set", params={"x": 1}))
	Orchestrator(site).save_workflow(before, True)
	site.database.commit()
	report = tried(site, workflow(step("a", "data.set", params={"x": 2})))
	assert report["steps"][0]["output"] == {"x": 2}
	assert Orchestrator(site).export_workflow("tried") == before.source


def test_sub_workflows_run_with_their_steps(site):
	child = workflow(
		step("x", "data.set", params={"y": "{{ input.y }}"}),
		name="child",
		output={"y": "{{ steps.x.output.y }}"},
	)
	Orchestrator(site).save_workflow(child, True)
	site.database.commit()
	report = tried(site, workflow(step("below", "flow.run", params={"workflow": "child", "input": {"y": 4}})))
	assert report["steps"][0]["output"] == {"y": 4}
	assert [(each["workflow"], each["step"]) for each in report["below"]] == [("child", "below")]


def test_a_step_that_fails_is_shown_with_its_error_and_what_it_undoes(site):
	undo = {
		"action": "document.delete",
		"params": {"doctype": "Order", "name": "{{ steps.make.output.name }}"},
	}
	make = step("make", "document.create", params={"doctype": "Order", "values": {}}, compensate=undo)
	fail = step("fail", "data.check", params={"that": False, "message": "too much"})
	report = tried(site, workflow(make, fail))
	assert (report["status"], report["steps"][0]["status"]) == ("Failed", "Compensated")
	assert "too much" in report["error"]
	assert report["documents"]["created"] == []


def test_a_step_that_commits_is_stopped(site):
	site.whitelist("own.commit", lambda: site.database.commit())
	report = tried(site, workflow(step("a", "method.call", params={"method": "own.commit"})))
	assert "StepCommitted" in report["error"]


def test_it_stops_after_its_time(site):
	many = step(
		"many",
		"document.create",
		for_each="{{ input }}",
		max_parallel=1,
		params={"doctype": "Order", "values": {}},
	)
	report = tried(site, workflow(many), input=list(range(2000)), seconds=0.3)
	assert "stopped after 0.3 seconds" in report["stopped"]
	assert report["status"] == "Running"


def test_an_input_that_does_not_fit_is_refused_and_leaves_nothing(site):
	asks = workflow(step("a", "data.set", params={"x": 1}), input={"type": "object", "required": ["y"]})
	with pytest.raises(InputError, match="y"):
		tried(site, asks, input={})


def test_it_may_be_tried_again_and_again(site):
	params = {"doctype": "ToDo", "name": "T-1", "values": {"status": "Closed"}}
	definition = workflow(
		step("rest", "flow.wait", params={"for": "1d"}), step("a", "document.update", params=params)
	)
	assert [tried(site, definition)["status"] for _ in range(3)] == ["Succeeded"] * 3

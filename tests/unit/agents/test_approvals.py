"""Calls that people decide on before they are made."""

from dogansystem import Orchestrator
from tests.unit.agents.place import AGENT, BOSS, Saying, call, decide, office, output, row, start, turns, work

UPDATE = {"action": "document.update", "params": {"doctype": "Lead", "values": {"status": "*", "notes": "*"}}}
LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open"}
WANTED = call("document_update", name="L-1", values={"status": "Closed"})


def status(site) -> str:
	return site.documents.get("Lead", "L-1")["status"]


def test_a_call_that_writes_waits_for_people_and_nobody_holds_the_step():
	with office(Saying(WANTED, {"text": "Done."}), [UPDATE], documents=[LEAD]) as site:
		run = start(site)
		found = work(site, run)
		assert (found["status"], status(site)) == ("Waiting", "Open")
		assert site.database.sql("SELECT * FROM dogan_lease") == []
		asked = decide(site, "approved")
		assert (asked["asked"], "Closed" in asked["message"]) == ([BOSS], True)
		found = work(site, run)
		assert (status(site), output(found)["calls"][0]["approved_by"]) == ("Closed", BOSS)


def test_what_is_rejected_is_not_done_and_the_model_is_told_why():
	says = Saying(WANTED, {"text": "Then not."})
	with office(says, [UPDATE], documents=[LEAD]) as site:
		run = start(site)
		work(site, run)
		decide(site, "rejected", "Not this one.")
		found = work(site, run)
		assert (status(site), output(found)["text"]) == ("Open", "Then not.")
		assert "Not this one." in says.asked[1][1].messages[-1].text


def test_people_are_asked_again_if_the_document_has_changed_meanwhile():
	with office(Saying(WANTED, {"text": "Done."}), [UPDATE], documents=[LEAD]) as site:
		run = start(site)
		work(site, run)
		site.clock.advance(5)
		site.documents.update("Lead", "L-1", {"notes": "new"})
		site.database.commit()
		decide(site, "approved")
		assert (work(site, run)["status"], status(site)) == ("Waiting", "Open")
		decide(site, "approved")
		work(site, run)
		assert status(site) == "Closed"


def test_reading_is_free_and_always_asks_for_everything():
	get = {"action": "document.get", "params": {"doctype": "Lead"}, "approval": "always"}
	with office(Saying(call("document_get", name="L-1"), {"text": "Done."}), [get], documents=[LEAD]) as site:
		run = start(site)
		assert work(site, run)["status"] == "Waiting"


def test_the_agents_own_user_never_decides():
	tool = {**UPDATE, "ask_user": AGENT}
	with office(Saying(WANTED, {"text": "Done."}), [tool], documents=[LEAD]) as site:
		found = work(site, start(site))
		assert row(found)["error"].type == "NobodyCanDecide"


def test_a_cancelled_run_asks_nobody_any_more():
	with office(Saying(WANTED), [UPDATE], documents=[LEAD]) as site:
		run = start(site)
		work(site, run)
		Orchestrator(site).cancel_run(run)
		site.database.commit()
		assert work(site, run)["status"] == "Cancelled"
		assert (Orchestrator(site).pending_approvals(), status(site)) == ([], "Open")


def test_a_deadline_of_the_ask_ends_the_wait_for_people():
	from tests.unit.agents.place import step

	with office(Saying(WANTED), [UPDATE], documents=[LEAD]) as site:
		run = start(site, step(deadline="1h"))
		work(site, run)
		site.clock.advance(3601)
		assert row(work(site, run))["error"].type == "Timeout"


def test_a_workflow_is_a_tool_and_its_output_is_the_result():
	source = {
		"name": "double",
		"run_as": "person@example.com",
		"input": {"type": "object", "required": ["n"], "properties": {"n": {"type": "number"}}},
		"steps": [{"id": "a", "action": "data.set", "params": {"n": "{{ input.n * 2 }}"}}],
		"output": {"n": "{{ steps.a.output.n }}"},
	}
	says = Saying(call("run_double", n=4), {"text": "Eight."})
	with office(says, [{"workflow": "double", "approval": "never"}]) as site:
		Orchestrator(site).import_workflow(source)
		site.database.commit()
		run = start(site)
		found = work(site, run)
		assert output(found)["calls"][0]["output"] == {"n": 8}
		assert says.asked[0][1].tools[0].parameters["required"] == ["n"]
		assert [each["workflow"] for each in found["children"]] == ["double"]
		assert turns(site, run)[0].calls[0].child == found["children"][0]["run"]


def test_a_workflow_that_fails_is_told_to_the_model():
	source = {
		"name": "fails",
		"run_as": "person@example.com",
		"steps": [{"id": "a", "action": "data.check", "params": {"that": False, "message": "No stock."}}],
	}
	says = Saying(call("run_fails"), {"text": "It failed."})
	with office(says, [{"workflow": "fails", "approval": "never"}]) as site:
		Orchestrator(site).import_workflow(source)
		site.database.commit()
		assert "No stock." in output(work(site, start(site)))["calls"][0]["error"]

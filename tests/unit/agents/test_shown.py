"""What people see of an ask: turns and calls, who approved what, how long it took; no secrets, nothing that they may not read."""

import json
from functools import partial
from typing import Any

from dogansystem import Orchestrator, Sandbox
from dogansystem.agents.ai import shown
from dogansystem.agents.ai.conversation import Answer
from dogansystem.store import asks
from dogansystem.terminal import show
from tests.unit.agents.place import AGENT, BOSS, Saying, asked, call, decide, office, row, start, step, work

GET = {"action": "document.get", "params": {"doctype": "Lead"}}
LIST = {"action": "document.list", "params": {"doctype": "Lead"}}
UPDATE = {"action": "document.update", "params": {"doctype": "Lead"}}
LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open"}
OTHER = {"doctype": "Lead", "name": "L-2", "status": "Secret"}


def conversation(site: Sandbox, found: Any, **rest: Any) -> Any:
	(ask,) = shown.conversation(site, found["run"], "ask", **rest)
	return ask


def test_each_turn_and_each_call_is_shown_with_what_it_cost_and_how_long_it_took():
	def say(model: Any, given: Any, step: str) -> Answer:
		site.clock.advance(2)
		return answers.pop(0)

	wanted = call("document_get", name="L-1")["call"]
	answers = [
		Answer("I look.", (shown_call(wanted),), 100, 10),
		Answer("It is open.", (), 200, 10),
	]
	with office(None, [GET], documents=[LEAD]) as site:
		site.models = say
		ask = conversation(site, asked(site))
		assert (ask["agent"], ask["state"], len(ask["turns"])) == ("Clerk", "Answered", 2)
		first, last = ask["turns"]
		assert (first["text"], first["tokens"], first["seconds"], first["model"]) == (
			"I look.",
			{"in": 100, "out": 10},
			2,
			"Fast",
		)
		assert (last["text"], last["calls"]) == ("It is open.", [])
		(made,) = first["calls"]
		assert (made["tool"], made["what"], made["state"]) == ("document_get", "document.get", "Succeeded")
		assert made["params"] == {"doctype": "Lead", "name": "L-1"}  # what the tool fixes as well
		assert made["output"]["status"] == "Open"
		assert made["seconds"] is not None
		assert round(first["cost"] + last["cost"], 9) == round(ask["cost"], 9) > 0
		assert ask["limits"]["turns"] == 12


def shown_call(wanted: dict[str, Any]) -> Any:
	from dogansystem.agents.ai.conversation import call_of

	return call_of("c1", wanted["tool"], wanted["params"])


def test_a_call_that_waits_says_for_whom_and_then_who_has_approved_it():
	says = Saying(call("document_update", name="L-1", values={"status": "Lost"}), {"text": "Done."})
	with office(says, [{**UPDATE, "ask_user": BOSS}], documents=[LEAD]) as site:
		run = start(site)
		found = work(site, run)
		(waits,) = conversation(site, found)["turns"][0]["calls"]
		assert (waits["state"], waits["asked"]) == ("Waiting", [BOSS])
		lines = show.run_lines(shown.with_asks(site, found))
		assert any(f"waits for {BOSS} to decide" in line for line in lines)
		decide(site, "approved")
		found = work(site, run)
		(made,) = conversation(site, found)["turns"][0]["calls"]
		assert (made["state"], made["approved_by"], "asked" in made) == ("Succeeded", BOSS, False)


def test_a_call_that_failed_shows_its_error_and_an_answer_that_was_given_back_its_problem():
	says = Saying(call("document_get", name="L-9"), {"text": "no"}, {"value": {"kind": "lead"}})
	schema = {"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["lead"]}}}
	with office(says, [GET]) as site:
		found = asked(site, step(output=schema))
		first, second, _ = conversation(site, found)["turns"]
		assert first["calls"][0]["state"] == "Failed"
		assert "L-9" in first["calls"][0]["error"]
		assert "no JSON" in second["problem"]
		lines = "\n".join(show.run_lines(shown.with_asks(site, found)))
		assert "✗ document_get" in lines
		assert "given back: Your answer is no JSON" in lines


def test_secrets_in_what_a_model_gives_or_says_are_not_shown():
	wanted = call("document_update", name="L-1", values={"api_key": "k-123456789", "status": "Open"})
	with office(
		Saying(wanted, {"text": "I used Bearer abcdef1234567890abcdef"}),
		[{**UPDATE, "approval": "never"}],
		documents=[LEAD],
	) as site:
		text = json.dumps(conversation(site, asked(site)))
		assert "k-123456789" not in text
		assert "abcdef1234567890" not in text


def test_a_call_about_what_a_reader_may_not_read_is_hidden_and_so_it_is_in_the_output():
	says = Saying(
		call("document_get", name="L-1"), call("document_list", fields=["name", "status"]), {"text": "."}
	)
	with office(says, [GET, LIST], documents=[LEAD, OTHER]) as site:
		found = asked(site)

		def may_read(doctype: str, name: str | None) -> bool:
			return name != "L-2"

		seen = shown.conversation(site, found["run"], "ask", may_read=may_read)
		calls = [each for turn in seen[0]["turns"] for each in turn["calls"]]
		assert [bool(each.get("hidden")) for each in calls] == [False, True]
		assert "Secret" not in json.dumps(seen)
		output = shown.without_hidden(row(found)["output"], seen)
		assert "Secret" not in json.dumps(output)
		assert output["calls"][0]["output"]["status"] == "Open"
		assert "Secret" in json.dumps(row(found)["output"])  # the run itself has it

		def none_of_that_type(doctype: str, name: str | None) -> bool:
			return False

		seen = shown.conversation(site, found["run"], "ask", may_read=none_of_that_type)
		assert all(each["hidden"] for turn in seen[0]["turns"] for each in turn["calls"])


def _not_the_second(doctype: str, name: str | None) -> bool:
	return name != "L-2"


def test_what_is_hidden_is_hidden_in_the_whole_run_in_each_item_and_in_what_the_items_gave_together():
	says = Saying(call("document_list", fields=["name", "status"]), {"text": "."})
	with office(says, [LIST], documents=[LEAD, OTHER]) as site:
		found = asked(site, step(for_each=[1]))
		assert [str(each["output"]).count("Secret") for each in found["steps"]] == [1, 1]
		seen = shown.as_read(site, found, _not_the_second)
		assert [str(each["output"]).count("hidden") for each in seen["steps"]] == [1, 1]
		assert "Secret" not in json.dumps(seen, default=str)
		assert "Secret" not in json.dumps(shown.with_asks(site, found, _not_the_second), default=str)
		assert shown.as_read(site, found, None) == found
		compared = Orchestrator(site).compare_runs(
			found["run"], found["run"], partial(shown.as_read, site, may_read=_not_the_second)
		)
		assert "Secret" not in json.dumps(compared)


def test_calls_of_an_ask_that_is_gone_are_hidden():
	says = Saying(call("document_get", name="L-2"), {"text": "Said."})
	with office(says, [GET], documents=[OTHER]) as site:
		found = asked(site)
		asks.delete_of_run(site.database, found["run"])
		output = row(shown.as_read(site, found, _not_the_second))["output"]
		assert (output["text"], output["calls"]) == ("Said.", [])


def test_one_that_gave_up_says_why_in_short_and_items_count_with_their_step():
	with office(Saying({"give_up": "There is no order."})) as site:
		found = asked(site)
		assert asks.in_short(site.database, found["run"])["ask"]["reason"] == "There is no order."
	with office(Saying({"text": "."})) as site:
		found = asked(site, step(for_each=[1, 2, 3]))
		assert asks.in_short(site.database, found["run"])["ask"]["turns"] == 3
		assert [len(shown.conversation(site, found["run"], "ask", item)) for item in (0, 1, 2, 3)] == [
			0,
			1,
			1,
			1,
		]
		whole = shown.with_asks(site, found)
		assert [len(each["asks"]) for each in whole["steps"]] == [0, 1, 1, 1]


def test_over_its_limit_the_step_says_what_to_do():
	with office(Saying(call("document_get", name="L-1")), [GET], documents=[LEAD], max_turns=2) as site:
		found = asked(site)
		assert row(found)["error"].type == "BudgetExceeded"
		assert "Raise it in the agent and retry the run" in row(found)["error"].message
		assert conversation(site, found)["state"] == "Stopped"


def test_the_page_of_a_sandbox_gives_the_conversation():
	from dogansystem.terminal.ui.calls import Calls

	with office(Saying(call("document_get", name="L-1"), {"text": "."}), [GET], documents=[LEAD]) as site:
		found = asked(site)
		calls = Calls(site)
		status, seen = calls("conversation", {"run": found["run"], "step": "ask"})
		assert (status, seen[0]["turns"][0]["calls"][0]["tool"]) == (200, "document_get")
		assert calls("run", {"run": found["run"]})[1]["steps"][0]["asked"]["turns"] == 2
		assert Orchestrator(site).get_run(found["run"])["steps"][0]["agent"] == "Clerk"
		assert AGENT

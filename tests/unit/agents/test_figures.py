"""The figures of an AI agent, counted by hand."""

from typing import Any

import pytest

from dogansystem import Orchestrator
from dogansystem.agents.ai import figures, one_question
from dogansystem.agents.ai.conversation import Answer, ModelBusy, ModelError
from dogansystem.engine.errors import BudgetExceeded, NotFound
from dogansystem.store import spending
from tests.unit.agents.place import BOSS, Saying, asked, call, decide, office, start, work

DAY = 86400
LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open"}
UPDATE = {"action": "document.update", "params": {"doctype": "Lead"}, "ask_user": BOSS}


def test_asks_are_counted_by_how_they_ended_and_by_day():
	says = Saying(Answer("a", (), 100, 10))
	with office(says, max_turns=1) as site:
		asked(site)
		site.clock.advance(DAY)
		says.answers = [Answer("b", (), 1000, 100)]
		asked(site)
		asked(site)
		says.answers = [{"give_up": "no"}]
		asked(site)
		says.answers = [Answer("", (), 1, 1)]  # empty, and no further turn
		asked(site)
		found = figures.of_agent(site, "Clerk", 3)
		assert found["outcomes"] == {"Answered": 3, "Gave Up": 1, "Failed": 1, "Open": 0}
		assert found["failures"] == {"OutputError": 1}
		assert [each["asks"] for each in found["days"]] == [0, 1, 4]
		assert [each["tokens"] for each in found["days"]][:2] == [0, 110]
		assert found["days"][1]["cost"] == pytest.approx(0.00015)  # 100 at 1 and 10 at 5 for a million
		assert found["days"][2]["requests"] == 4
		assert found["spent"] == pytest.approx(found["days"][2]["cost"])
		assert (found["limit"], found["site_limit"]) == (10, 50)
		assert [each["state"] for each in found["latest"]] == [
			"Failed",
			"Gave Up",
			"Answered",
			"Answered",
			"Answered",
		]
		assert "empty" in found["latest"][0]["error"].message
		(only,) = figures.of_all(site, 7)
		assert (only["agent"], only["outcomes"]) == ("Clerk", found["outcomes"])


def test_minutes_saved_are_those_of_each_workflow_for_each_answer():
	with office(Saying({"text": "."})) as site:
		for name in ("mails", "orders"):
			for _ in range(2):
				work(site, start(site, name=name))
		site.database.execute("UPDATE `tabDogan Workflow` SET minutes_saved = 4.5 WHERE name = 'mails'")
		found = figures.of_agent(site, "Clerk", 30)
		assert found["minutes"] == 9
		assert {each["workflow"]: each["answered"] for each in found["workflows"]} == {
			"mails": 2,
			"orders": 2,
		}


def test_decisions_on_calls_are_counted_and_no_others():
	update = call("document_update", name="L-1", values={"status": "Lost"})
	says = Saying(update, {"text": "."})
	with office(says, [UPDATE], documents=[LEAD]) as site:
		for decision in ("approved", "rejected"):
			says.answers = [update, {"text": "."}]
			run = start(site)
			work(site, run)
			decide(site, decision)
			work(site, run)
		says.answers = [update, {"text": "."}]
		work(site, start(site))
		flow: list[dict[str, Any]] = [
			{"id": "ok", "action": "flow.approve", "params": {"subject": "?", "to": BOSS}}
		]
		work(site, start(site, *flow, name="other", run_as="clerk@example.com"))
		found = figures.of_agent(site, "Clerk", 7)
		assert found["decisions"] == {"Approved": 1, "Rejected": 1, "Open": 1}
		assert len(Orchestrator(site).pending_approvals()) == 2


def test_an_agent_that_was_never_asked_has_zeros_and_one_that_is_not_there_is_an_error():
	with office() as site:
		found = figures.of_agent(site, "Clerk", 2)
		assert (sum(found["outcomes"].values()), found["latest"], found["minutes"]) == (0, [], 0)
		with pytest.raises(NotFound):
			figures.of_agent(site, "Nobody", 2)


def test_a_model_is_tried_within_the_budget_of_the_site():
	with office(Saying(Answer("ready", (), 10, 2))) as site:
		found = one_question.try_model(site, "Fast")
		assert (found["answer"], found["tokens"], found["cost"]) == ("ready", {"in": 10, "out": 2}, 0.00002)
		day = str(site.local_time(site.now()).date())
		assert spending.spent(site.database, spending.SITE, day) == 20_000
		for error, counts in (
			(ModelError("answered 401", 401), False),
			(ModelBusy("answered 429", 60.0, 429), False),
			(ModelError("its answer has no content.", may_have_answered=True), True),
		):
			before = spending.spent(site.database, spending.SITE, day)
			site.models = Saying(error)
			with pytest.raises(type(error)):
				one_question.try_model(site, "Fast")
			site.database.rollback()
			assert (spending.spent(site.database, spending.SITE, day) > before) is counts, error
		site.set_settings(ai_cost_per_day=0.00003)
		with pytest.raises(BudgetExceeded):
			one_question.try_model(site, "Fast")

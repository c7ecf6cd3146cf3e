"""What was said in an ask is kept for its time and no longer; what a run still needs is kept as long as it needs it."""

import json

import pytest

from dogansystem import Orchestrator
from dogansystem.store import cutting
from dogansystem.worker.tick import tick
from tests.unit.agents.place import BOSS, Saying, call, decide, office, output, row, start, step, turns, work

DAY = 86_400.0
LEAD = {"doctype": "Lead", "name": "L-1", "status": "Open", "notes": "said-in-a-document"}
UPDATE = {"action": "document.update", "params": {"doctype": "Lead"}}
SAYS = (
	call("document_update", name="L-1", values={"notes": "said-in-a-call"}),
	{"text": "said-in-an-answer"},
)
ASKS = step(prompt="said-in-a-prompt", documents=[{"doctype": "Lead", "name": "L-1"}])


def kept(site) -> str:
	site.database.rollback()
	rows = site.database.sql("SELECT answer, details FROM `tabDogan Agent Turn`")
	return json.dumps([rows, site.database.sql("SELECT given FROM dogan_ask")], default=str)


def said(site) -> int:
	return kept(site).count("said-in")


def after(site, days: float) -> None:
	site.clock.advance(days * DAY)
	tick(site)
	site.database.rollback()


def answered(site) -> str:
	run = start(site, ASKS)
	work(site, run)
	decide(site, "approved")
	assert work(site, run)["status"] == "Succeeded"
	return run


def test_texts_are_cut_after_their_days_and_what_was_used_and_approved_is_kept():
	with office(Saying(*SAYS), [UPDATE], documents=[LEAD]) as site:
		site.set_settings(ai_retention=30)
		run = answered(site)
		before = turns(site, run)
		after(site, 29)
		assert said(site) > 0
		after(site, 2)
		assert said(site) == 0
		now = turns(site, run)
		for name in ("number", "model", "state", "tokens_in", "tokens_out", "cost", "digest"):
			assert [getattr(each, name) for each in now] == [getattr(each, name) for each in before]
		assert [(each.tool, each.approved_by, each.is_done) for each in now[0].calls] == [
			("document_update", BOSS, True)
		]
		assert output(Orchestrator(site).get_run(run))["text"] == "said-in-an-answer"  # the step's own


def test_they_are_as_old_as_their_run_where_no_days_are_given():
	with office(Saying(*SAYS), [UPDATE], documents=[LEAD]) as site:
		site.set_settings(ai_retention=0)
		answered(site)
		after(site, 1000)
		assert said(site) > 0


def test_each_is_looked_at_once():
	with office(Saying({"text": "said-in-an-answer"}), documents=[LEAD]) as site:
		site.set_settings(ai_retention=10)
		for _ in range(3):
			work(site, start(site, ASKS))
			after(site, 4)
		assert [row[0] is None for row in site.database.sql("SELECT given FROM dogan_ask ORDER BY id")] == [
			True,
			False,
			False,
		]
		after(site, 20)
		assert said(site) == 0


def test_nothing_that_a_run_still_needs_is_cut():
	with office(Saying(*SAYS), [UPDATE], documents=[LEAD]) as site:
		site.set_settings(ai_retention=1, ai_keep_texts=0)
		run = start(site, ASKS)
		work(site, run)
		after(site, 400)  # it waits for people all that time
		assert "said-in-a-prompt" in kept(site)
		decide(site, "approved")
		assert (work(site, run)["status"], site.documents.get("Lead", "L-1")["notes"]) == (
			"Succeeded",
			"said-in-a-call",
		)


def test_without_a_log_they_are_cut_when_the_agent_has_answered():
	with office(Saying(*SAYS), [UPDATE], documents=[LEAD]) as site:
		site.set_settings(ai_keep_texts=0)
		run = answered(site)
		assert said(site) == 0
		made = output(Orchestrator(site).get_run(run))
		assert (made["text"], made["calls"][0]["approved_by"]) == ("said-in-an-answer", BOSS)


@pytest.mark.parametrize("days", [5, 15])
def test_a_run_that_has_failed_goes_on_within_the_days_and_then_it_says_that_it_cannot(days: int):
	with office(Saying({"text": ""}), [UPDATE], documents=[LEAD], max_turns=1) as site:
		site.set_settings(ai_retention=10)
		run = start(site, ASKS)
		assert row(work(site, run))["error"].type == "OutputError"
		after(site, days)
		site.models = Saying({"text": "Well."})
		site.database.execute("UPDATE `tabDogan Agent` SET max_turns = 9")
		site.database.commit()
		Orchestrator(site).retry_run(run)
		site.database.commit()
		found = work(site, run)
		if days < 10:
			assert (found["status"], output(found)["turns"]) == ("Succeeded", 2)
		else:
			assert row(found)["error"].type == "NotAvailable"
			assert "start the workflow anew" in row(found)["error"].message
			assert said(site) == 0


def test_a_run_that_is_retried_meanwhile_keeps_what_it_needs():
	with office(Saying({"text": ""}), documents=[LEAD], max_turns=1) as site:
		run = start(site, ASKS)
		work(site, run)
		Orchestrator(site).retry_run(run)
		site.database.commit()
		at = site.now() + 1000 * DAY
		from dogansystem.store.moment import moment

		assert cutting.cut_left(site.database, moment(site, at).text, 10, moment(site, at)) == 0
		site.database.rollback()

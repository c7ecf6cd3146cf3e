"""An AI agent whose workers are killed: no effect of a tool is lost or doubled, no answer that is kept is asked for again, and
what is spent is what its turns say.
"""

from collections import Counter
from pathlib import Path

import pytest

from dogansystem.store import asks, faults, spending
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON, RETRY, Load
from tests.faults.workers import Way, working

POINTS = ("step.before_commit", "step.after_commit", *faults.AGENT_POINTS)
TURNS, CALLS = 3, 3  # of each ask
SCRIPT = [
	{"turn": 1, "calls": [{"tool": "fault_effect", "params": {"n": each}} for each in (1, 2)]},
	{"turn": 2, "call": {"tool": "fault_effect", "params": {"n": 3}}},
	{"turn": 3, "text": "Done."},
]
ASKS = {
	"name": "asks",
	"run_as": PERSON,
	"steps": [
		{
			"id": "ask",
			"action": "agent.ask",
			"params": {"agent": "Clerk", "prompt": "{{ run.name }}"},
			"retry": RETRY,
		}
	],
}


@pytest.fixture
def requests(site: FaultSandbox, load: Load, tmp_path: Path) -> Path:
	"""A file in which each request to the model is a line: it goes out whatever becomes of the transaction."""
	ledger = tmp_path / "requests"
	ledger.touch()
	tool = {"action": "fault.effect", "approval": "never"}
	limits = {"max_cost": 1000, "max_cost_per_day": 100_000, "max_tokens": 1_000_000}
	site.set_settings(ai_cost_per_day=100_000)
	site.load_documents(
		[
			{"doctype": "Dogan Model", "name": "Slow", "provider": "scripted", "model": str(ledger), "script": SCRIPT, "price_in": 1, "price_out": 5},
			{"doctype": "Dogan Agent", "name": "Clerk", "user": PERSON, "model": "Slow", "tools": [tool], "capacity": 3, **limits},
		]
	)  # fmt: skip
	load.orchestrator.import_workflow(ASKS)
	site.database.commit()
	return ledger


@pytest.mark.parametrize("point", POINTS)
def test_an_agent_killed_at_a_fault_point_does_everything_once(
	url: str, load: Load, requests: Path, tell: Tell, point: str
):
	killed, started = 0, 0
	for hit in scale.of([1, 2, 3, 7], list(range(1, 41))):
		for _ in range(1 + hit // 3):
			load.orchestrator.start_run("asks")
			load.site.database.commit()
			started += 1
		with working(url, 1, lambda position: Way(point=point, hit=hit)) as workers:
			workers[0].process.join(120)
			assert workers[0].process.exitcode == -9, f"nobody came by {point}"
			killed += 1
	with working(url, 2):
		load.wait_until_done(180, load.tick)
	lost, doubled = effects_wrong(load, started)
	again = asked_again(load, requests)
	assert (lost, doubled, again) == (0, 0, 0)
	assert load.ask("SELECT status, COUNT(*) FROM `tabDogan Workflow Run` GROUP BY status") == [
		("Succeeded", started)
	]
	assert_exact(load)
	assert all(
		not load.ask(f"SELECT * FROM dogan_{table}") for table in ("ready", "lease", "line", "slot", "timer")
	)
	calls, sent = started * CALLS, len(requests.read_text().splitlines())
	tell(
		"kill -9 of AI agents",
		kills=killed,
		calls=calls,
		requests=sent,
		lost=lost,
		doubled=doubled,
		asked_again=again,
	)


def effects_wrong(load: Load, asks_made: int) -> tuple[int, int]:
	"""How many effects of calls are missing, and how many are there too often."""
	found = Counter(dict(load.ask("SELECT step_run, COUNT(*) FROM fault_effect GROUP BY step_run")))
	return asks_made * CALLS - len(found), sum(number - 1 for number in found.values())


def asked_again(load: Load, requests: Path) -> int:
	"""How many requests went out that were not recorded before: only these could ask for an answer that is kept."""
	sent = Counter(requests.read_text().splitlines())
	recorded = Counter(
		{
			f"{ask.run} {turn.number}": turn.sendings
			for ask in every_ask(load)
			for turn in asks.turns(load.site.database, ask.id)
		}
	)
	return (sent - recorded).total()


def every_ask(load: Load) -> list[asks.Ask]:
	load.site.database.rollback()
	return [
		found
		for (step_run,) in load.site.database.sql("SELECT step_run FROM dogan_ask")
		if (found := asks.latest(load.site.database, step_run))
	]


def assert_exact(load: Load) -> None:
	"""What was spent on the day is what the asks have cost, and each has cost its turns and what was lost on the way."""
	costs = {ask.id: ask.cost for ask in every_ask(load)}
	days = load.ask("SELECT DISTINCT day FROM dogan_spending")
	for subject in (spending.SITE, spending.of_agent("Clerk")):
		assert sum(spending.spent(load.site.database, subject, day) for (day,) in days) == sum(costs.values())
	for ask in every_ask(load):
		turns = asks.turns(load.site.database, ask.id)
		assert len(turns) == TURNS
		kept = sum(turn.cost for turn in turns)
		lost = [turn for turn in turns if turn.sendings > 1]
		assert ask.cost > kept if lost else ask.cost == kept


AT_ONCE, LIMIT = 50, "0.05"  # asks, and what may be spent on a day: less than they all may cost at most


def test_fifty_asks_at_once_are_never_over_a_daily_limit(
	url: str, site: FaultSandbox, load: Load, requests: Path, tell: Tell
):
	clerk = {"doctype": "Dogan Agent", "name": "Clerk", "user": PERSON, "model": "Slow", "capacity": AT_ONCE}
	tool = {"action": "fault.effect", "approval": "never"}
	slow = {
		"doctype": "Dogan Model",
		"name": "Slow",
		"provider": "scripted",
		"model": str(requests),
		"script": SCRIPT,
	}
	site.load_documents(
		[
			{**slow, "price_in": 1, "price_out": 5, "max_answer": 64},
			{**clerk, "tools": [tool], "max_cost_per_day": LIMIT},
		]
	)
	for _ in range(AT_ONCE):
		load.orchestrator.start_run("asks")
	site.database.commit()
	highest = 0

	def look() -> None:
		nonlocal highest
		rows = load.ask("SELECT cost FROM dogan_spending WHERE subject = %s", (spending.of_agent("Clerk"),))
		highest = max([highest, *(cost for (cost,) in rows)])

	with working(url, 4):
		load.wait_until_done(180, look)
	look()
	states = dict(load.ask("SELECT status, COUNT(*) FROM `tabDogan Workflow Run` GROUP BY status"))
	errors = load.ask("SELECT DISTINCT error_type FROM `tabDogan Step Run` WHERE status = 'Failed'")
	assert 0 < highest <= float(LIMIT) * 10**9
	assert sum(states.values()) == AT_ONCE
	assert min(states["Succeeded"], states["Failed"]) > 0
	assert errors == [("BudgetExceeded",)]
	tell("asks at once against a daily limit", asks=AT_ONCE, refused=states.get("Failed", 0), over=0)

"""Simulations of a site's workflows: with what it has measured, within bounds."""

from collections.abc import Iterator

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.engine.errors import InputError, NotFound
from dogansystem.homes.sandbox import TestClock
from dogansystem.scaling.simulation.question import Question
from dogansystem.scaling.simulation.workload import Agent, read
from dogansystem.store import samples
from dogansystem.store.figures import RETRIED, SITE, WORKFLOW, Figures, Table
from tests.unit.scaling.conftest import START

STEPS = [
	{"id": "ask", "action": "data.set", "params": {"x": 1}, "retry": {"attempts": 3, "delay": 1}},
	{"id": "tell", "action": "data.set", "params": {"x": 1}, "agent": "Desk"},
]
SHORT = {"lasting": "20s"}


@pytest.fixture
def site() -> Iterator[Sandbox]:
	with Sandbox(clock=TestClock(START), timezone="UTC", user="person@example.com") as opened:
		orchestrator = Orchestrator(opened)
		orchestrator.register_agent("Desk", "person@example.com", ["post"], 4)
		orchestrator.register_agent("Off", "person@example.com", [], 9, enabled=False)
		orchestrator.import_workflow({"name": "known", "run_as": "person@example.com", "steps": STEPS})
		opened.database.commit()
		yield opened


def note(site: Sandbox, minute: int, attempts: int, seconds: float = 0.3) -> None:
	"""Let attempts of the workflow have been measured in a minute from now; a tenth of them is tried again."""
	measured = Figures()
	for number in range(attempts):
		measured.attempt(RETRIED if number % 10 == 0 else "Succeeded", 0.0, seconds)
	table: Table = {(WORKFLOW, "known"): measured, (SITE, ""): measured}
	samples.note(site.database, START + minute * 60, table)
	site.database.commit()


def fold(site: Sandbox, minutes: int) -> None:
	site.clock.advance(minutes * 60)  # type: ignore[attr-defined]
	samples.fold(site.database, site.now())
	site.database.commit()


def test_times_failures_arrivals_and_agents_are_those_of_the_site(site: Sandbox):
	for minute, attempts in ((0, 600), (1, 0), (2, 1200)):
		note(site, minute, attempts)
	fold(site, 10)
	found = read(site.database, "known", site.now())
	definition = Orchestrator(site).check({"name": "known", "steps": STEPS})
	workload, times = Question().workload(definition, found)
	assert times == "as measured in 1,800 attempts"
	assert workload.agents == {"Desk": Agent(4, ("post",))}
	assert workload.failing == {"ask": 0.1, "tell": 0.1}
	assert workload.service.wait.mean == pytest.approx(0.3, abs=0.01)
	# 1,800 attempts in three minutes; a run has 2.11: "ask" is tried 1.11 times, "tell" once.
	assert workload.arrivals.rate == pytest.approx(10 / 2.11, rel=0.01)
	assert [round(each, 2) for each in workload.arrivals.by_minute] == [4.74, 0.0, 9.48]


def test_what_is_given_comes_before_what_was_measured(site: Sandbox):
	note(site, 0, 100)
	found = read(site.database, "known", START)
	definition = Orchestrator(site).check({"name": "known", "steps": STEPS})
	question = Question(
		arrivals="7/s", service=("wait 1s",), failing=("tell=50%",), agents=("Desk=9",), items=("ask=3",)
	)
	workload, times = question.workload(definition, found)
	assert (workload.arrivals.rate, workload.service.wait.mean, times) == (7.0, 1.0, "as given")
	assert workload.failing == {"ask": 0.1, "tell": 0.5}
	assert workload.agents["Desk"] == Agent(9)
	one_step, _ = Question(arrivals="7/s", service=("tell=cpu 1s",)).workload(definition, found)
	assert one_step.of_step["tell"].cpu.mean == 1.0
	assert one_step.service.wait.mean == pytest.approx(0.3, abs=0.01)


def test_a_site_is_asked_by_the_workflow_s_name(site: Sandbox):
	note(site, 0, 100)
	found = Orchestrator(site).simulate("known", Question("5,10", arrivals="10/s", **SHORT))
	assert found["times"] == "as measured in 100 attempts"
	assert [each["workers"] for each in found["configurations"]] == [5, 10]
	busy = [each["busy"] for each in found["configurations"]]
	assert busy[0] == pytest.approx(1.0, abs=0.05)
	assert busy[1] < 0.9
	with pytest.raises(NotFound):
		Orchestrator(site).simulate("unknown", Question(arrivals="10/s"))


def test_nothing_measured_and_nothing_given_is_an_error_with_a_remedy(site: Sandbox):
	with pytest.raises(InputError, match="run it first, or give --service"):
		Orchestrator(site).simulate("known", Question(arrivals="10/s"))
	given = Question(arrivals="10/s", service=("wait 1s",), **SHORT)
	assert Orchestrator(site).simulate("known", given)["times"] == "as given"


def test_one_request_does_not_simulate_without_bounds(site: Sandbox):
	question = Question("1,2", arrivals="100/s", service=("wait 1s",), lasting="100s")
	with pytest.raises(InputError) as caught:
		Orchestrator(site).simulate("known", question, at_most=39_999)
	assert str(caught.value).startswith(
		"40,000 attempts are too many for one request, of which at most 39,999"
	)
	assert len(Orchestrator(site).simulate("known", question, at_most=40_000)["configurations"]) == 2


def test_too_many_configurations_are_refused(site: Sandbox):
	many = ",".join(str(number) for number in range(1, 102))
	with pytest.raises(InputError, match="ask about 100 at most"):
		Orchestrator(site).simulate("known", Question(many, arrivals="1/s", service=("wait 1s",)))

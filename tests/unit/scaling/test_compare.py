"""Before and after: capacity is the throughput of the time in which work waited, and what cannot be said is not said."""

import json

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.scaling import baseline, compare, summary
from dogansystem.scaling.report import as_markdown, as_text
from tests.unit.scaling.recorded import SATURATED, TEN, TWENTY, Recorded


def test_a_baseline_says_how_much_how_long_and_by_whom(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, 2 * SATURATED, TWENTY, waited=2.0, ready=50)
	found = orchestrator.record_baseline("ten minutes", minutes=10)
	assert found["seconds"] == 600
	assert found["steps"] == pytest.approx(20 * SATURATED, rel=0.01)
	assert found["per_second"] == pytest.approx(190, rel=0.01)
	assert found["workers"] == 20
	assert found["utilisation"] == pytest.approx(0.95, rel=0.02)
	assert found["wait_seconds"]["p50"] == pytest.approx(2.0, rel=0.3)
	assert found["run_seconds"]["p99"] == pytest.approx(0.1, rel=0.3)
	assert found["priorities"]["5"]["share"] == 1
	assert set(found["spread"]["nodes"]) == {"n1", "n2"}
	assert found["settings"]["num_workers"] == 10
	assert {"dogansystem", "python"} < set(found["versions"])
	assert found["notes"] == []


def test_twice_the_workers_that_do_twice_as_much_gained_as_hoped(
	recorded: Recorded, orchestrator: Orchestrator
):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	recorded.minutes(10, 2 * SATURATED, TWENTY)
	found = orchestrator.compare("before")
	assert (found["verdict"], found["title"]) == ("as_hoped", "gained as hoped")
	gained = found["capacity"]
	assert gained["hoped"] == 2
	assert gained["ratio"] == pytest.approx(2, rel=0.02)
	assert gained["low"] <= gained["ratio"] <= gained["high"] < 2.2
	assert gained["steps_after"] == pytest.approx(20 * SATURATED, rel=0.02)
	assert found["spread"]["max_deviation"] < 0.01
	assert found["spread"]["jain"] > 0.999


@pytest.mark.parametrize(
	("steps_after", "verdict"),
	[(1.4, "less"), (1.0, "no_gain"), (0.7, "worse")],
)
def test_gaining_less_is_told_from_nothing_and_from_worse(
	recorded: Recorded, orchestrator: Orchestrator, steps_after: float, verdict: str
):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	recorded.minutes(10, int(steps_after * SATURATED), TWENTY, took=0.2 / steps_after)
	found = orchestrator.compare("before")
	assert found["verdict"] == verdict
	assert any("times as long" in reason for reason in found["reasons"])


def test_the_same_workers_and_throughput_are_as_before(recorded: Recorded, orchestrator: Orchestrator):
	for steps in (SATURATED, SATURATED + 20, SATURATED - 20, SATURATED, SATURATED + 10, SATURATED - 10):
		recorded.minutes(1, steps, TEN)
	orchestrator.record_baseline("before", 6)
	for steps in (SATURATED - 10, SATURATED, SATURATED + 20, SATURATED - 15, SATURATED + 5, SATURATED):
		recorded.minutes(1, steps, TEN)
	assert orchestrator.compare("before", minutes=6)["verdict"] == "same"


def test_throughput_under_light_load_is_no_capacity(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, 600, TEN, waited=0.01, busy=1)
	before = orchestrator.record_baseline("light")
	assert before["capacity"] is None
	assert "The load was light: workers were busy 10% of the time" in before["notes"][0]
	recorded.minutes(10, 2 * SATURATED, TWENTY)
	found = orchestrator.compare("light")
	assert found["verdict"] == "not_comparable"
	assert found["capacity"]["ratio"] is None
	assert found["reasons"][0].startswith("Before: The load was light: workers were busy 10% of the time")


def test_more_than_could_be_done_before_is_a_gain_even_under_light_load(
	recorded: Recorded, orchestrator: Orchestrator
):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	recorded.minutes(10, int(1.4 * SATURATED), TWENTY, waited=0.01, busy=14)
	found = orchestrator.compare("before")
	assert found["verdict"] == "at_least"
	assert found["capacity"]["low"] == pytest.approx(1.4, rel=0.02)
	recorded.minutes(10, 100, TWENTY, waited=0.01, busy=0)
	assert orchestrator.compare("before")["verdict"] == "not_comparable"


def test_tiny_steps_that_queue_up_saturate_though_workers_spend_little_time_in_them(
	recorded: Recorded, orchestrator: Orchestrator
):
	recorded.minutes(10, 6000, TEN, took=0.001, ready=500)
	found = orchestrator.record_baseline("tiny")
	assert found["capacity"]["per_second"] == pytest.approx(100, rel=0.01)
	assert "Workers spent only 1% of their time in steps though others waited" in found["notes"][0]


def test_the_ends_of_a_burst_do_not_count(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(2, 0, TEN, busy=0)
	recorded.minutes(1, 2000, TEN, took=0.001, ready=500)  # it came in the middle of this minute
	recorded.minutes(4, 6000, TEN, took=0.001, ready=500)
	recorded.minutes(1, 1000, TEN, took=0.001, ready=500)
	recorded.minutes(2, 0, TEN, busy=0)
	found = orchestrator.record_baseline("burst")
	assert found["capacity"]["per_second"] == pytest.approx(100, rel=0.01)
	assert found["capacity"]["seconds"] == 240


def test_a_worker_that_hands_over_is_not_another_worker(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(4, SATURATED, TEN)
	recorded.minutes(1, SATURATED, {"n1": 13}, ready=100, busy=10)  # three of them were seen twice
	recorded.minutes(5, SATURATED, TEN)
	found = orchestrator.record_baseline("handed over")
	assert found["capacity"]["per_second"] == pytest.approx(95, rel=0.01)
	assert found["notes"] == []


def test_a_backlog_of_moments_is_neither_capacity_nor_light_load(
	recorded: Recorded, orchestrator: Orchestrator
):
	for ready in (100, 0, 100, 0):
		recorded.minutes(1, 3000, TEN, ready=ready, busy=5)
	found = orchestrator.record_baseline("on and off", 4)
	assert found["capacity"] is None
	assert found["notes"][0].startswith("Steps queued up, but not for some minutes on end")


def test_of_a_few_minutes_the_error_is_said_to_be_a_guess(recorded: Recorded, orchestrator: Orchestrator):
	for steps in (SATURATED - 300, SATURATED, SATURATED + 300):
		recorded.minutes(1, steps, TEN)
	found = orchestrator.record_baseline("three minutes", 3)
	assert found["capacity"]["error"] == pytest.approx(300 / SATURATED, rel=0.05)
	assert found["notes"] == [
		"The capacity rests on 180 s in 3 pieces: how far it is off is a guess. Take a longer span."
	]


def test_a_gain_that_may_be_chance_is_none(recorded: Recorded, orchestrator: Orchestrator):
	for steps in (8, 100, 8):
		recorded.minutes(1, steps, {"n1": 1}, took=55.0)
	orchestrator.record_baseline("unsteady", 3)
	for steps in (16, 200, 16):
		recorded.minutes(1, steps, {"n1": 2}, took=55.0)
	found = orchestrator.compare("unsteady")
	assert found["capacity"]["ratio"] == pytest.approx(2, rel=0.05)
	assert found["capacity"]["low"] < 1
	assert found["verdict"] == "no_gain"


def test_few_steps_say_nothing(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(5, 6, TEN, took=100.0)
	found = orchestrator.record_baseline("few", 5)
	assert any("fewer than 100 say little" in note for note in found["notes"])
	assert any("p95 (200), p99 (1000)" in note for note in found["notes"])
	recorded.minutes(10, SATURATED, TWENTY)
	later = orchestrator.compare("few")
	assert later["verdict"] == "not_comparable"
	assert "rests on 30 steps; 100 are needed" in later["reasons"][0]


def test_other_work_cannot_be_compared(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	recorded.minutes(10, 2 * SATURATED, TWENTY, workflow="slow")
	found = orchestrator.compare("before")
	assert found["verdict"] == "not_comparable"
	assert found["reasons"] == ["Other work was done: 100% of the steps were of other workflows than before."]


def test_steps_that_fail_are_no_gain(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	recorded.minutes(10, 2 * SATURATED, TWENTY, failed=1200)
	found = orchestrator.compare("before")
	assert found["verdict"] == "worse"
	assert any("10% of the steps fail now, 0% did before" in reason for reason in found["reasons"])


def test_fewer_workers_that_do_their_share_are_as_hoped(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, 2 * SATURATED, TWENTY)
	orchestrator.record_baseline("before")
	recorded.minutes(10, SATURATED, TEN)
	assert orchestrator.compare("before")["verdict"] == "as_hoped"


def test_an_uneven_spread_is_measured(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, 2 * SATURATED, TWENTY, shares={"n1": 3, "n2": 1})
	spread = orchestrator.record_baseline("uneven")["spread"]
	assert spread["max_deviation"] == pytest.approx(0.5, abs=0.01)
	assert spread["jain"] == pytest.approx(0.8, abs=0.01)
	assert spread["nodes"]["n1"]["deviation"] == pytest.approx(0.5, abs=0.01)


def test_a_change_of_workers_within_the_span_is_said(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(5, SATURATED, TEN)
	recorded.minutes(5, 2 * SATURATED, TWENTY)
	notes = orchestrator.record_baseline("changed")["notes"]
	assert any("changed within this time, from 10 to 20" in note for note in notes)


def test_what_changed_beside_the_workers_is_listed(
	recorded: Recorded, orchestrator: Orchestrator, sandbox: Sandbox
):
	recorded.minutes(10, SATURATED, TEN)
	orchestrator.record_baseline("before")
	sandbox.set_settings(num_workers=20)
	recorded.minutes(10, 2 * SATURATED, TWENTY)
	found = orchestrator.compare("before")
	assert found["changes"] == [{"what": "num_workers", "before": 10, "after": 20}]


def test_what_comes_after_a_baseline_has_nothing_of_it(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(5, SATURATED, TEN)
	orchestrator.record_baseline("before", 5)
	recorded.minutes(3, 2 * SATURATED, TWENTY)
	found = orchestrator.compare("before", minutes=60)
	assert found["after"]["seconds"] == 180
	assert found["verdict"] == "as_hoped"


def test_the_report_is_text_markdown_and_json(recorded: Recorded, orchestrator: Orchestrator):
	recorded.minutes(10, SATURATED, TEN, workflow="a|b*c")
	before = orchestrator.record_baseline("be|fore")
	recorded.minutes(10, 2 * SATURATED, TWENTY, workflow="a|b*c")
	found = json.loads(json.dumps(orchestrator.compare()))
	text = as_text(compare.sections(found))
	assert "Verdict: gained as hoped." in text
	assert "2.00 times the capacity" in text
	assert "Even: no node is further than" in text
	markdown = as_markdown(compare.sections(found))
	assert markdown.startswith("# Compared: be\\|fore and now\n")
	assert "| Capacity | 95 steps/s ±" in markdown
	assert "| a\\|b\\*c |" in as_markdown(summary.sections(before))
	assert "n1" not in as_text(summary.sections(before))  # one node: nothing to spread over
	listed = as_text(baseline.sections(orchestrator.list_baselines()))
	assert "be|fore" in listed and "Samples" in listed

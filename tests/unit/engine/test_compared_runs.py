"""In what two runs differ, in sentences."""

from copy import deepcopy
from typing import Any

from dogansystem.engine.compared_runs import MOST_OF_A_STEP, differences

STEP: dict[str, Any] = {
	"id": "mail",
	"title": "Mail them",
	"status": "Succeeded",
	"branch": None,
	"attempts": 1,
	"items": {},
	"seconds": 0.4,
	"params": {"to": "a@b.c", "subject": "Hello"},
	"output": {"recipients": ["a@b.c"]},
	"error": None,
}
RUN: dict[str, Any] = {
	"status": "Succeeded",
	"version": 2,
	"document": "Lead L-1",
	"input": {"number": 5},
	"parameters": {"limit": 10},
	"output": None,
	"error": None,
	"steps": [STEP, {**STEP, "id": "log", "title": ""}],
}


def sentences(step: dict[str, Any] | None = None, **rest: Any) -> list[str]:
	other = {**deepcopy(RUN), **rest}
	other["steps"][0] |= step or {}
	return [str(each) for each in differences(RUN, other)]


def test_two_runs_that_did_the_same_have_no_differences():
	assert sentences() == []


def test_of_the_runs_themselves_it_says_what_each_was_given_and_how_it_ended():
	assert sentences(
		status="Failed", version=3, document=None, input={"number": 7}, parameters={"limit": 11}
	) == [
		"The first run is Succeeded, the second is Failed",
		"The first run went by version 2 of the workflow, the second by version 3",
		"The first run is about Lead L-1, the second about –",
		"Input: Number was 5, and 7 in the second run",
		"Parameters of the workflow: Limit was 10, and 11 in the second run",
	]


def test_of_a_step_it_says_state_attempts_parameters_and_error():
	failed = {"status": "Failed", "attempts": 3, "error": "Timeout: 5m", "output": None}
	assert sentences({**failed, "params": {"to": "x@y.z"}}) == [
		"Step Mail them (mail) is Succeeded in the first run and Failed in the second",
		"Step Mail them (mail) took 1 attempts in the first run and 3 in the second",
		"Step Mail them (mail): To was “a@b.c”, and “x@y.z” in the second run",
		"Step Mail them (mail): Subject was “Hello”, and – in the second run",
		"Error of step Mail them (mail): –, in the second run Timeout: 5m",
	]


def test_outputs_and_branches_and_items():
	assert sentences(
		{"output": {"recipients": []}, "branch": "sent", "items": {"Failed": 2, "Succeeded": 1}}
	) == [
		"Step Mail them (mail) ended as – in the first run and as sent in the second",
		"Step Mail them (mail) had these items in the first run: –. In the second: 2 Failed, 1 Succeeded",
		'Output of step Mail them (mail): Recipients was ["a@b.c"], and [] in the second run',
	]


def test_a_time_is_told_where_it_is_no_chance():
	assert sentences({"seconds": 1.2}) == []
	assert sentences({"seconds": None}) == []
	assert sentences({"seconds": 9.04}) == [
		"Step Mail them (mail) took 0.4 seconds in the first run and 9.0 in the second"
	]


def test_steps_of_one_run_alone():
	other = deepcopy(RUN)
	other["steps"][1]["id"] = "late"
	assert [str(each) for each in differences(RUN, other)] == [
		"Step late is in the second run alone",
		"Step log is in the first run alone",
	]


def test_a_step_with_many_other_values_does_not_flood_the_page():
	found = sentences({"params": {f"value_{number}": number for number in range(500)}})
	assert len(found) == MOST_OF_A_STEP + 1
	assert found[-1] == f"Step Mail them (mail): {502 - MOST_OF_A_STEP} more values are different"

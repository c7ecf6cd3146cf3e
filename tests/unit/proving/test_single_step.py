"""One step alone, with what the others gave in a run, or with values that were typed."""

import pytest

from dogansystem import Sandbox
from dogansystem.engine.errors import InputError, NotFound
from dogansystem.proving.dry_run import Asked
from dogansystem.proving.single_step import Given, of_run, single_step
from tests.unit.proving.trying import USER, step, tried, unchanged, workflow

TELL = step("tell", "email.send", params={"to": "a@example.com", "subject": "{{ steps.sum.output.total }}", "message": "x"})  # fmt: skip
SUM = step("sum", "data.set", params={"total": 5, "text": "{{ input.x }}"})


@pytest.fixture
def site():
	with Sandbox(user=USER) as found:
		yield found


def one(site, definition, name, pinned, **given):
	with unchanged(site):
		return single_step(site, Asked(definition, USER, **given), name, pinned)


@pytest.mark.contract(
	"**Single step**: one step with what the earlier ones gave in a run chosen before (*pinned*), or with values typed in"
)
def test_a_step_is_tried_with_what_the_others_gave_in_a_run(site):
	definition = workflow(SUM, TELL)
	before = tried(site, definition, input={"x": 1})
	report = one(site, definition, "tell", of_run(before), input={"x": 1})
	assert [(each["id"], each["status"]) for each in report["steps"]] == [("tell", "Succeeded")]
	assert report["outbox"][0]["subject"] == "5"


def test_a_value_that_is_typed_is_given_as_it_is_and_not_rendered(site):
	report = one(site, workflow(SUM, TELL), "tell", {"sum": Given({"total": "{{ 1 + 1 }}"})})
	assert report["outbox"][0]["subject"] == "{{ 1 + 1 }}"


def test_a_step_that_reads_what_nobody_pinned_says_which(site):
	with pytest.raises(InputError, match="'tell' reads what sum gave"):
		one(site, workflow(SUM, TELL), "tell", {})


def test_there_has_to_be_such_a_step(site):
	with pytest.raises(NotFound, match="no step 'none'"):
		one(site, workflow(SUM), "none", {})


def test_branches_and_errors_of_the_others_are_in_reach(site):
	ok = step("ok", "flow.approve", params={"to": "b@example.com", "subject": "May I?"})
	bad = step("bad", "data.check", params={"that": False}, on_error="continue")
	values = {
		"branch": "{{ steps.ok.branch }}",
		"error": "{{ steps.bad.error }}",
		"status": "{{ steps.bad.status }}",
	}
	pinned = {
		"ok": Given({"decision": "rejected"}, "rejected"),
		"bad": Given(None, None, "CheckFailed: too much"),
	}
	report = one(site, workflow(ok, bad, step("say", "data.set", params=values)), "say", pinned)
	found = report["steps"][0]["output"]
	assert (found["branch"], found["status"]) == ("rejected", "Failed")
	assert "too much" in found["error"]


def test_items_and_conditions_are_those_of_the_step(site):
	each = step(
		"each",
		"data.set",
		for_each="{{ steps.sum.output.list }}",
		params={"n": "{{ item }}"},
		**{"if": "{{ item > 1 }}"},
	)
	report = one(site, workflow(SUM, each), "each", {"sum": Given({"list": [1, 2, 3]})})
	assert report["steps"][0]["output"] == [None, {"n": 2}, {"n": 3}]
	assert [each["status"] for each in report["steps"]] == ["Succeeded", "Skipped", "Succeeded", "Succeeded"]


def test_a_step_behind_a_branch_is_tried_whatever_came_before(site):
	ok = step("ok", "flow.approve", params={"to": "b@example.com", "subject": "May I?"})
	behind = step("behind", "data.set", after=["ok.rejected"], params={"x": 1})
	assert one(site, workflow(ok, behind), "behind", {})["status"] == "Succeeded"

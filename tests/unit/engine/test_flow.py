"""The control flow decided from states alone, against an oracle that reads workflow-format.md literally."""

import random

import pytest

from dogansystem.engine import flow
from dogansystem.engine.definition import Definition, Step

FINISHED = ("Succeeded", "Failed", "Skipped")
BRANCHES = {"s0": "x", "s2": "y"}  # the ways in which these steps end, in every test


def make(*steps: Step) -> Definition:
	return Definition("test", steps)


def step(name: str, *after: str, **rest) -> Step:
	return Step(name, "data.set", {}, after, **rest)


def run_through(definition: Definition, outcomes: dict[str, str], order: random.Random | None = None):
	"""Run to the end, each step coming out as `outcomes` says; gives the states and the ending."""
	states = {each.id: "Pending" for each in definition.steps}
	branches: dict[str, str] = {}
	while True:
		decision = flow.decide(definition, states, branches)
		states.update(dict.fromkeys(decision.skipped, "Skipped"))
		states.update(dict.fromkeys(decision.ready, "Ready"))
		if decision.ending:
			return states, decision
		running = [name for name, state in states.items() if state == "Ready"]
		assert running, f"nothing goes on: {states}"
		chosen = order.choice(running) if order else running[0]
		states[chosen] = outcomes.get(chosen, "Succeeded")
		if states[chosen] == "Succeeded" and chosen in BRANCHES:
			branches[chosen] = BRANCHES[chosen]


def test_a_chain_runs_in_order_and_succeeds():
	states, decision = run_through(make(step("a"), step("b", "a"), step("c", "b")), {})
	assert decision.ending == "Succeeded"
	assert set(states.values()) == {"Succeeded"}


def test_steps_may_stand_in_any_order_in_the_list():
	states, _ = run_through(make(step("c", "b"), step("b", "a"), step("a")), {})
	assert set(states.values()) == {"Succeeded"}


def test_an_unhandled_failure_ends_the_run_at_once():
	_, decision = run_through(make(step("a"), step("b", "a")), {"a": "Failed"})
	assert (decision.ending, decision.failed_step) == ("Failed", "a")


@pytest.mark.parametrize("when", ["failed", "done"])
def test_a_step_that_waits_for_the_failure_handles_it(when):
	states, decision = run_through(make(step("a"), step("b", "a", when=when)), {"a": "Failed"})
	assert (decision.ending, states["b"]) == ("Succeeded", "Succeeded")


def test_a_handled_failure_does_not_let_the_normal_way_go_on():
	definition = make(step("a"), step("mend", "a", when="failed"), step("next", "a"))
	states, _ = run_through(definition, {"a": "Failed"})
	assert states["next"] == "Skipped"


def test_continue_lets_the_normal_way_go_on():
	states, decision = run_through(make(step("a", on_error="continue"), step("b", "a")), {"a": "Failed"})
	assert (decision.ending, states["b"]) == ("Succeeded", "Succeeded")


def test_one_success_and_one_handled_failure_are_enough():
	definition = make(step("a"), step("b"), step("mend", "b", when="failed"), step("c", "a", "b"))
	states, _ = run_through(definition, {"b": "Failed"})
	assert states["c"] == "Succeeded"


def test_skips_run_through_to_the_end_in_one_decision():
	definition = make(step("a"), step("b", "a"), step("c", "b"), step("d", "c"))
	decision = flow.decide(definition, {"a": "Skipped", "b": "Pending", "c": "Pending", "d": "Pending"}, {})
	assert decision.skipped == ("b", "c", "d")
	assert decision.ending == "Succeeded"


def test_join_any_starts_at_the_first_that_fits():
	definition = make(step("a"), step("b"), step("c", "a", "b", join="any"))
	assert flow.decide(definition, {"a": "Skipped", "b": "Running", "c": "Pending"}, {}).ready == ()
	assert flow.decide(definition, {"a": "Running", "b": "Succeeded", "c": "Pending"}, {}).ready == ("c",)
	assert flow.decide(definition, {"a": "Skipped", "b": "Skipped", "c": "Pending"}, {}).skipped == ("c",)


def test_steps_that_wait_for_each_other_are_an_error():
	with pytest.raises(ValueError, match="wait for each other"):
		flow.decide(make(step("a", "b"), step("b", "a")), {"a": "Pending", "b": "Pending"}, {})


def test_retry_without_a_step_takes_failures_and_what_was_cancelled():
	definition = make(step("a"), step("b", "a"), step("c", "b"), step("d", "a"))
	states = {"a": "Succeeded", "b": "Failed", "c": "Cancelled", "d": "Succeeded"}
	assert flow.steps_to_retry(definition, states) == {"b", "c"}
	assert flow.steps_to_retry(definition, states, "a") == {"a", "b", "c", "d"}


@pytest.mark.parametrize("seed", range(300))
def test_random_flows_end_the_same_in_whatever_order_their_steps_finish(seed):
	chance = random.Random(seed)
	definition = random_definition(chance)
	outcomes = {each.id: chance.choice(FINISHED) for each in definition.steps}
	ends = [run_through(definition, outcomes, random.Random(order)) for order in range(4)]
	endings = {decision.ending for _, decision in ends}
	if "Failed" in endings:
		return  # which steps were still to come depends on when the failure came
	assert endings == {"Succeeded"}
	if not any(each.join == "any" for each in definition.steps):
		assert all(states == ends[0][0] for states, _ in ends)
	for each in definition.steps:
		assert ends[0][0][each.id] in literal(definition, each, ends[0][0], outcomes)


def literal(definition: Definition, each: Step, states: dict[str, str], outcomes: dict[str, str]) -> set[str]:
	"""What the format's text says of a step, given how those before it came out. `join: any` may come out either way."""
	ran = {outcomes[each.id]}
	if not each.after:
		return ran
	before = {name: states[name] for name in each.after}
	through = [
		name
		for name, state in before.items()
		if (state == "Succeeded" or (state == "Failed" and definition.by_id[name].on_error == "continue"))
		and (name not in each.branches or (state == "Succeeded" and BRANCHES[name] in each.branches[name]))
	]
	wanted = {"done": True, "failed": "Failed" in before.values(), "succeeded": bool(through)}[each.when]
	return ran if wanted else {"Skipped"}


def random_definition(chance: random.Random) -> Definition:
	steps: list[Step] = []
	for number in range(chance.randint(1, 9)):
		names = [each.id for each in steps]
		after = chance.sample(names, min(len(names), chance.randint(0, 3)))
		ways = {
			name: tuple(chance.sample("xyz", 2))
			for name in after
			if name in BRANCHES and chance.random() < 0.7
		}
		steps.append(
			step(
				f"s{number}",
				*after,
				when=chance.choice(["succeeded", "succeeded", "failed", "done"]) if after else "succeeded",
				join=chance.choice(["all", "all", "any"]),
				on_error=chance.choice(["fail", "fail", "continue"]),
				branches=ways,
			)
		)
	chance.shuffle(steps)
	return make(*steps)

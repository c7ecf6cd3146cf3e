"""What follows from an event: `decide` alone, without a database."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dogansystem.engine import events, ordinary
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition
from dogansystem.engine.definitions.parse import parse
from dogansystem.engine.errors import NotFound, WrongState
from dogansystem.engine.events import Attempted
from dogansystem.engine.outcomes import Done, Expanded, Failed, Outcome, Skipped, Stops, Waits
from dogansystem.engine.outputs import MAX_BYTES
from dogansystem.engine.run_state import (
	LEASE,
	READY_QUEUE,
	WAIT_QUEUE,
	ItemResult,
	Items,
	Parked,
	Place,
	RunState,
)
from dogansystem.engine.states import RUN_STATES, TransitionError, may_run_change, may_step_change
from dogansystem.engine.transition import decide

FAILURE = Failed(("ValidationError",), "no")
DONE = Done("{}")


def workflow(*steps: dict[str, Any], **rest: Any) -> Definition:
	return parse(
		{"name": "wf", "steps": [{"action": "data.set", **step} for step in steps], **rest}, fills_run_as=True
	)


def run(
	definition: Definition, status: str = "Running", states: Mapping[str, str] | None = None, **rest: Any
) -> RunState:
	known = states or dict.fromkeys(definition.by_id, "Pending")
	return RunState("R", definition, status, states=known, **{"places": (), **rest})


def attempted(step: str, outcome: Outcome, item: int = 0, number: int = 1, **rest: Any) -> Attempted:
	return Attempted(step, item, number, outcome, **rest)


def states(made: Changes) -> dict[tuple[str, int], str]:
	return {(each.step, each.item): each.new for each in made.steps}


PAIR = workflow({"id": "a"}, {"id": "b"})
FORK = workflow({"id": "a", "after": []}, {"id": "b", "after": []}, {"id": "c", "after": ["a", "b"]})
EACH = workflow({"id": "e", "for_each": [1, 2, 3], "max_parallel": 2}, {"id": "z"})


# Starting


def test_a_run_that_starts_opens_its_first_steps_and_the_clock_of_its_timeout():
	made = decide(run(workflow({"id": "a"}, limits={"run_timeout": "1m"}), "Queued"), events.Started())
	assert [each.step for each in made.ready] == ["a"]
	assert [(each.kind, each.delay) for each in made.waits] == [("run_timeout", 60.0)]


def test_a_run_with_a_limit_waits_for_a_slot_first():
	made = decide(
		run(workflow({"id": "a"}, limits={"concurrent_runs": 1}), "Queued", limit_key="x"), events.Started()
	)
	assert [each.resource for each in made.queued] == ["workflow:wf:x"]
	assert (made.ready, made.steps) == ((), ())


def test_who_is_let_in_takes_the_slot_and_starts():
	limited = workflow({"id": "a"}, limits={"concurrent_runs": 1})
	made = decide(run(limited, "Queued"), events.Admitted("workflow:wf:", 1))
	assert made.takes and made.takes.holder is None
	assert [each.step for each in made.ready] == ["a"]


def test_a_step_that_asks_for_an_agent_waits_for_one():
	made = decide(run(workflow({"id": "a", "agent": "Desk"}), "Queued"), events.Started())
	assert [each.resource for each in made.queued] == ["agent:Desk"]
	assert states(made) == {("a", 0): "Waiting"}


# An attempt


def test_the_step_behind_is_handed_over():
	made = decide(run(PAIR, states={"a": "Running", "b": "Pending"}), attempted("a", DONE, stick=True))
	assert made.successor and (made.successor.step, made.successor.attempt) == ("b", 1)
	assert states(made) == {("a", 0): "Succeeded", ("b", 0): "Running"}
	assert made.ready == ()


def test_nothing_is_handed_over_in_a_paused_run():
	made = decide(run(PAIR, "Paused", {"a": "Running", "b": "Pending"}), attempted("a", DONE, stick=True))
	assert (made.successor, made.ready, states(made)[("b", 0)]) == (None, (), "Ready")


def test_a_failure_that_nobody_handles_cancels_what_has_not_begun():
	place = Place(READY_QUEUE, (4, 7), "b")
	held = Place(LEASE, (1, 1), "a", process=1, begun=True)
	state = run(FORK, states={"a": "Running", "b": "Ready", "c": "Pending"}, places=(place, held))
	made = decide(state, attempted("a", FAILURE))
	assert states(made) == {("a", 0): "Failed", ("b", 0): "Cancelled", ("c", 0): "Cancelled"}
	assert made.leaves == (place,)
	assert made.run and (made.run.new, made.run.error, made.run.error_step) == ("Failed", "no", "a")


def test_what_is_running_beside_a_failure_finishes_first():
	held = (Place(LEASE, (1, 1), "a", begun=True), Place(LEASE, (2, 1), "b", begun=True))
	made = decide(
		run(FORK, states={"a": "Running", "b": "Running", "c": "Pending"}, places=held),
		attempted("a", FAILURE),
	)
	assert made.run and (made.run.new, made.run.ending, made.run.has_ended) == ("Running", "Failed", False)
	assert ("b", 0) not in states(made)


def test_what_was_asked_a_moment_ago_is_withdrawn_in_a_run_that_ends():
	state = run(FORK, states={"a": "Running", "b": "Failed", "c": "Cancelled"}, ending="Failed")
	made = decide(state, attempted("a", Waits(None, kind="decision", key="A-1")))
	assert (made.withdrawn, made.waits, states(made)["a", 0]) == ("A-1", (), "Cancelled")


def test_a_retry_waits_for_its_delay_and_gives_the_agent_back():
	definition = workflow(
		{"id": "a", "agent": "Desk", "retry": {"attempts": 2, "delay": "30s", "jitter": True}}
	)
	made = decide(
		run(definition, states={"a": "Running"}),
		attempted("a", Failed(("Timeout",), "slow"), agent="Desk", chance=0.5),
	)
	assert [(each.kind, each.delay) for each in made.waits] == [("retry", 15.0)]
	assert (made.is_again, made.frees, made.run and made.run.new) == (True, (("a", 0),), "Waiting")


def test_a_stop_ends_the_run():
	made = decide(
		run(PAIR, states={"a": "Running", "b": "Pending"}), attempted("a", Stops("Failed", "enough", "{}"))
	)
	assert made.run and (made.run.new, made.run.error_type, made.run.error) == ("Failed", "Stopped", "enough")


def test_a_run_with_an_output_ends_once_it_is_rendered():
	definition = workflow({"id": "a"}, output={"x": 1})
	made = decide(run(definition, states={"a": "Running"}), attempted("a", DONE))
	assert made.renders_output and made.run is None
	assert decide(run(definition), events.Rendered("{}")).run.new == "Succeeded"  # type: ignore[union-attr]
	failed = decide(run(definition), events.Rendered(error_type="TemplateError", error="no x")).run
	assert failed and (failed.new, failed.error) == ("Failed", "no x")


# Items


def test_as_many_items_are_opened_as_max_parallel_says():
	made = decide(
		run(EACH, states={"e": "Running", "z": "Pending"}), attempted("e", Expanded(("1", "2", "3")))
	)
	assert [each.item for each in made.ready] == [1, 2]
	assert made.items and len(made.items.values) == 3


def test_an_item_hands_over_to_the_next_pending_one():
	state = run(EACH, items={"e": Items(pending=((3, 0, "3"),))})
	made = decide(state, attempted("e", DONE, item=1, stick=True))
	assert made.successor and (made.successor.item, made.successor.value) == (3, "3")
	assert not made.check_items


def test_the_last_item_asks_whether_the_step_is_complete():
	made = decide(run(EACH, items={"e": Items()}), attempted("e", Skipped(), item=3))
	assert (made.check_items, made.is_broken) == (True, False)


@pytest.mark.parametrize(("is_open", "opened"), [(0, [5, 6]), (1, [5]), (2, [])])
def test_items_that_nobody_has_opened_are_opened(is_open: int, opened: list[int]):
	known = Items(is_open, ((5, 0, "5"), (6, 0, "6")), {"Succeeded": 4, "Running": is_open, "Pending": 2})
	made = decide(run(EACH, states={"e": "Running"}, items={"e": known}), events.ItemsEnded("e"))
	assert [each.item for each in made.ready] == opened
	paused = decide(run(EACH, "Paused", {"e": "Running"}, items={"e": known}), events.ItemsEnded("e"))
	assert not paused.steps


def test_items_give_the_list_of_their_outputs():
	results = (
		ItemResult(1, "Succeeded", '{"x":1}'),
		ItemResult(2, "Skipped"),
		ItemResult(3, "Succeeded", "5"),
	)
	known = Items(counts={"Succeeded": 2, "Skipped": 1}, results=results)
	made = decide(
		run(EACH, states={"e": "Running", "z": "Pending"}, items={"e": known}), events.ItemsEnded("e")
	)
	assert json.loads(made.steps[0].result.output) == [{"x": 1}, None, 5]  # type: ignore[union-attr,arg-type]
	assert [each.step for each in made.ready] == ["z"]


@pytest.mark.contract("as many as fit into an output, with the number of those left out")
def test_as_many_errors_of_items_are_kept_as_fit_and_the_rest_is_counted():
	definition = workflow({"id": "e", "for_each": "{{ input.x }}", "on_error": "continue"})
	results = tuple(ItemResult(number, "Failed", None, "ValueError", "é" * 1900) for number in range(1, 1001))
	known = Items(counts={"Failed": 1000}, results=results)
	made = decide(run(definition, states={"e": "Running"}, items={"e": known}), events.ItemsEnded("e"))
	text = made.steps[0].result.errors  # type: ignore[union-attr]
	assert text and len(text.encode()) <= MAX_BYTES
	kept = json.loads(text)
	assert kept[-1]["left_out"] == 1000 - (len(kept) - 1)
	assert made.run and made.run.new == "Succeeded"


# People


@pytest.mark.parametrize("event", [events.Paused(), events.Resumed(), events.Cancelled()])
def test_a_finished_run_cannot_be_steered(event: events.Event):
	with pytest.raises(WrongState, match="succeeded already"):
		decide(run(PAIR, "Succeeded", {"a": "Succeeded", "b": "Succeeded"}), event)


def test_pausing_parks_what_has_not_begun():
	places = (
		Place(READY_QUEUE, (4, 1), "a"),
		Place(LEASE, (1, 1), "b", begun=True),
		Place(WAIT_QUEUE, (3,), "c", agent=None),
	)
	made = decide(
		run(FORK, states={"a": "Ready", "b": "Running", "c": "Waiting"}, places=places), events.Paused()
	)
	assert (made.leaves, states(made)) == ((places[0], places[2]), {("a", 0): "Ready", ("c", 0): "Ready"})
	assert made.run and made.run.new == "Paused"


def test_resuming_puts_what_was_parked_into_its_queue():
	state = run(PAIR, "Paused", {"a": "Ready", "b": "Pending"}, parked=(Parked("a", 0, 1),))
	made = decide(state, events.Resumed())
	assert [(each.step, each.attempt) for each in made.ready] == [("a", 2)]


def test_retry_from_a_step_runs_what_was_cancelled_beside_it_too():
	state = run(FORK, "Failed", {"a": "Failed", "b": "Cancelled", "c": "Cancelled"})
	made = decide(state, events.Retried("a"))
	assert {each.step for each in made.resets} == {"a", "b", "c"}
	assert {each.step for each in made.ready} == {"a", "b"}


def test_retry_keeps_what_has_succeeded():
	made = decide(run(PAIR, "Failed", {"a": "Succeeded", "b": "Failed"}), events.Retried())
	assert [each.step for each in made.resets] == ["b"]


def test_retry_of_a_step_that_is_not_there_names_those_that_are():
	with pytest.raises(NotFound, match=r"no step 'x'. It has: a, b"):
		decide(run(PAIR, "Failed", {"a": "Succeeded", "b": "Failed"}), events.Retried("x"))


def test_retry_goes_on_with_another_version_that_is_the_same_so_far():
	other = workflow({"id": "a"}, {"id": "new"}, {"id": "last"})
	made = decide(run(PAIR, "Failed", {"a": "Succeeded", "b": "Failed"}), events.Retried(None, other, "wf@2"))
	assert made.reopened and made.reopened.version == "wf@2"
	assert ([each.id for each in made.new_steps], made.old_steps) == (["new", "last"], ("b",))
	assert [each.step for each in made.ready] == ["new"]


def test_retry_does_not_go_on_with_a_version_that_differs_before():
	other = workflow({"id": "a", "params": {"x": 2}}, {"id": "b"})
	with pytest.raises(WrongState, match="step 'a', which would not run again, is different"):
		decide(run(PAIR, "Failed", {"a": "Succeeded", "b": "Failed"}), events.Retried(None, other, "wf@2"))


# Time and processes


def test_a_wait_that_is_over_wakes_the_run():
	state = run(PAIR, "Waiting", {"a": "Waiting", "b": "Pending"}, state="Waiting")
	made = decide(state, events.WaitEnded("a", 0, Done('{"until":1}')))
	assert made.run and made.run.new == "Running"
	assert [each.step for each in made.ready] == ["b"]


@pytest.mark.parametrize("event", [events.Woken("a", 0), events.WaitEnded("a", 0, Done("1"))])
@pytest.mark.parametrize("state", ["Ready", "Running", "Succeeded", ""])
def test_a_wait_of_a_step_that_does_not_wait_does_nothing(state: str, event: events.Event):
	assert decide(run(PAIR, states={"a": "Running", "b": "Pending"}, state=state), event) == Changes()


def test_what_was_claimed_and_not_begun_goes_back_with_its_agent():
	place = Place(LEASE, (3, 1), "a", 0, 2, "Desk", process=3)
	made = decide(run(PAIR, states={"a": "Running", "b": "Pending"}, places=(place,)), events.LeaseLost(3))
	assert [(each.step, each.attempt, each.agent) for each in made.ready] == [("a", 2, "Desk")]


def test_what_was_claimed_in_a_run_that_is_cancelled_and_will_be_undone_does_not_start():
	undone = workflow({"id": "a", "compensate": {"action": "data.set"}}, {"id": "b", "after": []})
	place = Place(LEASE, (3, 1), "b", process=3)
	state = run(
		undone,
		states={"a": "Succeeded", "b": "Running"},
		places=(place,),
		ending="Cancelled",
		compensating=True,
	)
	made = decide(state, events.LeaseLost(3))
	assert (made.ready, states(made), made.undoes) == ((), {("b", 0): "Cancelled"}, True)


def test_what_undoes_a_step_goes_back_into_the_queue():
	undone = workflow({"id": "a", "compensate": {"action": "data.set"}}, {"id": "b", "after": []})
	place = Place(LEASE, (3, 1), "a", -1, process=3)
	state = run(
		undone,
		states={"a": "Succeeded", "b": "Cancelled"},
		places=(place,),
		ending="Cancelled",
		compensating=True,
	)
	assert [each.item for each in decide(state, events.LeaseLost(3)).ready] == [-1]


def test_what_another_process_has_claimed_stays():
	place = Place(LEASE, (4, 1), "a", process=4)
	assert (
		decide(run(PAIR, states={"a": "Running", "b": "Pending"}, places=(place,)), events.LeaseLost(3))
		== Changes()
	)


def test_a_run_whose_version_cannot_be_read_ends():
	place = Place(LEASE, (3, 1), "a", process=3)
	state = RunState("R", None, "Running", states={"a": "Running", "b": "Pending"}, places=(place,))
	made = decide(state, events.Broken("UnreadableVersion", "broken"))
	assert states(made) == {("a", 0): "Cancelled", ("b", 0): "Cancelled"}
	assert made.run and (made.run.new, made.run.error, made.leaves) == ("Failed", "broken", (place,))


# Whatever happens


def test_a_change_that_the_tables_do_not_allow_is_never_decided():
	with pytest.raises(TransitionError, match="from Succeeded to Failed"):
		decide(run(PAIR, states={"a": "Succeeded", "b": "Pending"}), attempted("a", FAILURE))


def outcomes() -> Iterator[Outcome]:
	yield from (
		DONE,
		Skipped(),
		FAILURE,
		Failed(("Timeout",), "slow"),
		Waits(9.0, "{}"),
		Expanded(()),
		Stops("Succeeded", "", "{}"),
	)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_every_decision_keeps_to_the_tables_and_is_the_same_again(data: st.DataObject):
	definition = data.draw(
		st.sampled_from(
			[PAIR, FORK, workflow({"id": "a"}, {"id": "b", "when": "failed"}, {"id": "c", "when": "done"})]
		)
	)
	known = {
		step: data.draw(
			st.sampled_from(["Pending", "Ready", "Running", "Waiting", "Succeeded", "Failed", "Skipped"])
		)
		for step in definition.by_id
	}
	known["a"] = "Running"
	status = data.draw(st.sampled_from(["Running", "Waiting", "Paused"]))
	ending = data.draw(st.sampled_from(["", "", "Failed", "Cancelled"]))
	places = tuple(
		Place(LEASE, (1, number), step, process=1, begun=data.draw(st.booleans()))
		for number, (step, state) in enumerate(known.items())
		if state == "Running"
	)
	state = run(definition, status, known, ending=ending, places=places)
	event = attempted("a", data.draw(st.sampled_from(list(outcomes()))), stick=data.draw(st.booleans()))
	made = decide(state, event)
	assert made == decide(state, event)
	for each in made.steps:
		assert each.old == each.new or may_step_change(each.old, each.new)
	if made.run:
		assert made.run.old == made.run.new or may_run_change(made.run.old, made.run.new)
		assert made.run.new in RUN_STATES
	if made.run and made.run.has_ended:
		after = known | {step: new for (step, item), new in states(made).items() if not item}
		assert not {"Pending", "Ready", "Running", "Waiting"} & set(after.values())


@pytest.mark.parametrize(("definition", "outcome"), list(product([PAIR, FORK], [DONE])))
def test_what_is_assumed_of_a_run_gives_what_the_run_under_lock_gives(
	definition: Definition, outcome: Outcome
):
	for step, output in product(definition.steps, ("1", "2")):  # the second time it is kept already
		event = attempted(step.id, replace(outcome, output=output), stick=True)
		guess = ordinary.changes(definition, "R", step, event, 0, False)
		if guess is None:
			continue
		known = {other.id: "Succeeded" if other.id < step.id else "Pending" for other in definition.steps}
		state = run(definition, states=known | {step.id: "Running"}, places=None)
		assert guess == decide(state, event)


def test_steps_behind_a_step_go_on_in_one_order_however_they_are_listed():
	c, d = {"id": "c", "after": ["a", "b"], "join": "any"}, {"id": "d", "after": ["a"]}
	definition = workflow({"id": "a"}, {"id": "b"}, c, d, {"id": "e", "after": ["c"]})
	event = attempted("a", DONE, stick=True)
	known = dict.fromkeys("bcde", "Pending") | {"a": "Running"}
	assert ordinary.changes(definition, "R", definition.by_id["a"], event, 0, False) == decide(
		run(definition, states=known, places=None), event
	)


def test_changes_can_be_printed_and_compared():
	made = decide(run(PAIR, states={"a": "Running", "b": "Pending"}), attempted("a", DONE, stick=True))
	assert all(field.name in repr(made) for field in fields(Changes))


def test_a_run_whose_version_cannot_be_read_is_cancelled_without_compensation():
	state = RunState("R", None, "Waiting", states={"a": "Succeeded", "b": "Waiting"}, places=())
	made = decide(state, events.Cancelled(compensate=True))
	assert made.run and (made.run.new, made.undoes) == ("Cancelled", False)

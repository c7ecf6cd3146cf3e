"""The checker of histories finds what is planted in them, and nothing in one that is right."""

from dataclasses import replace

import pytest

from tests.faults.failover.checker import Acknowledged, Append, Place, Promise, Says, Verdict, judge

A, B, EACH_1, EACH_2 = ("a", 0), ("b", 0), ("each", 1), ("each", 2)
PLACES = frozenset({A, B, EACH_1, EACH_2})
PROMISE = Promise(PLACES, {EACH_1: frozenset({A}), EACH_2: frozenset({A}), B: frozenset({A, EACH_1, EACH_2})})


def append(place: Place, *saw: str, run: str = "r1", token: str | None = None) -> Append:
	return Append(run, place, token or _token(place), frozenset(saw))


def _token(place: Place) -> str:
	return f"t-{place[0]}-{place[1]}"


LIST = [
	append(A),
	append(EACH_2, "t-a-0"),
	append(EACH_1, "t-a-0", "t-each-2"),
	append(B, "t-a-0", "t-each-2", "t-each-1"),
]
SAYS = Says("Succeeded", dict.fromkeys(PLACES, "Succeeded"), {place: _token(place) for place in PLACES})


def verdict(
	appends: list[Append] = LIST,
	says: dict[str, Says] | None = None,
	acknowledged: tuple[str, ...] = ("r1",),
	keys: dict[str, str] | None = None,
) -> Verdict:
	says = {"r1": SAYS} if says is None else says
	told = [Acknowledged(f"key of {run}", run, PROMISE) for run in acknowledged]
	return judge(told, appends, says, keys or {run: f"key of {run}" for run in says})


def test_a_history_that_is_right():
	assert verdict().counts() == {}


def test_an_acknowledged_run_that_is_not_there():
	assert verdict(acknowledged=("r1", "r2")).counts() == {"lost": 1}


def test_two_runs_of_one_key():
	twice = [*LIST, *(replace(each, run="r2") for each in LIST)]
	found = verdict(twice, {"r1": SAYS, "r2": SAYS}, keys={"r1": "one", "r2": "one"})
	assert found.counts() == {"duplicated": 1}


@pytest.mark.parametrize("gone", range(len(LIST)))
def test_an_effect_that_is_not_there_though_the_run_says_so(gone: int):
	found = verdict([each for each in LIST if each is not LIST[gone]])
	assert len(found.missing) == 1
	# What comes later has seen it, but for the last one: nobody has.
	assert bool(found.vanished) is (gone != len(LIST) - 1)


def test_an_effect_that_is_not_there_though_its_step_says_so_of_a_run_that_has_failed():
	failed = replace(SAYS, state="Failed")
	assert verdict(LIST[:3], {"r1": failed}).missing == ["r1.b"]


def test_an_effect_that_is_not_the_one_the_step_speaks_of():
	other = [*LIST[:3], replace(LIST[3], token="another")]
	assert verdict(other).counts() == {"missing": 1}


def test_an_effect_that_is_there_twice():
	assert verdict([*LIST, append(A, token="again")]).doubled == ["r1.a"]


def test_effects_in_the_wrong_order():
	assert "misplaced" in verdict([LIST[1], LIST[0], *LIST[2:]]).counts()


def test_an_effect_that_somebody_saw_and_that_is_gone():
	haunted = [*LIST[:3], replace(LIST[3], saw=LIST[3].saw | {"a ghost"})]
	assert verdict(haunted).counts() == {"vanished": 1}


def test_an_effect_that_did_not_see_what_came_before_it():
	blind = [*LIST[:3], replace(LIST[3], saw=frozenset({"t-a-0", "t-each-1"}))]
	assert verdict(blind).counts() == {"unseen": 1}


@pytest.mark.parametrize("state", ["Skipped", "Failed", "Cancelled", "Pending"])
def test_an_effect_of_a_step_that_says_it_did_not_happen(state: str):
	said = replace(SAYS, state="Failed", places=SAYS.places | {B: state})
	assert verdict(LIST, {"r1": said}).counts() == {"denied": 1}


def test_a_step_that_says_it_did_not_happen_and_did_not():
	said = replace(SAYS, state="Failed", places=SAYS.places | {B: "Failed"})
	assert verdict(LIST[:3], {"r1": said}).counts() == {}
	skipped = replace(SAYS, places=SAYS.places | {B: "Skipped"})
	assert verdict(LIST[:3], {"r1": skipped}).counts() == {}


def test_effects_without_a_run():
	assert verdict([*LIST, append(A, run="nobody's")]).counts() == {"orphaned": 1}


def test_a_run_that_has_not_ended():
	still = replace(SAYS, state="Running")
	assert verdict(LIST, {"r1": still}).counts() == {"unended": 1}


def test_a_run_that_nobody_was_told_of_is_judged_too():
	doubled = [*LIST, append(A, token="again")]
	assert verdict(doubled, acknowledged=()).counts() == {"doubled": 1}

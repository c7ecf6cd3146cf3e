"""The judge of decisions finds what is planted in a history, and nothing in one that is right."""

from dataclasses import replace
from typing import Any

import pytest

from tests.faults.deciding.judge import (
	APPROVED,
	ASKED,
	DECIDED,
	EXPIRED,
	LATE,
	NO_LONGER,
	REJECTED,
	SIGNAL,
	Approval,
	Decision,
	Signal,
	Try,
	judge,
)

ANN, BEN = "ann@example.com", "ben@example.com"
AT = "2026-01-05 09:00:00"
APPROVAL = Approval(
	name="A",
	run="R",
	needs=1,
	asked=frozenset({ANN, BEN}),
	result=APPROVED,
	by=ANN,
	decisions=[Decision(ANN, APPROVED, "t1", AT)],
	went_on={APPROVED: 1},
	told={(ANN, ASKED): 1, (BEN, ASKED): 1, (BEN, NO_LONGER): 1},
)
FIRST = Try("A", ANN, APPROVED, "t1", DECIDED)
SECOND = Try("A", BEN, REJECTED, "t2", LATE, f"{ANN} has approved already, at {AT}.")
SENT = Try("S", "sender", SIGNAL, "s1", DECIDED)
RIGHT = Signal("S", ["s1"], "s1")


def counts(
	*tries: Try, approval: Approval = APPROVAL, signal: Signal = RIGHT, **changes: Any
) -> dict[str, int]:
	return judge([*tries, SENT], [replace(approval, **changes)], [signal]).counts()


def test_a_right_history_is_right():
	assert counts(FIRST, SECOND, Try("A", BEN, APPROVED, "t3")) == {}


def test_who_was_told_nothing_may_have_decided():
	assert counts(replace(FIRST, told="")) == {}


def test_a_deadline_settles_what_nobody_has_decided():
	told = {(user, what): 1 for user in (ANN, BEN) for what in (ASKED, NO_LONGER)}
	late = replace(SECOND, says="The deadline was at …: expired.")
	over: dict[str, Any] = {
		"result": EXPIRED,
		"by": "",
		"decisions": [],
		"went_on": {EXPIRED: 1},
		"told": told,
	}
	assert counts(late, **over) == {}
	assert counts(late, **over | {"result": APPROVED, "went_on": {APPROVED: 1}}) == {"wrong": 1}


TWICE = [Decision(ANN, APPROVED, "t1", AT), Decision(ANN, APPROVED, "t4", AT)]
BOTH = [Decision(BEN, APPROVED, "t2", AT), Decision(ANN, APPROVED, "t1", AT)]


@pytest.mark.parametrize(
	("tries", "changes", "found"),
	[
		([FIRST, replace(FIRST, token="t9")], {}, {"lost": 1}),
		([FIRST, replace(FIRST, about="gone")], {}, {"lost": 1}),
		([FIRST, replace(FIRST, token="t4", told="")], {"decisions": TWICE}, {"doubled": 1}),
		(
			[FIRST, replace(SECOND, decision=APPROVED, told="")],
			{"decisions": BOTH},
			{"doubled": 1, "retold": 1},
		),
		([], {}, {"forged": 1}),
		([replace(FIRST, by=BEN)], {}, {"forged": 1}),
		([replace(FIRST, told=LATE, says=SECOND.says)], {}, {"denied": 1}),
		([FIRST, replace(SECOND, says="Too late.")], {}, {"unexplained": 1}),
		([FIRST, replace(SECOND, says="The deadline has passed.")], {}, {"unexplained": 1}),
		([FIRST], {"result": REJECTED, "went_on": {REJECTED: 1}}, {"wrong": 1}),
		([FIRST], {"by": BEN}, {"wrong": 1}),
		([FIRST], {"needs": 2}, {"wrong": 1}),
		([FIRST], {"result": "", "by": "", "told": {(ANN, ASKED): 1, (BEN, ASKED): 1}}, {"open": 1}),
		([FIRST], {"went_on": {APPROVED: 2}}, {"astray": 1}),
		([FIRST], {"went_on": {}}, {"astray": 1}),
		([FIRST], {"went_on": {APPROVED: 1, REJECTED: 1}}, {"astray": 1}),
		([FIRST], {"used": "t9"}, {"mistaken": 1}),
		([FIRST], {"told": {**APPROVAL.told, (BEN, NO_LONGER): 2}}, {"retold": 1}),
		([FIRST], {"told": {(ANN, ASKED): 1}}, {"retold": 1}),
	],
)
def test_what_is_planted_is_found(tries: list[Try], changes: dict[str, Any], found: dict[str, int]):
	assert counts(*tries, **changes) == found


@pytest.mark.parametrize(
	("signal", "found"),
	[
		(Signal("S", [], None), {"lost": 1, "mistaken": 1}),
		(Signal("S", ["s1", "s1"], "s1"), {"doubled": 1}),
		(Signal("S", ["s9"], "s9"), {"forged": 1}),
		(Signal("S", ["s1"], "s2"), {"mistaken": 1}),
	],
)
def test_what_is_planted_in_signals_is_found(signal: Signal, found: dict[str, int]):
	assert counts(FIRST, signal=signal) == found


def test_each_kind_has_been_planted():
	def planted(test: Any) -> set[str]:
		return {kind for mark in test.pytestmark for case in mark.args[1] for kind in case[-1]}

	kinds = set(judge([], []).__dataclass_fields__)
	assert planted(test_what_is_planted_is_found) | planted(test_what_is_planted_in_signals_is_found) == kinds

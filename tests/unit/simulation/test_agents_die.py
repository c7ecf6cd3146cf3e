"""AI agents whose workers are killed at every point, in a story for each seed: no effect of a call is lost or doubled, no answer
that is kept is asked for again, and what is spent is exact. Faults that are planted are caught.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dogansystem.agents.ai import asking, calling
from dogansystem.store import spending
from dogansystem.worker import attempting
from tests import scale
from tests.conftest import Tell
from tests.unit.simulation import agents
from tests.unit.simulation.agents import world
from tests.unit.simulation.invariants import Broken

SEEDS = scale.of(6, 150)
ACTIONS = 90


@pytest.mark.parametrize("number", range(SEEDS))
def test_agents_do_everything_once_wherever_their_workers_die(number: int, tmp_path: Path, tell: Tell):
	with world(tmp_path / "world.db", number) as story:
		try:
			story.play(ACTIONS)
			story.end()
		except Exception as error:
			told = "\n".join(story.story)
			pytest.fail(f"{error}\n\nThe last of it:\n{told}\n\nSeed {number}")
		tell(
			"simulation of AI agents",
			seeds=1,
			kills=story.kills,
			looks_at_everything=story.looks,
			requests=story.sent.total(),
		)


def answers_are_not_known_to_be_repeated(patch: pytest.MonkeyPatch) -> None:
	state = asking._state
	patch.setattr(asking, "_state", lambda *rest, **named: replace(state(*rest, **named), is_repeated=False))


def nothing_is_given_back(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(spending, "correct", lambda *rest: None)


def limits_are_not_looked_at(patch: pytest.MonkeyPatch) -> None:
	known = spending.reserve

	def reserve(db: Any, budgets: list[spending.Budget], day: str, cost: int) -> None:
		known(db, [replace(each, limit=10**18) for each in budgets], day, cost)

	patch.setattr(spending, "reserve", reserve)
	patch.setattr(agents, "LIMIT", "0.12")  # so that it is reached in most stories


def what_failed_is_not_undone(patch: pytest.MonkeyPatch) -> None:
	perform = attempting.perform

	def wrong(site: Any, work: Any, at: Any, acting: Any, trial: Any) -> Any:
		outcome = perform(site, work, at, acting, trial)
		if trial.instead:
			trial.instead()
			trial.instead = None
		return outcome

	patch.setattr(attempting, "perform", wrong)


def calls_are_made_before_people_have_decided(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(calling.tools, "has_to_ask", lambda *rest: False)


PLANTED: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], set[str]]] = {
	"repeated": (
		answers_are_not_known_to_be_repeated,
		{"requests_are_recorded_before", "no_answer_is_asked_for_again"},
	),
	"given back": (nothing_is_given_back, {"what_is_spent_is_what_the_asks_have_cost"}),
	"limits": (limits_are_not_looked_at, {"what_is_spent_is_what_the_asks_have_cost"}),
	"undone": (what_failed_is_not_undone, {"effects_are_what_is_recorded"}),
	"decided": (calls_are_made_before_people_have_decided, {"effects_are_what_is_recorded"}),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_caught(fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
	plant, rules = PLANTED[fault]
	plant(monkeypatch)
	caught: list[str] = []
	for number in range(10):
		with world(tmp_path / f"{number}.db", number) as story:
			try:
				story.play(ACTIONS)
				story.end()
			except Broken as broken:
				caught.append(broken.rule)
		if rules & {*caught}:
			return
	pytest.fail(f"caught {caught}")

"""Each invariant catches a fault that is planted for it, in the code that the simulation runs."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dogansystem.engine.outcomes import Done, Failed
from dogansystem.engine.outputs import encode
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.store import (
	attempts,
	finish,
	history,
	items,
	leasing,
	processes,
	purge,
	queue,
	runs,
	slots,
	start,
	timers,
)
from tests.conftest import Tell
from tests.unit.simulation import invariants, world
from tests.unit.simulation.invariants import Broken
from tests.unit.simulation.process import Process
from tests.unit.simulation.world import World

ACTIONS = 200
SEEDS = 25  # in which a fault may show; most show in the first

Plant = Callable[[pytest.MonkeyPatch], None]


def results_do_not_last(patch: pytest.MonkeyPatch) -> None:
	write = attempts.write_result

	def wrong(db: Any, attempt: Any, *rest: Any, **named: Any) -> None:
		write(db, attempt, *rest, **named)
		db.execute(
			"UPDATE `tabDogan Step Run` SET status = 'Ready' WHERE name = %s", (attempt.lease.step_run,)
		)

	patch.setattr(finish, "write_result", wrong)


def steps_are_queued_twice(patch: pytest.MonkeyPatch) -> None:
	once = queue.make_ready
	patch.setattr(queue, "make_ready", lambda *rest: [once(*rest), once(*rest)])


def nobody_starts_what_is_next(patch: pytest.MonkeyPatch) -> None:
	apply = runs.apply

	def wrong(db: Any, run: Any, decision: Any, at: Any, claimed: Any = None) -> int:
		return apply(db, run, replace(decision, ready=()), at, claimed)

	patch.setattr(runs, "apply", wrong)


def no_item_opens_the_next(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(items, "_next_item", lambda *rest: (None, None))


def failures_are_not_rolled_back(patch: pytest.MonkeyPatch) -> None:
	act = Process._act

	def wrong(self: Process, lease: Any, outcome: Any) -> None:
		act(self, lease, Done("null") if isinstance(outcome, Failed) else outcome)

	patch.setattr(Process, "_act", wrong)


def slots_are_never_given_back(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(slots, "release", lambda db, holders: 0)


def steps_do_not_wait_for_their_agent(patch: pytest.MonkeyPatch) -> None:
	ready = queue.make_ready

	def wrong(db: Any, run: str, steps: Sequence[Any], at: Any) -> None:
		ready(db, run, [(replace(step, agent=None, capability=None), *rest) for step, *rest in steps], at)

	patch.setattr(queue, "make_ready", wrong)


def the_dead_are_forgotten_at_once(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(
		processes,
		"declare_dead",
		lambda db, process: db.execute("DELETE FROM dogan_process WHERE id = %s", (process.id,)),
	)


def timers_outlive_their_runs(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(timers, "remove_of_run", lambda *rest: None)


def clocks_of_runs_are_started_twice(patch: pytest.MonkeyPatch) -> None:
	put = timers.put

	def wrong(db: Any, due_at: float, kind: str, **rest: Any) -> None:
		for _ in range(2 if kind == "run_timeout" else 1):
			put(db, due_at, kind, **rest)

	patch.setattr(timers, "put", wrong)


def outputs_come_in_any_order(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(items, "encode", lambda value, what: encode(list(reversed(value)), what))


def attempts_have_no_end(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(finish, "next_attempt", lambda *rest: 0.0)


def failed_runs_succeed(patch: pytest.MonkeyPatch) -> None:
	apply = runs.apply

	def wrong(db: Any, run: Any, decision: Any, at: Any, claimed: Any = None) -> int:
		ending = SUCCEEDED if decision.ending == FAILED else decision.ending
		return apply(db, run, replace(decision, ending=ending), at, claimed)

	patch.setattr(runs, "apply", wrong)


def anything_is_purged(patch: pytest.MonkeyPatch) -> None:
	query = ("SELECT name FROM `tabDogan Workflow Run` ORDER BY name LIMIT 1", ())
	patch.setattr(purge, "candidates", lambda *rest: query)
	patch.setattr(purge, "_lock", lambda *rest: True)


def retried_runs_stay_counted(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(history, "uncount", lambda db, names: None)


def nobody_looks_at_the_lease(patch: pytest.MonkeyPatch) -> None:
	drop = leasing.drop
	patch.setattr(leasing, "drop", lambda db, lease: [drop(db, lease), True][1])


def keys_are_forgotten(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(start, "stored_key", lambda workflow, key, cause: f"{workflow} {random.random()}")


def the_tick_does_nothing(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(world, "tick", lambda site: True)


def nobody_signs_off(patch: pytest.MonkeyPatch) -> None:
	patch.setattr(processes, "leave", lambda db, process: None)


PLANTED: dict[str, Plant] = {
	"changes_are_allowed": results_do_not_last,
	"each_step_is_in_one_place": steps_are_queued_twice,
	"nothing_is_forgotten": nobody_starts_what_is_next,
	"enough_items_are_open": no_item_opens_the_next,
	"effects_happen_once": failures_are_not_rolled_back,
	"slots_are_within_capacity": slots_are_never_given_back,
	"limited_steps_have_an_agent": steps_do_not_wait_for_their_agent,
	"leases_have_an_owner": the_dead_are_forgotten_at_once,
	"finished_runs_leave_nothing": timers_outlive_their_runs,
	"timers_have_a_reason": clocks_of_runs_are_started_twice,
	"items_keep_their_order": outputs_come_in_any_order,
	"attempts_are_counted": attempts_have_no_end,
	"ends_have_a_reason": failed_runs_succeed,
	"only_what_was_purged_is_gone": anything_is_purged,
	"sums_are_right": retried_runs_stay_counted,
	"a_fenced_owner_changes_nothing": nobody_looks_at_the_lease,
	"a_key_starts_one_run": keys_are_forgotten,
	"every_run_ends": the_tick_does_nothing,
	"nothing_is_left": nobody_signs_off,
}


def test_there_is_a_fault_for_each_invariant():
	assert {rule.__name__ for rule in invariants.RULES} <= PLANTED.keys()


@pytest.mark.parametrize("rule", PLANTED)
def test_a_planted_fault_is_caught(rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tell: Tell):
	PLANTED[rule](monkeypatch)
	caught = []
	for number in range(SEEDS):
		caught.append(_broken_in(tmp_path / f"{number}.db", number))
		if caught[-1] == rule:
			return tell("simulation, planted faults", planted=1, caught=1)
	pytest.fail(f"{SEEDS} seeds have caught {caught}")


def _broken_in(path: Path, seed: int) -> str | None:
	"""The rule that a seed's story breaks, or the name of another error."""
	story = World(path, seed)
	try:
		story.play(ACTIONS)
		story.end()
	except Broken as broken:
		return broken.rule
	except Exception as error:
		return type(error).__name__
	finally:
		story.place.close()
	return None

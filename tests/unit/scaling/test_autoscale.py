"""How many workers there shall be: bounds, growth at once, shrinking after the cooldown; by example and by property."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dogansystem.engine.errors import InputError
from dogansystem.scaling.autoscale import GROWTH, PACE, SHRINKAGE, Bounds, Decision, Demand, Memory, decide

BOUNDS = Bounds(floor=2, ceiling=20, cooldown=300)
POLL = 15.0  # seconds


class Node:
	"""A node whose autoscaler looks every 15 seconds, by a test's clock."""

	def __init__(self, workers: int = 2, bounds: Bounds = BOUNDS) -> None:
		self.now, self.workers, self.bounds, self.memory = 1000.0, workers, bounds, Memory()
		self.history = [workers]

	def look(self, demand: Demand, looks: int = 1) -> int:
		for _ in range(looks):
			decision, self.memory = decide(self.now, self.workers, demand, self.bounds, self.memory)
			self.workers = decision.workers
			self.history.append(self.workers)
			self.now += POLL
		return self.workers


def test_one_worker_is_wanted_for_each_step_that_runs_and_one_for_each_twenty_ready():
	assert Demand(running=8, ready=240).workers == 20
	assert [Demand(0, ready).workers for ready in (0, 1, 20, 21)] == [0, 1, 1, 2]


def test_nodes_share_the_demand():
	assert [Demand(10, 0, nodes).workers for nodes in (1, 3, 5)] == [10, 4, 2]


def test_it_grows_at_once_and_at_most_doubles():
	node = Node(2)
	node.look(Demand(0, 1000), 5)
	assert node.history == [2, 4, 8, 16, 20, 20]


def test_from_nothing_it_starts_with_the_floor():
	assert Node(0).look(Demand(0, 0)) == 2


def test_it_shrinks_by_a_quarter_a_minute_once_the_cooldown_is_over():
	node = Node(20)
	node.look(Demand(0, 0), 20)
	assert node.workers == 20
	changes = [before - after for before, after in itertools.pairwise(node.history)]
	assert not any(changes)
	node.look(Demand(0, 0), 60)
	steps = sorted(set(node.history), reverse=True)
	assert steps == [20, 15, 12, 9, 7, 6, 5, 4, 3, 2]


def test_steps_that_run_keep_their_workers():
	node = Node(20)
	node.look(Demand(20, 0), 200)
	assert set(node.history) == {20}


def test_a_wave_within_the_cooldown_keeps_what_it_needs():
	node = Node(16)
	for _ in range(40):  # a wave of 14 every two minutes
		node.look(Demand(0, 0), 7)
		node.look(Demand(14, 0), 1)
	assert min(node.history) == 14


def test_a_single_wave_is_forgotten_after_the_cooldown():
	node = Node(2)
	node.look(Demand(0, 400), 4)
	node.look(Demand(0, 0), 100)
	assert (max(node.history), node.workers) == (20, 2)


def test_little_more_than_enough_is_left_alone_but_at_the_floor():
	assert Node(20).look(Demand(19, 0), 100) == 20
	assert Node(3).look(Demand(2, 0), 100) == 2


def test_a_ceiling_that_was_lowered_holds_at_once():
	assert Node(40).look(Demand(100, 0)) == 20


def test_after_a_time_in_which_nobody_looked_the_cooldown_begins_anew():
	node = Node(20)
	node.look(Demand(0, 0), 10)
	node.now += 3600
	node.look(Demand(0, 0), 19)
	assert node.workers == 20


@pytest.mark.parametrize(
	"floor, ceiling, cooldown", [(0, 5, 1), (5, 4, 1), (1, 1000, 1), (1, 2, -1), (1, 2, float("nan"))]
)
def test_bounds_that_make_no_sense_are_refused(floor: int, ceiling: int, cooldown: float):
	with pytest.raises(InputError, match="give"):
		Bounds(floor, ceiling, cooldown)


demands = st.builds(Demand, st.integers(0, 500), st.integers(0, 50_000), st.integers(1, 10))
# Cooldowns in eighths of a second: one of 1e-60 is lost when it is added to a time.
bounds = st.tuples(st.integers(1, 50), st.integers(0, 50), st.integers(0, 8 * 3600)).map(
	lambda three: Bounds(three[0], three[0] + three[1], three[2] / 8)
)
looks = st.lists(st.tuples(st.floats(0.1, 1000), demands), min_size=1, max_size=60)


def decisions(
	first: int, bound: Bounds, given_looks: list[tuple[float, Demand]]
) -> list[tuple[float, int, Demand, Decision]]:
	now, workers, memory, found = 0.0, first, Memory(), []
	for pause, demand in given_looks:
		now += pause
		decision, memory = decide(now, workers, demand, bound, memory)
		found.append((now, workers, demand, decision))
		workers = decision.workers
	return found


@given(st.integers(0, 200), bounds, looks)
def test_it_stays_within_its_bounds_and_grows_and_shrinks_within_its_steps(
	first: int, bound: Bounds, given_looks: list[tuple[float, Demand]]
):
	for _, before, _, decision in decisions(first, bound, given_looks):
		after = decision.workers
		assert bound.floor <= after <= bound.ceiling or before > bound.ceiling
		assert after <= bound.ceiling
		assert after <= max(before * GROWTH, bound.floor)
		if before <= bound.ceiling:
			assert after >= min(before, before - max(1, int(before * SHRINKAGE)))


@given(st.integers(0, 200), bounds, looks)
def test_it_never_has_fewer_than_are_wanted_now_nor_than_were_in_the_cooldown(
	first: int, bound: Bounds, given_looks: list[tuple[float, Demand]]
):
	found = decisions(first, bound, given_looks)
	for number, (now, before, _, decision) in enumerate(found):
		if decision.workers < before <= bound.ceiling:
			window = [each for each in found[: number + 1] if each[0] >= now - bound.cooldown]
			most = max(min(each[2].workers, bound.ceiling) for each in window)
			assert decision.workers >= max(most, bound.floor)


@given(st.integers(1, 100), bounds, looks)
def test_two_decisions_to_have_fewer_are_a_minute_apart_and_the_first_a_cooldown_after_the_start(
	first: int, bound: Bounds, given_looks: list[tuple[float, Demand]]
):
	found = decisions(min(first, bound.ceiling), bound, given_looks)
	times = [now for now, before, _, decision in found if decision.workers < before]
	assert all(later - earlier >= PACE for earlier, later in itertools.pairwise(times))
	assert not times or times[0] - found[0][0] >= bound.cooldown


@given(st.integers(0, 100), bounds, st.integers(0, 100))
def test_steady_demand_ends_in_a_steady_number(first: int, bound: Bounds, running: int):
	same = [(15.0, Demand(running, 0))] * (int(bound.cooldown / 15) + 200)
	last = [decision.workers for _, _, _, decision in decisions(first, bound, same)][-20:]
	assert len(set(last)) == 1
	wanted = min(max(running, bound.floor), bound.ceiling)
	assert wanted <= last[0] <= max(wanted * 1.12 + 1, bound.floor)

"""How evenly work is spread is a number, and one that is right at its ends."""

import pytest

from dogansystem.scaling.summary import jain, spread


@pytest.mark.parametrize(
	("values", "index"), [([3, 3, 3], 1), ([9, 0, 0], 1 / 3), ([1, 3], 0.8), ([0, 0], 1), ([], 1)]
)
def test_jains_index_is_1_for_even_and_one_over_n_for_all_to_one(values: list[float], index: float):
	assert jain(values) == pytest.approx(index)


def test_a_node_with_more_workers_has_a_larger_even_share():
	found = spread({"a": 100, "b": 200}, {"a": 5, "b": 10})
	assert (found["max_deviation"], found["jain"]) == (0, 1)
	assert found["nodes"]["b"] == {"steps": 200, "workers": 10, "share": 200, "deviation": 0}


def test_a_node_that_did_nothing_is_off_by_all_of_it():
	found = spread({"a": 100}, {"a": 5, "b": 5})
	assert found["max_deviation"] == 1
	assert found["nodes"]["b"]["deviation"] == -1


def test_chance_explains_more_of_few_steps():
	few, many = (spread({"a": count, "b": count}, {"a": 1, "b": 1})["noise"] for count in (25, 2500))
	assert few == pytest.approx(0.392, abs=0.001)
	assert many == pytest.approx(0.0392, abs=0.001)


@pytest.mark.parametrize("workers", [{}, {"a": 5}, {"a": 5, "b": 0}])
def test_fewer_than_two_nodes_have_no_spread(workers: dict[str, float]):
	found = spread({"a": 100}, workers)
	assert (found["max_deviation"], found["jain"]) == (None, None)


def test_nothing_done_has_no_spread():
	assert spread({}, {"a": 1, "b": 1})["max_deviation"] is None

"""Figures add up: of several processes, minutes, nodes; and what they say of times is near the truth."""

import json
import random
import statistics
from itertools import pairwise

import pytest

from dogansystem.store import figures
from dogansystem.store.figures import (
	BOUNDS,
	MAX_NAMES,
	OTHERS,
	Figures,
	Histogram,
	Table,
	add,
	decode,
	encode,
	within_bounds,
)


def test_bounds_grow_by_a_third_at_most_so_that_what_lies_between_is_known_to_that():
	assert BOUNDS[0] == 0.001
	assert BOUNDS[-1] == 100_000.0
	steps = [after / before for before, after in pairwise(BOUNDS)]
	assert 1.19 < min(steps) and max(steps) < 1.34
	assert {0.005, 0.025, 0.1, 2.5, 300.0} <= set(BOUNDS)


@pytest.mark.parametrize(("share", "name"), [(0.5, "p50"), (0.95, "p95")])
def test_quantiles_are_near_those_of_the_values(share: float, name: str):
	chance = random.Random(5)
	values = [chance.lognormvariate(-3, 1.5) for _ in range(20_000)]
	histogram = Histogram()
	for value in values:
		histogram.add(value)
	true = statistics.quantiles(values, n=100)[round(share * 100) - 1]
	assert histogram.quantile(share) == pytest.approx(true, rel=0.1)
	assert histogram.sum == pytest.approx(sum(values))
	assert histogram.count == len(values)


def test_of_nothing_there_is_no_quantile():
	assert Histogram().quantile(0.5) is None


def test_what_is_longer_than_the_last_bound_is_said_to_be_as_long():
	histogram = Histogram()
	histogram.add(1_000_000.0)
	assert histogram.quantile(0.5) == BOUNDS[-1]
	assert histogram.up_to(BOUNDS[-1]) == 0


def test_a_value_on_a_bound_lies_within_it():
	histogram = Histogram()
	histogram.add(0.005)
	assert (histogram.up_to(0.004), histogram.up_to(0.005)) == (0, 1)


def test_tables_add_up_and_survive_their_text():
	chance = random.Random(1)
	parts: list[Table] = []
	whole: Table = {}
	for _ in range(5):
		part: Table = {}
		for _ in range(100):
			node, waited, took = chance.choice("ab"), chance.random(), chance.random() / 100
			for table in (part, whole):
				table.setdefault(("node", node), Figures()).attempt("Succeeded", waited, took)
		parts.append(part)
	merged: Table = {}
	for part in parts:
		add(merged, decode(encode(part)))
	assert merged.keys() == whole.keys()
	for key, measured in merged.items():
		assert measured.outcomes == whole[key].outcomes
		assert measured.wait.buckets == whole[key].wait.buckets
		assert measured.run.sum == pytest.approx(whole[key].run.sum)


def test_levels_keep_mean_and_highest():
	measured = Figures()
	for value in (1, 5, 0):
		measured.level("ready", value)
	twice = Figures()
	twice.add(measured)
	twice.add(measured)
	assert (twice.levels["ready"].mean, twice.levels["ready"].highest) == (2, 5)


def test_names_beyond_the_limit_become_others_and_those_known_stay():
	table: Table = {}
	for number in range(MAX_NAMES):
		table[("workflow", f"w{number}")] = Figures({"Succeeded": 1})
	more: Table = {("workflow", "w0"): Figures({"Succeeded": 1})}
	for number in range(MAX_NAMES, MAX_NAMES + 50):
		more[("workflow", f"w{number}")] = Figures({"Succeeded": 2})
	bounded = within_bounds(more, known=table)
	assert set(bounded) == {("workflow", "w0"), ("workflow", OTHERS)}
	assert bounded[("workflow", OTHERS)].outcomes == {"Succeeded": 100}


def test_what_attempts_cost_is_added_up_and_survives_being_written():
	one, two = Figures(), Figures()
	one.attempt("Succeeded", 0.1, 0.2, {figures.CPU: 0.25, figures.CONFLICTS: 1})
	two.attempt("Failed", 0.1, 0.2, {figures.CPU: 0.5, figures.DATABASE: 0.125, figures.CONFLICTS: 0})
	one.add(figures.from_json(json.loads(json.dumps(figures.as_json(two)))))
	assert one.costs == {figures.CPU: 0.75, figures.DATABASE: 0.125, figures.CONFLICTS: 1}
	assert figures.from_json(json.loads(json.dumps(figures.as_json(one)))).costs == one.costs
	assert figures.from_json({"outcomes": {"Succeeded": 1}}).costs == {}  # written by an earlier version

"""The simulation against formulas that are exact, and against what is known of the worker it simulates."""

from math import inf
from typing import Any

import pytest

from dogansystem.engine.definitions.parse import parse
from dogansystem.scaling.queueing import Queue
from dogansystem.scaling.simulation.simulate import simulate
from dogansystem.scaling.simulation.system import Machine, Outages, System
from dogansystem.scaling.simulation.times import Times, exponential, fixed, uniform
from dogansystem.scaling.simulation.workload import Agent, Arrivals, Service, Workload
from dogansystem.worker.drainer import LOOK_INTERVAL

FREE = Machine(step=0, claim=0, commit=0, chores=0, admit=0, ring=0, call=0)  # nothing but the queue


def step(step_id: str, **rest: object) -> dict[str, object]:
	return {"id": step_id, "action": "data.set", "params": {"x": 1}, **rest}


def workload(
	*steps: dict[str, object], rate: float, service: Times | None = None, **rest: object
) -> Workload:
	limits = {"limits": rest.pop("limits")} if "limits" in rest else {}
	source = {"name": "load", "run_as": "person@example.com", "steps": list(steps or [step("a")]), **limits}
	return Workload(parse(source), Arrivals(rate), Service(wait=service or fixed(0.0)), **rest)  # type: ignore[arg-type]


def many(load: Workload, system: System, seconds: float) -> list[dict[str, Any]]:
	return [simulate(load, system, seconds, seed) for seed in (1, 11, 21)]


@pytest.mark.parametrize("workers", [1, 10])
@pytest.mark.parametrize("utilisation", [0.6, 0.8])
@pytest.mark.parametrize(
	"service", [exponential(1.0), fixed(1.0), uniform(0.5, 1.5)], ids=("exponential", "fixed", "uniform")
)
def test_workers_that_cost_nothing_are_the_servers_of_the_formula(
	workers: int, utilisation: float, service: Times
):
	"""M/M/c is exact; M/G/c is an approximation for more than one server, good to some per cent of the service time."""
	rate = utilisation * workers
	found = many(workload(rate=rate, service=service), System(workers=workers, machine=FREE), 5_000 / rate)
	expected = Queue(rate, 1.0, workers, service_variation=service.variation)
	assert sum(each["busy"] for each in found) / 3 == pytest.approx(utilisation, rel=0.03)
	assert sum(each["steps"] for each in found) / 3 == pytest.approx(rate, rel=0.03)
	wait = sum(each["wait"]["p95"] or 0.0 for each in found) / 3
	assert wait == pytest.approx(expected.wait(0.95), rel=0.25, abs=0.3)


def test_a_site_s_drainers_as_they_were_measured():
	"""Steps per second of 1, 2, 4 and 8 drainers on one database: 1,055, 1,843, 2,212 and 2,409."""
	for workers, measured in ((1, 1055), (2, 1843), (4, 2212), (8, 2409)):
		load = workload(rate=0, backlog=30_000)
		assert simulate(load, System(workers=workers), 5)["steps"] == pytest.approx(measured, rel=0.1)


def test_more_workers_stop_helping_where_the_database_ends():
	load = workload(rate=0, backlog=20_000)
	steps = [simulate(load, System(workers=workers), 4)["steps"] for workers in (1, 4, 16, 64)]
	assert steps[1] > 2 * steps[0]
	assert steps[3] <= 1.1 * steps[2]


def test_more_workers_stop_helping_where_the_cores_end():
	load = workload(rate=0, backlog=20_000, of_step={"a": Service(cpu=fixed(0.02))})
	two, eight, more_nodes = (
		simulate(load, System(nodes=nodes, workers=workers, cores=2), 20)
		for nodes, workers in ((1, 2), (1, 8), (3, 8))
	)
	assert two["steps"] == pytest.approx(100, rel=0.1)
	assert eight["steps"] == pytest.approx(two["steps"], rel=0.05)
	assert more_nodes["steps"] == pytest.approx(3 * two["steps"], rel=0.1)
	assert eight["cpu"] == pytest.approx(1.0, abs=0.02)


def test_steps_that_wait_scale_with_workers_and_nodes_and_are_spread_evenly():
	load = workload(rate=0, service=fixed(0.1), backlog=50_000)
	ten, twenty, three_nodes, five_nodes = (
		simulate(load, System(nodes=nodes, workers=workers), 30)
		for nodes, workers in ((1, 10), (1, 20), (3, 10), (5, 10))
	)
	assert twenty["steps"] / ten["steps"] >= 1.9
	assert three_nodes["steps"] / ten["steps"] >= 2.8
	assert five_nodes["steps"] / ten["steps"] >= 4.5
	assert (five_nodes["spread"] or 1) < 0.1


def test_the_most_urgent_lane_waits_least():
	steps = [step(f"p{priority}", priority=priority, after=[]) for priority in (1, 5, 9)]
	found = simulate(workload(*steps, rate=29, service=fixed(0.1)), System(workers=10, machine=FREE), 300)
	assert list(found["lanes"]) == ["9", "5", "1"]
	waits = [each["p95"] or 0.0 for each in found["lanes"].values()]
	assert waits[0] < waits[1] < waits[2]


def test_an_agent_s_capacity_is_the_limit_whatever_the_workers():
	load = workload(step("a", agent="Desk"), rate=100, service=fixed(0.1), agents={"Desk": Agent(3)})
	few, many_workers = (simulate(load, System(workers=workers, machine=FREE), 60) for workers in (5, 50))
	assert few["steps"] == pytest.approx(30, rel=0.05)
	assert many_workers["steps"] == pytest.approx(30, rel=0.05)
	assert not few["keeps_up"]


def test_a_step_whose_agent_is_free_begins_at_once():
	load = workload(step("a", agent="Desk"), rate=2, service=fixed(0.05), agents={"Desk": Agent(5)})
	assert (simulate(load, System(workers=10), 300)["run"]["p95"] or 1) < 0.08


def test_a_limit_of_runs_holds():
	load = workload(rate=50, service=fixed(0.1), limits={"concurrent_runs": 2})
	assert simulate(load, System(workers=10, machine=FREE), 60)["runs"] == pytest.approx(20, rel=0.05)


def test_items_run_side_by_side_up_to_their_limit():
	load = workload(step("a", for_each=list(range(12)), max_parallel=4), rate=0.1, service=fixed(0.3))
	found = simulate(load, System(workers=20, machine=FREE), 300)
	assert found["run"]["p50"] == pytest.approx(
		4 * 0.3, abs=0.05
	)  # the first of them shares what it had claimed


def test_ready_items_are_found_at_the_next_look_of_who_listens_when_all_others_have_left():
	load = workload(step("a", for_each=list(range(12)), max_parallel=4), rate=0.05, service=fixed(0.3))
	found = simulate(load, System(workers=20, machine=FREE), 6_000)
	assert found["run"]["p99"] <= 12 / 4 * 0.3 + LOOK_INTERVAL


def test_retries_wait_and_cost_attempts():
	load = workload(
		step("a", retry={"attempts": 3, "delay": 5, "backoff": "fixed"}), rate=10, failing={"a": 0.5}
	)
	found = simulate(load, System(), 600)
	assert found["retries"] == pytest.approx(10 * (0.5 + 0.25), rel=0.1)
	assert found["failed"] == pytest.approx(0.125, abs=0.02)
	assert found["run"]["p99"] == pytest.approx(10, abs=1.5)


def test_a_node_that_dies_loses_nothing_and_its_steps_come_back_after_a_lease():
	"""As tests/faults has it: what was begun is an attempt that failed, what was only claimed goes back."""
	load = workload(rate=0, service=fixed(20.0), backlog=12)
	found = simulate(load, System(nodes=2, workers=10, outages=Outages(every=12, down=60)), 400, seed=3)
	calm = simulate(load, System(nodes=2, workers=10), 400, seed=3)
	assert found["lost"] > 0
	ended = found["runs"] * 360
	assert found["run"]["p99"] is None or found["run"]["p99"] > 20
	assert (calm["lost"], calm["backlog"]) == (0, 0)
	assert ended <= 12


def test_steps_of_a_dead_node_are_taken_over_within_a_lease_and_a_retry():
	load = workload(step("a", retry={"attempts": 9, "delay": 0}), rate=2, service=fixed(5.0))
	found = simulate(load, System(nodes=3, workers=10, outages=Outages(every=200, down=30)), 3_000)
	assert found["lost"] > 10
	assert found["failed"] == 0
	assert found["keeps_up"]
	assert 25 < (found["run"]["p99"] or 0) < 80


def test_twice_the_same_seed_is_twice_the_same_and_another_is_not():
	load, system = workload(rate=50, service=exponential(0.1)), System(nodes=2, workers=5)
	one, same, other = (simulate(load, system, 60, seed) for seed in (1, 1, 2))
	assert one == same
	assert one != other


def test_an_idle_worker_hears_a_ring_or_looks_by_itself():
	load = workload(rate=1, service=fixed(0.01))
	rung, looking = (
		simulate(load, System(workers=1, look_every=0.05, machine=Machine(ring=ring)), 600)
		for ring in (0.002, inf)
	)
	claim = 0.005  # seconds, about
	assert (rung["wait"]["p95"] or 1) < 0.002 + claim
	assert looking["wait"]["p50"] == pytest.approx(0.025 + claim, abs=0.005)
	assert looking["wait"]["p99"] == pytest.approx(0.05 + claim, abs=0.01)


def test_where_nobody_listens_a_retry_waits_for_the_tick():
	load = workload(step("a", retry={"attempts": 2, "delay": 25}), rate=1 / 300, failing={"a": 1.0})
	found = simulate(load, System(workers=2), 60_000)
	assert found["failed"] == 1.0
	assert found["retries"] * 300 == pytest.approx(1, rel=0.2)

"""What to do for a target: the rows of the decision matrix, sizes and capacities that can be computed by hand."""

from dataclasses import replace
from typing import Any

import pytest

from dogansystem.protocol import Settings
from dogansystem.scaling import advice, plan, sizing
from dogansystem.scaling.bottleneck import CAPACITY, IDLE, WORKERS, diagnose
from dogansystem.scaling.evidence import Evidence, Line, Load, Queue, Workers
from dogansystem.scaling.plan import Plan
from dogansystem.scaling.sizing import Size, expect
from tests.unit.scaling.made_up import GB, MB, evidence_of, machine, server, steps


def make(evidence: Evidence, target: str | None) -> Plan:
	return plan.make(evidence, diagnose(evidence), target)


def commands(found: Plan) -> list[str]:
	return [each.command for each in found.orders if each.command]


@pytest.mark.parametrize(
	"target, words",
	[
		("2x", ("Need 2x capacity", "Vertical scaling", "1 day", "Low")),
		("5x", ("Need 5x capacity", "Horizontal scaling", "1 week", "Medium")),
		("ha", ("Need high availability", "Horizontal scaling", "1 week", "Medium")),
		("unlimited", ("Need unlimited scale", "Cloud + Kubernetes", "2 weeks", "Higher")),
	],
)
def test_a_target_is_answered_in_the_words_of_the_decision_matrix(target: str, words: tuple[str, ...]):
	row = make(evidence_of(), target).row
	assert (row.scenario, row.recommendation, row.time, row.cost) == words


def test_capacity_is_what_workers_processors_and_database_allow():
	there = evidence_of()
	assert expect(there, Size(10, 1, 4.0)).per_second == pytest.approx(100)  # 10 / 0.1 s
	assert expect(there, Size(10, 1, 4.0)).limit == sizing.WORKERS
	burning = evidence_of(recent=steps(cpu=0.08))
	assert expect(burning, Size(100, 1, 4.0)).per_second == pytest.approx(
		42.5
	)  # 4 cores of which 85 % / 0.08 s
	assert expect(burning, Size(100, 1, 4.0)).limit == sizing.PROCESSORS
	many = expect(there, Size(20, 20, 4.0))
	assert (many.per_second, many.limit) == (
		pytest.approx(1400),
		sizing.DATABASE,
	)  # 4 cores of 70 % / 2 ms


def test_what_the_database_has_done_it_can_do():
	there = evidence_of(load=replace(evidence_of().load, peak=5000.0))
	assert sizing.database_ceiling(there) == 5000


def test_too_few_steps_give_no_number():
	assert expect(evidence_of(recent=steps(count=5)), Size(10, 1, 4.0)).per_second is None
	assert "Too few steps" in " ".join(make(evidence_of(recent=steps(count=5)), "2x").why)


def test_twice_the_capacity_is_twice_the_workers():
	found = make(evidence_of(), "2x")
	assert found.then == Size(20, 1, 4.0)
	assert found.expected_then.per_second == pytest.approx(200)
	assert "bench --site erp.example.com dogansystem scale --workers 20" in commands(found)
	assert commands(found)[0].endswith("baseline") and commands(found)[-1].endswith("compare")


def test_steps_that_compute_need_a_larger_machine():
	found = make(evidence_of(recent=steps(cpu=0.04)), "2x")  # 4 cores carry 8.5 workers that compute 40 %
	assert found.then == Size(20, 1, 10.0)
	assert "a machine with 10 is needed" in " ".join(found.why)
	assert any("10 cores" in each.what for each in found.orders)


def test_memory_that_lacks_is_said():
	small = (machine("n1", memory_available=300.0 * MB),)
	found = make(evidence_of(machines=small), "2x")
	assert "Memory has room for 12 workers" in " ".join(found.why)


def test_five_times_is_five_times_the_nodes():
	found = make(evidence_of(), "5x")
	assert found.then == Size(10, 5, 4.0)
	assert found.expected_then.per_second == pytest.approx(500)
	assert any("--scale node=5" in each and "NUM_WORKERS=10" in each for each in commands(found))
	assert "For throughput alone, 50 workers" in " ".join(found.why)


def test_steps_that_compute_have_no_way_round_more_nodes():
	assert "For throughput alone" not in " ".join(make(evidence_of(recent=steps(cpu=0.04)), "5x").why)


def test_connections_that_lack_are_in_the_snippet():
	there = evidence_of(database=server(max_connections=60), web_threads=5)
	said = {target: advice.judge(there, Settings(), target)["database"]["snippet"] for target in ("2x", "5x")}
	assert said["5x"] == "[mysqld]\nmax_connections = 150"  # 5 times 25 and 1, with a tenth to spare
	assert said["2x"] == ""


def test_high_availability_carries_the_busiest_minute_with_a_node_less():
	quiet = make(evidence_of(), "ha")
	assert quiet.then.nodes == 2
	busy = make(evidence_of(load=Load(peak=250.0, mean=100.0, hours=24.0)), "ha")
	left = replace(busy.then, nodes=busy.then.nodes - 1)
	assert left.in_all * sizing.UTILISATION >= 250 * 0.1
	assert "250" in " ".join(busy.why)


def test_without_limit_ends_at_the_database_and_says_so():
	found = make(evidence_of(), "unlimited")
	assert found.expected_then.per_second == pytest.approx(1400)
	assert found.expected_then.wait is None  # at the ceiling itself a wait has no end
	assert found.then.in_all == 140  # workers that keep the database as busy as it may be
	assert any("kubectl apply" in each for each in commands(found))
	assert any('"maxReplicaCount": 140' in each for each in commands(found))


def test_a_load_that_fits_asks_for_nothing():
	found = make(evidence_of(), None)
	assert (found.row.direction, found.orders) == ("none", [])
	assert found.expected_now.wait is not None and found.expected_now.wait < 1


@pytest.mark.parametrize(
	"peak, row",
	[(95.0, "Small business"), (500.0, "Growing business"), (5000.0, "Enterprise")],
)
def test_the_measured_load_decides_the_row(peak: float, row: str):
	recent = steps(cpu=0.01)  # a node of 4 cores has room for 34 workers
	waits = Queue(ready=500.0, oldest_ready_seconds=9.0)
	there = evidence_of(
		recent=recent,
		queue=waits,
		workers=replace(evidence_of().workers, busy=10.0),
		load=Load(peak=peak, mean=peak, busy=10.0, hours=24.0),
		machines=(machine("n1", memory_available=64.0 * GB),),
	)
	assert diagnose(there).name == WORKERS
	found = make(there, None)
	assert found.row.scenario == row
	assert found.then.in_all > found.now.in_all


def test_what_workers_do_not_help_against_comes_first():
	line = Line("agent:Ada", 40, 1, 1)
	there = evidence_of(queue=Queue(in_line=40.0, lines=(line,)))
	assert diagnose(there).name == CAPACITY
	for target in (None, "2x", "5x"):
		assert "capacity of the agent Ada" in make(there, target).first
	assert make(there, None).row.direction == "none"


def test_the_limit_of_agents_grows_when_it_is_nearly_used():
	assert make(evidence_of(agents_enabled=5), "2x").agents is None
	found = make(evidence_of(agents_enabled=18), "2x")
	assert found.agents == 40
	assert any(each.endswith("scale --workers 20 --agents 40") for each in commands(found))


def test_a_site_that_nothing_was_heard_of_has_an_answer():
	bare: dict[str, Any] = {
		"machines": (),
		"database": None,
		"recent": steps(count=0, run=0.0),
		"load": Load(),
	}
	there = evidence_of(workers=Workers(wanted=10), **bare)
	assert diagnose(there).name == IDLE
	for target in (None, "2x", "5x", "ha", "unlimited"):
		assert make(there, target).expected_now.per_second is None


def test_connections_needed_are_counted_per_node():
	assert sizing.connections_needed(evidence_of(web_threads=5), Size(10, 3, 4.0)) == 85  # (3 * 25 + 1) / 0.9

"""Where one bottleneck ends and the next begins."""

from dataclasses import replace
from typing import Any

import pytest

from dogansystem.scaling import bottleneck
from dogansystem.scaling.bottleneck import diagnose, shares_of
from dogansystem.scaling.evidence import Evidence, Line, Queue, Workers
from tests.unit.scaling.made_up import evidence_of, machine, server, steps

WAITS = Queue(ready=200.0, oldest_ready_seconds=8.0)
ALL_BUSY = Workers(wanted=10, alive=10, busy=10, listening={"n1": 10}, queue="dogansystem")


def waiting(**rest: Any) -> Evidence:
	"""Steps stand ready for long, and all of ten workers are busy."""
	return evidence_of(**{"queue": WAITS, "workers": ALL_BUSY, **rest})


def named(evidence: Evidence) -> str:
	return diagnose(evidence).name


def test_steps_that_are_ready_for_a_moment_only_are_no_wait():
	assert named(waiting(queue=Queue(ready=500.0, oldest_ready_seconds=0.9))) == bottleneck.IDLE
	assert named(waiting(queue=Queue(ready=500.0, oldest_ready_seconds=1.1))) == bottleneck.WORKERS


def test_the_time_of_a_worker_is_shared_among_what_was_seen():
	shares = shares_of(waiting(recent=steps(cpu=0.02), database=server(running=4.0, lock_waiting=1.0)))
	assert (shares.cpu, shares.locks, shares.database) == (0.2, 0.1, 0.3)
	assert shares.waiting == pytest.approx(0.4)
	assert shares.cores == 0.5  # ten workers that compute a fifth of their time, on 4 cores


@pytest.mark.parametrize(
	"rest, expected",
	[
		({"database": server(running=4.9, lock_waiting=0.0)}, bottleneck.WORKERS),
		({"database": server(running=5.1, lock_waiting=0.0)}, bottleneck.DATABASE),
		({"database": server(running=4.0, lock_waiting=2.4)}, bottleneck.WORKERS),
		({"database": server(running=5.0, lock_waiting=2.6)}, bottleneck.LOCKS),
		({"recent": steps(conflicts=0.6)}, bottleneck.LOCKS),
		({"database": server(running=3.0, reads=10_000, disk_reads=300)}, bottleneck.POOL),
		({"database": server(running=3.0, reads=100_000, disk_reads=300)}, bottleneck.WORKERS),
		(
			{"database": server(running=3.0, reads=1_000, disk_reads=30)},
			bottleneck.WORKERS,
		),  # 10 pages a second
		(
			{"database": server(running=3.0, reads=10_000, disk_reads=300, uptime=60.0)},  # not yet warm
			bottleneck.WORKERS,
		),
		({"recent": steps(cpu=0.027)}, bottleneck.WORKERS),  # 68 % of the cores
		({"recent": steps(cpu=0.029)}, bottleneck.CPU),  # 73 %
		({"recent": steps(cpu=0.015), "machines": (machine("n1", cpu_busy=0.95),)}, bottleneck.CPU),
		({"recent": steps(cpu=0.002), "machines": (machine("n1", cpu_busy=0.95),)}, bottleneck.WORKERS),
		({"database": server(refused=1)}, bottleneck.CONNECTIONS),
		({"database": server(connections=151)}, bottleneck.CONNECTIONS),
		({"database": server(connections_highest=151, refused_ever=9)}, bottleneck.WORKERS),  # some time ago
	],
)
def test_a_bottleneck_begins_where_its_share_is_reached(rest: dict[str, Any], expected: str):
	assert named(waiting(**rest)) == expected


def test_processors_that_others_use_send_workers_elsewhere():
	found = diagnose(waiting(machines=(machine("n1", cpu_busy=0.97),)))
	assert (found.name, found.remedy) == (
		bottleneck.WORKERS,
		"Add workers on another node: n1 has no processor to spare.",
	)


def line(resource: str, ready: float = 0.0, oldest: float = 0.0, capacity: int | None = 1) -> Evidence:
	there = Line(resource, 20, min(capacity or 0, 1), capacity)
	return evidence_of(queue=Queue(ready, oldest, 20.0, (there,)))


def test_a_line_is_the_bottleneck_unless_more_waits_for_workers():
	assert named(line("agent:Ada")) == bottleneck.CAPACITY
	assert named(line("agent:Ada", ready=50.0, oldest=0.5)) == bottleneck.CAPACITY  # the workers keep up
	assert named(line("agent:Ada", ready=50.0, oldest=9.0)) == bottleneck.WORKERS


def test_a_line_before_an_agent_that_is_disabled_says_so():
	assert diagnose(line("agent:Ada", capacity=0)).remedy.startswith("Enable the agent Ada")
	assert diagnose(line("capability:mail", capacity=0)).remedy.startswith(
		"Enable an agent with the capability mail"
	)


def test_a_limit_with_a_key_is_named_with_it():
	found = diagnose(line("workflow:dun:CUST-1", capacity=None))
	assert found.title == "Workflow limit reached: dun"
	assert "the limit of the workflow dun for CUST-1" in " ".join(found.evidence)


def test_workers_that_are_there_and_do_not_come_are_not_told_to_be_more():
	found = diagnose(waiting(workers=replace(ALL_BUSY, busy=1.0)))
	assert found.name == bottleneck.WORKERS and "do not come" in found.remedy


def test_sqlite_is_told_by_what_its_steps_waited():
	found = diagnose(waiting(dialect="sqlite", database=None, recent=steps(database=0.06)))
	assert found.name == bottleneck.DATABASE and "SQLite" in found.remedy


def test_a_node_that_is_drained_has_no_workers():
	gone = (machine("n1", state="drained"), machine("n2"))
	there = evidence_of(machines=gone, workers=replace(ALL_BUSY, listening={"n1": 10, "n2": 4}))
	assert (there.workers_there, [each.name for each in there.nodes]) == (4, ["n2"])


def test_more_workers_than_the_setting_lets_in_do_not_count():
	assert evidence_of(workers=replace(ALL_BUSY, listening={"n1": 30})).workers_there == 10

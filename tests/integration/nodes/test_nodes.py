"""Nodes with hosts of their own: they share the work, one may fail under load and another may join."""

import os
import signal
import subprocess
import sys
import time
from math import isfinite
from pathlib import Path

import pytest

from tests import scale
from tests.conftest import Tell
from tests.integration.nodes import growth, network
from tests.integration.nodes.conftest import LEASE
from tests.integration.nodes.failure import cut_power
from tests.integration.nodes.place import CHECKOUT, Place

WORKERS = scale.of(2, 4)  # of a node
NODES = scale.of(2, 5)


def test_a_node_that_loses_its_power_under_load_loses_and_doubles_nothing(place: Place, tell: Tell):
	seen = cut_power(place, [WORKERS] * (NODES + 1), rate=WORKERS * NODES * 4, seconds=scale.of(10, 30))
	assert (seen.lost, seen.doubled) == (0, 0)
	assert isfinite(seen.taken_over)
	assert isfinite(seen.seen)
	tell(
		"a node's power cut",
		nodes=NODES + 1, steps=seen.steps, in_hand=seen.in_hand, lost=seen.lost, doubled=seen.doubled,
		lease=LEASE, taken_over_after=round(seen.taken_over, 1), shown_as_lost_after=round(seen.seen, 1),
		p95_before=round(seen.before, 2), p95_worst_second=round(seen.worst, 2), p95_usual_again_after=seen.back,
	)  # fmt: skip


def test_a_node_that_joins_under_load_does_its_share(place: Place, tell: Tell):
	joined = growth.join(place, [WORKERS] * (NODES - 1), WORKERS, scale.of(5, 10))
	assert joined.share > 0.5
	tell("a node added", nodes=NODES, its_share_after=joined.seconds, share=round(joined.share, 2))


def test_nodes_share_the_work_and_nothing_is_lost_or_done_twice(place: Place, tell: Tell):
	one = growth.measure(place, [WORKERS], scale.of(2, 6))
	all_of_them = growth.measure(place, [WORKERS] * NODES, scale.of(2, 6))
	with place.nodes(*[WORKERS * 2] * 2):
		place.load.wait_until_done(120)
	assert place.load.lost_and_doubled() == (0, 0)
	assert all(all_of_them.by_node.values()), all_of_them
	tell(
		f"{NODES} nodes",
		times_one=round(all_of_them.rate / one.rate, 2), farthest_from_even=round(all_of_them.spread, 3),
		steps=place.load.steps, lost=0, doubled=0,
	)  # fmt: skip


@pytest.mark.skipif(network.why_not() is not None, reason=f"no hosts: {network.why_not()}")
def test_nothing_of_a_killed_test_is_left(tmp_path: Path):
	"""Not its hosts, and not its servers: they end with it, whatever it dies of."""
	program = (
		"import sys, time\n"
		"from tests.integration.nodes.network import Hosts, network\n"
		"from tests.integration.nodes.servers import mariadb_server\n"
		"with network(), mariadb_server() as server, Hosts() as hosts:\n"
		"	host = hosts.new('left-over')\n"
		"	print(host.pid, server.pid, flush=True)\n"
		"	time.sleep(60)\n"
	)
	process = subprocess.Popen(
		[sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
	)
	assert process.stdout
	pids = [int(pid) for pid in process.stdout.readline().split()]
	assert all(_lives(pid) for pid in pids)
	process.send_signal(signal.SIGKILL)
	process.communicate()
	until = time.monotonic() + 10
	while any(_lives(pid) for pid in pids):
		assert time.monotonic() < until
		time.sleep(0.05)


def _lives(pid: int) -> bool:
	try:
		os.kill(pid, 0)
	except ProcessLookupError:
		return False
	return True

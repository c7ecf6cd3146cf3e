"""Failovers of the database under load, judged by a checker that knows nothing of the engine."""

from collections.abc import Sequence
from itertools import islice, cycle
from random import Random

import pytest

from tests import scale
from tests.conftest import Tell
from tests.faults.failover.history import History
from tests.faults.failover.outages import KINDS, Outages
from tests.faults.failover.place import place
from tests.integration.nodes import network

pytestmark = pytest.mark.skipif(network.why_not() is not None, reason=f"no hosts: {network.why_not()}")

# The short form has those in which something was found: a node that goes on beside the old primary, and no word of an end.
SEMI_SYNC = scale.of(["split", "power cut", "demoted"], list(KINDS) * 10)
ASYNC = scale.of(["split"], ["split", "killed", "cut off", "stopped"] * 2)
UNFENCED = scale.of(["split"], ["split"] * 4)


def test_failovers_with_a_semi_sync_replica_lose_and_double_nothing(tell: Tell):
	with place() as here:
		outages = Outages(here)
		for kind in _mixed(SEMI_SYNC):
			outages.cause(kind)
		verdict, history, told = here.judge()
	assert verdict.counts() == {}, verdict
	assert all(history.outside.values())
	tell(
		"failover, semi-sync",
		failovers=len(SEMI_SYNC), **outages.seen.done, longest=round(outages.seen.longest, 1),
		acknowledged=len(told), **_figures(history), lost=0, doubled=0,
	)  # fmt: skip


def test_failovers_with_an_asynchronous_replica_lose_what_it_had_not_got(tell: Tell):
	"""Not a promise, but the truth: what docs/reliability.md says of it."""
	with place(semi_sync=False) as here:
		outages = Outages(here)
		for kind in ASYNC:
			outages.cause(kind)
		verdict, history, told = here.judge()
	assert verdict.lost, "a split with an asynchronous replica loses what was acknowledged on the other side"
	found = verdict.counts()
	tell(
		"failover, asynchronous",
		failovers=len(ASYNC), acknowledged=len(told), **_figures(history), **found,
	)  # fmt: skip
	assert found.keys() == {"lost"}, verdict


def test_a_worker_without_the_fence_is_found_out(tell: Tell):
	with place(fenced=False) as here:
		outages = Outages(here)
		for kind in UNFENCED:
			outages.cause(kind)
		verdict, _, _ = here.judge()
	assert verdict.doubled, "nothing was found, though the fence was off"
	tell("failover, the fence off (planted)", failovers=len(UNFENCED), **verdict.counts())


def _mixed(kinds: Sequence[str]) -> list[str]:
	return Random(len(kinds)).sample(list(kinds), len(kinds))


def _figures(history: History) -> dict[str, int]:
	repeated = sum(times > 1 for times in history.outside.values())
	return {"runs": len(history.says), "effects": len(history.appends), "outside_again": repeated}

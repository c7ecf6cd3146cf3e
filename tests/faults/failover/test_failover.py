"""Failovers of the database under load, judged by a checker that knows nothing of the engine."""

from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest

from dogansystem.health import database
from tests import scale
from tests.conftest import Tell
from tests.faults.failover.history import History
from tests.faults.failover.outages import KINDS, Outages
from tests.faults.failover.place import Place, place
from tests.integration.nodes import network

pytestmark = pytest.mark.skipif(network.why_not() is not None, reason=f"no hosts: {network.why_not()}")

# The short form has those in which most was found: a server that says nothing more, for which clients waited for hours, and
# one that goes on with a part of the workers.
SEMI_SYNC = scale.of(["stopped", "split"], list(KINDS) * 8)
ASYNC = [
	*["split"] * 8,
	*["killed", "cut off", "stopped"] * 2,
]  # in some splits the other half is told nothing at all
UNFENCED = ["outlived"] * 3
SLOW = scale.of(0, 12)  # one run in so many
ASKED = 4  # the same


def test_failovers_with_a_semi_sync_replica_lose_and_double_nothing(tell: Tell):
	with place(slow=SLOW, asked=ASKED) as here:
		seen = _fail_over(here, SEMI_SYNC)
		verdict, history, told = here.judge()
		assert here.problems() == set()
		decided, tries = here.decisions()
	assert decided.counts() == {}, decided
	answers = Counter(each.told or "nothing" for each in tries)
	tell(
		"failover, semi-sync, decisions",
		told_decided=answers["decided"], told_late=answers["late"], told_nothing=answers["nothing"], lost=0, doubled=0,
	)  # fmt: skip
	assert answers["decided"]
	assert verdict.counts() == {}, verdict
	assert all(history.outside.values())
	tell(
		"failover, semi-sync",
		failovers=len(SEMI_SYNC), **seen, acknowledged=len(told), **_figures(history), lost=0, doubled=0,
	)  # fmt: skip


@pytest.mark.skipif(not scale.ALL, reason="only with --all")
def test_failovers_with_an_asynchronous_replica_lose_what_it_had_not_got(tell: Tell):
	"""No promise, but the truth: docs/reliability.md says it."""
	with place(semi_sync=False) as here:
		seen = _fail_over(here, ASYNC)
		verdict, history, told = here.judge()
		assert here.problems() == {database.REPLICA}
	found = verdict.counts()
	tell(
		"failover, asynchronous",
		failovers=len(ASYNC), **seen, acknowledged=len(told), **_figures(history), **found,
	)  # fmt: skip
	assert verdict.lost, "the other half of the network was told of runs, and they are still there"


@pytest.mark.skipif(not scale.ALL, reason="only with --all")
def test_the_checker_finds_a_worker_that_needs_no_lease(tell: Tell):
	with place(fenced=False, slow=6) as here:
		_fail_over(here, UNFENCED)
		verdict, _, _ = here.judge()
	assert verdict.doubled, verdict
	tell("failover, the fence off (planted)", failovers=len(UNFENCED), **verdict.counts())


def _fail_over(here: Place, kinds: Sequence[str]) -> dict[str, float]:
	"""Have the primary fail in these ways, in any order; gives figures of it."""
	outages = Outages(here)
	for kind in Random(len(kinds)).sample(list(kinds), len(kinds)):
		outages.cause(kind)
	return {**outages.seen.done, "longest": round(outages.seen.longest, 1)}


def _figures(history: History) -> dict[str, int]:
	repeated = sum(times > 1 for times in history.outside.values())
	return {"runs": len(history.says), "effects": len(history.appends), "outside_again": repeated}

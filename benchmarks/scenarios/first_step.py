"""How long after the commit that starts a run its first step begins, when a worker lingers."""

import time
from collections.abc import Iterator
from datetime import datetime

from benchmarks import work
from benchmarks.report import Figure, Promise
from benchmarks.windows import WARM_UP, Sample, Size
from dogansystem.orchestrator import Orchestrator
from dogansystem.protocol import Site
from dogansystem.store.moment import as_text

PROMISE = Promise("at most", 50.0, aim=20.0)  # milliseconds: a person's patience, so not a ratio
SHAPE = "runs of one step"
PATIENCE = 30.0  # seconds for one run
PAUSE = 0.037  # seconds between two runs, times 1 to 5: out of step with whatever a worker does at intervals


def measure(where: str, site: Site, size: Size, promise: Promise | None = PROMISE) -> Iterator[Figure]:
	"""A worker must be there, and linger."""
	latencies = [_latency(site, number) for number in range(WARM_UP + size.latencies)][WARM_UP:]
	yield Figure.of(where, "first step after commit, p50", Sample(tuple(latencies)), "ms", promise)


def _latency(site: Site, number: int) -> float:
	"""Milliseconds from the commit to the start of the step, by the database's clock; the commit itself included."""
	time.sleep(PAUSE * (1 + number % 5))
	run = Orchestrator(site).start_run(work.workflow_of(SHAPE))
	committed = site.local_time(site.now())
	site.database.commit()
	return (_started_at(site, run) - committed).total_seconds() * 1000


def _started_at(site: Site, run: str) -> datetime:
	"""When the run's step began, once it has finished: only then the exact time is written."""
	until = time.monotonic() + PATIENCE
	while time.monotonic() < until:
		rows = site.database.sql(
			"SELECT started_at FROM `tabDogan Step Run` WHERE run = %s AND status = 'Succeeded'", (run,)
		)
		site.database.rollback()
		if rows:
			return datetime.fromisoformat(as_text(rows[0][0]) or "")
		time.sleep(0.01)
	raise RuntimeError(f"run {run} did not end within {PATIENCE:.0f} seconds: is a worker there?")

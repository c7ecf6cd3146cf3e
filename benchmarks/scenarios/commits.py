"""A drainer's steps per second as a share of what one connection can commit: one small UPDATE and COMMIT, again and
again. That is the ceiling of whoever writes every step in a transaction of its own."""

import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import work
from benchmarks.report import Figure, Promise, shown
from benchmarks.windows import Size, in_turns, rate
from dogansystem.protocol import Site
from dogansystem.store import state
from dogansystem.worker.drainer import Drainer

PROMISE = Promise("at least", 0.40, aim=0.60)
ROW = "benchmark"
UPDATE = f"UPDATE dogan_state SET value = value + 1 WHERE name = '{ROW}'"


def measure(
	where: str, site: Site, size: Size, commit_one: Callable[[], object], promise: Promise | None = PROMISE
) -> Iterator[Figure]:
	"""`commit_one` executes UPDATE and commits, on the kind of connection that the drainer uses."""
	state.set_value(site.database, ROW, 1)
	site.database.commit()
	for shape in work.SHAPES:
		pairs = in_turns(
			partial(drained_rate, site, shape, size.steps),
			partial(rate, commit_one, size.seconds),
			size.rounds,
		)
		yield Figure.of(
			where,
			f"drainer / commits of one connection, {shape}",
			pairs.ratios,
			"%",
			promise,
			steps=shown(pairs.first.median, "/s"),
			commits=shown(pairs.second.median, "/s"),
		)


def drained_rate(site: Site, shape: str, steps: int, per_run: int | None = None) -> float:
	"""Steps per second of a drainer in this thread, from its start until it finds nothing more to do."""
	expected = work.prepare(site, shape, steps, per_run)
	drainer = Drainer(site, until=lambda: True)
	started = time.perf_counter()
	done = drainer.run()
	seconds = time.perf_counter() - started
	if done != expected or drainer.progress.failures:
		raise RuntimeError(f"{done} steps of {expected} were executed, {drainer.progress.failures} failed")
	return done / seconds

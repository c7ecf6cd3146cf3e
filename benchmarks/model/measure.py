"""Real workers under a load: processes as `dogansystem serve` has them, on a MariaDB of their own."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from random import Random
from typing import Any

from benchmarks.model.cases import PERSON, Case
from benchmarks.model.inputs import inputs
from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker.drainer import Drainer
from tests.bench.server import Server
from tests.faults.actions import FaultSandbox
from tests.faults.workers import Way, working

STARTS = 30.0  # seconds workers get to import and connect
WARM_UP = 0.1  # of the time, which does not count: the workers start with nothing to do


@dataclass(frozen=True, slots=True)
class Measured:
	"""What was seen of a case, in seconds and per second. `late`: by how much the generator missed its times, p95."""

	throughput: float
	wait: dict[str, float]
	run: dict[str, float]
	late: float
	lanes: dict[str, float]

	def as_json(self) -> dict[str, Any]:
		return asdict(self)


def arrivals(case: Case) -> list[float]:
	"""The seconds at which runs start."""
	chance, at, found = Random(case.seed), 0.0, []
	while (at := at + chance.expovariate(case.arrivals)) < case.seconds:
		found.append(at)
	return found


def measure(server: Server, case: Case) -> Measured:
	"""Have the case done on a database of its own, which is removed."""
	with database(server) as url, prepared(url, case) as orchestrator:
		site = orchestrator.site
		with _workers(url, site, case):
			_wait_for(site, case.workers)
			began, late = _load(orchestrator, case)
			found = _read(site, case, began)
	return Measured(late=late, **found)


@contextmanager
def prepared(url: str, case: Case) -> Iterator[Orchestrator]:
	"""A sandbox that has the case's workflow and agents."""
	with FaultSandbox(url, user=PERSON, timezone="UTC") as site:
		orchestrator = Orchestrator(site)
		for name, capacity in case.agents.items():
			orchestrator.register_agent(name, PERSON, [], capacity)
		orchestrator.import_workflow(case.definition)
		site.database.commit()
		yield orchestrator


@contextmanager
def _workers(url: str, site: Sandbox, case: Case) -> Iterator[None]:
	"""The workers of a case: processes, or threads of this one that hear its rings."""
	if not case.rings:
		with working(url, case.workers, lambda position: Way(beat=2.0)):
			yield
		return
	stopping = threading.Event()
	threads = [threading.Thread(target=_drain, args=(site, stopping)) for _ in range(case.workers)]
	for thread in threads:
		thread.start()
	try:
		yield
	finally:
		stopping.set()
		site.stop()
		for thread in threads:
			thread.join()


def _drain(site: Sandbox, stopping: threading.Event) -> None:
	while not stopping.is_set():
		Drainer(site, until=stopping.is_set).run()


def _load(orchestrator: Orchestrator, case: Case) -> tuple[float, float]:
	"""Start runs at their times; gives when the first was due and how late the generator was."""
	site = orchestrator.site
	given = inputs(case)
	began, zero, late = time.monotonic(), site.now(), []
	for at in arrivals(case):
		time.sleep(max(0.0, began + at - time.monotonic()))
		late.append(time.monotonic() - began - at)
		orchestrator.start_run(case.name, next(given))
		site.database.commit()
	time.sleep(max(0.0, began + case.seconds - time.monotonic()))
	return zero, quantile(late, 0.95)


def _read(site: Sandbox, case: Case, began: float) -> dict[str, Any]:
	first, last = began + WARM_UP * case.seconds, began + case.seconds
	site.database.rollback()
	rows = site.database.sql(
		"SELECT step, ready_at, started_at, finished_at, status FROM `tabDogan Step Run` WHERE started_at IS NOT NULL"
		" AND status <> 'Running'"
	)
	steps = [(step, *map(_seconds, times)) for step, *times, _ in rows]
	runs = site.database.sql(
		"SELECT queued_at, finished_at FROM `tabDogan Workflow Run` WHERE finished_at IS NOT NULL"
	)
	took = [(end, end - start) for start, end in (map(_seconds, row) for row in runs)]
	waits = [(step, max(0.0, start - ready)) for step, ready, start, _ in steps if first <= start < last]
	return {
		"throughput": sum(first <= end < last for *_, end in steps if end) / (last - first),
		"wait": quantiles([wait for _, wait in waits]),
		"run": quantiles([each for end, each in took if first <= end < last]),
		"lanes": {
			name: quantile([wait for step, wait in waits if step == name], 0.95)
			for name in sorted({step for step, _ in waits})
		},
	}


def quantiles(values: list[float]) -> dict[str, float]:
	"""Median, 95th and 99th percentile."""
	return {f"p{share}": quantile(values, share / 100) for share in (50, 95, 99)}


def quantile(values: list[float], share: float) -> float:
	"""The value that this share of all does not exceed."""
	ordered = sorted(values)
	return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))], 6) if ordered else 0.0


def _seconds(value: datetime | str | None) -> float:
	if value is None:
		return 0.0
	moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
	return (moment - datetime(1970, 1, 1)).total_seconds()


def _wait_for(site: Sandbox, workers: int) -> None:
	until = time.monotonic() + STARTS
	while site.database.sql("SELECT COUNT(*) FROM dogan_process")[0][0] < workers:
		site.database.rollback()
		if time.monotonic() > until:
			raise RuntimeError(f"not all workers came within {STARTS:.0f} seconds")
		time.sleep(0.05)
	site.database.rollback()


@contextmanager
def database(server: Server) -> Iterator[str]:
	"""The URL of an empty database, for as long as the block lasts."""
	with server.database() as (name, password):
		yield f"mariadb://{name}:{password}@{server.host}:{server.port}/{name}"

"""What a load came to: measured from the rows of its own steps, exactly, and from the looks at the workers meanwhile."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dogansystem.actions.busy import WORKFLOW
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.protocol import Database, Site
from dogansystem.scaling.load.plan import Plan
from dogansystem.scaling.measurement import LOAD, Measurement, Slice, settings_of, versions_of
from dogansystem.store import figures
from dogansystem.store.figures import NODE, PRIORITY, SITE, Figures, Table
from dogansystem.store.moment import as_text, moment

SLICES = 40  # that a load is cut into, none shorter than …
SHORTEST = 1.0  # … seconds: between two looks


@dataclass(frozen=True, slots=True)
class Done:
	"""A step that was executed. Times are seconds since 1970 (UTC)."""

	node: str
	outcome: str
	ready_at: float
	started_at: float
	finished_at: float


def measure(site: Site, plan: Plan, began: float, looks: Sequence[tuple[float, Table]]) -> Measurement:
	"""The load's measurement, from when it began until its last step ended. `looks`: how full everything was when."""
	done = list(_steps(site, plan, began))
	ends = max([each.finished_at for each in done] + [began + 0.001])
	table = _table(done)
	for at, found in looks:
		if began <= at <= ends:
			figures.add(table, {key: each for key, each in found.items() if key[0] in (SITE, NODE)})
	return Measurement(
		began,
		ends,
		LOAD,
		list(_slices(done, looks, began, ends)),
		table,
		settings_of(site),
		versions_of(site),
		plan.alike,
	)


def _steps(site: Site, plan: Plan, began: float) -> Iterator[Done]:
	start, since = site.local_time(began), moment(site, began - 1).text
	for status, ready, started, finished, worker in _rows(site.database, since, bool(plan.items)):
		times = [began + (_datetime(each) - start).total_seconds() for each in (ready, started, finished)]
		yield Done(worker.rpartition(":")[0], status, *times)


def _rows(db: Database, since: str, with_items: bool) -> Iterable[tuple[Any, ...]]:
	"""The steps that were executed; of one with items not the step itself, which only waits for them."""
	own = " AND NOT (s.step = 'step_1' AND s.item = 0)" if with_items else ""
	return db.sql(
		"SELECT s.status, s.ready_at, s.started_at, s.finished_at, s.worker FROM `tabDogan Workflow Run` r"
		" JOIN `tabDogan Step Run` s ON s.run = r.name WHERE r.workflow = %s AND r.queued_at >= %s"
		f" AND s.status IN (%s, %s) AND s.started_at IS NOT NULL AND s.worker IS NOT NULL{own}",
		(WORKFLOW, since, SUCCEEDED, FAILED),
	)


def _datetime(value: Any) -> datetime:
	return datetime.fromisoformat(as_text(value) or "")


def _table(done: Iterable[Done]) -> Table:
	table: Table = {}
	for each in done:
		for key in ((SITE, ""), (NODE, each.node), (PRIORITY, "5"), (figures.WORKFLOW, WORKFLOW)):
			waited = max(0.0, each.started_at - each.ready_at)
			took = max(0.0, each.finished_at - each.started_at)
			table.setdefault(key, Figures()).attempt(each.outcome, waited, took)
	return table


def _slices(
	done: Sequence[Done], looks: Sequence[tuple[float, Table]], began: float, ends: float
) -> Iterator[Slice]:
	width = max(SHORTEST, (ends - began) / SLICES)
	count = max(1, int((ends - began) / width))
	width = (ends - began) / count
	steps, failed, worked = [0] * count, [0] * count, [0.0] * count
	for each in done:
		last = min(count - 1, int((each.finished_at - began) / width))
		steps[last] += 1
		failed[last] += each.outcome == FAILED
		for number in range(max(0, int((each.started_at - began) / width)), last + 1):
			start = began + number * width
			worked[number] += max(0.0, min(each.finished_at, start + width) - max(each.started_at, start))
	seen = _seen(looks, began, width, count)
	for number in range(count):
		alive, waiting = seen[number]
		yield Slice(
			began + number * width,
			width,
			steps[number],
			failed[number],
			round(worked[number], 3),
			alive,
			waiting,
		)


def _seen(
	looks: Sequence[tuple[float, Table]], began: float, width: float, count: int
) -> list[tuple[float | None, float | None]]:
	"""Workers alive and steps waiting in each slice, on average; None where nobody looked."""
	found = [Figures() for _ in range(count)]
	for at, table in looks:
		number = int((at - began) / width)
		if 0 <= number < count:
			found[number].add(table.get((SITE, ""), Figures()))
	means = [{name: level.mean for name, level in each.levels.items()} for each in found]
	return [
		(each["alive"], each["ready"] + each["in_hand"] - each["busy"]) if each else (None, None)
		for each in means
	]

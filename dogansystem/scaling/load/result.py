"""What a load came to: measured from the rows of its own steps, exactly, and from the looks at the workers meanwhile."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from dogansystem.actions.busy import WORKFLOW
from dogansystem.engine.states import FAILED, SUCCEEDED
from dogansystem.protocol import Site
from dogansystem.scaling.load.plan import Plan
from dogansystem.scaling.measurement import LOAD, Measurement, of_pieces
from dogansystem.store import figures
from dogansystem.store.figures import NODE, PRIORITY, SITE, Figures, Table
from dogansystem.store.moment import as_text, moment

SLICES = 40  # that a load is cut into, none shorter than …
SHORTEST = 1.0  # … seconds: between two looks

Looks = Sequence[tuple[float, Table]]  # how full everything was when


@dataclass(frozen=True, slots=True)
class Done:
	"""A step that was executed. Times are seconds since the load began."""

	node: str
	outcome: str
	ready_at: float
	started_at: float
	finished_at: float


def measure(site: Site, plan: Plan, began: float, looks: Looks) -> Measurement:
	"""The load's measurement, from when it began until its last step ended, in pieces of the same length.

	A step counts in the piece that it ended in, its time in each that it took part in.
	"""
	done = list(_steps(site, plan, began))
	seconds = max([each.finished_at for each in done] + [0.001])
	count = max(1, int(seconds / max(SHORTEST, seconds / SLICES)))
	width, worked = seconds / count, [0.0] * count
	pieces: list[Table] = [{(SITE, ""): Figures()} for _ in range(count)]
	for each in done:
		last = min(count - 1, int(each.finished_at / width))
		waited, took = each.started_at - each.ready_at, each.finished_at - each.started_at
		for key in ((SITE, ""), (NODE, each.node), (PRIORITY, "5"), (figures.WORKFLOW, WORKFLOW)):
			pieces[last].setdefault(key, Figures()).attempt(each.outcome, max(0.0, waited), max(0.0, took))
		for number in range(max(0, int(each.started_at / width)), last + 1):
			begins, ends = number * width, (number + 1) * width
			worked[number] += max(0.0, min(each.finished_at, ends) - max(each.started_at, begins))
	for at, found in looks:
		if began <= at <= began + seconds:
			of = {key: each for key, each in found.items() if key[0] in (SITE, NODE)}
			figures.add(pieces[min(count - 1, int((at - began) / width))], of)
	for piece, spent in zip(pieces, worked, strict=True):
		piece[SITE, ""].run.sum = spent
	spans = [(began + number * width, width, piece) for number, piece in enumerate(pieces)]
	return of_pieces(site, LOAD, spans, plan.alike)


def _steps(site: Site, plan: Plan, began: float) -> Iterator[Done]:
	"""The steps that were executed; of one with items not the step itself, which only waits for them."""
	own = " AND NOT (s.step = 'step_1' AND s.item = 0)" if plan.items else ""
	rows = site.database.sql(
		"SELECT s.status, s.worker, s.ready_at, s.started_at, s.finished_at FROM `tabDogan Workflow Run` r"
		" JOIN `tabDogan Step Run` s ON s.run = r.name WHERE r.workflow = %s AND r.queued_at >= %s"
		f" AND s.status IN (%s, %s) AND s.started_at IS NOT NULL AND s.worker IS NOT NULL{own}",
		(WORKFLOW, moment(site, began - 1).text, SUCCEEDED, FAILED),
	)
	start = site.local_time(began)
	for status, worker, *times in rows:
		moments = (datetime.fromisoformat(as_text(each) or "") for each in times)
		yield Done(worker.rpartition(":")[0], status, *((each - start).total_seconds() for each in moments))

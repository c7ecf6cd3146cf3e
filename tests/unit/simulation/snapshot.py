"""All that is stored at one moment, as the invariants look at it."""

from collections import defaultdict
from dataclasses import dataclass, field

from dogansystem.engine.approvals import Decision
from dogansystem.engine.definition import Definition
from dogansystem.engine.outputs import decode
from dogansystem.engine.run_state import undo_of
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.homes.databases.connection import Connection
from dogansystem.store import approvals, history, names, queue, versions
from dogansystem.store.approvals import Approval, Place
from tests.unit.simulation import place as places_of


@dataclass(slots=True)
class Run:
	name: str
	definition: Definition
	status: str
	ending: str
	limit_key: str
	compensating: bool
	steps: dict[str, "StepRun"] = field(default_factory=dict)  # by the rows' names, items too
	lists: dict[str, list["StepRun"]] = field(default_factory=dict)  # the items of a step, in order

	@property
	def is_finished(self) -> bool:
		return self.status in RUN_FINISHED

	@property
	def states(self) -> dict[str, str]:
		"""The states of the steps by id, in the definition's order."""
		return {each.step: each.status for each in self.steps.values() if not each.item}

	@property
	def branches(self) -> dict[str, str]:
		"""In which branch each step has ended that has some."""
		return {each.step: each.branch for each in self.steps.values() if not each.item and each.branch}

	@property
	def undos(self) -> list["StepRun"]:
		"""The step runs that undo others."""
		return [each for each in self.steps.values() if each.item < 0]

	def undone_by(self, undo: "StepRun") -> "StepRun":
		"""The step run that another one undoes."""
		return self.steps[names.step_run(self.name, undo.step, undo_of(undo.item))]

	def items(self, step: str) -> list["StepRun"]:
		return self.lists.get(step, [])


@dataclass(frozen=True, slots=True)
class StepRun:
	name: str
	run: str
	step: str
	item: int
	status: str
	attempts: int
	output: str | None
	agent: str | None
	branch: str | None
	made: int  # its number among all rows, in the order in which they were written
	finished_at: str | None


@dataclass(frozen=True, slots=True)
class Wait:
	"""A step run that rests. Times are epoch seconds."""

	step_run: str
	run: str
	kind: str
	subject: str | None
	due_at: float
	since: float


@dataclass(frozen=True, slots=True)
class Sent:
	"""A signal, and the runs that have taken it."""

	id: int
	subject: str
	sent_at: float
	is_delivered: bool
	taken: frozenset[str]


@dataclass(frozen=True, slots=True)
class Batch:
	"""A batch with its documents: number, state, run, reason. `waits`: how many waits will go on with it."""

	name: str
	status: str
	documents: list[tuple[int, int, str | None, str | None]]
	runs: set[str]  # that say they are of this batch
	waits: int


@dataclass(frozen=True, slots=True)
class Asked:
	"""An approval or an ask, with those who are or were asked and what they have decided."""

	row: Approval
	places: list[Place]
	decisions: list[Decision]


@dataclass(frozen=True, slots=True)
class Snapshot:
	"""Rows by table. `places` says for each step run in which tables it stands, once for each row."""

	runs: dict[str, Run]
	places: dict[str, list[str]]
	ready: list[tuple[str, str, str | None]]  # step run, run, agent
	leases: list[tuple[str, str, str | None, int]]  # step run, run, agent, process
	line: list[tuple[str, str, str | None]]  # resource, run, step run
	slots: list[tuple[str, int, str]]  # resource, number, holder
	timers: list[tuple[str, str | None, str | None]]  # kind, run, step run
	waits: list[Wait]
	signals: list[Sent]
	batches: list[Batch]
	asked: list[Asked]
	ends: list[str]  # the runs whose ends are noted, once for each end
	reminders: list[str]  # the approvals of which people are reminded, once for each reminder
	heard: list[tuple[str, str]]  # of each run that an end has started: its name, and the run that had ended
	processes: set[int]
	effects: dict[str, list[tuple[int, str]]]  # step run: generation and kind of each
	changes: list[tuple[str, str, str, str]]  # kind, name, old, new: since the last look
	sums: tuple[
		dict[str, int], dict[str, int]
	]  # how many runs and steps there are in each state, as the status says
	repairable: set[tuple[str, str]]  # run and step that the tick would complete

	@property
	def unfinished(self) -> list[Run]:
		return [run for run in self.runs.values() if not run.is_finished]


def take(place: places_of.Place) -> Snapshot:
	"""Read everything."""
	db = place.watcher
	runs = _runs(place, db)
	ready = db.sql("SELECT step_run, run, agent FROM dogan_ready")
	leases = db.sql("SELECT step_run, run, agent, process FROM dogan_lease")
	line = db.sql("SELECT resource, run, step_run FROM dogan_line")
	timers = db.sql("SELECT kind, run, step_run FROM dogan_timer WHERE kind NOT IN ('batch', 'ended')")
	places: dict[str, list[str]] = defaultdict(list)
	for table, rows, column in (
		("ready", ready, 0),
		("lease", leases, 0),
		("line", line, 2),
		("timer", timers, 2),
	):
		for row in rows:
			if row[column]:
				places[row[column]].append(table)
	effects: dict[str, list[tuple[int, str]]] = defaultdict(list)
	for step_run, generation, kind in db.sql("SELECT step_run, generation, kind FROM sim_effect"):
		effects[step_run].append((generation, kind))
	changes = db.sql(
		"SELECT id, kind, name, old, new FROM sim_change WHERE id > %s ORDER BY id", (place.seen_change,)
	)
	place.seen_change = changes[-1][0] if changes else place.seen_change
	found = Snapshot(
		runs=runs,
		places=dict(places),
		ready=ready,
		leases=leases,
		line=line,
		slots=db.sql("SELECT resource, number, holder FROM dogan_slot"),
		timers=timers,
		waits=[
			Wait(*row)
			for row in db.sql(
				"SELECT step_run, run, kind, subject, due_at, since FROM dogan_timer WHERE step_run IS NOT NULL"
			)
		],
		signals=_signals(db),
		batches=_batches(db),
		asked=_asked(place, db),
		reminders=[row[0] for row in db.sql("SELECT subject FROM dogan_timer WHERE kind = 'remind'")],
		ends=[row[0] for row in db.sql("SELECT subject FROM dogan_timer WHERE kind = 'ended'")],
		heard=db.sql("SELECT name, parent_run FROM `tabDogan Workflow Run` WHERE cause = 'run'"),
		processes={abs(row[0]) for row in db.sql("SELECT id FROM dogan_process")},
		effects=dict(effects),
		changes=[row[1:] for row in changes],
		sums=(history.count_runs(db), history.count_steps(db)),
		repairable=set(queue.open_for_each_steps(db)),
	)
	db.rollback()
	return found


def _batches(db: Connection) -> list[Batch]:
	documents: dict[str, list[tuple[int, int, str | None, str | None]]] = defaultdict(list)
	for batch, *rest in db.sql("SELECT batch, id, state, run, reason FROM dogan_batch_document ORDER BY id"):
		documents[batch].append(tuple(rest))
	runs: dict[str, set[str]] = defaultdict(set)
	for run, trigger in db.sql(
		"SELECT name, trigger_data FROM `tabDogan Workflow Run` WHERE cause = 'batch'"
	):
		runs[decode(trigger)["batch"]].add(run)
	waits = dict(db.sql("SELECT subject, COUNT(*) FROM dogan_timer WHERE kind = 'batch' GROUP BY subject"))
	rows = db.sql("SELECT name, status FROM `tabDogan Batch`")
	return [Batch(name, status, documents[name], runs[name], waits.get(name, 0)) for name, status in rows]


def _asked(place: places_of.Place, db: Connection) -> list[Asked]:
	found = []
	for key in db.sql(
		"SELECT name, status, people, decided, escalated, untold FROM `tabDogan Approval` ORDER BY name"
	):
		if key not in place.seen_asked:  # what has changed is read again
			row = approvals.read(db, key[0])
			place.seen_asked[key] = Asked(row, approvals.places(db, row), approvals.decisions(db, row))
		found.append(place.seen_asked[key])
	return found


def _signals(db: Connection) -> list[Sent]:
	taken: dict[int, set[str]] = defaultdict(set)
	for run, signal in db.sql("SELECT run, signal_id FROM dogan_taken"):
		taken[signal].add(run)
	rows = db.sql("SELECT id, subject, sent_at, state FROM dogan_signal ORDER BY id")
	return [Sent(*row[:3], bool(row[3]), frozenset(taken[row[0]])) for row in rows]


def _runs(place: places_of.Place, db: Connection) -> dict[str, Run]:
	runs = {
		name: Run(
			name, versions.load(place, version, db), status, ending or "", limit_key or "", bool(undoes)
		)
		for name, version, status, ending, limit_key, undoes in db.sql(
			"SELECT name, version, status, ending, limit_key, compensating FROM `tabDogan Workflow Run` ORDER BY name"
		)
	}
	for row in db.sql(
		"SELECT name, run, step, item, status, attempts, output, agent, branch, rowid, finished_at FROM `tabDogan Step Run` ORDER BY run, position, item"
	):
		step = StepRun(*row)
		assert names.parts(step.name) == (step.step, step.item)
		runs[step.run].steps[step.name] = step
		if step.item > 0:
			runs[step.run].lists.setdefault(step.step, []).append(step)
	return runs

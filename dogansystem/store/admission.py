"""Letting in what stands in line: runs where their workflow's limit has room, steps where an agent is free.

Nobody takes a slot in a document's transaction or while claiming. Whoever frees a slot or joins a line calls `admit`
after its commit, idle drainers and the tick do too; each admission is one short transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import DoganError
from dogansystem.engine.states import CANCELLED, FAILED, PAUSED, READY
from dogansystem.protocol import Database
from dogansystem.store import agents, control, dialect, faults, items, names, runs, slots, start
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun

CONFLICTS = 3  # lost races for the head of a line, or waits for its run, before it is left for another time
MAX_RESOURCES = 1000  # lines looked at in one call; the tick comes back for more


@dataclass(frozen=True, slots=True)
class Waiter:
	"""The head of a line."""

	id: int
	resource: str
	lane: int
	run: str
	step_run: str | None
	attempt: int


def admit(db: Database, definition_of: Callable[[str], Definition], at: Moment) -> int:
	"""Let in as many as there is room for, committing each; gives how many came in.

	`definition_of` gives the definition of a run by the run's name.
	"""
	admitted = 0
	lines = db.sql("SELECT DISTINCT resource FROM dogan_line LIMIT %s", (MAX_RESOURCES,))
	db.rollback()
	for (resource,) in lines:
		admitted += _admit_line(db, resource, definition_of, at)
	return admitted


def _admit_line(db: Database, resource: str, definition_of: Callable[[str], Definition], at: Moment) -> int:
	admitted = conflicts = 0
	while conflicts < CONFLICTS:
		try:
			came_in = _admit_head(db, resource, definition_of, at)
		except Exception as error:
			db.rollback()
			if not (db.is_conflict(error) or db.is_duplicate(error)):
				raise
			conflicts += 1  # lost a race for the slot; look again
			continue
		if came_in is None:
			break
		admitted += came_in
	return admitted


def _admit_head(
	db: Database, resource: str, definition_of: Callable[[str], Definition], at: Moment
) -> int | None:
	"""Let in the head of a line: 1, or 0 when it left the line otherwise; None when it has to wait."""
	db.begin()
	row = dialect.first(
		db.sql(
			"SELECT id, resource, lane, run, step_run, attempt FROM dogan_line WHERE resource = %s"
			" ORDER BY lane, id LIMIT 1",
			(resource,),
		)
	)
	if row is None:
		db.rollback()
		return None
	waiter = Waiter(*row)
	result = _admit(db, waiter, definition_of(waiter.run), definition_of, at)
	if result is None:
		db.rollback()
	else:
		faults.point("admission.before_commit")
		db.commit()
		faults.point("admission.after_commit")
	return result


def _admit(
	db: Database,
	waiter: Waiter,
	definition: Definition,
	definition_of: Callable[[str], Definition],
	at: Moment,
) -> int | None:
	run = runs.lock(db, waiter.run, definition)
	if not db.execute("DELETE FROM dogan_line WHERE id = %s", (waiter.id,)):
		return 0  # somebody else let it in
	if run is None or run.is_finished or run.ending or run.status == PAUSED:
		return 0
	if waiter.step_run is None:
		return _admit_run(db, run, waiter, definition_of, at)
	return _admit_step(db, run, waiter, at)


def _admit_run(
	db: Database, run: LockedRun, waiter: Waiter, definition_of: Callable[[str], Definition], at: Moment
) -> int | None:
	limits = run.definition.limits
	# A limit that a newer version has lifted would leave capacity 0 here: the run's own version decides.
	if slots.take(db, waiter.resource, limits.concurrent_runs, run.name):
		start.open_run(db, run, at)
		return 1
	if limits.when_full == "skip":
		message = f"Skipped: {limits.concurrent_runs} runs of {run.definition.name} are under way (limits.concurrent_runs)."
		runs.end(db, run, CANCELLED, at, error_type="LimitReached", error=message)
		return 0
	if limits.when_full == "replace" and _cancel_oldest(db, waiter.resource, definition_of, at):
		# The one that was cancelled gives back its slot when its last step has finished: now, or later.
		return 1 if _take_and_open(db, run, waiter, at) else _stay(db, waiter, at)
	return None


def _take_and_open(db: Database, run: LockedRun, waiter: Waiter, at: Moment) -> bool:
	if not slots.take(db, waiter.resource, run.definition.limits.concurrent_runs, run.name):
		return False
	start.open_run(db, run, at)
	return True


def _stay(db: Database, waiter: Waiter, at: Moment) -> int:
	"""Put the head of a line back to its place and keep what else the transaction did."""
	db.execute(
		"INSERT INTO dogan_line (id, resource, lane, run, step_run, attempt, since) VALUES (%s, %s, %s, %s, %s, %s, %s)",
		(waiter.id, waiter.resource, waiter.lane, waiter.run, waiter.step_run, waiter.attempt, at.seconds),
	)
	return 0


def _cancel_oldest(
	db: Database, resource: str, definition_of: Callable[[str], Definition], at: Moment
) -> bool:
	"""Cancel the oldest run under the limit, unless one is being cancelled already. Run names are sorted by time."""
	holders = db.sql(
		"SELECT s.holder, r.ending FROM dogan_slot s JOIN `tabDogan Workflow Run` r ON r.name = s.holder"
		" WHERE s.resource = %s ORDER BY s.holder",
		(resource,),
	)
	if not holders or any(ending for _, ending in holders):
		return False
	control.cancel(db, holders[0][0], definition_of(holders[0][0]), at)
	return True


def _admit_step(db: Database, run: LockedRun, waiter: Waiter, at: Moment) -> int | None:
	step_id, _ = names.parts(str(waiter.step_run))
	step = run.definition.by_id[step_id]
	candidates = agents.candidates(db, step)
	if not candidates:
		problem = agents.why_none(db, step)
		if problem is None:
			return None  # there is one, but it is disabled: the step waits for it
		return _fail_step(db, run, waiter, problem, at)
	for agent in candidates:
		if slots.take(db, f"agent:{agent.name}", agent.capacity, str(waiter.step_run)):
			db.execute(
				"UPDATE `tabDogan Step Run` SET status = %s, agent = %s, ready_at = %s, modified = %s WHERE name = %s",
				(READY, agent.name, at.text, at.text, waiter.step_run),
			)
			db.execute(
				"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at)"
				" VALUES (%s, %s, %s, %s, %s, %s)",
				(waiter.lane, waiter.step_run, run.name, waiter.attempt, agent.name, at.seconds),
			)
			return 1
	return None


def _fail_step(db: Database, run: LockedRun, waiter: Waiter, problem: DoganError, at: Moment) -> int:
	step_id, item = names.parts(str(waiter.step_run))
	db.execute(
		"UPDATE `tabDogan Step Run` SET status = %s, error_type = %s, error = %s, finished_at = %s,"
		" modified = %s WHERE name = %s",
		(FAILED, type(problem).__name__, str(problem), at.text, at.text, waiter.step_run),
	)
	if item:
		db.commit()
		items.close(db, run.name, run.definition, step_id, at)
	else:
		run.states[step_id] = FAILED
		runs.go_on(db, run, at)
	return 0


def under_way(db: Database, resource: str) -> int:
	"""How many hold a slot of this limit or stand in line for one."""
	line = db.sql("SELECT COUNT(*) FROM dogan_line WHERE resource = %s", (resource,))[0][0]
	return slots.in_use(db, resource) + int(line)

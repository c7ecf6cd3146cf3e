"""A run under lock: its state, the states of its steps, and how it goes on and ends.

Whoever changes more than one step of a run locks the run's row first. That is the one order of locks: run, steps,
queue, slots.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dogansystem.engine import flow, log
from dogansystem.engine.definition import Definition, Step
from dogansystem.engine.errors import DoganError
from dogansystem.engine.outputs import encode
from dogansystem.engine.states import (
	CANCELLED,
	FAILED,
	PAUSED,
	READY,
	RUN_FINISHED,
	RUNNING,
	SKIPPED,
	SUCCEEDED,
	WAITING,
)
from dogansystem.engine.templates.render import render
from dogansystem.protocol import Database
from dogansystem.store import context, dialect, names, queue, slots, timers
from dogansystem.store.moment import Moment

UNFINISHED_STEPS = "('Pending', 'Ready', 'Waiting')"


@dataclass(slots=True)
class LockedRun:
	"""A run whose row and whose steps' rows (without items) are locked until the transaction ends."""

	name: str
	definition: Definition
	status: str
	ending: str
	states: dict[str, str]

	@property
	def is_finished(self) -> bool:
		"""Whether nothing more will happen, unless somebody retries it."""
		return self.status in RUN_FINISHED


def lock(db: Database, run: str, definition: Definition) -> LockedRun | None:
	"""Lock a run; None if there is no such run any more."""
	db.begin()
	rows = db.sql(
		"SELECT r.status, r.ending, s.step, s.status FROM `tabDogan Workflow Run` r"
		" JOIN `tabDogan Step Run` s ON s.run = r.name AND s.item = 0 WHERE r.name = %s ORDER BY s.position"
		+ dialect.for_update(db),
		(run,),
	)
	if not rows:
		return None
	return LockedRun(run, definition, rows[0][0], rows[0][1] or "", {row[2]: row[3] for row in rows})


def go_on(db: Database, run: LockedRun, at: Moment, claimed: str | None = None) -> int:
	"""Write what follows from the states of the steps; gives how many steps became ready for others.

	`claimed` is a step that the caller has already taken in hand, so that it is not queued.
	"""
	decision = flow.decide(run.definition, run.states)
	return apply(db, run, decision, at, claimed)


def apply(
	db: Database, run: LockedRun, decision: flow.Decision, at: Moment, claimed: str | None = None
) -> int:
	"""Write a decision that was taken from the run's states."""
	if decision.skipped:
		set_steps(db, run, decision.skipped, SKIPPED, at, finished=True)
	ready = [step_id for step_id in decision.ready if step_id != claimed]
	if ready:
		let_start(db, run, [(run.definition.by_id[step_id], 0, 1) for step_id in ready], at)
	if decision.ending == FAILED:
		end(db, run, FAILED, at, error_step=decision.failed_step)
	elif decision.ending:
		finalize(db, run, decision.ending, at)
	elif not claimed:
		show_waiting(db, run, at)
	return len(ready)


def let_start(db: Database, run: LockedRun, steps: Sequence[tuple[Step, int, int]], at: Moment) -> None:
	"""Let `(step, item, attempt)`s start; in a paused run they are kept as Ready until it is resumed."""
	if run.status == PAUSED:
		keys = [names.step_run(run.name, step.id, item) for step, item, _ in steps]
		dialect.write_by_keys(db, "tabDogan Step Run", "status = %s, modified = %s", (READY, at.text), keys)
	else:
		queue.make_ready(db, run.name, steps, at)
	for step, item, _ in steps:
		if not item:
			run.states[step.id] = READY


def set_steps(
	db: Database, run: LockedRun, steps: Iterable[str], state: str, at: Moment, *, finished: bool = False
) -> None:
	"""Give steps a state."""
	chosen = list(steps)
	run.states.update(dict.fromkeys(chosen, state))
	assignments = "status = %s, modified = %s" + (", finished_at = %s" if finished else "")
	values = (state, at.text, at.text) if finished else (state, at.text)
	keys = [names.step_run(run.name, step) for step in chosen]
	dialect.write_by_keys(db, "tabDogan Step Run", assignments, values, keys)


def show_waiting(db: Database, run: LockedRun, at: Moment) -> None:
	"""A run in which nothing is running or ready, but something waits, is itself waiting."""
	states = run.states.values()
	if run.status == RUNNING and WAITING in states and not ({READY, RUNNING} & set(states)):
		run.status = WAITING
		db.execute(
			"UPDATE `tabDogan Workflow Run` SET status = %s, modified = %s WHERE name = %s",
			(WAITING, at.text, run.name),
		)


def end(
	db: Database,
	run: LockedRun,
	status: str,
	at: Moment,
	*,
	error_type: str | None = None,
	error: str | None = None,
	error_step: str | None = None,
) -> None:
	"""Bring a run to its end: nothing more starts; what is running finishes first."""
	if error_step and error is None:
		found = db.sql(
			"SELECT error_type, error FROM `tabDogan Step Run` WHERE name = %s" + dialect.for_share(db),
			(names.step_run(run.name, error_step),),
		)
		error_type, error = found[0]
	run.ending = status
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET ending = %s, error_type = %s, error = %s, error_step = %s, modified = %s"
		" WHERE name = %s",
		(status, error_type, error, error_step, at.text, run.name),
	)
	settle(db, run, at)


def settle(db: Database, run: LockedRun, at: Moment) -> None:
	"""In a run that is ending, cancel what has not begun, and end the run once nothing is running."""
	taken = queue.remove_waiting(db, run.name)
	timers.remove_of_run(db, run.name)
	slots.release(db, taken)
	assignments = "status = %s, finished_at = %s, modified = %s"
	db.execute(
		f"UPDATE `tabDogan Step Run` SET {assignments} WHERE run = %s AND status IN {UNFINISHED_STEPS}",
		(CANCELLED, at.text, at.text, run.name),
	)
	dialect.write_by_keys(db, "tabDogan Step Run", assignments, (CANCELLED, at.text, at.text), taken)
	for step_id, state in run.states.items():
		key = names.step_run(run.name, step_id)
		idle = state in ("Pending", READY, WAITING) or key in taken
		if idle or (
			state == RUNNING and _is_for_each(run, step_id) and not has_active_items(db, run, step_id)
		):
			run.states[step_id] = CANCELLED
			dialect.write_by_keys(db, "tabDogan Step Run", assignments, (CANCELLED, at.text, at.text), [key])
	if RUNNING not in run.states.values():
		finalize(db, run, run.ending, at)


def has_active_items(db: Database, run: LockedRun, step_id: str) -> bool:
	"""Whether a process has an item of this `for_each` step in hand."""
	prefix = names.step_run(run.name, step_id) + "."
	rows = db.sql("SELECT step_run FROM dogan_lease WHERE run = %s" + dialect.for_share(db), (run.name,))
	return any(row[0].startswith(prefix) or row[0] == prefix[:-1] for row in rows)


def finalize(db: Database, run: LockedRun, status: str, at: Moment) -> None:
	"""Write the end of a run, with its output if it succeeded, and give back what it held."""
	output = None
	failure: tuple[str, str] | None = None
	if status == SUCCEEDED and run.definition.output is not None:
		try:
			values = context.template_values(db, run.name, at)
			output = encode(render(run.definition.output, values), "The run's output")
		except DoganError as error:
			status, failure = FAILED, (type(error).__name__, f"output: {error}")
	run.status, run.ending = status, status
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET status = %s, ending = %s, output = %s, finished_at = %s, modified = %s"
		" WHERE name = %s",
		(status, status, output, at.text, at.text, run.name),
	)
	if failure:
		db.execute(
			"UPDATE `tabDogan Workflow Run` SET error_type = %s, error = %s WHERE name = %s",
			(*failure, run.name),
		)
	level = log.WARNING if status == FAILED else log.INFO
	log.event(level, "run.end", run=run.name, workflow=run.definition.name, state=status)
	if run.definition.limits.run_timeout:
		timers.remove_of_run(db, run.name)
	if run.definition.limits.concurrent_runs:
		slots.release(db, [run.name])


def _is_for_each(run: LockedRun, step_id: str) -> bool:
	return run.definition.by_id[step_id].for_each is not None

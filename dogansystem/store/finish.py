"""Finishing an attempt: its result, what follows from it, and the fence, all in the transaction of its effects.

The fence is the lease. A process that lost its lease changes no row when it drops it or hands it over; `finish` then
gives None, and the caller rolls everything back, effects included.
"""

from collections.abc import Callable
from dataclasses import replace

from dogansystem.engine import flow
from dogansystem.engine.definition import Definition
from dogansystem.engine.outcomes import Expanded, Failed, Outcome, Stops, Waits
from dogansystem.engine.retry import next_attempt
from dogansystem.engine.states import CANCELLED, FAILED, PAUSED, RUNNING, WAITING
from dogansystem.protocol import Database
from dogansystem.store import faults, items, leasing, names, ordinary, runs, timers
from dogansystem.store.attempts import Attempt, Finished, frees, keep_failure, state_of, write_result
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.store.runs import LockedRun


def finish(
	db: Database,
	attempt: Attempt,
	outcome: Outcome,
	at: Moment,
	*,
	stick: bool,
	chance: Callable[[], float],
	behind: Lease | None = None,
	commit: bool = False,
) -> Finished | None:
	"""Write the outcome of an attempt and what follows. None: the lease is lost, roll back.

	With `stick` a step that becomes ready is handed to the same process instead of the queue; if none is, the lease
	`behind` this one begins. `chance` gives a number from 0 to 1 for the jitter of retries. With `commit` all of it is
	committed, else the caller does that.
	"""
	finished = _finish_ordinarily(db, attempt, outcome, at, stick, behind, commit)
	if not isinstance(finished, Otherwise):
		return finished
	finished = _finish(db, attempt, outcome, at, stick, chance)
	if finished is None:
		return None
	if behind and not finished.successor and leasing.begin(db, behind, at):
		finished = replace(finished, begun=behind)
	if commit:
		faults.point("step.before_commit")
		db.commit()
	return finished


class Otherwise:
	"""An attempt that does not end ordinarily. Nothing has been written."""


def _finish_ordinarily(
	db: Database,
	attempt: Attempt,
	outcome: Outcome,
	at: Moment,
	stick: bool,
	behind: Lease | None,
	commit: bool,
) -> Finished | Otherwise | None:
	ending = ordinary.plan(attempt, outcome, at, stick, behind)
	if ending is None:
		return Otherwise()
	if commit:
		faults.point("step.before_commit")
	unfit = db.together(ending.statements, commit=commit)
	if unfit == ordinary.RUN:
		return Otherwise()
	if unfit == ordinary.FENCE:
		return None
	if unfit is None:
		return ending.finished
	if commit:
		db.commit()
	return replace(ending.finished, begun=None)  # the lease behind was taken back meanwhile


def _finish(
	db: Database, attempt: Attempt, outcome: Outcome, at: Moment, stick: bool, chance: Callable[[], float]
) -> Finished | None:
	if isinstance(outcome, Failed):
		delay = next_attempt(attempt.step.retry, attempt.lease.attempt, outcome.names, chance)
		if delay is not None:
			return _retry_later(db, attempt, outcome, delay, at)
	if attempt.item:
		return items.finish_item(db, attempt, outcome, at, stick)
	if isinstance(outcome, Waits):
		return _wait(db, attempt, outcome, at)
	return _finish_step(db, attempt, outcome, at, stick)


def _finish_step(
	db: Database, attempt: Attempt, outcome: Outcome, at: Moment, stick: bool
) -> Finished | None:
	run = runs.lock(db, attempt.lease.run, attempt.definition)
	if run is None:
		return None
	if run.ending:
		return _finish_in_ending_run(db, run, attempt, outcome, at)
	if isinstance(outcome, Expanded) and outcome.items:
		return items.expand(db, run, attempt, outcome, at)
	run.states[attempt.step.id] = state_of(outcome)
	if isinstance(outcome, Stops):
		if not leasing.drop(db, attempt.lease):
			return None
		write_result(db, attempt, outcome, at)
		message = outcome.message or None
		stopped_by = attempt.step.id if outcome.status == FAILED else None
		runs.end(
			db, run, outcome.status, at, error=message, error_step=stopped_by,
			error_type="Stopped" if outcome.status == FAILED else None,
		)  # fmt: skip
		return Finished(freed=frees(db, attempt))
	decision = flow.decide(attempt.definition, run.states)
	successor = _successor(run, decision, attempt, at) if stick else None
	held = leasing.hand_over(db, attempt.lease, successor) if successor else leasing.drop(db, attempt.lease)
	if not held:
		return None
	write_result(db, attempt, outcome, at, successor=successor)
	claimed = None
	if successor:
		claimed = names.parts(successor.step_run)[0]
		run.states[claimed] = RUNNING
	opened = runs.apply(db, run, decision, at, claimed)
	return Finished(
		successor, opened=opened, freed=frees(db, attempt) or _limits_next(attempt.definition, decision)
	)


def _finish_in_ending_run(
	db: Database, run: LockedRun, attempt: Attempt, outcome: Outcome, at: Moment
) -> Finished | None:
	"""A step that was running when its run began to end: its result is kept, nothing follows."""
	if not leasing.drop(db, attempt.lease):
		return None
	if isinstance(outcome, Expanded) and outcome.items:
		run.states[attempt.step.id] = CANCELLED
		runs.set_steps(db, run, [attempt.step.id], CANCELLED, at, finished=True)
	else:
		run.states[attempt.step.id] = state_of(outcome)
		write_result(db, attempt, outcome, at)
	frees(db, attempt)
	runs.settle(db, run, at)
	return Finished(freed=True)


def _retry_later(
	db: Database, attempt: Attempt, outcome: Failed, delay: float, at: Moment
) -> Finished | None:
	run = runs.lock(db, attempt.lease.run, attempt.definition)
	if run is None or not leasing.drop(db, attempt.lease):
		return None
	freed = frees(db, attempt)
	if run.ending:
		if not attempt.item:
			run.states[attempt.step.id] = FAILED
		write_result(db, attempt, outcome, at)
		runs.settle(db, run, at)
		return Finished(freed=True, check_items=bool(attempt.item))
	write_result(db, attempt, outcome, at, state=WAITING)
	keep_failure(db, attempt, outcome, at)
	_sleep(db, run, attempt, "retry", at.seconds + delay, None, at)
	return Finished(freed=freed, again=True)


def _wait(db: Database, attempt: Attempt, outcome: Waits, at: Moment) -> Finished | None:
	run = runs.lock(db, attempt.lease.run, attempt.definition)
	if run is None:
		return None
	if run.ending:
		return _finish_in_ending_run(db, run, attempt, outcome, at)
	if not leasing.drop(db, attempt.lease):
		return None
	write_result(db, attempt, outcome, at)
	_sleep(db, run, attempt, "wait", outcome.until, outcome.output, at)
	return Finished(freed=frees(db, attempt))


def _sleep(
	db: Database, run: LockedRun, attempt: Attempt, kind: str, until: float, data: str | None, at: Moment
) -> None:
	"""Let a timer wake the step. No step is held by anybody meanwhile."""
	timers.put(db, until, kind, run=run.name, step_run=attempt.lease.step_run, data=data)
	if not attempt.item:
		run.states[attempt.step.id] = WAITING
		runs.show_waiting(db, run, at)


def _successor(run: LockedRun, decision: flow.Decision, attempt: Attempt, at: Moment) -> Lease | None:
	"""The lease of the first step behind this one, if anybody may run it now."""
	if run.status == PAUSED or decision.ending:
		return None
	for step_id in decision.ready:
		step = run.definition.by_id[step_id]
		if not step.is_limited:
			return ordinary.successor_of(attempt, step, at)
	return None


def _limits_next(definition: Definition, decision: flow.Decision) -> bool:
	return any(definition.by_id[step_id].is_limited for step_id in decision.ready)

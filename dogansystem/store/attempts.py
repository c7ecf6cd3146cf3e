"""The end of an attempt: its result and what follows from it, in the transaction of its effects.

The fence is the lease. A process that lost its lease changes no row when it drops it or hands it over; `finish` then
gives None, and the caller rolls everything back, effects included.
"""

from dataclasses import dataclass

from dogansystem.engine import ordinary
from dogansystem.engine.changes import Changes
from dogansystem.engine.events import Attempted
from dogansystem.engine.outcomes import Outcome, Waits
from dogansystem.engine.run_state import RunState
from dogansystem.engine.states import FAILED, PAUSED, RUNNING
from dogansystem.engine.transition import decide
from dogansystem.protocol import Database
from dogansystem.store import changes, faults, names, run_state, runs
from dogansystem.store.changes import Written, claims
from dogansystem.store.changes.fences import Attempt as Attempt
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.store.queue import lane


@dataclass(frozen=True, slots=True)
class Finished:
	"""What a finished attempt leads to.

	Attributes:
		successor: a step that the same process has in hand now, begun.
		item_value: JSON text of the successor's item, if it is one.
		opened: how many steps became ready for anybody.
		check_items: the `for_each` step may be complete: call `runs.close_items` in a transaction of its own.
		broken: an item has failed, so that no further one starts.
		freed: a slot became free, or something waits for one: call `admission.admit`.
		again: the attempt failed, and there will be another one.
		begun: the lease `behind` this one, noted as begun in the same transaction.
		failed: the run has ended as Failed.
	"""

	successor: Lease | None = None
	item_value: str | None = None
	opened: int = 0
	check_items: bool = False
	broken: bool = False
	freed: bool = False
	again: bool = False
	begun: Lease | None = None
	failed: bool = False


def finish(
	db: Database,
	attempt: Attempt,
	outcome: Outcome,
	at: Moment,
	*,
	stick: bool,
	chance: float,
	behind: Lease | None = None,
	commit: bool = False,
) -> Finished | None:
	"""Write the outcome of an attempt and what follows. None: the lease is lost, roll back.

	With `stick` a step that becomes ready is handed to the same process instead of the queue; if none is, the lease
	`behind` this one begins. `chance`, from 0 to 1, is for the jitter of a retry. With `commit` all of it is committed,
	else the caller does that.
	"""
	step, lease = attempt.step, attempt.lease
	event = Attempted(step.id, attempt.item, lease.attempt, outcome, lease.agent, chance, stick)
	made = ordinary.changes(attempt.definition, lease.run, step, event, attempt.items, attempt.is_child)
	if made:
		if commit:
			faults.point("step.before_commit")
		written = changes.write(
			db, lease.run, made, at, fence=lease, attempt=attempt, guard=True, behind=behind, commit=commit
		)
		if written is not Written.MOVED_ON:
			return _finished(attempt, made, at, behind, written)
	return _finish_locked(db, attempt, event, at, behind, commit)


def _finish_locked(
	db: Database, attempt: Attempt, event: Attempted, at: Moment, behind: Lease | None, commit: bool
) -> Finished | None:
	state = run_state.read(db, attempt.lease.run, attempt.definition, event, at)
	if state is None or (not attempt.item and state.states[attempt.step.id] != RUNNING):
		return None  # somebody has taken the step over
	_take_along(db, state, event, at)
	made = decide(state, event)
	if not (made.renders_output or made.undoes):
		if commit:
			faults.point("step.before_commit")
		written = changes.write(
			db, state.name, made, at, fence=attempt.lease, attempt=attempt, behind=behind, commit=commit
		)
		return _finished(attempt, made, at, behind, written)
	followed = runs.follow(db, state, event, at, fence=attempt.lease, attempt=attempt)
	if followed is None:
		return None
	made = followed
	begins = behind is not None and made.successor is None and claims.begin(db, behind, at)
	if commit:
		faults.point("step.before_commit")
		db.commit()
	return _finished(attempt, made, at, behind, Written.ALL if begins else Written.NOT_BEGUN)


def _take_along(db: Database, state: RunState, event: Attempted, at: Moment) -> None:
	"""A run that the attempt has started is cancelled or paused if its own run was meanwhile. Whoever did that has not seen
	it, and nobody else has: it is of this transaction."""
	outcome = event.outcome
	if not (isinstance(outcome, Waits) and outcome.kind == "child" and outcome.key):
		return
	if state.ending:
		runs.cancel(db, outcome.key, None, at)
	elif state.status == PAUSED:
		runs.pause(db, outcome.key, None, at)


def _finished(
	attempt: Attempt, made: Changes, at: Moment, behind: Lease | None, written: Written
) -> Finished | None:
	if written is Written.FENCED:
		return None
	next_one = made.successor
	return Finished(
		successor=_lease_of_successor(attempt, made, at) if next_one else None,
		item_value=next_one.value if next_one else None,
		opened=len(made.ready),
		check_items=made.check_items,
		broken=made.is_broken,
		freed=made.calls_admission,
		again=made.is_again,
		begun=behind if written is Written.ALL and not next_one else None,
		failed=bool(made.run and made.run.has_ended and made.run.new == FAILED),
	)


def _lease_of_successor(attempt: Attempt, made: Changes, at: Moment) -> Lease:
	assert made.successor
	successor, lease = made.successor, attempt.lease
	return Lease(
		process=lease.process,
		seq=lease.seq,
		lane=lane(successor.priority),
		step_run=names.step_run(lease.run, successor.step, successor.item),
		run=lease.run,
		attempt=successor.attempt,
		agent=None,
		ready_at=at.seconds,
	)

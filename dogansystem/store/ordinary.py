"""The ordinary end of an attempt, in one round trip to the database.

Nearly every attempt ends like this: it succeeded, its run is under way, and one step waits for it alone, or it was the
last of a line, or an item whose siblings are open already. What follows needs no look at the run's other steps, so
nothing is read; and the first statement says whether it is so. Where it is not, nothing has been written, and
`store.finish` decides with the run under lock.
"""

from dataclasses import dataclass, replace

from dogansystem.engine.definition import Step
from dogansystem.engine.outcomes import Done, Outcome, Skipped
from dogansystem.engine.states import SUCCEEDED
from dogansystem.protocol import Statement
from dogansystem.store import dialect, leasing, names, queue, slots
from dogansystem.store.attempts import Attempt, Finished, result_of, running
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment

_RUN = "tabDogan Workflow Run"
_UNDER_WAY = "status = 'Running' AND ending = ''"


# The numbers of the first two statements of an ending.
RUN = 0  # unfit: the run is not under way as expected; nothing was written
FENCE = 1  # unfit: the lease is lost


@dataclass(frozen=True, slots=True)
class Ending:
	"""What is to be written, and what it leads to. If a lease behind begins with it, the last statement says so."""

	statements: tuple[Statement, ...]
	finished: Finished


def plan(attempt: Attempt, outcome: Outcome, at: Moment, stick: bool, behind: Lease | None) -> Ending | None:
	"""How this attempt ends, if that is ordinary; None: it has to be decided with the run under lock.

	`behind` is what the process has in hand next: it begins when nothing is handed over.
	"""
	if attempt.item:
		return _of_item(attempt, outcome, at, behind)
	if not isinstance(outcome, Done):
		return None
	followers = attempt.definition.followers[attempt.step.id]
	if not followers:
		return _of_last(attempt, outcome, at, behind)
	follower = followers[0]
	if not (stick and len(followers) == 1 and _follows_at_once(follower)):
		return None
	successor = successor_of(attempt, follower, at)
	statements = (
		_is_under_way(attempt),
		leasing.handing_over(attempt.lease, successor),
		result_of(attempt, outcome, at),
		running(attempt, successor, at),
	)
	return _ending(attempt, statements, Finished(successor))


def successor_of(attempt: Attempt, step: Step, at: Moment) -> Lease:
	"""The lease of a step that the process of this attempt goes on with."""
	return replace(
		attempt.lease,
		lane=queue.lane(step.priority),
		step_run=names.step_run(attempt.lease.run, step.id),
		attempt=1,
		agent=None,
		ready_at=at.seconds,
	)


def _of_item(attempt: Attempt, outcome: Outcome, at: Moment, behind: Lease | None) -> Ending | None:
	"""An item, where all of them were opened at once, so that none is to be opened now."""
	if not (isinstance(outcome, Done | Skipped) and 0 < attempt.items <= attempt.step.max_parallel):
		return None
	statements = (_is_under_way(attempt), leasing.dropping(attempt.lease), result_of(attempt, outcome, at))
	return _ending(attempt, statements, Finished(check_items=True), behind, at)


def _of_last(attempt: Attempt, outcome: Outcome, at: Moment, behind: Lease | None) -> Ending | None:
	"""The last step of a line: with it the run has succeeded."""
	definition = attempt.definition
	limits = definition.limits
	if (
		not definition.is_line
		or definition.output is not None
		or limits.run_timeout
		or limits.concurrent_runs
	):
		return None
	ended = {"status": SUCCEEDED, "ending": SUCCEEDED, "finished_at": at.text, "modified": at.text}
	statements = (
		dialect.update_of(_RUN, attempt.lease.run, ended, _UNDER_WAY, must=True),
		leasing.dropping(attempt.lease),
		result_of(attempt, outcome, at),
	)
	return _ending(attempt, statements, Finished(ended=SUCCEEDED), behind, at)


def _ending(
	attempt: Attempt,
	statements: tuple[Statement, ...],
	finished: Finished,
	behind: Lease | None = None,
	at: Moment | None = None,
) -> Ending:
	"""The same, with the agent's slot given back, and the beginning of the lease behind."""
	if attempt.lease.agent:
		statements = (*statements, slots.releasing(attempt.lease.step_run))
	if behind and at:
		statements = (*statements, leasing.beginning(behind, at))
	freed = bool(attempt.lease.agent or attempt.definition.limits.concurrent_runs)
	return Ending(statements, replace(finished, freed=freed, begun=behind))


def _follows_at_once(step: Step) -> bool:
	"""Whether a step that waits for one other is ready as soon as that has succeeded."""
	return len(step.after) == 1 and step.when != "failed" and not step.is_limited


def _is_under_way(attempt: Attempt) -> Statement:
	"""Whoever pauses, cancels or ends a run locks its row first, and waits until this transaction is over."""
	return Statement(
		f"SELECT 1 FROM `{_RUN}` WHERE name = %s AND {_UNDER_WAY}", (attempt.lease.run,), asks=True
	)

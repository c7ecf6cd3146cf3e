"""The one writer of runs, steps, items, waits, queues and slots.

`write` writes what `engine.transition.decide` made of an event; `claims` moves steps between the ready queue and the hands
of processes; `whole_runs` writes a new run and deletes old ones; `waits` has those of no run, `matches` what triggers
remember. No other file of this app changes these tables (a test looks). Every change of a state has been checked against
the table of transitions before it comes here.
"""

from enum import Enum

from dogansystem.engine import log
from dogansystem.engine.changes import Changes
from dogansystem.engine.definition import Definition
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database
from dogansystem.store.changes.fences import Attempt, Fence
from dogansystem.store.changes.statements import plan as plan_of
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment


class Written(Enum):
	"""What became of changes that were to be written."""

	ALL = "all of it is written"
	NOT_BEGUN = "all of it but that the lease behind has begun: somebody has taken that back"
	MOVED_ON = "nothing: the run is not under way as was assumed"
	FENCED = "not all of it, roll back: the row that lets the caller write is gone"


def write(
	db: Database,
	run: str,
	changes: Changes,
	at: Moment,
	*,
	fence: Fence = None,
	attempt: Attempt | None = None,
	definition: Definition | None = None,
	guard: bool = False,
	behind: Lease | None = None,
	commit: bool = False,
) -> Written:
	"""Write changes in one round trip where the database can, in the one order of locks.

	Args:
		fence: the row that only one can remove; whoever finds it gone must roll back.
		attempt: what has ended.
		definition: the version that the run goes on with, where that is another one.
		guard: the changes were decided without a look at the run; find out first whether it is under way.
		behind: a lease that begins with this, if nothing was handed over.
		commit: end the transaction as well, if all was written.
	"""
	plan = plan_of(
		db, run, changes, at, fence=fence, attempt=attempt, definition=definition, guard=guard, behind=behind
	)
	unfit = db.together(plan.statements, commit=commit and not plan.bulk) if plan.statements else None
	if unfit is not None and unfit in plan.guards:
		return Written.MOVED_ON
	if unfit is not None and unfit == plan.fence:
		return Written.FENCED
	for query, rows in plan.bulk:
		db.execute_many(query, rows)
	if changes.run and changes.run.has_ended:
		level = log.WARNING if changes.run.new == FAILED else log.INFO
		log.event(level, "run.end", run=run, state=changes.run.new)
	if commit and (plan.bulk or unfit is not None or not plan.statements):
		db.commit()
	return Written.ALL if unfit is None else Written.NOT_BEGUN

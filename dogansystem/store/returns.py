"""Returning what a process has claimed and not begun: to the queue, or to where its run's state wants it by now.

A step counts as begun a moment before it is: its process may leave, or lose its connection, in between. Meanwhile its
run may have been paused or cancelled, and then nothing more of it may start.
"""

from collections.abc import Callable

from dogansystem.engine.definition import Definition
from dogansystem.engine.states import PAUSED, READY
from dogansystem.protocol import Database
from dogansystem.store import dialect, queue, runs, slots
from dogansystem.store.moment import Moment


def give_back(db: Database, process: int, definition_of: Callable[[str], Definition], at: Moment) -> int:
	"""Return what `process` has not begun; gives how many steps went back to the queue. The caller commits.

	Each run is locked first, as whoever pauses or cancels it does: its step is either seen by them or sees them.
	"""
	db.begin()
	rows = db.sql(
		"SELECT DISTINCT run FROM dogan_lease WHERE process = %s AND begun_at IS NULL ORDER BY run",
		(process,),
	)
	return sum(_give_back(db, process, run, definition_of(run), at) for (run,) in rows)


def _give_back(db: Database, process: int, run_name: str, definition: Definition, at: Moment) -> int:
	run = runs.lock(db, run_name, definition)
	if run is None or run.is_finished:
		queue.remove_waiting(db, run_name)
	elif run.ending:
		runs.settle(db, run, at)
	elif run.status == PAUSED:
		park(db, run_name, at)
	else:
		return queue.give_back(db, process, at, run_name)
	return 0


def park(db: Database, run: str, at: Moment) -> None:
	"""Keep what has not begun of a paused run as Ready, outside of the queue, until the run is resumed."""
	taken = queue.remove_waiting(db, run)
	slots.release(db, taken)
	dialect.write_by_keys(db, "tabDogan Step Run", "status = %s, modified = %s", (READY, at.text), taken)

"""Runs whose workflow version cannot be read: they fail, each alone, with an error that says so.

Whoever needs the definition of a run gets it by `definition_of`. One that cannot be read raises UnreadableRun, which names
the run; `without_unreadable` then ends that run and does the work again without it.
"""

from collections.abc import Callable
from typing import TypeVar

from dogansystem.engine import log
from dogansystem.engine.definition import Definition
from dogansystem.engine.states import CANCELLED, FAILED, RUN_FINISHED, STEP_FINISHED
from dogansystem.protocol import Database, Site
from dogansystem.store import dialect, queue, reads, slots, timers, versions
from dogansystem.store.moment import Moment, moment
from dogansystem.worker.control import Control
from dogansystem.worker.failing import report, traceback_of

MAX_RUNS = 1000  # ended in one go; a site with more of them goes on with its next chores
ERROR_TYPE = "UnreadableVersion"

Result = TypeVar("Result")


class UnreadableRun(Exception):
	"""The definition of `run` cannot be read; the cause says why."""

	def __init__(self, run: str, version: str, cause: Exception) -> None:
		super().__init__(
			f"Workflow version {version!r} cannot be read ({type(cause).__name__}: {cause}), so this run cannot go on."
			" Save the workflow again and start a new run."
		)
		self.run = run
		self.__cause__ = cause


def definition_of(site: Site, db: Database) -> Callable[[str], Definition]:
	"""A function that gives the definition a run has started with. It raises UnreadableRun."""
	return lambda run: load(site, db, run, reads.version_of_run(db, run))


def load(site: Site, db: Database | None, run: str, version: str) -> Definition:
	"""The definition of a run's version, read through `db` or this thread's connection. Raises UnreadableRun."""
	try:
		return versions.load(site, version, db)
	except Exception as error:
		if site.database.is_lost(error) or site.database.is_conflict(error):
			raise
		raise UnreadableRun(run, version, error) from error


def without_unreadable(site: Site, control: Control, work: Callable[[], Result]) -> Result:
	"""Do `work`, which may do a part of it again; a run that cannot be read is ended on the way."""
	for _ in range(MAX_RUNS):
		try:
			return work()
		except UnreadableRun as error:
			fail_run(site, control, error)
	return work()


def fail_run(site: Site, control: Control, error: UnreadableRun) -> None:
	"""End a run that cannot be read, whatever of it is in hand, and tell those who run this place."""
	if control.run(lambda db: _end(db, error.run, str(error), moment(site))):
		log.event(log.ERROR, "run.unreadable", run=error.run, error=error)
		report(site, str(error).partition(" (")[0], traceback_of(error), error.run)


def _end(db: Database, run: str, message: str, at: Moment) -> bool:
	"""Write the end of a run of which only its rows are known. False: it has ended already, or there is none."""
	db.begin()
	rows = db.sql(
		"SELECT status FROM `tabDogan Workflow Run` WHERE name = %s" + dialect.for_update(db), (run,)
	)
	if not rows or rows[0][0] in RUN_FINISHED:
		return False
	held = db.sql("SELECT name FROM `tabDogan Step Run` WHERE run = %s", (run,))
	queue.remove_waiting(db, run)
	db.execute(
		"DELETE FROM dogan_lease WHERE run = %s", (run,)
	)  # a process that has a step in hand is fenced out
	timers.remove_of_run(db, run)
	slots.release(db, [run, *(name for (name,) in held)])
	db.execute(
		"UPDATE `tabDogan Step Run` SET status = %s, finished_at = %s, modified = %s WHERE run = %s"
		f" AND status NOT IN ({dialect.marks(list(STEP_FINISHED))})",
		(CANCELLED, at.text, at.text, run, *STEP_FINISHED),
	)
	db.execute(
		"UPDATE `tabDogan Workflow Run` SET status = %s, ending = %s, error_type = %s, error = %s, finished_at = %s,"
		" modified = %s WHERE name = %s",
		(FAILED, FAILED, ERROR_TYPE, message, at.text, at.text, run),
	)
	return True

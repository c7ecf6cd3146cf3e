"""Runs whose workflow version cannot be read: they fail, each alone, with an error that says so.

Whoever needs the definition of a run gets it by `definition_of`. One that cannot be read raises UnreadableRun, which names
the run; `without_unreadable` then ends that run and does the work again without it.
"""

from collections.abc import Callable
from typing import TypeVar

from dogansystem.engine import log
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import UnreadableVersion
from dogansystem.protocol import Database, Site
from dogansystem.store import reads, runs, versions
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control
from dogansystem.worker.failing import report, traceback_of

MAX_RUNS = 1000  # ended in one go; a site with more of them goes on with its next chores

Result = TypeVar("Result")


class UnreadableRun(Exception):
	"""The definition of `run` cannot be read; the cause says why."""

	def __init__(self, run: str, version: str, cause: Exception) -> None:
		text = str(cause)
		if not isinstance(cause, UnreadableVersion):
			text = (
				f"Workflow version {version!r} cannot be used ({type(cause).__name__}: {cause}). Save the workflow again and"
				" start a new run."
			)
		super().__init__(text)
		self.run, self.version = run, version
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
	at = moment(site)
	if control.run(
		lambda db: runs.fail_unreadable(db, error.run, UnreadableVersion.__name__, str(error), at)
	):
		log.event(log.ERROR, "run.unreadable", run=error.run, error=error)
		report(site, f"{error.version}: {UnreadableVersion.__name__}", traceback_of(error), error.run)

"""What fails: it is told in words that help, and keeps nothing else from being done.

An attempt that raised an error becomes an outcome. A chore that failed is logged and reported. A run whose version cannot
be read fails alone, with an error that says so.
"""

import time
import traceback
from collections.abc import Callable
from typing import Any, TypeVar

from dogansystem.engine import log, outcomes
from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import DoganError, UnreadableVersion
from dogansystem.engine.outcomes import Failed
from dogansystem.protocol import Act, Database, Site
from dogansystem.store import reads, runs, versions
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.worker import identity
from dogansystem.worker.control import Control

QUIET = 60.0  # seconds between two tracebacks of one kind of work: most of what fails is tried again in half a second
MAX_TRACEBACK = 20_000  # characters that are kept, the last ones: they tell where it happened
MAX_UNREADABLE = 1000  # runs ended in one go; a site with more of them goes on with its next chores
UNEXPECTED = (
	"an error that {} did not expect. System Managers see where it happened, in the step's traceback."
)

Result = TypeVar("Result")

_told_at: dict[tuple[str, str], float] = {}


# An attempt


def outcome_of(site: Site, step: str, error: BaseException, act: Act | None) -> Failed:
	"""The outcome of an attempt of `step` that raised `error` while it did `act`; None: it had not come so far."""
	failed = outcomes.failed(error)
	kept = None if is_expected(error) else traceback_of(error)
	explained = act and (UNEXPECTED.format(act.action) if kept else _explanation(site, error, act))
	if not explained:
		return Failed(failed.names, failed.message, kept)
	text = f"Step {step}: {explained}\n\n{failed.message}"
	return Failed(failed.names, outcomes.as_message(text), kept)


def is_expected(error: BaseException) -> bool:
	"""Whether an error speaks to people (Frappe's have an HTTP status), or of a server that does not answer."""
	return isinstance(error, DoganError | ConnectionError | TimeoutError) or hasattr(
		error, "http_status_code"
	)


def traceback_of(error: BaseException) -> str:
	"""The traceback as text, without the values of variables."""
	return "".join(traceback.format_exception(error))[-MAX_TRACEBACK:].encode(errors="replace").decode()


def _explanation(site: Site, error: BaseException, act: Act) -> str | None:
	try:
		return site.explain(error, act)
	except Exception as second:
		# After these the transaction is rolled back anyway, and the error's own text has to do.
		if not (site.database.is_lost(second) or site.database.is_conflict(second)):
			log.event(log.ERROR, "explain.failed", error=second, about=repr(error))
		return None


def tell_attempt(site: Site, lease: Lease, workflow: str, outcome: Failed, retried: bool) -> None:
	"""Log an attempt that failed, after its commit, and report an unexpected error. Raises what says that the database is
	away."""
	about = {"error_type": outcome.type, "message": outcome.message, **facts(lease)}
	log.event(log.WARNING, "step.retry" if retried else "step.failed", traceback=outcome.traceback, **about)
	if outcome.traceback:
		report(site, f"{workflow}: {outcome.type}", outcome.traceback, lease.run)


def facts(lease: Lease) -> dict[str, Any]:
	"""What every line about an attempt names."""
	return {
		"run": lease.run,
		"step": lease.step_run,
		"attempt": lease.attempt,
		"worker": identity.worker(),
		"node": identity.node(),
	}


# A chore


def alone(site: Site, what: str, work: Callable[[], Result], otherwise: Result, **about: Any) -> Result:
	"""Do `work` and give its result; `otherwise` if it fails, which is logged, and reported on a bench.

	Raises what says that the database is away: nothing else could be done then either.
	"""
	try:
		return work()
	except Exception as error:
		if site.database.is_lost(error):
			raise
		_tell_chore(site, what, error, **about)
		return otherwise


def _tell_chore(site: Site, what: str, error: Exception, run: str | None = None, **about: Any) -> None:
	key = (what, type(error).__name__)
	is_new = time.monotonic() - _told_at.get(key, float("-inf")) > QUIET
	site.database.rollback()
	if site.database.is_conflict(error) or not is_new:
		return log.event(log.WARNING, f"{what}.failed", message=str(error), run=run, **about)
	_told_at[key] = time.monotonic()
	log.event(log.ERROR, f"{what}.failed", error=error, run=run, node=identity.node(), **about)
	report(site, f"{what} failed: {key[1]}", traceback_of(error), run)


def report(site: Site, title: str, text: str, run: str | None) -> None:
	"""Report an unexpected error in a transaction of its own. Raises what says that the database is away."""
	try:
		if site.report(title, text, run):
			site.database.commit()
	except Exception as error:
		if site.database.is_lost(error):
			raise
		site.database.rollback()
		log.event(log.ERROR, "report.failed", error=error, run=run)


# A run that cannot be read


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
	for _ in range(MAX_UNREADABLE):
		try:
			return work()
		except UnreadableRun as error:
			fail_run(site, control, error)
	return work()


def fail_run(site: Site, control: Control, error: UnreadableRun) -> None:
	"""End a run that cannot be read, whatever of it is in hand, and tell those who run this place."""
	at, name = moment(site), UnreadableVersion.__name__
	if control.run(lambda db: runs.fail_unreadable(db, error.run, name, str(error), at)):
		log.event(log.ERROR, "run.unreadable", run=error.run, error=error)
		report(site, f"{error.version}: {name}", traceback_of(error), error.run)

"""Doing one thing beside others: what fails is told and never keeps the others from being done."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from dogansystem.engine import log
from dogansystem.protocol import Site
from dogansystem.worker import identity
from dogansystem.worker.failing import report, traceback_of

QUIET = 60.0  # seconds between two tracebacks of one kind

Result = TypeVar("Result")

_told_at: dict[tuple[str, str], float] = {}


def alone(site: Site, what: str, work: Callable[[], Result], otherwise: Result, **about: Any) -> Result:
	"""Do `work` and give its result; `otherwise` if it fails, which is logged, and reported on a bench.

	Raises what says that the database is away: nothing else could be done then either.
	"""
	try:
		return work()
	except Exception as error:
		if site.database.is_lost(error):
			raise
		tell(site, what, error, **about)
		return otherwise


def tell(site: Site, what: str, error: Exception, run: str | None = None, **about: Any) -> None:
	"""Log an error that nobody handles, and report it. Rolls back this thread's transaction.

	The traceback is shown once a minute for each kind of work: most of what fails is tried again in half a second.
	"""
	db, key = site.database, (what, type(error).__name__)
	is_new = time.monotonic() - _told_at.get(key, float("-inf")) > QUIET
	db.rollback()
	if db.is_conflict(error) or not is_new:
		return log.event(log.WARNING, f"{what}.failed", message=str(error), run=run, **about)
	_told_at[key] = time.monotonic()
	log.event(log.ERROR, f"{what}.failed", error=error, run=run, node=identity.node(), **about)
	report(site, f"{what} failed: {type(error).__name__}", traceback_of(error), run)

"""What an attempt comes to that raised an error: words that help whoever looks at the run, and a traceback if nobody
expected it."""

import traceback
from typing import Any

from dogansystem.engine import log, outcomes
from dogansystem.engine.errors import DoganError
from dogansystem.engine.outcomes import Failed
from dogansystem.protocol import Act, Site
from dogansystem.store.leasing import Lease
from dogansystem.worker import identity

MAX_TRACEBACK = 20_000  # characters that are kept, the last ones: they tell where it happened

UNEXPECTED = (
	"an error that {} did not expect. System Managers see where it happened, in the step's traceback."
)


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
	"""Whether an error speaks to people, or of a server that does not answer: its traceback helps nobody.

	Frappe's errors for people are the ones that have an HTTP status.
	"""
	return isinstance(error, DoganError | ConnectionError | TimeoutError) or hasattr(
		error, "http_status_code"
	)


def traceback_of(error: BaseException) -> str:
	"""The traceback as text, without the values of variables."""
	return "".join(traceback.format_exception(error))[-MAX_TRACEBACK:].encode(errors="replace").decode()


def tell(site: Site, lease: Lease, workflow: str, outcome: Failed, retried: bool) -> None:
	"""Log an attempt that failed, after its commit, and report an unexpected error. Raises what says that the database is
	away."""
	name = "step.retry" if retried else "step.failed"
	about = {"error_type": outcome.type, "message": outcome.message, **facts(lease)}
	log.event(log.WARNING, name, traceback=outcome.traceback, **about)
	if outcome.traceback:
		report(site, f"{workflow}: {outcome.type}", outcome.traceback, lease.run)


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


def facts(lease: Lease) -> dict[str, Any]:
	"""What every line about an attempt names."""
	return {
		"run": lease.run,
		"step": lease.step_run,
		"attempt": lease.attempt,
		"worker": identity.worker(),
		"node": identity.node(),
	}


def _explanation(site: Site, error: BaseException, act: Act) -> str | None:
	try:
		return site.explain(error, act)
	except Exception as second:
		if site.database.is_lost(second) or site.database.is_conflict(second):
			return None  # the transaction is rolled back anyway, and the error's own text has to do
		log.event(log.ERROR, "explain.failed", error=second, about=repr(error))
		return None

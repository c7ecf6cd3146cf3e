"""One attempt of a step is one transaction: it acts, and its result and what follows from it are written with its effects.

A transaction that lost against another one is repeated as a whole, until it gets through, or until the step's own `retry`
has to say whether it is tried once more.
"""

import random
import time
from itertools import count

from dogansystem.engine import log
from dogansystem.engine.attempted import state_of
from dogansystem.engine.current import CHILD
from dogansystem.engine.outcomes import Failed, Outcome
from dogansystem.protocol import Site
from dogansystem.store import faults
from dogansystem.store.attempts import Attempt, Finished, finish
from dogansystem.store.moment import Moment, moment
from dogansystem.worker import failing
from dogansystem.worker.batch import Batch
from dogansystem.worker.deadline import TimeLimit
from dogansystem.worker.execute import Acting, Interrupted, Trial, Work, perform
from dogansystem.worker.heartbeat import Progress
from dogansystem.worker.tally import Effort

PAUSE, LONGEST_PAUSE = 0.02, 0.5  # seconds at most: after the first try, and after any
TRIES = 16  # transactions in which an attempt that has failed may try to write that
CONFLICT_SECONDS = (
	120.0  # in which an attempt may lose against others; waiting for a lock takes 50 by MariaDB's default
)


class Attempting:
	"""Executes attempts for a process that has registered; tells its `progress` what they came to."""

	def __init__(self, site: Site, worker: str, batch: Batch, progress: Progress) -> None:
		self._site = site
		self._worker = worker
		self._batch = batch
		self._progress = progress
		self._acting = Acting(site)

	def work_off(self, work: Work, stick: bool) -> Finished | None:
		"""Execute and finish in one transaction; again if it lost against another one. None: the lease is lost.

		With `stick` the step behind may be handed over.
		"""
		outcome: Outcome | None = None
		if log.is_on(log.DEBUG):
			log.event(log.DEBUG, "step.start", **failing.facts(work.lease))
		patience = time.monotonic() + CONFLICT_SECONDS
		effort, trial = Effort(), Trial(TimeLimit(None))
		for number in count(1):
			at = moment(self._site)
			try:
				if outcome is None:
					trial = Trial(TimeLimit(work.step.timeout))
					outcome = self._perform(work, at, trial)
					if isinstance(outcome, Failed):
						self._progress.failures += 1
						self._site.database.rollback()
					elif trial.instead:
						self._site.database.rollback()
						trial.instead()
				finished = self._finish(work, outcome, at, stick, effort, trial.params)
			except Exception as error:
				outcome = self._after_failure(work, outcome, error, number, patience)
				effort.lost()
				# A random part of what doubles with each try, so that those who collide come apart.
				time.sleep(random.random() * min(PAUSE * 2.0 ** min(number - 1, 10), LONGEST_PAUSE))
			else:
				self._tell(work, outcome, finished, at)
				return finished
		raise AssertionError("unreachable")

	def _perform(self, work: Work, at: Moment, trial: Trial) -> Outcome:
		timeout = work.step.timeout
		self._progress.due = time.monotonic() + timeout if timeout else None
		try:
			return perform(self._site, work, at, self._acting, trial)
		finally:
			self._progress.due = None

	def _tell(self, work: Work, outcome: Outcome, finished: Finished | None, started: Moment) -> None:
		"""Log how an attempt ended, after its commit."""
		if finished is None:
			log.event(log.WARNING, "lease.lost", **failing.facts(work.lease))
		elif isinstance(outcome, Failed):
			failing.tell_attempt(self._site, work.lease, work.definition.name, outcome, finished.again)
		if finished and log.is_on(log.DEBUG):
			took = self._site.now() - started.seconds
			facts = failing.facts(work.lease)
			log.event(log.DEBUG, "step.end", state=state_of(outcome), seconds=took, **facts)

	def _finish(
		self,
		work: Work,
		outcome: Outcome,
		started: Moment,
		stick: bool,
		effort: Effort,
		params: str | None,
	) -> Finished | None:
		db = self._site.database
		effort.writes()
		attempt = Attempt(
			*(work.lease, work.definition, work.step, work.item, started, self._worker, work.items),
			is_child=work.data.cause == CHILD,
			params=params,
		)
		behind, at = self._batch.ahead(), moment(self._site)
		self._site.runs_changed([work.lease.run])  # told after the commit
		finished = finish(
			db, attempt, outcome, at, stick=stick, chance=random.random(), behind=behind, commit=True
		)
		if finished is None:
			db.rollback()
			return None
		faults.point("step.after_commit")
		self._batch.has_begun(finished.begun)
		self._progress.tally.add(work, outcome, finished, started.seconds, self._site.now(), effort)
		return finished

	def _after_failure(
		self, work: Work, outcome: Outcome | None, error: Exception, number: int, patience: float
	) -> Outcome | None:
		"""Clear the way for the next try; gives the outcome that is already certain."""
		db = self._site.database
		cause = error.__cause__ if isinstance(error, Interrupted) and error.__cause__ else error
		if db.is_lost(cause) or (isinstance(outcome, Failed) and number >= TRIES):
			raise cause
		db.rollback()
		if db.is_conflict(cause):
			log.event(log.DEBUG, "step.conflict", **failing.facts(work.lease))
			# What went out cannot be called back: an external action is not repeated, only its result is written again.
			action = self._site.actions().get(work.step.action)
			if isinstance(outcome, Failed) or (
				outcome is not None and action is not None and action.external and not action.repeats
			):
				return outcome
			# Past this, whether it is tried once more, and when, is for the step's `retry` to say.
			if time.monotonic() <= patience:
				return None
		elif isinstance(outcome, Failed):
			raise cause
		return failing.outcome_of(self._site, work.step.id, cause, None)

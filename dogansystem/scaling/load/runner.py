"""Putting a load on a site, watching it, and leaving nothing behind."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from dogansystem.actions.busy import WORKFLOW
from dogansystem.engine.errors import DoganError, NotAllowed, WrongState
from dogansystem.engine.states import RUN_FINISHED
from dogansystem.protocol import Site
from dogansystem.scaling.load import result
from dogansystem.scaling.load.plan import Plan
from dogansystem.scaling.measurement import Measurement
from dogansystem.store import dialect, history, reads, samples
from dogansystem.store.figures import SITE, Table

LOOK_INTERVAL = 1.0  # seconds between two looks at the queue and the workers
SAY_INTERVAL = 2.0  # seconds between two lines of progress
PAUSE = 0.1  # seconds between two looks whether there is something to do
TO_A_COMMIT = 20  # runs that are started in one transaction, if so many are due
NOBODY_AFTER = 60.0  # seconds without any worker, after which a load is given up
ALL = 1_000_000  # runs: more than a load may have
STEPS_END = 120.0  # seconds that steps in hand get to end before what they belong to is deleted
NOBODY = "Guest"  # whose permissions the steps have, where there is such a user: they need none
_ENDED = tuple(sorted(RUN_FINISHED))


class Runs(Protocol):
	"""What a load needs of the orchestrator."""

	def import_workflow(self, source: Mapping[str, Any], enabled: bool | None = True) -> str: ...
	def set_workflow_enabled(self, workflow: str, enabled: bool) -> None: ...
	def start_run(self, workflow: str) -> str: ...
	def cancel_run(self, run: str) -> None: ...


class NobodyWorks(DoganError):
	"""A load that no worker has begun with."""


class Load:
	"""A load on one site. `run` once, then `clean`.

	Attributes:
		lag: how many seconds the start of runs fell behind the plan at most: the load was lighter than asked for.
		was_stopped: whether somebody ended it early.
	"""

	def __init__(self, site: Site, runs: Runs, plan: Plan, say: Callable[[str], None]) -> None:
		self._site, self._runs, self._plan, self._say = site, runs, plan, say
		self._looks: list[tuple[float, Table]] = []
		self._due = list(plan.arrivals())
		self._started = 0
		self._said_at = float("-inf")
		self.lag = 0.0
		self.was_stopped = False

	def run(self) -> Measurement:
		"""Start the runs when they are due, wait until all have ended, and measure them.

		`stop` ends it early; what was done until then is measured. Raises NobodyWorks.
		"""
		self._make_workflow()
		began = self._site.now()
		self._seen_at = time.monotonic()
		while not self.was_stopped and (self._started < len(self._due) or unfinished_runs(self._site, 1)):
			self._start_due(began)
			self._look(began)
			time.sleep(PAUSE if self._started == len(self._due) else min(PAUSE, self._until_due(began)))
		self._site.database.rollback()
		return result.measure(self._site, self._plan, began, self._looks)

	def stop(self) -> None:
		"""End it at the next opportunity. A signal may call this: an exception in the midst of a statement would leave
		a connection that nothing can be cleaned up with."""
		self.was_stopped = True

	def clean(self, *, keep: bool = False) -> int:
		"""What `clean_up` does."""
		return clean_up(self._site, self._runs, self._say, keep=keep)

	def _make_workflow(self) -> None:
		found = reads.enabled_workflow(self._site.database, WORKFLOW)
		if found and found[1]:
			raise WrongState(
				f"There is an enabled workflow {WORKFLOW}: a load is under way, or was cut off."
				" Remove what it left with `load --clean`."
			)
		nobody = NOBODY if self._site.people.exists(NOBODY) else self._site.user
		self._runs.import_workflow(self._plan.definition(nobody), True)
		self._site.database.commit()

	def _until_due(self, began: float) -> float:
		"""Seconds until the next run is due."""
		return max(0.0, began + self._due[self._started] - self._site.now())

	def _start_due(self, began: float) -> None:
		"""Start what is due, for as long as nobody has to be looked at."""
		until = time.monotonic() + LOOK_INTERVAL / 2
		while self._started < len(self._due) and time.monotonic() < until and not self.was_stopped:
			now = self._site.now() - began
			batch = [at for at in self._due[self._started : self._started + TO_A_COMMIT] if at <= now]
			if not batch:
				return
			self.lag = max(self.lag, now - batch[0]) if self._plan.rate else 0.0
			for _ in batch:
				self._runs.start_run(WORKFLOW)
			self._site.database.commit()
			self._started += len(batch)

	def _look(self, began: float) -> None:
		now, db = self._site.now(), self._site.database
		if self._looks and now - self._looks[-1][0] < LOOK_INTERVAL:
			return
		db.rollback()  # what was read before is what was true then
		found = samples.levels(db, now)
		db.rollback()
		self._looks.append((now, found))
		levels = {name: each.mean for name, each in found[SITE, ""].levels.items()}
		if levels["alive"]:
			self._seen_at = time.monotonic()
		elif time.monotonic() - self._seen_at > NOBODY_AFTER:
			raise NobodyWorks(
				f"No worker has taken a step for {NOBODY_AFTER:.0f} seconds. Start workers of the queue"
				" `dogansystem` (in the sandbox: `dogansystem serve`), then try again."
			)
		if time.monotonic() - self._said_at >= SAY_INTERVAL:
			self._said_at = time.monotonic()
			waiting = levels["ready"] + levels["in_hand"] - levels["busy"]
			self._say(
				f"{now - began:5.0f} s  {self._started} of {len(self._due)} runs started, {waiting:.0f} steps waiting,"
				f" {levels['busy']:.0f} of {levels['alive']:.0f} workers busy"
			)


def check_may_load(site: Site, yes: bool) -> None:
	"""Raise NotAllowed on a site that looks as if people relied on it, unless somebody said yes."""
	signs = list(site.signs_of_production())
	under_way = reads.count_unfinished_runs(site.database)
	if number := sum(under_way.values()) - len(unfinished_runs(site, ALL)):
		signs.append(f"{number} runs of its own workflows are under way")
	if signs and not yes:
		raise NotAllowed(
			f"{site.name} looks like a site that people use: {'; '.join(signs)}."
			" A load makes their work wait. Use a staging site, or say --yes if you mean it."
		)


def clean_up(site: Site, runs: Runs, say: Callable[[str], None], *, keep: bool = False) -> int:
	"""End all runs of a load and delete them and their workflow; gives how many. May be called when there is none.

	`keep`: leave them, the workflow disabled. Raises WrongState where steps in hand do not end.
	"""
	db = site.database
	db.rollback()
	found = reads.enabled_workflow(db, WORKFLOW)
	if found is None:
		return 0
	if found[1]:
		runs.set_workflow_enabled(WORKFLOW, False)
		db.commit()
	_cancel_all(site, runs, say)
	if keep:
		say(f"Kept: the workflow {WORKFLOW}, disabled, and its runs. `load --clean` removes them.")
		return 0
	deleted = 0
	while names := history.purge_workflow(db, WORKFLOW, TO_A_COMMIT * 10):
		db.commit()
		site.runs_deleted(names)
		deleted += len(names)
	site.catalog.delete_workflow(WORKFLOW)
	db.commit()
	say(f"Removed the workflow {WORKFLOW} and its {deleted} runs.")
	return deleted


def _cancel_all(site: Site, runs: Runs, say: Callable[[str], None]) -> None:
	"""Cancel until none is left: what has a step in hand ends after that."""
	said_at, until = float("-inf"), None
	while names := unfinished_runs(site, ALL):
		for number, name in enumerate(names):
			if time.monotonic() - said_at > SAY_INTERVAL:
				said_at = time.monotonic()
				say(f"Ending {len(names) - number} runs …")
			_cancel(site, runs, name)
		until = until or time.monotonic() + STEPS_END
		if time.monotonic() > until:
			raise WrongState(
				f"{len(names)} runs have steps in hand that do not end. Try `load --clean` when they have."
			)
		time.sleep(PAUSE)


def _cancel(site: Site, runs: Runs, name: str) -> None:
	try:
		runs.cancel_run(name)
		site.database.commit()
	except WrongState:
		site.database.rollback()  # it has just ended
	except Exception as error:
		site.database.rollback()
		if not site.database.is_conflict(error):
			raise


def unfinished_runs(site: Site, limit: int) -> list[str]:
	"""The runs of a load that have not ended."""
	site.database.rollback()  # a new snapshot
	rows = site.database.sql(
		"SELECT name FROM `tabDogan Workflow Run` WHERE workflow = %s AND status NOT IN"
		f" ({dialect.marks(_ENDED)}) LIMIT %s",
		(WORKFLOW, *_ENDED, limit),
	)
	return [name for (name,) in rows]

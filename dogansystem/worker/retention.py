"""What the tick does for the history: it counts the runs that have ended, and deletes those past their time."""

import time

from dogansystem.engine.states import CANCELLED, FAILED, SUCCEEDED
from dogansystem.protocol import Settings, Site
from dogansystem.store import history, purge
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control

DAY = 86_400.0  # seconds
SECONDS = 5.0  # that one tick spends on each of the two; the next one goes on
BATCH = 100  # runs deleted in one transaction


def look_after(site: Site, control: Control) -> int:
	"""Count and delete for some seconds; gives how many runs were deleted."""
	until = time.monotonic() + SECONDS
	while time.monotonic() < until:
		if control.run_or_leave(history.count, 0) < history.BATCH:
			break
	return sum(
		_purge(site, control, state, days) for state, days in kept_days(site.settings()).items() if days
	)


def kept_days(settings: Settings) -> dict[str, int]:
	"""For how many days runs are kept after they ended, by the state they ended in; 0: for ever."""
	unsuccessful = settings.keep_failed_days or settings.keep_finished_days
	return {SUCCEEDED: settings.keep_finished_days, FAILED: unsuccessful, CANCELLED: unsuccessful}


def _purge(site: Site, control: Control, state: str, days: int) -> int:
	before = moment(site, site.now() - days * DAY).text
	until = time.monotonic() + SECONDS
	deleted = 0
	while time.monotonic() < until:
		runs: list[str] = control.run_or_leave(lambda db: purge.purge(db, state, before, BATCH), [])
		if runs:
			site.runs_deleted(runs)
		deleted += len(runs)
		if len(runs) < BATCH:
			break
	return deleted

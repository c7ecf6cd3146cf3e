"""A `for_each` step whose items have ended, and whom a change of a run concerns: done behind the commit that led to it."""

from functools import partial

from dogansystem.engine.definition import Definition
from dogansystem.protocol import Database, Site
from dogansystem.store import runs
from dogansystem.store.moment import moment
from dogansystem.worker.control import Control
from dogansystem.worker.failing import alone, definition_of, without_unreadable


def close_items(
	site: Site,
	control: Control,
	run: str,
	step: str,
	definition: Definition | None = None,
	*,
	broken: bool = True,
) -> bool:
	"""Complete a `for_each` step if its last item is finished; True when its run went on or ended by it.

	If it cannot be done now, the tick does it. `definition` is the run's, where the caller has it.
	"""
	this = partial(close, site, control, run, step, definition, broken)
	return alone(site, "items", this, False, run=run)


def close(
	site: Site,
	control: Control,
	run: str,
	step: str,
	definition: Definition | None = None,
	broken: bool = True,
) -> bool:
	"""`close_items` on the control connection alone; raises what keeps it from being done."""

	def close_locked(db: Database) -> bool:
		of_run = definition or definition_of(site, db)(run)
		return runs.close_items(db, run, of_run, step, moment(site), is_broken=broken)

	return without_unreadable(site, control, lambda: control.run_or_leave(close_locked, False))


def tell_changed(site: Site, run: str) -> None:
	"""Tell people that a run has changed, after a commit on the other connection."""
	site.runs_changed([run])
	site.database.commit()

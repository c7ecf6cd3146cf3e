"""Sampling: once a minute one process adds up what all of them measured, and looks how full everything is.

The tick does it, and so does a drainer while it lives; a row decides whose turn it is.
"""

from dogansystem.protocol import Database, Site
from dogansystem.store import samples, state
from dogansystem.worker.control import Control

INTERVAL = 50.0  # seconds: a little less than between two ticks, of which one may be late


def sample(site: Site, control: Control) -> bool:
	"""Take a sample in one short transaction. False: another process has just done it."""
	return control.run_or_leave(lambda db: _sample(db, site.now()), False)


def _sample(db: Database, now: float) -> bool:
	if not state.take_turn(db, "sample", now, INTERVAL):
		return False
	samples.fold(db, now)
	samples.observe(db, now)
	samples.forget(db, now)
	return True

"""What got done lately, and how long it waited and took: of the last minute, the last hour, or as a history."""

from collections.abc import Sequence
from typing import Any

from dogansystem.engine.errors import InputError
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database, Site
from dogansystem.store import figures, samples
from dogansystem.store.figures import LOST, RETRIED, SITE, Figures, Histogram, Table
from dogansystem.store.moment import as_text

MINUTE, HOUR = 60.0, 3600.0  # seconds
MAX_MINUTES_SHOWN = 24  # hours of history that are given by minute; what is longer is given by hour
MAX_HOURS = 90 * 24


def window(db: Database, now: float, seconds: float, kinds: Sequence[str] = (SITE,)) -> Table:
	"""What was measured in the last seconds; of more than a minute, from the beginning of the minute it starts in."""
	since = now - seconds
	found = {key: each for key, each in samples.fresh(db, since).items() if key[0] in kinds}
	if seconds > samples.FRESH:
		first = samples.start_of(since, samples.MINUTE)
		for _, key, measured in samples.read(db, samples.MINUTE, first, kinds):
			figures.add(found, {key: measured})
	return found


def summary(measured: Figures, seconds: float) -> dict[str, Any]:
	"""Attempts that ended within a span of time: how many, how, and their median and 95th percentile times."""
	return {
		"steps": measured.executed,
		"per_second": round(measured.executed / seconds, 3),
		"failed": measured.outcomes.get(FAILED, 0),
		"retried": measured.outcomes.get(RETRIED, 0),
		"lost": measured.outcomes.get(LOST, 0),
		"wait_seconds": quantiles(measured.wait, "p50", "p95"),
		"run_seconds": quantiles(measured.run, "p50", "p95"),
	}


def history(site: Site, kind: str = SITE, name: str = "", hours: int = 24) -> list[dict[str, Any]]:
	"""What was measured of the site, or of a node, priority, workflow or agent: by minute up to a day, else by hour.

	Each entry begins at `time` (the site's timezone) and `at` (epoch seconds). Levels, such as steps ready, have a mean
	and a highest value. Times without anything are left out, and the last minute is not yet in it. Raises InputError.
	"""
	if kind not in figures.KINDS:
		raise InputError(f"There are no samples of {kind!r}; there are of {', '.join(figures.KINDS)}.")
	if not 1 <= hours <= MAX_HOURS:
		raise InputError(f"hours is {hours}; samples are kept for {MAX_HOURS}, so ask for 1 to {MAX_HOURS}.")
	span = samples.MINUTE if hours <= MAX_MINUTES_SHOWN else samples.HOUR
	found = samples.read(site.database, span, site.now() - hours * HOUR, (kind,), name)
	return [
		{
			"at": at,
			"time": as_text(site.local_time(at)),
			"seconds": span,
			**summary(measured, span),
			"levels": {
				level: {"mean": round(each.mean, 3), "highest": each.highest}
				for level, each in measured.levels.items()
			},
		}
		for at, _, measured in found
	]


def quantiles(times: Histogram, *names: str) -> dict[str, float | None]:
	"""Quantiles such as `p50`, the median, in seconds; None of nothing."""
	found = {name: times.quantile(int(name[1:]) / 100) for name in names}
	return {name: None if value is None else round(value, 4) for name, value in found.items()}

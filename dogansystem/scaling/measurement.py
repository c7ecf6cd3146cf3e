"""What the system did within a span of time: taken from the samples, kept with a baseline, and compared with another.

A measurement is cut into slices, so that one can tell the time in which work always waited from the time in which
workers did: throughput is capacity only in the former.
"""

import math
import platform
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from dogansystem import __version__
from dogansystem.engine.errors import InputError
from dogansystem.engine.states import FAILED
from dogansystem.protocol import Database, Site
from dogansystem.store import figures, samples
from dogansystem.store.figures import LOST, NODE, SITE, Figures, Table

DEFAULT_MINUTES = 10
MAX_MINUTES = samples.KEPT[samples.MINUTE] // 60  # how long samples are kept by minute
SAMPLES, LOAD = "Samples", "Load"  # where a measurement comes from

# From when on workers are called busy all the time. They also claim, begin and commit, which counts as nobody's time.
BUSY = 0.85
COMPLETE = 0.9  # of the usual number of workers, from which on they are called complete
MIN_STEPS = 100  # fewer say nothing: by chance alone they could be a fifth more or less
ENOUGH_SLICES = 5  # from so many on, how much they differ says more than how many steps there were

# Student's t for 95 %, two-sided, by degrees of freedom (any statistics textbook's table); beyond: the normal law's.
_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13)
_NORMAL = 1.96


@dataclass(frozen=True, slots=True)
class Slice:
	"""A piece of the span.

	Attributes:
		at: when it begins, seconds since 1970 (UTC).
		steps: attempts that workers brought to an end.
		failed: those after which the step has failed, or whose worker died.
		worked: seconds that workers spent in attempts, all together.
		alive: workers, on average; None: nobody has looked.
		waiting: steps that no worker had begun with though they could, on average; None: nobody has looked.
	"""

	at: float
	seconds: float
	steps: int
	failed: int
	worked: float
	alive: float | None = None
	waiting: float | None = None

	@property
	def is_busy(self) -> bool:
		"""Whether all workers had a step in hand nearly all the time."""
		return bool(self.alive) and self.worked >= BUSY * (self.alive or 0) * self.seconds

	@property
	def has_backlog(self) -> bool:
		"""Whether there was another step waiting for each worker."""
		return bool(self.alive) and (self.waiting or 0) >= (self.alive or 0)


@dataclass(slots=True)
class Measurement:
	"""What was measured between two moments (seconds since 1970, UTC).

	Attributes:
		source: `Samples` of whatever went on, or a `Load` that was put on for it.
		slices: the span in pieces, in the order of time, without gaps.
		table: figures of the whole span by site, node, priority, workflow and agent.
		settings: Dogan Settings at the end of the span.
		versions: of what the site runs on.
		load: the shape of the load, if one was put on.
	"""

	begins: float
	ends: float
	source: str
	slices: list[Slice]
	table: Table
	settings: dict[str, Any] = field(default_factory=dict)
	versions: dict[str, str] = field(default_factory=dict)
	load: dict[str, Any] | None = None

	@property
	def seconds(self) -> float:
		"""How long the span is."""
		return self.ends - self.begins

	@property
	def site(self) -> Figures:
		"""The figures of everything together."""
		return self.table.get((SITE, ""), Figures())

	def named(self, kind: str) -> dict[str, Figures]:
		"""The figures of each node, priority, workflow or agent by its name."""
		return {name: each for (of, name), each in sorted(self.table.items()) if of == kind}

	def mean_workers(self, node: str | None = None) -> float | None:
		"""Workers that were alive, on average, of all nodes or of one; None if nobody has looked."""
		looks = self.site.levels.get("alive")
		if looks is None or not looks.count:
			return None
		of = looks if node is None else self.table.get((NODE, node), Figures()).levels.get("alive")
		return of.sum / looks.count if of else 0.0  # a look that found none of a node left no trace of it

	@property
	def usual_workers(self) -> float:
		"""How many workers there were most of the time: the median of the slices, where somebody looked.

		Not the most: while a worker hands over to a fresh process, a look sees both.
		"""
		return statistics.median([each.alive for each in self.slices if each.alive] or [0.0])

	@property
	def utilisation(self) -> float | None:
		"""The share of their time that workers spent in steps, 0 to 1; None if nobody knows how many there were."""
		workers = self.mean_workers()
		if not workers or not self.seconds:
			return None
		return round(min(1.0, self.site.run.sum / (workers * self.seconds)), 3)

	@property
	def capacity(self) -> dict[str, Any] | None:
		"""What the system can do while there is always work: steps `per_second`, done by so many `workers` on average, who
		spend `busy` of their time in steps. None if work never waited, so that nobody knows.

		It rests on so many `steps` in so many `seconds`, in `slices` pieces of the span; it may be off by `error`, a share of
		itself, with 95 % confidence. Below `ENOUGH_SLICES` that is a guess.
		"""
		slices = self._saturated()
		steps, seconds = sum(each.steps for each in slices), sum(each.seconds for each in slices)
		if not steps or not seconds:
			return None
		there = sum((each.alive or 0.0) * each.seconds for each in slices)
		return {
			"per_second": round(steps / seconds, 6),
			"steps": steps,
			"seconds": round(seconds, 1),
			"error": round(_error(slices, steps), 4),
			"workers": round(there / seconds, 2),
			"slices": len(slices),
			"busy": round(sum(each.worked for each in slices) / there, 3),
		}

	def _saturated(self) -> list[Slice]:
		"""The slices in which work always waited, or all workers were busy: what got done then is what can be done.

		One look in a minute says little about its ends, so a backlog counts only if there was one before and after it.
		Nor does the time count in which workers were still coming, or had left already.
		"""
		enough = COMPLETE * self.usual_workers
		backlog = [each.has_backlog for each in self.slices]
		around = [False, *backlog, *backlog[-1:]]
		return [
			each
			for number, each in enumerate(self.slices)
			if (each.alive or 0.0) >= enough and (each.is_busy or all(around[number : number + 3]))
		]


def _error(slices: Sequence[Slice], steps: int) -> float:
	"""Half the width of the 95 % interval, as a share of the mean, from how much the slices differ.

	A few slices say little about that: then it is half of what lies between the lowest and the highest, and at least
	what counting alone leaves open (Poisson).
	"""
	longest = max(each.seconds for each in slices)
	rates = [each.steps / each.seconds for each in slices if each.seconds >= longest / 2]
	mean = statistics.mean(rates)
	if len(rates) < ENOUGH_SLICES:
		return max(_NORMAL / math.sqrt(steps), (max(rates) - min(rates)) / 2 / mean)
	student = (*_STUDENT, _NORMAL)[min(len(rates) - 2, len(_STUDENT))]
	return student * statistics.stdev(rates) / math.sqrt(len(rates)) / mean


def from_samples(site: Site, minutes: int = DEFAULT_MINUTES, not_before: float = 0.0) -> Measurement:
	"""The last minutes of a site, from the beginning of the minute they start in, but of nothing before that moment.

	Raises InputError if the minutes are out of bounds, or nothing lies between `not_before` and now.
	"""
	if not 1 <= minutes <= MAX_MINUTES:
		raise InputError(
			f"minutes is {minutes}; samples are kept by minute for {MAX_MINUTES}: ask for 1 to {MAX_MINUTES}."
		)
	now = site.now()
	first = samples.start_of(max(now - minutes * 60, not_before + 59.999), samples.MINUTE)
	if now - first < 1:
		raise InputError(
			"The other measurement ended less than a minute ago. Wait until there is something to compare it with."
		)
	by_minute = sorted(_by_minute(site.database, first, now).items())
	pieces = [(at, min(samples.MINUTE, now - at), measured) for at, measured in by_minute if at < now]
	return of_pieces(site, SAMPLES, pieces)


def _by_minute(db: Database, first: int, now: float) -> dict[int, Table]:
	"""Every minute from the first on, those without anything too, and how full everything is at this moment."""
	found: dict[int, Table] = {at: {} for at in range(first, int(now) + 1, samples.MINUTE)}
	for at, key, measured in samples.read(db, samples.MINUTE, first):
		figures.add(found.setdefault(at, {}), {key: measured})
	for noted_at, measured_then in samples.fresh_rows(db, first):
		figures.add(found.setdefault(samples.start_of(noted_at, samples.MINUTE), {}), measured_then)
	figures.add(found[max(found)], samples.levels(db, now))
	return found


def of_pieces(
	site: Site, source: str, pieces: Sequence[tuple[float, float, Table]], load: dict[str, Any] | None = None
) -> Measurement:
	"""The measurement of a span whose pieces are known: when each begins, its seconds, and its figures."""
	table: Table = {}
	for _, _, measured in pieces:
		figures.add(table, measured)
	slices = [_slice(at, seconds, measured.get((SITE, ""), Figures())) for at, seconds, measured in pieces]
	begins, ends = pieces[0][0], pieces[-1][0] + pieces[-1][1]
	return Measurement(begins, ends, source, slices, table, asdict(site.settings()), _versions(site), load)


def _versions(site: Site) -> dict[str, str]:
	"""What the site runs on."""
	dialect = site.database.dialect
	function = "VERSION()" if dialect == "mariadb" else "sqlite_version()"
	found = {"dogansystem": __version__, "python": platform.python_version()}
	return {**found, dialect: str(site.database.sql(f"SELECT {function}")[0][0]), **site.versions()}


def _slice(at: float, seconds: float, measured: Figures) -> Slice:
	found = {name: level.mean for name, level in measured.levels.items()}
	waiting = found.get("ready", 0) + found.get("in_hand", 0) - found.get("busy", 0) if found else None
	failed = measured.outcomes.get(FAILED, 0) + measured.outcomes.get(LOST, 0)
	worked = round(measured.run.sum, 3)
	return Slice(at, seconds, measured.executed, failed, worked, found.get("alive"), waiting)


def as_json(measured: Measurement) -> dict[str, Any]:
	"""A measurement as plain data."""
	data = {name: getattr(measured, name) for name in Measurement.__slots__ if name != "table"}
	rows = [[*key, figures.as_json(each)] for key, each in measured.table.items()]
	return {**data, "slices": [asdict(each) for each in measured.slices], "figures": rows}


def from_json(data: Mapping[str, Any]) -> Measurement:
	"""The measurement that `as_json` has made plain."""
	table = {(kind, name): figures.from_json(each) for kind, name, each in data["figures"]}
	rest = {name: value for name, value in data.items() if name not in ("figures", "slices")}
	return Measurement(**rest, slices=[Slice(**each) for each in data["slices"]], table=table)

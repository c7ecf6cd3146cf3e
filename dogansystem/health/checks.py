"""What is wrong with the machinery of a site, each with what to do about it. Cheap: asked with every status and scrape."""

from dataclasses import dataclass

from dogansystem.engine.sentence import Sentence, _
from dogansystem.health import database
from dogansystem.health.problem import Problem
from dogansystem.protocol import Database, Scheduler, Site
from dogansystem.store import nodes, processes, queue, schema, state
from dogansystem.worker import fitness, identity

TICK_LATE = 300.0  # seconds since the last tick; it comes every 60
OVERDUE = 120.0  # seconds that a timer may be overdue: two ticks
UNCLAIMED = 60.0  # seconds that a step may stand ready while no worker is there

TOO_OLD_NOTED = (
	900.0  # seconds for which a node counts as too old since it said so; while it is, it says so every 300
)

SCHEDULER, TICK, TIMERS, WORKERS = "scheduler", "tick_late", "timers_overdue", "no_worker"
TOO_OLD = "node_too_old"
TOO_OLD_REMEDY = _(
	"It takes no steps until then: update the app on {0}; if that is done, restart its workers."
)
CODES = (TOO_OLD, SCHEDULER, TICK, TIMERS, WORKERS, *database.CODES)


@dataclass(frozen=True, slots=True)
class Pulse:
	"""When the tick last acted (seconds since 1970, 0: never), and how many timers are overdue, the oldest since when."""

	now: float
	tick_at: float
	overdue: int
	oldest_due_at: float | None

	@property
	def tick_age(self) -> float | None:
		"""Seconds since the tick last acted; None: never."""
		return max(0.0, self.now - self.tick_at) if self.tick_at else None

	@property
	def oldest_overdue(self) -> float:
		"""Seconds that the oldest timer is overdue; 0 if none is."""
		return max(0.0, self.now - self.oldest_due_at) if self.oldest_due_at is not None else 0.0


def pulse(site: Site) -> Pulse:
	"""How the tick and the timers are."""
	db, now = site.database, site.now()
	count, oldest = db.sql("SELECT COUNT(*), MIN(due_at) FROM dogan_timer WHERE due_at <= %s", (now,))[0]
	return Pulse(now, state.value(db, "tick"), int(count), None if oldest is None else float(oldest))


def problems(site: Site) -> list[Problem]:
	"""Everything that is wrong, the cause before what follows from it; empty: all is well."""
	beat, scheduler = pulse(site), site.scheduler()
	found = [_scheduler(beat, scheduler), _timers(beat, scheduler), _workers(site, site.database, beat.now)]
	return [*_too_old(site.database, beat.now), *(each for each in found if each), *database.problems(site)]


def obstacles(site: Site) -> list[Problem]:
	"""Those of the problems that may keep runs from going on: whoever waits for one need not know what a crash would lose."""
	return [each for each in problems(site) if each.code not in database.AT_A_CRASH]


def _too_old(db: Database, now: float) -> list[Problem]:
	"""The nodes whose code is too old for the tables: this one, and those that said so lately."""
	needed = schema.oldest(db)
	known = {each.name: each.machine["code"] for each in nodes.every(db) if _has_said(each, now)}
	known |= {identity.node(): schema.known()}
	return [
		Problem(TOO_OLD, fitness.too_old(name, int(version), needed), Sentence(TOO_OLD_REMEDY, name))
		for name, version in sorted(known.items())
		if version < needed
	]


def _has_said(node: nodes.Node, now: float) -> bool:
	return "code" in node.machine and now - node.machine_at < TOO_OLD_NOTED


def _scheduler(beat: Pulse, scheduler: Scheduler) -> Problem | None:
	if scheduler.problem:
		return Problem(SCHEDULER, scheduler.problem, scheduler.remedy)
	age = beat.tick_age
	if not scheduler.expected or (age is not None and age <= TICK_LATE):
		return None
	if age is None:
		sentence = Sentence(_("The tick has to come every minute, and it has never acted."))
	else:
		sentence = Sentence(_("The tick has to come every minute, and it last acted {0} ago."), minutes(age))
	return Problem(TICK, sentence, scheduler.remedy)


def _timers(beat: Pulse, scheduler: Scheduler) -> Problem | None:
	if beat.oldest_overdue <= OVERDUE:
		return None
	since = minutes(beat.oldest_overdue)
	if beat.overdue == 1:
		one = _("1 wait, retry or schedule is overdue, for {0}: what waits for it stands still.")
		return Problem(TIMERS, Sentence(one, since), scheduler.remedy)
	many = _(
		"{0} waits, retries or schedules are overdue, the oldest for {1}: what waits for them stands still."
	)
	return Problem(TIMERS, Sentence(many, beat.overdue, since), scheduler.remedy)


def _workers(site: Site, db: Database, now: float) -> Problem | None:
	ready, _waiting, oldest = queue.depth(db)
	if oldest is None or now - oldest <= UNCLAIMED:
		return None
	if any(site.listening().values()) or any(each.id > 0 for each in processes.every(db)):
		return None
	since = minutes(now - oldest)
	sentence = (
		Sentence(_("1 step is ready, for {0}, and no worker is there."), since)
		if ready == 1
		else Sentence(_("{0} steps are ready, the oldest for {1}, and no worker is there."), ready, since)
	)
	remedy = _("Start workers: `bench worker --queue dogansystem`; in the sandbox `dogansystem serve`.")
	return Problem(WORKERS, sentence, Sentence(remedy))


def minutes(seconds: float) -> Sentence:
	"""90 → 90 seconds, 400 → 7 minutes, 9000 → 2.5 hours."""
	if seconds < 120:
		return Sentence(_("{0} seconds"), f"{seconds:.0f}")
	if seconds < 7200:
		return Sentence(_("{0} minutes"), f"{seconds / 60:.0f}")
	return Sentence(_("{0} hours"), f"{seconds / 3600:.1f}")

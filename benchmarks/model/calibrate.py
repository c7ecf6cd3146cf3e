"""What this machine needs for a step, a claim and a commit, from three loads that no case has."""

import time
from dataclasses import dataclass, replace

from benchmarks.model.cases import Case, step
from benchmarks.model.inputs import inputs
from benchmarks.model.measure import database, prepared
from dogansystem.protocol import Site
from dogansystem.scaling.simulation.system import Machine
from tests.bench.server import Server
from tests.faults.workers import Way, working

NOTHING_TO_DO = Case("nothing", "three steps that take no time", 1, 0.0, tuple(map(step, "abc")), "wait 0ms")
SHORT = Case("short", "steps of 60 ms: each is a claim of its own", 1, 0.0, (step("a"),), "wait 60ms")
LINE = Case(
	"line",
	"an agent that does one at a time",
	1,
	0.0,
	(step("a", agent="Desk"),),
	"wait 60ms",
	agents={"Desk": 1},
)
MANY = 8  # workers, more than a small database can keep up with
SECONDS = 6.0


@dataclass(frozen=True, slots=True)
class Rates:
	"""Steps per second of workers that never wait for work."""

	one: float
	many: float
	short: float
	alone: float
	line: float

	@property
	def machine(self) -> Machine:
		"""What follows: the database's part is what many workers cannot share, a claim is what short steps have beside."""
		commit = 1 / self.many
		own = max(0.0, 1 / self.one - commit)
		claim = MANY / self.short - 0.060 - own - commit * (1 + Machine().claim_commits)
		# The head of the line comes in, the one behind it does not.
		admit = (1 / self.line - 1 / self.alone) / 2
		return replace(Machine(), step=own, commit=commit, claim=max(0.0, claim), admit=max(0.0, admit))


def calibrate(server: Server) -> Rates:
	"""Measure on databases of their own."""
	return Rates(
		one=_rate(server, NOTHING_TO_DO, workers=1, runs=1_500),
		many=_rate(server, NOTHING_TO_DO, workers=MANY, runs=3_000),
		short=_rate(server, SHORT, workers=MANY, runs=1_500),
		alone=_rate(server, SHORT, workers=1, runs=300),
		line=_rate(server, LINE, workers=1, runs=300),
	)


def _rate(server: Server, case: Case, workers: int, runs: int) -> float:
	"""Steps per second while at least a tenth of the runs is left, without the first second."""
	with database(server) as url, prepared(url, case) as orchestrator:
		site, given = orchestrator.site, inputs(case)
		for number in range(runs):
			orchestrator.start_run(case.name, next(given))
			if number % 100 == 99:
				site.database.commit()
		site.database.commit()
		with working(url, workers, lambda position: Way(beat=2.0)):
			_let_work(site, runs)
		return _seen(site)


def _let_work(site: Site, runs: int) -> None:
	until = time.monotonic() + SECONDS + 2.0
	while time.monotonic() < until:
		time.sleep(0.25)
		left = site.database.sql(
			"SELECT (SELECT COUNT(*) FROM dogan_ready) + (SELECT COUNT(*) FROM dogan_line)"
		)[0][0]
		site.database.rollback()
		if left < runs / 10:
			return


def _seen(site: Site) -> float:
	rows = site.database.sql(
		"SELECT finished_at FROM `tabDogan Step Run` WHERE status = 'Succeeded' ORDER BY finished_at"
	)
	times = [(row[0] - rows[0][0]).total_seconds() for row in rows]
	counted = [each for each in times if 1.0 <= each <= times[-1] * 0.9]
	return (len(counted) - 1) / (counted[-1] - counted[0])

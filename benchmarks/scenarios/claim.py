"""What a claim costs with 1,000 and with 1,000,000 steps ready: two databases on one server, asked in turns."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from benchmarks.report import Figure, Promise, say, shown
from benchmarks.windows import Size, duration, in_turns
from dogansystem.protocol import Database, Site
from dogansystem.store import processes
from dogansystem.store.changes import claims
from dogansystem.store.moment import Moment, moment
from dogansystem.worker.drainer import MAX_BATCH

PROMISE = Promise("at most", 2.0, aim=1.2)
SHALLOW = 1_000

# Over all lanes, so that the claim has each priority to look at. The step runs are there as well: a claim writes them.
_READY = (
	"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at) {numbers}"
	" SELECT {lane}, {name}, {run}, 1, NULL, {now} FROM numbers"
)
_STEP_RUNS = (
	"INSERT INTO `tabDogan Step Run` (name, run, workflow, step, position, item, action, status) {numbers}"
	" SELECT {name}, {run}, 'benchmark', 'only', 0, 0, 'data.set', 'Ready' FROM numbers"
)
_CHUNK = 50_000  # rows to a statement and a commit


@dataclass
class Queue:
	"""One site's ready queue, at a constant depth."""

	site: Site
	depth: int
	floor: claims.Floor = field(default_factory=claims.Floor)
	seq: int = 0

	def open(self) -> None:
		self.db = self.site.open_control()
		_fill(self.db, self.depth, self.now())
		self.process = processes.register(self.db, "benchmark", "", 0, "benchmark", self.now())
		self.db.commit()

	def now(self) -> Moment:
		return moment(self.site)

	def claim(self) -> float:
		"""Seconds that a claim takes. What it has claimed is put back afterwards, behind the others."""
		seconds = duration(self._claim)
		self._put_back()
		return seconds

	def _put_back(self) -> None:
		rows = self.db.sql(
			"SELECT lane, step_run, run, attempt, agent, ready_at FROM dogan_lease WHERE process = %s",
			(self.process,),
		)
		self.db.execute("DELETE FROM dogan_lease WHERE process = %s", (self.process,))
		self.db.execute_many(
			"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at)"
			" VALUES (%s, %s, %s, %s, %s, %s)",
			rows,
		)
		self.db.commit()

	def _claim(self) -> None:
		found = claims.claim(self.db, self.process, "benchmark", self.seq, MAX_BATCH, self.floor, self.now())
		self.db.commit()
		self.seq += len(found)
		if len(found) != MAX_BATCH:
			raise RuntimeError(f"{len(found)} steps were claimed, not {MAX_BATCH}")

	def close(self) -> None:
		self.db.close()


def measure(where: str, deep: Site, shallow: Site, size: Size) -> Iterator[Figure]:
	"""Fills both sites, which must be empty."""
	say(f"  filling a queue with {size.deep:,} steps")
	full, few = Queue(deep, size.deep), Queue(shallow, SHALLOW)
	full.open()
	few.open()
	try:
		pairs = in_turns(full.claim, few.claim, size.rounds * size.claims)
	finally:
		full.close()
		few.close()
	yield Figure.of(
		where,
		f"claim of {MAX_BATCH} with {size.deep:,} ready / with {SHALLOW:,}",
		pairs.ratios,
		"x",
		PROMISE,
		deep=shown(pairs.first.median * 1000, "ms"),
		shallow=shown(pairs.second.median * 1000, "ms"),
	)


def _fill(db: Database, depth: int, at: Moment) -> None:
	for first in range(1, depth + 1, _CHUNK):
		last = min(first + _CHUNK - 1, depth)
		_fill_some(db, first, last, at)
		db.commit()
	if db.dialect == "mariadb":
		db.sql("ANALYZE TABLE dogan_ready, `tabDogan Step Run`")
	else:
		db.execute("ANALYZE")
	db.commit()


def _fill_some(db: Database, first: int, last: int, at: Moment) -> None:
	for statement in (_STEP_RUNS, _READY):
		db.execute(statement.format(now=repr(at.seconds), **_words(db.dialect, first, last)))


def _words(dialect: str, first: int, last: int) -> dict[str, str]:
	"""What differs between the dialects: `WITH numbers`, and how a lane and the names follow from n."""
	if dialect == "mariadb":
		run = "CONCAT('benchmark', LPAD(n, 9, '0'))"
		return {
			"numbers": f"WITH numbers AS (SELECT seq AS n FROM seq_{first}_to_{last})",
			"lane": "MOD(n, 10)",
			"run": run,
			"name": f"CONCAT({run}, '.only')",
		}
	run = "'benchmark' || substr('000000000' || n, -9)"
	return {
		"numbers": f"WITH RECURSIVE numbers AS (SELECT {first} AS n UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})",
		"lane": "n %% 10",
		"run": run,
		"name": f"{run} || '.only'",
	}

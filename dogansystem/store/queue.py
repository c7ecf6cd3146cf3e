"""The ready queue: what may be claimed now, who has claimed it, and who waits in line for a slot first.

A step that can run is in exactly one of three places: `dogan_line` (it waits for an agent), `dogan_ready` (anybody may
claim it) or `dogan_lease` (a process has it in hand). Rows move between them; none of these tables keeps history.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dogansystem.engine.definition import Step
from dogansystem.engine.states import READY, RUNNING, WAITING
from dogansystem.protocol import Database
from dogansystem.store import dialect, leasing, names
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment

LANES = 10  # one for each priority; lane 0 is priority 9
SWEEP_INTERVAL = 1.0  # seconds between two claims that look below the floor


@dataclass(slots=True)
class Floor:
	"""The highest id claimed so far in each lane, so that a claim does not walk over rows deleted long ago.

	An old snapshot (a backup, a long report) keeps deleted rows in the index. Starting above them, a claim costs the
	same as without. A row that was committed late may lie below the floor: a sweep from 0 finds it.
	"""

	ids: list[int] = field(default_factory=lambda: [0] * LANES)
	swept_at: float = float("-inf")


def lane(priority: int) -> int:
	"""The lane of a priority: 9 is lane 0."""
	return LANES - 1 - priority


def priority(in_lane: int) -> int:
	"""The priority that a lane is for."""
	return LANES - 1 - in_lane


def make_ready(db: Database, run: str, steps: Sequence[tuple[Step, int, int]], at: Moment) -> None:
	"""Let `(step, item, attempt)`s start: into the queue, or in line where an agent's slot is needed first."""
	if not steps:
		return
	free = [each for each in steps if not each[0].is_limited]
	if free:
		keys = [names.step_run(run, step.id, item) for step, item, _ in free]
		_set_step_state(db, keys, READY, at)
		db.execute_many(
			"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at)"
			" VALUES (%s, %s, %s, %s, %s, %s)",
			[
				(lane(step.priority), key, run, attempt, None, at.seconds)
				for key, (step, _, attempt) in zip(keys, free, strict=True)
			],
		)
	for step, item, attempt in steps:
		if step.is_limited:
			key = names.step_run(run, step.id, item)
			stand_in_line(db, resource_of_step(step), lane(step.priority), run, key, attempt, at)
			_set_step_state(db, [key], WAITING, at)


def resource_of_step(step: Step) -> str:
	"""The name of what a limited step waits for."""
	if step.agent:
		return f"agent:{step.agent}"
	# Who may go to few agents only must not stand in front of those who may go to all.
	return f"capability:{step.capability}" + (f":{step.only_as}" if step.only_as else "")


def stand_in_line(
	db: Database, resource: str, in_lane: int, run: str, step_run: str | None, attempt: int, at: Moment
) -> None:
	"""Wait for a slot of `resource`. A plain insert: whether there is room is decided by `store.admission`."""
	db.execute(
		"INSERT INTO dogan_line (resource, lane, run, step_run, attempt, since) VALUES (%s, %s, %s, %s, %s, %s)",
		(resource, in_lane, run, step_run, attempt, at.seconds),
	)


def claim(
	db: Database,
	process: int,
	worker: str,
	seq: int,
	limit: int,
	floor: Floor,
	at: Moment,
	*,
	begins: bool = False,
) -> list[Lease]:
	"""Take up to `limit` ready steps for a process, the most urgent first; `seq` numbers the first of them.

	With `begins` that first one counts as begun: its process executes it at once.

	Runs in a transaction of its own, READ COMMITTED: an empty claim under REPEATABLE READ would hold a gap lock that
	blocks every insert into the queue. Gives [] as well when the process is no longer registered.
	"""
	if not db.execute(
		"UPDATE dogan_process SET beat_at = %s, beats = beats + 1 WHERE id = %s", (at.seconds, process)
	):
		return []
	sweep = at.seconds - floor.swept_at >= SWEEP_INTERVAL
	if sweep:
		floor.swept_at = at.seconds
	rows = db.sql(*claim_query(db, limit, [0] * LANES if sweep else floor.ids))
	if not rows:
		return []
	_delete_ready(db, [(row[0], row[1]) for row in rows])
	for row in rows:
		floor.ids[row[0]] = max(floor.ids[row[0]], row[1])
	leases = [
		Lease(process, seq + number, row[0], row[2], row[3], row[4], row[5], row[6])
		for number, row in enumerate(rows)
	]
	leasing.insert(db, leases, at.seconds if begins else None)
	# The exact times are written when a step is finished. A batch is some hundredths of a second of work.
	dialect.write_by_keys(
		db,
		"tabDogan Step Run",
		"status = %s, started_at = %s, worker = %s, modified = %s",
		(RUNNING, at.text, worker, at.text),
		[each.step_run for each in leases],
	)
	return leases


def claim_query(db: Database, limit: int, floors: Sequence[int]) -> tuple[str, list[int]]:
	"""The statement that finds what to claim, and its values. A test keeps its EXPLAIN free of sorting."""
	columns = "lane, id, step_run, run, attempt, agent, ready_at"
	if db.dialect != "mariadb":
		return f"SELECT {columns} FROM dogan_ready ORDER BY lane, id LIMIT %s", [limit]
	above = " OR ".join(["(lane = %s AND id > %s)"] * LANES)
	values = [number for pair in enumerate(floors) for number in pair]
	return (
		f"SELECT {columns} FROM dogan_ready FORCE INDEX (PRIMARY) WHERE {above}"
		" ORDER BY lane, id LIMIT %s FOR UPDATE SKIP LOCKED",
		[*values, limit],
	)


def give_back(db: Database, process: int, at: Moment, run: str | None = None) -> int:
	"""Return what a process has claimed and not begun to the queue, of all runs or of one; gives how many steps.

	Whether a run still wants that is not asked here: `store.returns` does.
	"""
	values: list[object] = [process]
	where = "process = %s AND begun_at IS NULL"
	if run:
		where += " AND run = %s"
		values.append(run)
	rows = db.sql(
		f"SELECT seq, lane, step_run, run, attempt, agent, ready_at FROM dogan_lease WHERE {where}"
		+ dialect.for_update(db),
		values,
	)
	for row in rows:
		db.execute("DELETE FROM dogan_lease WHERE process = %s AND seq = %s", (process, row[0]))
	db.execute_many(
		"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at) VALUES (%s, %s, %s, %s, %s, %s)",
		[row[1:] for row in rows],
	)
	_set_step_state(db, [row[2] for row in rows], READY, at)
	return len(rows)


def show_runs_running(db: Database, runs: Iterable[str], at: Moment) -> None:
	"""Note that runs are under way, after their steps were claimed.

	Not in the claim's own transaction: whoever pauses or cancels locks the run first and its queue rows afterwards.
	"""
	dialect.write_by_keys(
		db,
		"tabDogan Workflow Run",
		"status = %s, started_at = COALESCE(started_at, %s), modified = %s",
		(RUNNING, at.text, at.text),
		list(runs),
		"status IN ('Queued', 'Waiting')",
	)


def remove_waiting(db: Database, run: str, prefix: str = "") -> list[str]:
	"""Take what has not begun of a run out of the queue, the line and the hands of processes.

	With `prefix` only step runs whose names begin so. Gives the names of the step runs that lost their place, so that
	slots they held can be freed.
	"""
	taken: list[str] = []
	for table, key, extra in (
		("dogan_ready", "lane, id", ""),
		("dogan_line", "id", ""),
		("dogan_lease", "process, seq", " AND begun_at IS NULL"),
	):
		rows = db.sql(
			f"SELECT step_run, {key} FROM {table} WHERE run = %s{extra}" + dialect.for_update(db), (run,)
		)
		where = " AND ".join(f"{column} = %s" for column in key.split(", "))
		for step_run, *values in rows:
			if (step_run or "").startswith(prefix):
				db.execute(f"DELETE FROM {table} WHERE {where}", values)
				if step_run:
					taken.append(step_run)
	return taken


def depth(db: Database) -> tuple[int, int, float | None]:
	"""Steps ready, steps in hand, and since when (epoch seconds) the oldest ready one waits."""
	ready, oldest = db.sql("SELECT COUNT(*), MIN(ready_at) FROM dogan_ready")[0]
	in_hand = db.sql("SELECT COUNT(*) FROM dogan_lease")[0][0]
	return int(ready), int(in_hand), oldest


def processes_at_work(db: Database) -> set[int]:
	"""The numbers of the processes that are executing a step now."""
	rows = db.sql("SELECT DISTINCT process FROM dogan_lease WHERE begun_at IS NOT NULL")
	return {int(row[0]) for row in rows}


def is_empty(db: Database) -> bool:
	"""Whether nothing is ready, without counting."""
	return not db.sql("SELECT 1 FROM dogan_ready LIMIT 1")


def _delete_ready(db: Database, keys: Sequence[tuple[int, int]]) -> None:
	if db.dialect == "mariadb":
		# Joined from the list of keys: two deletes with IN lists of disjoint rows would block each other.
		picked = " UNION ALL ".join(["SELECT %s AS lane, %s AS id"] + ["SELECT %s, %s"] * (len(keys) - 1))
		db.execute(
			f"DELETE r FROM ({picked}) AS picked STRAIGHT_JOIN dogan_ready AS r"
			" ON r.lane = picked.lane AND r.id = picked.id",
			[number for key in keys for number in key],
		)
	else:
		db.execute(
			f"DELETE FROM dogan_ready WHERE id IN ({dialect.marks(keys)})", [number for _, number in keys]
		)


def _set_step_state(db: Database, keys: Sequence[str], state: str, at: Moment) -> None:
	dialect.write_by_keys(
		db, "tabDogan Step Run", "status = %s, ready_at = %s, modified = %s", (state, at.text, at.text), keys
	)

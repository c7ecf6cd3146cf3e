"""Claiming: steps go from the ready queue into the hands of a process, begin there, or turn out not to have begun."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from dogansystem.engine.states import QUEUED, READY, RUNNING, WAITING, check_run_change, check_step_change
from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.changes.statements import RUN, STEP_RUN, beginning
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment
from dogansystem.store.queue import LANES

# Of so many claims of a process one takes what has waited longest, whatever its priority, so that urgent steps starve nobody:
# a step with n older ones before it is taken with the (n / steps of a claim + 1)th of these at the latest.
FIRST_COME = 10
SWEEP_INTERVAL = 1.0  # seconds between two claims that look below the floor


@dataclass(slots=True)
class Floor:
	"""The highest id claimed so far of each priority, so that a claim does not walk over rows deleted long ago.

	An old snapshot (a backup, a long report) keeps deleted rows in the index. Starting above them, a claim costs the
	same as without. A row that was committed late may lie below the floor: a sweep from 0 finds it.
	"""

	ids: list[int] = field(default_factory=lambda: [0] * LANES)
	swept_at: float = float("-inf")
	oldest: int = 0  # the same, of claims of what waits longest
	number: int = field(
		default_factory=lambda: random.randrange(FIRST_COME)
	)  # of claims; processes may be short-lived

	def takes_oldest(self) -> bool:
		"""Whether the next claim is one of what waits longest; counts it."""
		self.number = (self.number + 1) % FIRST_COME
		return self.number == 0


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
	sweep = not 0 <= at.seconds - floor.swept_at < SWEEP_INTERVAL  # the clock may have been put back
	if sweep:
		floor.swept_at = at.seconds
	by_age = floor.takes_oldest()
	if by_age:
		rows = db.sql(*oldest_query(db, limit, 0 if sweep else floor.oldest))
	else:
		rows = db.sql(*claim_query(db, limit, [0] * LANES if sweep else floor.ids))
	if not rows:
		return []
	_delete_ready(db, [(row[0], row[1]) for row in rows])
	for row in rows:
		if by_age:
			floor.oldest = max(floor.oldest, row[1])
		else:
			floor.ids[row[0]] = max(floor.ids[row[0]], row[1])
	leases = [Lease(process, seq + number, row[0], *row[2:7]) for number, row in enumerate(rows)]
	_insert(db, leases, at.seconds if begins else None)
	check_step_change(READY, RUNNING)
	# The exact times are written when a step is finished. A batch is some hundredths of a second of work.
	dialect.write_by_keys(
		db,
		STEP_RUN,
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


def oldest_query(db: Database, limit: int, floor: int) -> tuple[str, list[int]]:
	"""The same for what has waited longest: along the index of the ids."""
	query = "SELECT lane, id, step_run, run, attempt, agent, ready_at FROM dogan_ready"
	if db.dialect != "mariadb":
		return f"{query} ORDER BY id LIMIT %s", [limit]
	query += " FORCE INDEX (dogan_ready_id) WHERE id > %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED"
	return query, [floor, limit]


def show_runs_running(db: Database, runs: Iterable[str], at: Moment) -> None:
	"""Note that runs are under way, after their steps were claimed.

	Not in the claim's own transaction: whoever pauses or cancels locks the run first and its queue rows afterwards.
	"""
	check_run_change(QUEUED, RUNNING)
	check_run_change(WAITING, RUNNING)
	dialect.write_by_keys(
		db,
		RUN,
		"status = %s, started_at = COALESCE(started_at, %s), modified = %s",
		(RUNNING, at.text, at.text),
		list(runs),
		"status IN ('Queued', 'Waiting')",
	)


def begin(db: Database, lease: Lease, at: Moment) -> bool:
	"""Note that the attempt starts now, so that it counts if the process dies. False: the lease was taken back."""
	statement = beginning(lease, at)
	return bool(db.execute(statement.query, statement.values))


def unbegin(db: Database, lease: Lease) -> bool:
	"""Note that a step that was handed over has not been started after all, so that it can be given back."""
	return bool(
		db.execute(
			"UPDATE dogan_lease SET begun_at = NULL WHERE process = %s AND seq = %s AND step_run = %s",
			(lease.process, lease.seq, lease.step_run),
		)
	)


def unbegin_all(db: Database, process: int) -> int:
	"""Note that nothing a process has in hand is being executed any more; gives how many steps."""
	return db.execute("UPDATE dogan_lease SET begun_at = NULL WHERE process = %s", (process,))


def unbegin_run(db: Database, run: str) -> int:
	"""Note that nothing of a run counts as being executed, whoever has it in hand; gives how many steps."""
	return db.execute("UPDATE dogan_lease SET begun_at = NULL WHERE run = %s", (run,))


def drop_orphans(db: Database, process: int) -> None:
	"""Drop what a process has in hand of runs that are not there any more: somebody has deleted their rows by hand."""
	rows = db.sql(
		"SELECT DISTINCT l.run FROM dogan_lease l LEFT JOIN `tabDogan Workflow Run` r ON r.name = l.run"
		" WHERE l.process = %s AND r.name IS NULL",
		(process,),
	)
	for (run,) in rows:
		db.execute("DELETE FROM dogan_lease WHERE process = %s AND run = %s", (process, run))


def _insert(db: Database, leases: Sequence[Lease], first_begun_at: float | None) -> None:
	db.execute_many(
		"INSERT INTO dogan_lease (process, seq, lane, step_run, run, attempt, agent, ready_at, begun_at)"
		" VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
		[
			(
				each.process,
				each.seq,
				each.lane,
				each.step_run,
				each.run,
				each.attempt,
				each.agent,
				each.ready_at,
				None if number else first_begun_at,
			)
			for number, each in enumerate(leases)
		],
	)


def _delete_ready(db: Database, keys: Sequence[tuple[int, int]]) -> None:
	if db.dialect == "mariadb":
		# Joined from the list of keys: two deletes with IN lists of disjoint rows would block each other.
		picked = " UNION ALL ".join(["SELECT %s AS lane, %s AS id"] + ["SELECT %s, %s"] * (len(keys) - 1))
		db.execute(
			f"DELETE r FROM ({picked}) AS picked STRAIGHT_JOIN dogan_ready AS r FORCE INDEX (PRIMARY)"
			" ON r.lane = picked.lane AND r.id = picked.id",
			[number for key in keys for number in key],
		)
	else:
		db.execute(
			f"DELETE FROM dogan_ready WHERE id IN ({dialect.marks(keys)})", [number for _, number in keys]
		)

"""The processes that work: each has a row and a heartbeat; one without a heartbeat for a lease has lost its steps."""

from dataclasses import dataclass

from dogansystem.protocol import Database
from dogansystem.store import dialect
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import Moment


@dataclass(frozen=True, slots=True)
class Process:
	"""A registered drainer. Times are seconds since 1970 (UTC). A negative id: declared dead, not yet taken over."""

	id: int
	node: str
	pid_space: str
	pid: int
	worker: str
	started_at: float
	beat_at: float
	steps: int
	failures: int


def register(db: Database, node: str, pid_space: str, pid: int, worker: str, at: Moment) -> int:
	"""Note a process that begins to work; gives its number. `pid` means something within `pid_space` only."""
	db.begin()
	rows = db.sql(
		"INSERT INTO dogan_process (node, pid_space, pid, worker, started_at, beat_at)"
		" VALUES (%s, %s, %s, %s, %s, %s) RETURNING id",
		(node, pid_space, pid, worker, at.seconds, at.seconds),
	)
	return int(rows[0][0])


def beat(db: Database, process: int, at: Moment, steps: int, failures: int) -> bool:
	"""Say that a process lives, with how much it has done. False: it was declared dead and must do nothing more."""
	query = (
		"UPDATE dogan_process SET beat_at = %s, beats = beats + 1, steps = %s, failures = %s WHERE id = %s"
	)
	return bool(db.execute(query, (at.seconds, steps, failures, process)))


def leave(db: Database, process: int) -> None:
	"""Forget a process that has nothing in hand any more."""
	db.execute(
		"DELETE FROM dogan_process WHERE id = %s AND NOT EXISTS"
		" (SELECT 1 FROM dogan_lease WHERE dogan_lease.process = %s)",
		(process, abs(process)),
	)


def every(db: Database) -> list[Process]:
	"""All registered processes, by node."""
	rows = db.sql(
		"SELECT id, node, pid_space, pid, worker, started_at, beat_at, steps, failures FROM dogan_process"
		" ORDER BY node, id"
	)
	return [Process(*row) for row in rows]


def declare_dead(db: Database, process: Process) -> bool:
	"""Keep a process from claiming or beating ever again. False: it has beaten since it was looked at.

	Its row stays, under the negative number, until all it had begun is taken over, so that a taker who dies in between
	leaves nothing behind.
	"""
	if process.id < 0:
		return True
	query = "UPDATE dogan_process SET beat_at = 0, id = -id WHERE id = %s AND beat_at = %s"
	return bool(db.execute(query, (process.id, process.beat_at)))


def begun_leases(db: Database, process: int) -> list[tuple[Lease, float]]:
	"""What a process had begun, each with the time it began."""
	rows = db.sql(
		"SELECT process, seq, lane, step_run, run, attempt, agent, ready_at, begun_at FROM dogan_lease"
		" WHERE process = %s AND begun_at IS NOT NULL" + dialect.for_share(db),
		(process,),
	)
	return [(Lease(*row[:8]), row[8]) for row in rows]


def count_on(db: Database, node: str) -> int:
	"""How many processes are registered on a node."""
	return int(db.sql("SELECT COUNT(*) FROM dogan_process WHERE node = %s AND id > 0", (node,))[0][0])


def last_beats(db: Database) -> dict[str, float]:
	"""When each node was last heard of (epoch seconds), of those that have processes."""
	rows = db.sql("SELECT node, MAX(beat_at) FROM dogan_process WHERE id > 0 GROUP BY node")
	return {node: float(at) for node, at in rows}

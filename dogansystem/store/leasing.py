"""Steps in hand: what a process holds until it has finished them, given them back, or lost them.

The row in `dogan_lease` is the fence: whoever writes a step's result removes it, or turns it into that of the step behind,
in the same transaction. Who finds it gone has lost the step and changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from dogansystem.protocol import Database, Statement
from dogansystem.store.moment import Moment


@dataclass(slots=True)
class Lease:
	"""One step in hand. `process` and `seq` together are the fencing token of every write of its result."""

	process: int
	seq: int
	lane: int
	step_run: str
	run: str
	attempt: int
	agent: str | None
	ready_at: float


def insert(db: Database, leases: Sequence[Lease], first_begun_at: float | None) -> None:
	"""Take these in hand; the first of them begins at that moment (epoch seconds), if one is given."""
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


def begin(db: Database, lease: Lease, at: Moment) -> bool:
	"""Note that the attempt starts now, so that it counts if the process dies. False: the lease was taken back."""
	statement = beginning(lease, at)
	return bool(db.execute(statement.query, statement.values))


def beginning(lease: Lease, at: Moment) -> Statement:
	"""What `begin` executes."""
	return Statement(
		"UPDATE dogan_lease SET begun_at = %s WHERE process = %s AND seq = %s AND step_run = %s AND begun_at IS NULL",
		(at.seconds, lease.process, lease.seq, lease.step_run),
		must=True,
	)


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


def drop(db: Database, lease: Lease) -> bool:
	"""Give up a lease because its step is finished or waits. False: somebody else owns the step by now."""
	statement = dropping(lease)
	return bool(db.execute(statement.query, statement.values))


def dropping(lease: Lease) -> Statement:
	"""What `drop` executes."""
	return Statement(
		"DELETE FROM dogan_lease WHERE process = %s AND seq = %s AND step_run = %s",
		(lease.process, lease.seq, lease.step_run),
		must=True,
	)


def hand_over(db: Database, lease: Lease, successor: Lease) -> bool:
	"""Turn the lease of a finished step into that of the step behind it: the fence and the claim in one statement."""
	statement = handing_over(lease, successor)
	return bool(db.execute(statement.query, statement.values))


def handing_over(lease: Lease, successor: Lease) -> Statement:
	"""What `hand_over` executes."""
	return Statement(
		"UPDATE dogan_lease SET step_run = %s, lane = %s, attempt = %s, agent = NULL, begun_at = %s, ready_at = %s"
		" WHERE process = %s AND seq = %s AND step_run = %s",
		(
			successor.step_run,
			successor.lane,
			successor.attempt,
			successor.ready_at,
			successor.ready_at,
			lease.process,
			lease.seq,
			lease.step_run,
		),
		must=True,
	)

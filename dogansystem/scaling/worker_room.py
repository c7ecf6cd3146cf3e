"""Whether so many workers have room: in a node's memory, and among the database's connections."""

from dataclasses import dataclass

MAX_WORKERS = 256  # on one node: more processes than any machine has use for
MEMORY = 100_000_000  # bytes that a worker with a job takes: 80 to 100 MB measured on a bench with ERPNext
CONNECTIONS = 2  # to the database, of a worker with a job: the site's own, and one for claims and beats
SPARE = 0.1  # of max_connections, for backups, people, and the reconnecting of all at once


@dataclass(frozen=True, slots=True)
class Room:
	"""What a node and the database have.

	Attributes:
		memory: bytes that are free for new processes on this node; None: not known.
		alive: workers of the queue that this node has already.
		max_connections: what the database allows.
		other_connections: those in use that are not of workers of ours.
		nodes: how many nodes have workers, this one among them.
	"""

	memory: int | None
	alive: int
	max_connections: int
	other_connections: int
	nodes: int = 1


def bounds(workers: int) -> str | None:
	"""What is wrong with a number of workers wherever they shall run, or None."""
	if 1 <= workers <= MAX_WORKERS:
		return None
	return f"{workers} workers: a node may have 1 to {MAX_WORKERS}."


def why_not(workers: int, room: Room) -> list[str]:
	"""Why `workers` on each node have no room: each reason with the figures and what to do. Empty: they have."""
	return [reason for reason in (_memory(workers, room), _connections(workers, room)) if reason]


def _memory(workers: int, room: Room) -> str | None:
	needed = (workers - room.alive) * MEMORY
	if room.memory is None or needed <= room.memory:
		return None
	fit = room.alive + room.memory // MEMORY
	return (
		f"{workers} workers have no room in memory: {workers - room.alive} more take up to {_mb(needed)},"
		f" and {_mb(room.memory)} are free. Take {fit} or fewer, or a machine with more memory, or another node."
	)


def _connections(workers: int, room: Room) -> str | None:
	needed = room.other_connections + workers * room.nodes * CONNECTIONS
	if needed <= room.max_connections * (1 - SPARE):
		return None
	to_set = -int(-needed / (1 - SPARE) // 10) * 10
	return (
		f"{workers} workers have no room among the database's connections: {room.nodes} node(s) x {workers} x"
		f" {CONNECTIONS}, and {room.other_connections} in use by others, are {needed}, and max_connections is"
		f" {room.max_connections}. Set `max_connections = {to_set}` under [mysqld] in MariaDB's configuration,"
		f" or take fewer."
	)


def _mb(size: int) -> str:
	return f"{size // 1_000_000} MB"

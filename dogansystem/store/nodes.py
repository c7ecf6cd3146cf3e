"""The nodes that were heard of: when last, and whether their workers left or were lost.

Processes come and go with the work. What is kept here is why a node has none: nothing to do, or it stopped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from dogansystem.protocol import Database
from dogansystem.store import dialect

KEPT = 86_400  # seconds after which a node that was not heard of is forgotten


@dataclass(frozen=True, slots=True)
class Node:
	"""`seen_at`: when it was last heard of, to within a minute; `lost_at`: when a process of it was last given up.

	`machine` is what a process of it said of the machine (`worker.machine.facts`) at `machine_at`. `draining_since`: when
	its workers were told to leave, and not to come back; 0: they were not.
	"""

	name: str
	seen_at: float
	lost_at: float
	machine: Mapping[str, float] = field(default_factory=dict)
	machine_at: float = 0.0
	draining_since: float = 0.0

	@property
	def is_lost(self) -> bool:
		"""Whether it has not been heard of since."""
		return self.lost_at > self.seen_at


def every(db: Database) -> list[Node]:
	"""The nodes heard of within a day, and those that are drained."""
	rows = db.sql(
		"SELECT name, seen_at, lost_at, machine, machine_at, draining_since FROM dogan_node ORDER BY name"
	)
	return [
		Node(name, seen_at, lost_at, json.loads(machine or "{}"), *since)
		for name, seen_at, lost_at, machine, *since in rows
	]


def seen(db: Database, when: Mapping[str, float]) -> None:
	"""Note when nodes were heard of."""
	for name, at in sorted(when.items()):
		_write(db, name, "seen_at", at)


def lost(db: Database, name: str, at: float) -> None:
	"""Note that a process of a node has stopped beating."""
	_write(db, name, "lost_at", at)


def note_machine(db: Database, name: str, at: float, machine: Mapping[str, float], interval: float) -> bool:
	"""Keep what a node says of its machine. False: it has done so less than `interval` seconds ago."""
	text = json.dumps(machine)
	due = "UPDATE dogan_node SET machine = %s, machine_at = %s WHERE name = %s AND machine_at <= %s"
	_write(db, name, "seen_at", at)
	return bool(db.execute(due, (text, at, name, at - interval)))


def note_code(db: Database, name: str, at: float, known: int) -> None:
	"""Note that a node's code knows the tables of that version only; what it says next of its machine takes it back."""
	_write(db, name, "seen_at", at)
	rows = db.sql("SELECT machine FROM dogan_node WHERE name = %s" + dialect.for_update(db), (name,))
	machine = json.loads(rows[0][0] or "{}") | {"code": known}
	values = (json.dumps(machine), at, name)
	db.execute("UPDATE dogan_node SET machine = %s, machine_at = %s WHERE name = %s", values)


def forget(db: Database, now: float) -> None:
	"""Forget the nodes that were not heard of for long. One that is drained is meant to be silent."""
	db.execute(
		"DELETE FROM dogan_node WHERE seen_at < %s AND lost_at < %s AND draining_since = 0",
		(now - KEPT, now - KEPT),
	)


def set_draining(db: Database, name: str, since: float) -> bool:
	"""Tell a node's workers to leave (`since` a moment) or to work again (0). False: nobody has heard of such a node."""
	db.begin()
	rows = db.sql("SELECT draining_since FROM dogan_node WHERE name = %s" + dialect.for_update(db), (name,))
	if rows and bool(rows[0][0]) != bool(since):
		db.execute("UPDATE dogan_node SET draining_since = %s WHERE name = %s", (since, name))
	return bool(rows)


def is_draining(db: Database, name: str, *, lock: bool = False) -> bool:
	"""Whether a node's workers shall not work. `lock`: it stays so until the transaction ends."""
	suffix = dialect.for_share(db) if lock else ""
	rows = db.sql("SELECT draining_since FROM dogan_node WHERE name = %s" + suffix, (name,))
	return bool(rows and rows[0][0])


def _write(db: Database, name: str, column: str, at: float) -> None:
	db.begin()
	if db.sql("SELECT 1 FROM dogan_node WHERE name = %s", (name,)):
		db.execute(f"UPDATE dogan_node SET {column} = %s WHERE name = %s AND {column} < %s", (at, name, at))
		return
	values = (name, *(at if each == column else 0.0 for each in ("seen_at", "lost_at")))
	try:
		db.execute("INSERT INTO dogan_node (name, seen_at, lost_at) VALUES (%s, %s, %s)", values)
	except Exception as error:
		if not db.is_duplicate(error):
			raise

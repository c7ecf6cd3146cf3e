"""The queues as they are now. A step that can run is in exactly one of three places: the wait queue (`dogan_line`: it waits
for a slot), the ready queue (`dogan_ready`: anybody may claim it) or a lease (`dogan_lease`: a process has it in hand). Rows
move between them; none of these tables keeps history. `store.changes` moves them.
"""

from dogansystem.protocol import Database


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

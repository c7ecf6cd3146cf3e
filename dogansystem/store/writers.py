"""Which node of a Galera cluster is written to: one, by everybody.

Galera lets clients write to all of its nodes, and while it is healthy loses commits and updates of those who do (Jepsen's
report on 12.1, March 2026). So a process that would claim asks first whether another node is written to already. The row of
the writer is taken by one transaction: of two nodes that take it at once, the cluster refuses one.

On any other server nobody asks: only one is there to be written to.
"""

from dogansystem.protocol import Database
from dogansystem.store import state

HELD = "writer"  # the row that says when whoever has the writer was last heard of
_IS = "writer is "  # and how the name of the row begins that says which node that is
_REFRESH = 1.0  # seconds between two signs of life


def node(db: Database) -> str | None:
	"""The node of a Galera cluster that a connection leads to; None: it leads to no such cluster."""
	if db.dialect != "mariadb":
		return None
	try:
		is_cluster, name = db.sql("SELECT @@wsrep_on, CONCAT(@@hostname, ':', @@port)")[0]
	except Exception as error:
		if db.is_lost(error) or db.is_conflict(error):
			raise
		return None  # a server that was built without Galera
	return str(name) if is_cluster else None


def hold(db: Database, mine: str, now: float, lease: float) -> str | None:
	"""Say that the node `mine` is written to. Gives the node that is: another one, if it was heard of within `lease`
	seconds; None: others are just taking it, ask again."""
	db.execute("INSERT IGNORE INTO dogan_state (name, value) VALUES (%s, 0)", (HELD,))
	heard_at, holder = _row(db)
	if holder and holder != mine and _is_alive(heard_at, now, lease):
		return holder
	if holder == mine and now - _REFRESH < heard_at <= now:
		return mine
	if not db.execute(
		"UPDATE dogan_state SET value = %s WHERE name = %s AND value <= %s", (now, HELD, heard_at)
	):
		return holder if holder == mine else None
	if holder != mine:
		db.execute("DELETE FROM dogan_state WHERE name LIKE %s", (f"{_IS}%",))
		db.execute("INSERT INTO dogan_state (name, value) VALUES (%s, 0)", (_IS + mine,))
	return mine


def holder(db: Database, now: float, lease: float) -> str | None:
	"""The node that is written to, if it was heard of within `lease` seconds."""
	heard_at, found = _row(db)
	return found if _is_alive(heard_at, now, lease) else None


def _is_alive(heard_at: float, now: float, lease: float) -> bool:
	"""Whether a sign of life counts. One from the future is of before the database's clock was put back."""
	return now - lease < heard_at <= now + state.AHEAD


def _row(db: Database) -> tuple[float, str | None]:
	rows: dict[str, float] = dict(
		db.sql("SELECT name, value FROM dogan_state WHERE name = %s OR name LIKE %s", (HELD, f"{_IS}%"))
	)
	heard_at = float(rows.pop(HELD, 0.0))
	return heard_at, next((name.removeprefix(_IS) for name in rows), None)

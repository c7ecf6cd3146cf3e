"""Small facts that the whole site shares: one number each, changed by whoever comes first."""

from dogansystem.protocol import Database

AHEAD = 60.0  # seconds that a turn may lie in the future; beyond, it is of before the database's clock was put back


def take_turn(db: Database, name: str, now: float, interval: float) -> bool:
	"""Whether it is the caller's turn to do what happens at most once in `interval` seconds.

	The row decides, not the caller: two schedulers at the same moment, on one node or two, get one turn. It is looked at
	first, because most who ask are too early, and nobody shall wait for them.
	"""
	db.begin()
	rows = db.sql("SELECT value FROM dogan_state WHERE name = %s", (name,))
	if rows:
		before = rows[0][0]
		is_due = before <= now - interval or before > now + AHEAD
		taken = "UPDATE dogan_state SET value = %s WHERE name = %s AND (value <= %s OR value > %s)"
		return is_due and bool(db.execute(taken, (now, name, now - interval, now + AHEAD)))
	try:
		db.execute("INSERT INTO dogan_state (name, value) VALUES (%s, %s)", (name, now))
	except Exception as error:
		if db.is_duplicate(error):
			return False
		raise
	return True


def value(db: Database, name: str) -> float:
	"""A number; 0 if nobody has written it."""
	rows = db.sql("SELECT value FROM dogan_state WHERE name = %s", (name,))
	return float(rows[0][0]) if rows else 0.0


def set_value(db: Database, name: str, number: float) -> None:
	"""Write a number, whatever it was."""
	db.begin()
	if not db.sql("SELECT 1 FROM dogan_state WHERE name = %s", (name,)):
		db.execute("INSERT INTO dogan_state (name, value) VALUES (%s, %s)", (name, number))
	else:
		db.execute("UPDATE dogan_state SET value = %s WHERE name = %s", (number, name))

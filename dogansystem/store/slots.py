"""Slots: capacity in use. A row exists while somebody holds it; its number is at most the capacity.

The primary key (resource, number) is the limit: two holders cannot have one number, so no counter can drift and no
hot row is shared by those who finish. `store.changes` writes the rows.
"""

from dogansystem.protocol import Database
from dogansystem.store import dialect


def free_number(db: Database, resource: str, capacity: int) -> int | None:
	"""A number that nobody holds, or None. Whoever loses a race for it gets a conflict when it is written."""
	rows = db.sql("SELECT number FROM dogan_slot WHERE resource = %s" + dialect.for_update(db), (resource,))
	held = {row[0] for row in rows}
	if len(held) >= capacity:
		return None
	return next(number for number in range(1, capacity + 1) if number not in held)


def is_holder(db: Database, holder: str) -> bool:
	"""Whether `holder` holds a slot of any resource."""
	return bool(db.sql("SELECT 1 FROM dogan_slot WHERE holder = %s" + dialect.for_share(db), (holder,)))


def in_use(db: Database, resource: str) -> int:
	"""How many slots of a resource are held."""
	return int(db.sql("SELECT COUNT(*) FROM dogan_slot WHERE resource = %s", (resource,))[0][0])

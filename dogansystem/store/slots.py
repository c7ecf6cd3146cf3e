"""Slots: capacity in use. A row exists while somebody holds it; its number is at most the capacity.

The primary key (resource, number) is the limit: two holders cannot have one number, so no counter can drift and no
hot row is shared by those who finish.
"""

from collections.abc import Sequence

from dogansystem.protocol import Database, Statement
from dogansystem.store import dialect

_RELEASE = "DELETE FROM dogan_slot WHERE holder = %s"


def take(db: Database, resource: str, capacity: int, holder: str) -> bool:
	"""Take a slot for `holder` if one of `capacity` is free. Whoever loses a race for a number gets a conflict."""
	rows = db.sql("SELECT number FROM dogan_slot WHERE resource = %s" + dialect.for_update(db), (resource,))
	held = {row[0] for row in rows}
	if len(held) >= capacity:
		return False
	number = next(number for number in range(1, capacity + 1) if number not in held)
	db.execute(
		"INSERT INTO dogan_slot (resource, number, holder) VALUES (%s, %s, %s)", (resource, number, holder)
	)
	return True


def release(db: Database, holders: Sequence[str]) -> int:
	"""Give back whatever these hold; gives how many slots became free."""
	return sum(db.execute(_RELEASE, (holder,)) for holder in holders)


def releasing(holder: str) -> Statement:
	"""What `release` executes for one holder."""
	return Statement(_RELEASE, (holder,))


def is_holder(db: Database, holder: str) -> bool:
	"""Whether `holder` holds a slot of any resource."""
	return bool(db.sql("SELECT 1 FROM dogan_slot WHERE holder = %s" + dialect.for_share(db), (holder,)))


def in_use(db: Database, resource: str) -> int:
	"""How many slots of a resource are held."""
	return int(db.sql("SELECT COUNT(*) FROM dogan_slot WHERE resource = %s", (resource,))[0][0])

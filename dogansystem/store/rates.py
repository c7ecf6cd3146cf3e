"""Rates: how often something may happen in any span of time, exact however many processes ask.

Each time is a row, numbered one after the other. One more may happen once the one that lies as many back as the rate allows
is older than its period. The row with the highest number is locked while that is decided; two who find none meet in the
primary key.
"""

from dogansystem.protocol import Database
from dogansystem.store import dialect


def take(db: Database, resource: str, most: int, period: float, now: float) -> bool:
	"""Note that it happens now, in the transaction in which it does. False: it may not yet. `period` and `now` in seconds."""
	newest = dialect.first(
		db.sql(
			"SELECT number, at FROM dogan_rate WHERE resource = %s ORDER BY number DESC LIMIT 1"
			+ dialect.for_update(db),
			(resource,),
		)
	)
	number = int(newest[0]) if newest else 0
	before = dialect.first(
		db.sql("SELECT at FROM dogan_rate WHERE resource = %s AND number = %s", (resource, number + 1 - most))
	)
	# A clock that was put back holds nobody up: what lies ahead does not count.
	if before and now - period < before[0] <= now:
		return False
	db.execute(
		"INSERT INTO dogan_rate (resource, number, at) VALUES (%s, %s, %s)", (resource, number + 1, now)
	)
	db.execute("DELETE FROM dogan_rate WHERE resource = %s AND number <= %s", (resource, number + 1 - most))
	return True

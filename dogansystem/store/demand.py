"""What there is to do at this moment, for whoever decides how many workers there shall be."""

from dogansystem.protocol import Database


def read(db: Database) -> tuple[int, int]:
	"""The steps that are being executed, and those that wait for a worker: ready, or claimed and not begun."""
	rows = db.sql(
		"SELECT (SELECT COUNT(*) FROM dogan_lease WHERE begun_at IS NOT NULL),"
		" (SELECT COUNT(*) FROM dogan_ready) + (SELECT COUNT(*) FROM dogan_lease WHERE begun_at IS NULL)"
	)
	return int(rows[0][0]), int(rows[0][1])

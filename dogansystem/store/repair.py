"""Finding what a crash left between two transactions. The tick asks; each finding is then handled under its lock."""

from dogansystem.sites.protocol import Database


def open_for_each_steps(db: Database) -> list[tuple[str, str]]:
	"""`(run, step)` of every `for_each` step that still runs although none of its items is in the queue or in hand."""
	rows = db.sql(
		"SELECT s.run, s.step FROM `tabDogan Workflow Run` r JOIN `tabDogan Step Run` s ON s.run = r.name AND s.item = 0"
		" WHERE r.status IN ('Running', 'Waiting', 'Paused') AND s.status = 'Running'"
		" AND NOT EXISTS (SELECT 1 FROM dogan_ready q WHERE q.run = r.name)"
		" AND NOT EXISTS (SELECT 1 FROM dogan_lease q WHERE q.run = r.name)"
		" LIMIT 1000"
	)
	return [(row[0], row[1]) for row in rows]

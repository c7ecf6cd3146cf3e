"""Finding what a crash left between two transactions. The tick asks; each finding is then handled under its lock."""

from dogansystem.protocol import Database

# Whether a row of the queue is the step's own or that of an item, whose name goes on with a dot.
_OF_STEP = "SUBSTR(q.step_run, 1, LENGTH(s.name)) = s.name AND SUBSTR(q.step_run, LENGTH(s.name) + 1, 1) IN ('', '.')"


def open_for_each_steps(db: Database) -> list[tuple[str, str]]:
	"""`(run, step)` of every `for_each` step that still runs although neither it nor an item of it is in the queue or in
	hand."""
	rows = db.sql(
		"SELECT s.run, s.step FROM `tabDogan Workflow Run` r JOIN `tabDogan Step Run` s ON s.run = r.name AND s.item = 0"
		" WHERE r.status IN ('Running', 'Waiting', 'Paused') AND s.status = 'Running'"
		f" AND NOT EXISTS (SELECT 1 FROM dogan_ready q WHERE q.run = r.name AND {_OF_STEP})"
		f" AND NOT EXISTS (SELECT 1 FROM dogan_lease q WHERE q.run = r.name AND {_OF_STEP})"
		" LIMIT 1000"
	)
	return [(row[0], row[1]) for row in rows]

"""Samples: what processes measured, added up by minute and by hour in bounded space, and since the beginning.

A process measures in memory and writes a row with its beat, so a step's own transaction pays nothing. Once a minute
somebody adds up what is older than a minute: the last minute is always there in full. History is never read for it.
"""

import json
from collections.abc import Sequence

from dogansystem.protocol import Database
from dogansystem.store import dialect, figures, nodes, processes, queue
from dogansystem.store.figures import AGENT, NODE, PRIORITY, SITE, Figures, Table

TOTAL, MINUTE, HOUR = 0, 60, 3600  # seconds a sample stands for; 0: everything since the beginning
FRESH = 60.0  # seconds for which what processes measured is kept as they wrote it

KEPT = {MINUTE: 86_400, HOUR: 90 * 86_400}  # seconds
TOTALS_KEPT = (
	90 * 86_400
)  # seconds since the last change; of a node `nodes.KEPT`: names of containers are many


def note(db: Database, at: float, measured: Table) -> None:
	"""Keep what was measured until it is added up."""
	if measured:
		db.execute("INSERT INTO dogan_tally (at, figures) VALUES (%s, %s)", (at, figures.encode(measured)))


def note_last(db: Database, at: float, node: str, measured: Table) -> None:
	"""Keep what a process of a node measured before it leaves, and that it was heard of until then."""
	note(db, at, measured)
	nodes.seen(db, {node: at})


def fold(db: Database, now: float) -> int:
	"""Add up what was noted more than a minute ago; gives how many rows that were.

	Taking a row away and adding it up is one transaction, so that nothing counts twice or not at all.
	"""
	db.begin()
	rows = db.sql("DELETE FROM dogan_tally WHERE at < %s RETURNING at, figures", (now - FRESH,))
	by_minute: dict[int, Table] = {}
	seen: dict[str, float] = {}
	for at, text in sorted(rows):
		measured = figures.decode(text)
		figures.add(by_minute.setdefault(start_of(at, MINUTE), {}), measured)
		seen |= {name: at for kind, name in measured if kind == NODE}
	for minute, measured in by_minute.items():
		for span in (MINUTE, HOUR, TOTAL):
			_add(db, span, start_of(minute, span), measured, now)
	nodes.seen(db, seen)
	return len(rows)


def observe(db: Database, now: float) -> None:
	"""Add how full everything is at this moment to the samples of this minute and this hour."""
	found = levels(db, now)
	for span in (MINUTE, HOUR):
		_add(db, span, start_of(now, span), found, now)
	nodes.seen(db, processes.last_beats(db))


def forget(db: Database, now: float) -> None:
	"""Delete what is older than it is kept."""
	for span, kept in KEPT.items():
		db.execute("DELETE FROM dogan_sample WHERE span = %s AND at < %s", (span, int(now - kept)))
	query = "DELETE FROM dogan_sample WHERE span = %s AND at = 0 AND kind {} %s AND changed_at < %s"
	db.execute(query.format("<>"), (TOTAL, NODE, now - TOTALS_KEPT))
	db.execute(query.format("="), (TOTAL, NODE, now - nodes.KEPT))
	nodes.forget(db, now)


def start_of(at: float, span: int) -> int:
	"""Where the minute or hour of a moment begins; 0 for all time."""
	return int(at) // span * span if span else 0


def fresh(db: Database, since: float) -> Table:
	"""What was noted from that moment on and is not added up yet."""
	found: Table = {}
	for _, measured in fresh_rows(db, since):
		figures.add(found, measured)
	return found


def fresh_rows(db: Database, since: float) -> list[tuple[float, Table]]:
	"""The same, each with when it was noted (epoch seconds)."""
	rows = db.sql("SELECT at, figures FROM dogan_tally WHERE at > %s", (since,))
	return [(at, figures.decode(text)) for at, text in rows]


def totals(db: Database) -> Table:
	"""Everything since the beginning, or since it was last heard of for long."""
	table = {key: measured for _, key, measured in read(db, TOTAL, 0)}
	figures.add(table, fresh(db, 0.0))
	return table


def read(
	db: Database, span: int, since: float, kinds: Sequence[str] = figures.KINDS, name: str | None = None
) -> list[tuple[int, tuple[str, str], Figures]]:
	"""Samples that begin at `since` or later: `(at, (kind, name), figures)`, in the order of time."""
	query = (
		"SELECT at, kind, name, figures FROM dogan_sample WHERE span = %s AND at >= %s"
		f" AND kind IN ({dialect.marks(kinds)})"
	)
	values: list[object] = [span, int(since), *kinds]
	if name is not None:
		query += " AND name = %s"
		values.append(name)
	rows = db.sql(f"{query} ORDER BY at", values)
	return [(int(at), (kind, about), figures.from_json(json.loads(text))) for at, kind, about, text in rows]


def _add(db: Database, span: int, at: int, more: Table, now: float) -> None:
	rows = db.sql(
		"SELECT kind, name, figures FROM dogan_sample WHERE span = %s AND at = %s" + dialect.for_update(db),
		(span, at),
	)
	known = {(kind, name): text for kind, name, text in rows}
	changed = figures.within_bounds(more, known)
	for key, measured in changed.items():
		if key in known:
			measured.add(figures.from_json(json.loads(known[key])))
	db.execute_many(
		"REPLACE INTO dogan_sample (span, at, kind, name, changed_at, figures) VALUES (%s, %s, %s, %s, %s, %s)",
		[(span, at, *key, now, json.dumps(figures.as_json(measured))) for key, measured in changed.items()],
	)


# Levels


def levels(db: Database, now: float) -> Table:
	"""How full everything is at this moment: nothing is said of a priority, a node or an agent that has nothing.

	These are questions to the small tables only, each read along an index or whole.
	"""
	found: Table = {}
	_queue_levels(db, found, now)
	_worker_levels(db, found)
	_agent_levels(db, found)
	return found


def _queue_levels(db: Database, found: Table, now: float) -> None:
	ready, oldest = 0, now
	for lane, count, since in db.sql("SELECT lane, COUNT(*), MIN(ready_at) FROM dogan_ready GROUP BY lane"):
		ready, oldest = ready + count, min(oldest, since)
		_of(found, PRIORITY, str(queue.priority(lane))).level("ready", count)
	site = _of(found, SITE)
	site.level("ready", ready)
	site.level("oldest_ready_seconds", now - oldest)
	site.level("waiting_for_a_slot", db.sql("SELECT COUNT(*) FROM dogan_line")[0][0])
	site.level("timers", db.sql("SELECT COUNT(*) FROM dogan_timer")[0][0])


def _worker_levels(db: Database, found: Table) -> None:
	rows = db.sql(
		"SELECT p.node, COUNT(*), COALESCE(SUM(l.begun > 0), 0), COALESCE(SUM(l.steps), 0) FROM dogan_process p"
		" LEFT JOIN (SELECT process, COUNT(*) AS steps, COUNT(begun_at) AS begun FROM dogan_lease GROUP BY process) l"
		" ON l.process = p.id WHERE p.id > 0 GROUP BY p.node"
	)
	names = ("alive", "busy", "in_hand")
	for node, *counts in rows:
		for name, count in zip(names, counts, strict=True):
			_of(found, NODE, node).level(name, int(count))
	for number, name in enumerate(names, 1):
		_of(found, SITE).level(name, sum(int(row[number]) for row in rows))


def _agent_levels(db: Database, found: Table) -> None:
	for table, name in (("dogan_slot", "busy"), ("dogan_line", "waiting")):
		rows = db.sql(
			f"SELECT resource, COUNT(*) FROM {table} WHERE resource LIKE %s GROUP BY resource", ("agent:%",)
		)
		for resource, count in rows:
			_of(found, AGENT, resource.removeprefix("agent:")).level(name, count)


def _of(table: Table, kind: str, name: str = "") -> Figures:
	return table.setdefault((kind, name), Figures())

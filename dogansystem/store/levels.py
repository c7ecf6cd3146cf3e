"""How full everything is at this moment: the queue, the workers of each node, the agents.

These are questions to the small tables only. None of them holds history, and each is read along an index or whole.
"""

from dogansystem.protocol import Database
from dogansystem.store.figures import AGENT, NODE, PRIORITY, SITE, Figures, Table
from dogansystem.store.priorities import priority


def read(db: Database, now: float) -> Table:
	"""Everything there is: nothing is said of a priority, a node or an agent that has nothing."""
	found: Table = {}
	_queue(db, found, now)
	_workers(db, found)
	_agents(db, found)
	return found


def _queue(db: Database, found: Table, now: float) -> None:
	ready, oldest = 0, now
	for lane, count, since in db.sql("SELECT lane, COUNT(*), MIN(ready_at) FROM dogan_ready GROUP BY lane"):
		ready, oldest = ready + count, min(oldest, since)
		_of(found, PRIORITY, str(priority(lane))).level("ready", count)
	site = _of(found, SITE)
	site.level("ready", ready)
	site.level("oldest_ready_seconds", now - oldest)
	site.level("waiting_for_a_slot", db.sql("SELECT COUNT(*) FROM dogan_line")[0][0])
	site.level("timers", db.sql("SELECT COUNT(*) FROM dogan_timer")[0][0])


def _workers(db: Database, found: Table) -> None:
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


def _agents(db: Database, found: Table) -> None:
	for table, name in (("dogan_slot", "busy"), ("dogan_line", "waiting")):
		rows = db.sql(
			f"SELECT resource, COUNT(*) FROM {table} WHERE resource LIKE %s GROUP BY resource", ("agent:%",)
		)
		for resource, count in rows:
			_of(found, AGENT, resource.removeprefix("agent:")).level(name, count)


def _of(table: Table, kind: str, name: str = "") -> Figures:
	return table.setdefault((kind, name), Figures())

"""Samples are added up once, kept in bounded space, and never read history."""

from collections.abc import Iterator

import pytest

from dogansystem import Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import nodes, samples
from dogansystem.store.figures import Figures, Table

DAY = 86_400


@pytest.fixture
def site(sandbox: Sandbox) -> Iterator[Sandbox]:
	yield sandbox
	sandbox.database.rollback()


def measured(count: int = 1, *, node: str = "n1", waited: float = 0.1, took: float = 0.01) -> Table:
	figures = Figures()
	for _ in range(count):
		figures.attempt("Succeeded", waited, took)
	return {("site", ""): figures, ("node", node): figures}


def executed(site: Sandbox, span: int, since: float = 0) -> dict[int, int]:
	return {
		at: each.executed for at, key, each in samples.read(site.database, span, since) if key == ("site", "")
	}


def test_what_was_noted_is_added_up_once_by_minute_hour_and_in_all(site: Sandbox, clock: TestClock):
	db, start = site.database, samples.start_of(site.now(), 3600) + 3600
	for second in (0, 59, 60, 3599, 3600):
		samples.note(db, start + second, measured(2))
	assert samples.fold(db, start + 3720) == 5
	assert samples.fold(db, start + 3720) == 0
	assert executed(site, samples.MINUTE) == {start: 4, start + 60: 2, start + 3540: 2, start + 3600: 2}
	assert executed(site, samples.HOUR) == {start: 8, start + 3600: 2}
	assert executed(site, samples.TOTAL) == {0: 10}


def test_the_last_minute_stays_as_it_was_written(site: Sandbox):
	db, now = site.database, site.now()
	samples.note(db, now - 61, measured())
	samples.note(db, now - 59, measured(3))
	assert samples.fold(db, now) == 1
	assert samples.fresh(db, now - 60)[("site", "")].executed == 3
	assert samples.totals(db)[("site", "")].executed == 4


def test_totals_never_go_down_while_figures_are_added_up(site: Sandbox):
	db, now = site.database, site.now()
	before = 0
	for second in range(0, 300, 20):
		samples.note(db, now + second, measured())
		samples.fold(db, now + second)
		samples.forget(db, now + second)
		count = samples.totals(db)[("site", "")].executed
		assert count == before + 1
		before = count


def test_minutes_are_kept_a_day_and_hours_ninety_days(site: Sandbox):
	db, start = site.database, samples.start_of(site.now(), DAY)
	for day in range(120):
		samples.note(db, start + day * DAY, measured())
		samples.fold(db, start + day * DAY + 120)
		samples.forget(db, start + day * DAY + 120)
	assert len(executed(site, samples.MINUTE)) == 1
	assert len(executed(site, samples.HOUR)) == 90
	assert executed(site, samples.TOTAL) == {0: 120}
	(rows,) = db.sql("SELECT COUNT(*) FROM dogan_tally")[0]
	assert rows == 0


def test_a_node_that_is_gone_for_a_day_is_forgotten_and_the_sites_totals_stay(site: Sandbox):
	db, now = site.database, site.now()
	samples.note(db, now, measured(node="old"))
	samples.fold(db, now + 120)
	assert [each.name for each in nodes.every(db)] == ["old"]
	samples.note(db, now + DAY + 200, measured(node="new"))
	samples.fold(db, now + DAY + 400)
	samples.forget(db, now + DAY + 400)
	assert [each.name for each in nodes.every(db)] == ["new"]
	totals = samples.totals(db)
	assert set(totals) == {("site", ""), ("node", "new")}
	assert totals[("site", "")].executed == 2


def test_a_node_is_lost_until_it_is_heard_of_again(site: Sandbox):
	db = site.database
	nodes.seen(db, {"n": 100.0})
	nodes.lost(db, "n", 130.0)
	assert nodes.every(db)[0].is_lost
	nodes.seen(db, {"n": 90.0})  # an older message changes nothing
	assert nodes.every(db)[0].is_lost
	nodes.seen(db, {"n": 140.0})
	assert not nodes.every(db)[0].is_lost


def test_levels_are_those_of_the_small_tables(site: Sandbox):
	db, now = site.database, site.now()
	row = "INSERT INTO dogan_ready (lane, step_run, run, attempt, ready_at) VALUES (%s, %s, 'r', 1, %s)"
	db.execute_many(row, [(4, "r.a", now - 5), (4, "r.b", now - 9), (0, "r.c", now)])
	db.execute(
		"INSERT INTO dogan_process (id, node, pid_space, pid, worker, started_at, beat_at)"
		" VALUES (7, 'n1', 's', 1, 'w', %s, %s)",
		(now, now),
	)
	lease = "INSERT INTO dogan_lease (process, seq, lane, step_run, run, attempt, ready_at, begun_at) VALUES (7, %s, 4, %s, 'r', 1, 0, %s)"
	db.execute(lease, (1, "r.d", now))
	db.execute(lease, (2, "r.e", None))
	db.execute("INSERT INTO dogan_slot (resource, number, holder) VALUES ('agent:Ada', 1, 'r.d')")
	db.execute(
		"INSERT INTO dogan_line (resource, lane, run, attempt, since) VALUES ('agent:Ada', 4, 'r', 1, 0)"
	)
	samples.observe(db, now)
	found = {
		key: {name: level.mean for name, level in each.levels.items()}
		for _, key, each in samples.read(db, samples.MINUTE, 0)
	}
	assert found == {
		("site", ""): {
			"ready": 3, "oldest_ready_seconds": 9, "waiting_for_a_slot": 1, "timers": 0,
			"alive": 1, "busy": 1, "in_hand": 2,
		},
		("priority", "5"): {"ready": 2},
		("priority", "9"): {"ready": 1},
		("node", "n1"): {"alive": 1, "busy": 1, "in_hand": 2},
		("agent", "Ada"): {"busy": 1, "waiting": 1},
	}  # fmt: skip
	assert [each.name for each in nodes.every(db)] == ["n1"]


def test_sampling_uses_indexes_and_reads_no_history(empty_mariadb_url: str):
	"""Every statement of a sample is watched and explained: an index, or one of the small tables."""
	with Sandbox(empty_mariadb_url) as site:
		watched = Watched(site.database)
		now = site.now()
		for number in range(300):
			samples.note(site.database, now - number * 60, measured(node=f"n{number % 3}"))
		samples.fold(site.database, now)
		samples.note(site.database, now - 100, measured())
		for _ in range(2000):
			samples.note(site.database, now, measured())
		site.database.execute("ANALYZE TABLE dogan_sample, dogan_tally")
		samples.fold(watched, now)
		samples.observe(watched, now)
		samples.forget(watched, now)
		samples.totals(watched)
		site.database.rollback()
		assert len(watched.plans) > 15
		for query, rows in watched.plans:
			for _, _, table, kind, _, key, *_ in rows:
				assert not (table or "").startswith("tab"), query
				if table == "dogan_sample":
					assert key == "PRIMARY", query
					assert kind in ("range", "ref", "const"), query
				if table == "dogan_tally" and query.startswith("DELETE"):
					assert key == "dogan_tally_at", query


class Watched:
	"""A connection that explains every statement before it runs it."""

	def __init__(self, db):
		self._db = db
		self.plans = []

	def sql(self, query, values=()):
		self._explain(query, values)
		return self._db.sql(query, values)

	def execute(self, query, values=()):
		self._explain(query, values)
		return self._db.execute(query, values)

	def _explain(self, query, values):
		if query.startswith(("SELECT", "DELETE", "UPDATE")):
			plain = query.split(" RETURNING ")[0]
			self.plans.append((query, self._db.sql(f"EXPLAIN {plain}", values)))

	def __getattr__(self, name):
		return getattr(self._db, name)

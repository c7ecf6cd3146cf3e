"""A rate is never exceeded, in any span of time, however many ask at once."""

import threading
from pathlib import Path

import pytest

from dogansystem import Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.store import rates


@pytest.fixture
def site(tmp_path: Path):
	with Sandbox(tmp_path / "rates.db", clock=TestClock()) as site:
		yield site


def taken(site: Sandbox, moments: list[float], most: int, period: float) -> list[float]:
	found = []
	for at in moments:
		site.database.begin()
		if rates.take(site.database, "agent:A", most, period, at):
			found.append(at)
		site.database.commit()
	return found


def test_in_no_span_of_the_period_it_happens_more_often(site: Sandbox):
	moments = [number * 0.7 for number in range(300)]
	found = taken(site, moments, 5, 10.0)
	assert all(later - earlier >= 10.0 for earlier, later in zip(found, found[5:], strict=False))
	assert len(found) >= 5 * (moments[-1] // 10.7)  # and no less often than it may
	assert site.database.sql("SELECT COUNT(*) FROM dogan_rate")[0][0] == 5


def test_each_resource_has_its_own_and_a_rate_that_changed_counts_at_once(site: Sandbox):
	assert taken(site, [1, 2, 3], 2, 60) == [1, 2]
	assert rates.take(site.database, "agent:B", 2, 60, 3)
	site.database.commit()
	assert taken(site, [4, 5], 1, 60) == []
	assert taken(site, [4, 5, 6], 4, 60) == [4, 5]


def test_a_clock_that_was_put_back_holds_nobody_up(site: Sandbox):
	assert taken(site, [1000.0, 1000.0], 1, 60) == [1000.0]
	assert taken(site, [10.0, 11.0], 1, 60) == [10.0]


def test_many_who_ask_at_the_same_moment_take_no_more_than_there_is(new_mariadb_url):
	from tests.integration.sandbox.conftest import SERVER, empty

	url = new_mariadb_url(SERVER)
	counted: list[bool] = []
	with Sandbox(url) as first:

		def ask() -> None:
			with Sandbox(url) as site:
				db, asked = site.open_control(), 0
				while asked < 10:
					try:
						counted.append(rates.take(db, "agent:A", 7, 3600, 1000.0))
						db.commit()
					except Exception as error:
						db.rollback()
						if not (db.is_conflict(error) or db.is_duplicate(error)):
							raise
						continue
					asked += 1
				db.close()

		threads = [threading.Thread(target=ask) for _ in range(4)]
		for thread in threads:
			thread.start()
		for thread in threads:
			thread.join()
		kept = first.database.sql("SELECT COUNT(*) FROM dogan_rate")[0][0]
		first.database.rollback()
	assert (sum(counted), kept) == (7, 7)
	empty(url)

"""Schedulers of several nodes on one database, and times that nobody was there for: each due time counts as it should."""

import threading
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dogansystem import Orchestrator, Sandbox
from dogansystem.homes.sandbox import TestClock
from dogansystem.worker import chores
from dogansystem.worker.control import Control
from dogansystem.worker.tick import tick
from tests import scale
from tests.conftest import Tell
from tests.faults.actions import FaultSandbox
from tests.faults.load import PERSON

SCHEDULERS = 4
ROUNDS = scale.of(5, 100)
WORKFLOWS = 10
HOUR = 3600.0


def scheduled(name: str, **trigger: str) -> dict[str, object]:
	return {
		"name": name,
		"run_as": PERSON,
		"triggers": [{"on": "schedule", **trigger}],
		"steps": [{"id": "a", "action": "data.set", "params": {}}],
	}


def together(work: Callable[[Sandbox], object], url: str) -> None:
	"""Do `work` in several threads at the same moment, each with a sandbox of its own, as nodes would."""
	start = threading.Barrier(SCHEDULERS)

	def act() -> None:
		with Sandbox(url) as site:
			start.wait()
			work(site)

	threads = [threading.Thread(target=act) for _ in range(SCHEDULERS)]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()


def test_ticks_at_the_same_moment_fire_each_due_time_once(url: str, site: FaultSandbox, tell: Tell):
	orchestrator = Orchestrator(site)
	for number in range(WORKFLOWS):
		orchestrator.import_workflow(scheduled(f"every-hour-{number}", every="1h"))
	site.database.commit()
	for number in range(ROUNDS):
		# Due since a moment ago, and in no two rounds since the same one.
		site.database.execute("UPDATE dogan_timer SET due_at = UNIX_TIMESTAMP() - 1 - %s", (number * 0.001,))
		site.database.execute("DELETE FROM dogan_state WHERE name = 'tick'")
		site.database.commit()
		if number % 2:
			together(tick, url)
		else:  # as if all of them had got their turn
			together(lambda each: chores.fire_timers(each, Control(each)), url)
	((runs, different),) = site.database.sql(
		"SELECT COUNT(*), COUNT(DISTINCT workflow, idempotency_key) FROM `tabDogan Workflow Run`"
	)
	site.database.rollback()
	assert (runs, different) == (ROUNDS * WORKFLOWS, ROUNDS * WORKFLOWS)
	tell(
		"ticks at the same moment",
		schedulers=SCHEDULERS, due_times=ROUNDS * WORKFLOWS, missed=0, fired_twice=0,
	)  # fmt: skip


def due_times(site: Sandbox) -> list[str]:
	"""The times for which a run was started, each run's."""
	rows = site.database.sql("SELECT trigger_data FROM `tabDogan Workflow Run` ORDER BY trigger_data")
	site.database.rollback()
	return [row[0] for row in rows]


def at(text: str) -> float:
	return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


@pytest.mark.parametrize(("missed", "expected"), [("skip", 0), ("once", 1), ("all", 12)])
def test_hours_of_downtime_are_made_up_for_as_missed_says(tmp_path: Path, missed: str, expected: int):
	clock = TestClock(at("2026-01-10 09:59:00"))
	with Sandbox(tmp_path / "downtime.db", clock=clock, timezone="UTC") as site:
		Orchestrator(site).import_workflow(scheduled("hourly", cron="0 * * * *", missed=missed))
		site.database.commit()
		clock.advance(11 * HOUR + 1800)  # 10:00 to 21:00 have passed
		tick(site)
		assert len(due_times(site)) == expected
		clock.advance(at("2026-01-10 22:01:00") - clock.now())
		tick(site)
		assert len(due_times(site)) == expected + 1  # 22:00, in time


@pytest.mark.parametrize(
	("cron", "day", "expected"),
	[
		("30 2 * * *", "2026-03-29", 1),  # 02:30 does not exist in Berlin that day
		("30 2 * * *", "2026-10-25", 1),  # it is there twice
		# Hourly, the hour that is missing is made up for at its end, and the one that is there twice counts once.
		("30 * * * *", "2026-03-29", 24),
		("30 * * * *", "2026-10-25", 24),
		("0 9 * * *", "2026-03-29", 1),
		("0 9 * * *", "2026-10-25", 1),
	],
)
def test_a_day_on_which_the_clock_changes_fires_each_time_once(
	tmp_path: Path, cron: str, day: str, expected: int
):
	"""In the workflow's own time zone, on a site in another one, with a tick every ten minutes of that day."""
	clock = TestClock(at(f"{day} 00:00:00") - 3 * HOUR)
	with Sandbox(tmp_path / "summer.db", clock=clock, timezone="Asia/Tokyo") as site:
		begin, end = _day_in_berlin(day)
		clock.advance(begin - 1 - clock.now())
		Orchestrator(site).import_workflow(scheduled("local", cron=cron, timezone="Europe/Berlin"))
		site.database.commit()
		while clock.now() < end:
			clock.advance(600)
			if clock.now() < end:
				tick(site)
		assert len(due_times(site)) == expected


def _day_in_berlin(day: str) -> tuple[float, float]:
	berlin = ZoneInfo("Europe/Berlin")
	begin = datetime.fromisoformat(day).replace(tzinfo=berlin)
	end = datetime.fromisoformat(f"{day} 23:59:59").replace(tzinfo=berlin)
	return begin.timestamp(), end.timestamp() + 1

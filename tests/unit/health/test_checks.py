"""A site whose tick does not come says so: what is overdue, since when, why, and what to do."""

from collections.abc import Iterator

import pytest
from click.testing import CliRunner

from dogansystem import Orchestrator, Sandbox
from dogansystem.cli import main
from dogansystem.health import checks
from dogansystem.homes.sandbox import TestClock
from dogansystem.protocol import Scheduler
from dogansystem.terminal import status
from dogansystem.worker.tick import tick
from tests.unit.scaling.conftest import START

OFF = Scheduler(True, "The scheduler of the site is off.", "`bench --site a enable-scheduler`.")


@pytest.fixture
def clock() -> TestClock:
	return TestClock(START)


@pytest.fixture
def site(clock: TestClock) -> Iterator[Sandbox]:
	with Sandbox(clock=clock, timezone="UTC") as opened:
		yield opened


def codes(site: Sandbox) -> list[str]:
	found = [each.code for each in checks.problems(site)]
	site.database.rollback()
	return found


def put(site: Sandbox, seconds: float) -> None:
	row = "INSERT INTO dogan_timer (due_at, kind, subject) VALUES (%s, %s, %s)"
	site.database.execute(row, (site.now() + seconds, "schedule", "nothing"))


def wait(site: Sandbox, seconds: float = 1.0) -> None:
	"""Have something that is due in some seconds."""
	site.database.begin()
	put(site, seconds)
	site.database.commit()


def lines(site: Sandbox) -> str:
	found = "\n".join(status.lines(Orchestrator(site).get_system_status()))
	site.database.rollback()
	return found


def expects(site: Sandbox, scheduler: Scheduler) -> None:
	site.scheduler = lambda: scheduler  # type: ignore[method-assign]


def test_a_new_site_has_no_problem(site: Sandbox):
	assert codes(site) == []
	assert "Problem" not in lines(site)


def test_a_wait_that_nobody_ends_is_overdue_and_said_everywhere(site: Sandbox, clock: TestClock):
	wait(site)
	clock.advance(100)
	assert codes(site) == []  # the next tick may still end it
	clock.advance(100)
	assert codes(site) == [checks.TIMERS]
	said = lines(site)
	assert "Timers         1, 1 of them overdue, the oldest for 3 min" in said
	assert "Problem: 1 wait, retry or schedule is overdue, for 3 minutes" in said
	assert "→ Start `dogansystem serve --db" in said
	found = Orchestrator(site).get_system_status()
	assert (found["queue"]["timers_overdue"], found["queue"]["oldest_overdue_seconds"]) == (1, 199)
	metrics = Orchestrator(site).get_metrics()
	assert "dogansystem_timers_overdue 1.0" in metrics
	assert "dogansystem_oldest_overdue_timer_age_seconds 199.0" in metrics
	assert 'dogansystem_problem{code="timers_overdue"} 1.0' in metrics
	assert 'dogansystem_problem{code="scheduler"} 0.0' in metrics


def test_a_scheduler_that_is_off_is_the_cause_and_comes_first(site: Sandbox, clock: TestClock):
	expects(site, OFF)
	wait(site)
	clock.advance(200)
	assert codes(site) == [checks.SCHEDULER, checks.TIMERS]
	said = lines(site)
	assert "Problem: The scheduler of the site is off.\n  → `bench --site a enable-scheduler`." in said
	assert Orchestrator(site).get_problems()[0]["code"] == "scheduler"
	assert Orchestrator(site).get_obstacles() == Orchestrator(site).get_problems()


def test_a_tick_that_does_not_come_is_told_by_its_age(site: Sandbox, clock: TestClock):
	expects(site, Scheduler(expected=True, remedy="See `bench doctor`."))
	assert codes(site) == [checks.TICK]
	assert "never acted" in lines(site)
	tick(site)
	site.database.rollback()
	assert codes(site) == []
	clock.advance(400)
	assert codes(site) == [checks.TICK]
	assert "last acted 7 minutes ago" in lines(site)


def test_steps_that_stand_ready_with_nobody_there_are_a_problem(site: Sandbox, clock: TestClock):
	orchestrator = Orchestrator(site)
	steps = [{"id": "a", "action": "data.set"}]
	orchestrator.import_workflow({"name": "quick", "run_as": "a@example.com", "steps": steps})
	orchestrator.start_run("quick")
	site.database.commit()
	assert codes(site) == []
	clock.advance(90)
	assert codes(site) == [checks.WORKERS]
	site.listening = lambda: {"n1": 2}  # type: ignore[method-assign]
	assert codes(site) == []


def test_status_prints_problems_of_a_file(tmp_path):
	path = str(tmp_path / "a.db")
	with Sandbox(path) as opened:
		opened.database.begin()
		put(opened, -300.0)
		opened.database.commit()
	result = CliRunner().invoke(main, ["status", "--db", path])
	assert result.exit_code == 0 and f"→ Start `dogansystem serve --db {path}`" in result.output

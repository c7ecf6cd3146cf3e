"""A sandbox of an older version is opened by today's code, and all that was under way goes on to its end."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pymysql
import pytest

from dogansystem import Orchestrator
from dogansystem.homes.sandbox import Sandbox, TestClock
from tests.integration.upgrade import states

FOLDER = Path(__file__).parent
FIXTURES = sorted(FOLDER.glob("*.sql"))


class Old:
	"""A database as an older version left it."""

	def __init__(self, url: str, fixture: Path) -> None:
		first, *self.statements = fixture.read_text().splitlines()
		self.url = url
		self.known = json.loads(first.removeprefix("-- "))
		self.runs: states.Runs = self.known["runs"]
		self.clock = TestClock(self.known["at"])

	def open(self) -> Sandbox:
		sandbox = Sandbox(self.url, clock=self.clock, timezone="UTC")
		for method, function in states.AFTER.items():
			sandbox.whitelist(method, function)
		return sandbox


@pytest.fixture(params=FIXTURES, ids=lambda path: path.name)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Old]:
	"""Each committed database, loaded."""
	if ".sqlite." in request.param.name:
		found = Old(str(tmp_path / "old.db"), request.param)
		with sqlite3.connect(found.url) as connection:
			connection.executescript("\n".join(found.statements))
		yield found
	else:
		found = Old(request.getfixturevalue("mariadb_url"), request.param)
		with _emptied(found.url) as cursor:
			for statement in found.statements:
				cursor.execute(statement)
		yield found
		with _emptied(found.url):
			pass


def _emptied(url: str) -> Any:
	"""A cursor on the database, which has no tables any more."""
	server, _, name = url.removeprefix("mariadb://").rpartition("/")
	credentials, _, place = server.rpartition("@")
	user, _, password = credentials.partition(":")
	host, _, port = place.partition(":")
	connection = pymysql.connect(
		host=host, port=int(port or 3306), user=user, password=password, database=name, autocommit=True
	)
	cursor = connection.cursor()
	cursor.execute("SHOW TABLES")
	for (table,) in cursor.fetchall():
		cursor.execute(f"DROP TABLE `{table}`")
	return cursor


@pytest.fixture
def upgraded(old: Old) -> Iterator[Sandbox]:
	with old.open() as sandbox:
		yield sandbox


def test_what_was_under_way_stands_as_it_did(old: Old, upgraded: Sandbox):
	expected = {name: before for name, (_, before, _) in states.RUNS.items()}
	assert states.statuses(upgraded, old.runs) == expected


def test_every_run_goes_on_to_its_end(old: Old, upgraded: Sandbox):
	states.finish(upgraded, old.runs, old.clock.advance)
	expected = {name: after for name, (_, _, after) in states.RUNS.items()}
	assert states.statuses(upgraded, old.runs) == expected


def test_a_step_of_a_process_that_is_gone_is_done_by_another_one_and_counts_the_attempt(
	old: Old, upgraded: Sandbox
):
	states.finish(upgraded, old.runs, old.clock.advance)
	steps = {each["id"]: each for each in Orchestrator(upgraded).get_run(old.runs["killed"])["steps"]}
	assert (steps["die"]["attempts"], steps["die"]["output"]) == (2, "alive")


def test_the_items_of_a_step_are_finished_where_they_stood(old: Old, upgraded: Sandbox):
	states.finish(upgraded, old.runs, old.clock.advance)
	steps = Orchestrator(upgraded).get_run(old.runs["items"])["steps"]
	assert (
		next(each["output"] for each in steps if each["id"] == "each" and each["index"] is None)
		== states.OUTPUT
	)
	attempts = {each["index"]: each["attempts"] for each in steps if each["id"] == "each"}
	assert (attempts[0], attempts[2], attempts[4]) == (2, 1, 2)  # retried, only claimed, killed


def test_documents_and_schedules_go_on_starting_runs(old: Old, upgraded: Sandbox):
	states.work(upgraded)
	with upgraded.acting_as(states.PERSON):
		upgraded.documents.create(states.DOCTYPE, {"title": "new"})
	upgraded.database.commit()
	old.clock.advance(states.HOUR + 1)
	states.work(upgraded)
	for workflow in ("upgrade-document", "upgrade-schedule"):
		found = Orchestrator(upgraded).list_runs(workflow)
		assert [each["status"] for each in found] == ["Succeeded"], workflow


def test_a_slot_of_what_was_under_way_is_free_again(old: Old, upgraded: Sandbox):
	states.finish(upgraded, old.runs, old.clock.advance)
	orchestrator = Orchestrator(upgraded)
	with upgraded.acting_as(states.PERSON):
		runs = [
			orchestrator.start_run("upgrade-limited", {"key": "one"}),
			orchestrator.start_run("upgrade-agent"),
		]
	upgraded.database.commit()
	states.work(upgraded)
	assert [orchestrator.get_run(run)["status"] for run in runs] == ["Waiting", "Succeeded"]


def test_it_may_be_opened_again(old: Old, upgraded: Sandbox):
	with old.open() as again:
		assert states.statuses(again, old.runs) == states.statuses(upgraded, old.runs)

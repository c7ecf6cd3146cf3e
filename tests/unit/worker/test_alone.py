"""What fails beside others is told, and stops none of them."""

import logging

import pytest

from dogansystem.worker import failing
from dogansystem.worker.failing import alone
from tests.unit.worker.fakes import Conflict, FakeSite, Lost


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> FakeSite:
	monkeypatch.setattr(failing, "_told_at", {})
	return FakeSite()


def fail(error: type[Exception]):
	def work() -> int:
		raise error("no")

	return work


def test_what_succeeds_gives_its_result(site: FakeSite):
	assert alone(site, "chore", lambda: 3, 0) == 3
	assert site.reported == []


def test_what_fails_is_logged_with_its_traceback_and_reported(
	site: FakeSite, caplog: pytest.LogCaptureFixture
):
	assert alone(site, "chore", fail(KeyError), 7, run="r1") == 7
	(record,) = caplog.records
	assert (record.levelno, record.event, record.fields["run"]) == (logging.ERROR, "chore.failed", "r1")
	assert record.exc_info[0] is KeyError
	assert site.reported == ["chore failed: KeyError"]
	assert (site.database.rollbacks, site.database.commits) == (1, 1)


def test_what_fails_again_at_once_is_one_line(site: FakeSite, caplog: pytest.LogCaptureFixture):
	for _ in range(3):
		alone(site, "chore", fail(KeyError), 0)
	assert [record.exc_info is not None for record in caplog.records] == [True, False, False]
	assert len(site.reported) == 1


def test_a_lost_race_is_told_but_not_reported(site: FakeSite, caplog: pytest.LogCaptureFixture):
	alone(site, "chore", fail(Conflict), 0)
	assert [record.levelno for record in caplog.records] == [logging.WARNING]
	assert site.reported == []


def test_a_database_that_is_away_is_for_the_caller_to_deal_with(site: FakeSite):
	with pytest.raises(Lost):
		alone(site, "chore", fail(Lost), 0)


def test_a_report_that_cannot_be_written_is_logged(
	site: FakeSite, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
	monkeypatch.setattr(site, "report", lambda *_: fail(ValueError)())
	assert alone(site, "chore", fail(KeyError), 0) == 0
	assert [record.event for record in caplog.records] == ["chore.failed", "report.failed"]

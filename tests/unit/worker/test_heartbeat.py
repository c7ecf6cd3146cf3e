"""What the heartbeat decides: whether the process goes on, gives back what it holds, or gives itself up."""

import time
from types import SimpleNamespace

import pytest

from dogansystem.store import processes, samples
from dogansystem.worker import heartbeat, takeover
from dogansystem.worker.control import Control
from dogansystem.worker.heartbeat import GRACE, OVERRUN, PATIENCE, Heartbeat, Progress
from tests.unit.worker.fakes import FakeSite, Lost


class Told:
	"""What the heartbeat has had done."""

	def __init__(self) -> None:
		self.alive = True
		self.error: Exception | None = None
		self.done: list[str] = []

	def beat(self, *_: object) -> bool:
		if self.error:
			raise self.error
		return self.alive


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
	told = Told()
	monkeypatch.setattr(processes, "beat", told.beat)
	monkeypatch.setattr(samples, "note", lambda *_: None)
	monkeypatch.setattr(heartbeat, "moment", lambda _: SimpleNamespace(seconds=0.0, text=""))
	monkeypatch.setattr(takeover, "give_back", lambda *_: told.done.append("gave back"))
	monkeypatch.setattr(takeover, "abandon", lambda *_: told.done.append("gave up"))
	return told


@pytest.fixture
def progress() -> Progress:
	return Progress()


@pytest.fixture
def beating(told: Told, progress: Progress, monkeypatch: pytest.MonkeyPatch) -> Heartbeat:
	site = FakeSite()
	made = Heartbeat(site, Control(site), 7, progress, replaceable=False)
	monkeypatch.setattr(made._machine, "tell", lambda: told.done.append("told of the machine"))
	return made


def test_a_process_that_works_goes_on(beating: Heartbeat, told: Told, progress: Progress):
	progress.began, progress.behind = time.monotonic(), 3
	beating.once()
	assert told.done == ["told of the machine"]
	assert not progress.stopping.is_set()


def test_a_process_that_is_asked_to_leave_stops(beating: Heartbeat, progress: Progress):
	beating._site.is_to_stop = True
	beating.once()
	assert progress.stopping.is_set()
	assert not progress.lost


def test_a_process_that_was_declared_dead_does_nothing_more(
	beating: Heartbeat, told: Told, progress: Progress
):
	told.alive = False
	beating.once()
	assert progress.lost and progress.stopping.is_set()
	assert told.done == []


def test_what_waits_behind_a_slow_step_goes_back(beating: Heartbeat, told: Told, progress: Progress):
	progress.began, progress.behind = time.monotonic() - PATIENCE - 1, 3
	beating.once()
	assert told.done == ["gave back"]
	beating.once()
	assert told.done == ["gave back", "told of the machine"]


def test_a_process_whose_step_cannot_be_interrupted_is_given_up(
	beating: Heartbeat, told: Told, progress: Progress
):
	progress.due = time.monotonic() - OVERRUN - 1
	beating.once()
	assert told.done == ["gave up"]
	assert progress.lost and progress.stopping.is_set()


def test_a_step_just_past_its_time_is_still_interrupted_by_its_own_limit(
	beating: Heartbeat, told: Told, progress: Progress
):
	progress.due = time.monotonic() - GRACE / 2
	beating.once()
	assert told.done == ["told of the machine"]


def test_the_connection_of_a_step_that_no_signal_reaches_is_ended_once(
	beating: Heartbeat, told: Told, progress: Progress
):
	ended = beating._site.control.ended
	progress.due = time.monotonic() - OVERRUN / 2
	beating.once()
	beating.once()
	assert ended == ["7.work"]
	progress.due = time.monotonic() - OVERRUN / 2
	beating.once()
	assert ended == ["7.work", "7.work"]
	assert told.done == []


def test_what_was_measured_is_kept_when_it_cannot_be_written(
	beating: Heartbeat, told: Told, progress: Progress, monkeypatch: pytest.MonkeyPatch
):
	kept: list[object] = []
	monkeypatch.setattr(progress.tally, "put_back", kept.append)
	told.error = Lost()
	with pytest.raises(Lost):
		beating.once()
	assert kept == [{}]


def test_a_heartbeat_that_fails_is_told_once_until_it_succeeds_again(
	beating: Heartbeat, told: Told, caplog: pytest.LogCaptureFixture
):
	for error in (Lost(), Lost(), None, Lost()):
		told.error = error
		beating.try_once()
	assert [record.event for record in caplog.records] == ["heartbeat.failed"] * 2

"""The control connection: a transaction that lost is done again, one that cannot get through is left or raised."""

from collections.abc import Callable

import pytest

from dogansystem.worker import control
from dogansystem.worker.control import CONFLICT_TRIES, Control
from tests.unit.worker.fakes import Conflict, FakeDatabase, FakeSite, Lost


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(control, "CONFLICT_PAUSE", 0.0)


@pytest.fixture
def site() -> FakeSite:
	return FakeSite()


def failing(times: int, error: type[Exception]) -> Callable[[FakeDatabase], str]:
	"""Work that raises so often before it succeeds."""
	left = [times]

	def work(db: FakeDatabase) -> str:
		left[0] -= 1
		if left[0] >= 0:
			raise error
		return "done"

	return work


def test_what_lost_against_another_transaction_is_done_again(site: FakeSite):
	assert Control(site).run(failing(3, Conflict)) == "done"
	assert (site.control.commits, site.control.rollbacks) == (1, 3)


def test_what_always_loses_is_raised_in_the_end(site: FakeSite):
	with pytest.raises(Conflict):
		Control(site).run(failing(CONFLICT_TRIES, Conflict))
	assert (site.control.commits, site.control.rollbacks) == (0, CONFLICT_TRIES)


def test_other_errors_are_raised_at_once_and_leave_no_transaction(site: FakeSite):
	with pytest.raises(KeyError):
		Control(site).run(failing(1, KeyError))
	assert (site.control.commits, site.control.rollbacks) == (0, 1)


def test_what_another_process_has_locked_is_left(site: FakeSite):
	assert Control(site).run_or_leave(failing(9, Conflict), "later") == "later"
	assert Control(site).run_or_leave(failing(1, Conflict), "later") == "done"


def test_errors_are_not_left(site: FakeSite):
	with pytest.raises(KeyError):
		Control(site).run_or_leave(failing(1, KeyError), "later")


def test_a_connection_that_is_gone_is_not_asked_to_roll_back(site: FakeSite):
	with pytest.raises(Lost):
		Control(site).run(failing(1, Lost))
	assert site.control.rollbacks == 0

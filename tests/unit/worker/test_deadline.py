"""A time limit interrupts, again if need be, and knows afterwards that its time has passed."""

import signal
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from dogansystem.worker import deadline
from dogansystem.worker.deadline import TimeLimit, TimeUp

SOON = 0.02  # seconds


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch):
	monkeypatch.setattr(deadline, "REPEAT", SOON)


@pytest.fixture
def alarm() -> Iterator[list[int]]:
	"""An alarm of whoever runs this process, as RQ sets one for a job; gives when it rang."""
	rang: list[int] = []
	before = signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
	yield rang
	signal.setitimer(signal.ITIMER_REAL, 0)
	signal.signal(signal.SIGALRM, before)


def in_main(work: Callable[[], object]) -> object:
	return work()


def in_thread(work: Callable[[], object]) -> object:
	results: list[object] = []
	thread = threading.Thread(target=lambda: results.append(work()))
	thread.start()
	thread.join(10)
	return results[0]


everywhere = pytest.mark.parametrize("where", [in_main, in_thread])


def busy() -> None:
	until = time.monotonic() + 5
	while time.monotonic() < until:
		pass


def interrupted(limit: TimeLimit, work: Callable[[], object]) -> bool:
	try:
		with limit:
			work()
	except TimeUp:
		return True
	return False


@everywhere
def test_a_block_that_takes_too_long_is_interrupted(where):
	limit = TimeLimit(SOON)
	assert where(lambda: interrupted(limit, busy))
	assert limit.passed


@everywhere
def test_a_block_that_ends_in_time_is_left_alone_afterwards(where):
	limit = TimeLimit(SOON)

	def work() -> bool:
		was_interrupted = interrupted(limit, lambda: None)
		time.sleep(3 * SOON)
		return was_interrupted

	assert not where(work)
	assert not limit.passed


@everywhere
def test_a_block_that_swallows_the_interruption_gets_another_one(where):
	limit = TimeLimit(SOON)

	def swallow() -> None:
		for _ in range(2):
			try:
				busy()
			except BaseException:
				continue
		busy()

	assert where(lambda: interrupted(limit, swallow))


@everywhere
def test_the_time_has_passed_for_a_block_that_says_nothing_of_it(where):
	limit = TimeLimit(SOON)

	def swallow() -> None:
		try:
			busy()
		except BaseException:
			pass

	assert not where(lambda: interrupted(limit, swallow))
	assert limit.passed


def test_without_a_limit_nothing_passes():
	with TimeLimit(None) as limit:
		pass
	assert not limit.passed


def test_an_alarm_that_was_set_before_still_rings(alarm: list[int]):
	signal.setitimer(signal.ITIMER_REAL, 3 * SOON)
	assert interrupted(TimeLimit(SOON), busy)
	assert alarm == []
	time.sleep(4 * SOON)
	assert alarm == [signal.SIGALRM]


def test_ending_twice_puts_the_alarm_back_once(alarm: list[int]):
	with TimeLimit(60) as limit:
		pass
	signal.signal(signal.SIGALRM, signal.SIG_IGN)
	limit.end()
	assert signal.getsignal(signal.SIGALRM) == signal.SIG_IGN

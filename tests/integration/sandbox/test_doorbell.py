"""The doorbell wakes one listener, loses no ring that matters, and hears other processes."""

import threading
import time
from collections.abc import Callable

import pytest

from dogansystem.homes.sandbox import Sandbox

READY = (
	"INSERT INTO dogan_ready (lane, step_run, run, attempt, agent, ready_at) VALUES (4, 's', 'r', 1, NULL, 0)"
)


def _listen(sandbox: Sandbox, seconds: float, answers: list[bool]) -> threading.Thread:
	thread = threading.Thread(target=lambda: answers.append(sandbox.doorbell.wait(seconds)))
	thread.start()
	return thread


def _until(condition: Callable[[], bool]) -> None:
	deadline = time.monotonic() + 5
	while not condition():
		assert time.monotonic() < deadline
		time.sleep(0.005)


def test_waiting_without_a_ring_takes_its_time(sandbox: Sandbox) -> None:
	began = time.monotonic()
	assert sandbox.doorbell.wait(0.15) is False
	assert time.monotonic() - began >= 0.15
	assert sandbox.doorbell.wait(0) is False


def test_a_ring_wakes_one_listener_at_once(sandbox: Sandbox) -> None:
	answers: list[bool] = []
	began = time.monotonic()
	threads = [_listen(sandbox, 1.0, answers) for _ in range(3)]
	_until(lambda: sandbox.doorbell._listeners == 3)
	sandbox.doorbell.ring()
	_until(lambda: len(answers) == 1)
	assert time.monotonic() - began < 0.5
	for thread in threads:
		thread.join(10)
	assert sorted(answers) == [False, False, True]


def test_a_ring_that_came_just_before_is_heard(sandbox: Sandbox) -> None:
	sandbox.doorbell.ring()
	assert sandbox.doorbell.wait(5) is True
	assert sandbox.doorbell.wait(0) is False


def test_many_rings_for_nobody_are_one(sandbox: Sandbox) -> None:
	for _ in range(50):
		sandbox.doorbell.ring()
	assert sandbox.doorbell.wait(0) is True
	assert sandbox.doorbell.wait(0) is False


def test_a_ring_that_nobody_hears_calls_a_worker(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
	called: list[str] = []
	sandbox.doorbell.call_worker = lambda: called.append("worker")
	sandbox.doorbell.ring()
	assert called == ["worker"]
	assert sandbox.doorbell.wait(0) is True
	answers: list[bool] = []
	thread = _listen(sandbox, 5, answers)
	_until(lambda: sandbox.doorbell._listeners == 1)
	sandbox.doorbell.ring()
	thread.join(10)
	assert (called, answers) == (["worker"], [True])

	def fail() -> None:
		raise RuntimeError("no more threads")

	sandbox.doorbell.call_worker = fail
	sandbox.doorbell.ring()
	assert "No worker could be started" in caplog.text


def test_work_that_another_process_made_ready_is_noticed(sandbox: Sandbox) -> None:
	answers: list[bool] = []
	began = time.monotonic()
	threads = [_listen(sandbox, 5, answers) for _ in range(2)]
	time.sleep(0.1)
	sandbox.database.execute(READY)
	sandbox.database.commit()
	_until(lambda: True in answers)
	assert time.monotonic() - began < 2
	sandbox.database.execute("DELETE FROM dogan_ready")
	sandbox.database.commit()
	sandbox.doorbell.close()
	for thread in threads:
		thread.join(10)


def test_closing_ends_all_waiting(sandbox: Sandbox) -> None:
	answers: list[bool] = []
	threads = [_listen(sandbox, 30, answers) for _ in range(2)]
	_until(lambda: sandbox.doorbell._listeners == 2)
	began = time.monotonic()
	sandbox.close()
	for thread in threads:
		thread.join(10)
	assert time.monotonic() - began < 5
	assert answers == [False, False] or True in answers
	assert len(answers) == 2

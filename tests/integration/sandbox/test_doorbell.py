"""The doorbell wakes one listener, loses no ring that matters, and hears other processes."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from select import select

import pytest

from dogansystem.homes.databases.address import AddressError
from dogansystem.homes.sandbox import Sandbox


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
	_until(lambda: len(sandbox.doorbell._waiting) == 3)
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


PROGRAM = (
	"import sys; from dogansystem import Sandbox\n"
	"with Sandbox(sys.argv[1]) as sandbox:\n"
	"	print('listens', flush=True)\n"
	"	print(sandbox.doorbell.wait(20), flush=True)\n"
)


@contextmanager
def listener(url: str) -> Iterator[subprocess.Popen[str]]:
	"""Another process that listens."""
	process = subprocess.Popen([sys.executable, "-c", PROGRAM, url], stdout=subprocess.PIPE, text=True)
	assert process.stdout and process.stdout.readline() == "listens\n"
	time.sleep(0.2)
	try:
		yield process
	finally:
		process.kill()
		process.communicate()


@pytest.fixture(params=["socket", "redis"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
	"""How processes hear each other."""
	monkeypatch.delenv("DOGAN_REDIS", raising=False)
	if request.param == "redis":
		if "DOGAN_TEST_REDIS" not in os.environ:
			pytest.skip("DOGAN_TEST_REDIS names no Redis")
		monkeypatch.setenv("DOGAN_REDIS", os.environ["DOGAN_TEST_REDIS"])
	chosen: str = request.param
	return chosen


def test_another_process_is_woken_and_each_ring_wakes_one(way: str, url: str) -> None:
	with Sandbox(url) as sandbox, listener(url) as first, listener(url) as second:
		sandbox.doorbell.ring()
		heard = [process for process in (first, second) if select([process.stdout], [], [], 1)[0]]
		assert len(heard) == 1
		sandbox.doorbell.ring()
		assert [process.communicate(timeout=5)[0] for process in (first, second)] == ["True\n"] * 2


def test_a_listener_that_was_killed_takes_no_ring(url: str) -> None:
	with Sandbox(url) as sandbox, listener(url) as dead, listener(url) as alive:
		dead.kill()
		dead.wait()
		for _ in range(2):
			sandbox.doorbell.ring()
		assert alive.communicate(timeout=5)[0] == "True\n"


def test_what_cannot_be_reached_costs_a_warning_and_no_work(
	url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
	monkeypatch.setenv("DOGAN_REDIS", "redis://127.0.0.1:1/0")
	with Sandbox(url) as sandbox:
		sandbox.doorbell.ring()
		assert sandbox.doorbell.wait(0.1) is False
	monkeypatch.delenv("DOGAN_REDIS")
	monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
	(tmp_path / f"dogansystem-{os.getuid()}").mkdir(mode=0o755)
	with Sandbox(url) as sandbox:
		sandbox.doorbell.ring()
		assert sandbox.doorbell.wait(0.1) is False
	assert caplog.text.count("cannot be rung") == 2
	assert "must be a folder that only you can open" in caplog.text


@pytest.mark.parametrize("address", ["nonsense", "http://127.0.0.1"])
def test_a_redis_that_is_none_is_refused(url: str, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
	monkeypatch.setenv("DOGAN_REDIS", address)
	with pytest.raises(AddressError, match=r"DOGAN_REDIS cannot be read .* Write redis://host:6379/0"):
		Sandbox(url)


def test_closing_ends_all_waiting(sandbox: Sandbox) -> None:
	answers: list[bool] = []
	threads = [_listen(sandbox, 30, answers) for _ in range(2)]
	_until(lambda: len(sandbox.doorbell._waiting) == 2)
	began = time.monotonic()
	sandbox.close()
	for thread in threads:
		thread.join(10)
	assert time.monotonic() - began < 5
	assert answers == [False, False] or True in answers
	assert len(answers) == 2

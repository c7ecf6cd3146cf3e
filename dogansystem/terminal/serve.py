"""`dogansystem serve`: worker processes and the clock, until they are told to stop."""

import logging
import math
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from types import FrameType

from dogansystem.engine.errors import DoganError
from dogansystem.homes.sandbox import Sandbox
from dogansystem.terminal.shell import log_to_stderr
from dogansystem.worker import fitness
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

TICK_INTERVAL = 20.0  # seconds; drainers fire what is due in between
RESTART_PAUSE = 1.0  # seconds before a worker that ended is replaced: one that cannot start must not spin
RETRY_PAUSE = 2.0  # seconds before a worker tries again after its database took nothing
PARENT_INTERVAL = 1.0  # seconds between two looks of a worker whether the fork server lives

_log = logging.getLogger(__name__)


def serve(url: str, workers: int, say: Callable[[str], None], verbose: bool = False) -> None:
	"""Work on a sandbox with that many processes until SIGTERM or SIGINT; a process that ends is replaced."""
	log_to_stderr(verbose)
	stopping = threading.Event()
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: stopping.set())
	context = multiprocessing.get_context("forkserver")
	context.set_forkserver_preload([__name__])  # imported once: twenty workers then start as fast as one

	def start() -> BaseProcess:
		process = context.Process(target=work, args=(url, verbose))
		process.start()
		return process

	with Sandbox(url) as site:
		processes = [start() for _ in range(workers)]
		say(f"{workers} workers on {site.address}. Stop with Ctrl-C.")
		try:
			_look_after(site, processes, start, stopping, say)
		finally:
			say("Stopping: steps in hand are finished, the rest goes back.")
			for process in processes:
				process.terminate()
			for process in processes:
				process.join()


def _look_after(
	site: Sandbox,
	processes: list[BaseProcess],
	start: Callable[[], BaseProcess],
	stopping: threading.Event,
	say: Callable[[str], None],
) -> None:
	"""Tick, and replace the workers that have ended."""
	ticked_at = float("-inf")
	while not stopping.wait(RESTART_PAUSE):
		if time.monotonic() - ticked_at >= TICK_INTERVAL:
			ticked_at = time.monotonic()
			_tick(site, say)
		for position, process in enumerate(processes):
			if not process.is_alive():
				say(f"Worker {process.pid} ended with {process.exitcode}; starting another.")
				processes[position] = start()


def _tick(site: Sandbox, say: Callable[[str], None]) -> None:
	"""Tick, or leave it to the next one: a database that is away for a while comes back."""
	try:
		tick(site)
	except Exception as error:
		say(f"What is due could not be looked after; again in {TICK_INTERVAL:.0f} seconds. {error}")
		site.database.rollback()


def work(url: str, verbose: bool = False) -> None:
	"""What a worker process does: execute steps, again and again, until SIGTERM or until `serve` is gone."""
	log_to_stderr(verbose)
	asked: list[int] = []
	sites: list[Sandbox] = []
	drainers: list[Drainer] = []

	def stop(number: int, frame: FrameType | None) -> None:
		asked.append(number)
		for site in sites:
			site.stop()
		for drainer in drainers:
			drainer.progress.stopping.set()

	signal.signal(signal.SIGTERM, stop)
	signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us
	leave_with_parents()
	while not asked:
		opened = _open(url)
		if opened is None:
			time.sleep(RETRY_PAUSE)
			continue
		with opened as site:
			sites[:] = [site]
			while not asked:
				_work_once(site, drainers)


def _work_once(site: Sandbox, drainers: list[Drainer]) -> None:
	"""Let one drainer work until it leaves, or wait for a moment if its database takes nothing."""
	try:
		if fitness.may_work(site):
			drainers[:] = [Drainer(site, replaceable=True, linger=math.inf, patience=math.inf)]
			drainers[0].run()
	except Exception as error:
		_wait_for_room(site, error)


def _open(url: str) -> Sandbox | None:
	"""The sandbox, or None while its database takes nothing."""
	try:
		return Sandbox(url)
	except DoganError as error:
		_log.warning("%s", error)
		return None


def _wait_for_room(site: Sandbox, error: Exception) -> None:
	"""Wait for a moment if the database is away or takes nothing, such as on a full disk. Raises any other error."""
	if not site.database.is_lost(error):
		raise error
	_log.warning("%s", error)
	site.database.rollback()
	until = time.monotonic() + RETRY_PAUSE
	while not site.stop_requested() and time.monotonic() < until:
		time.sleep(0.1)


def leave_with_parents() -> None:
	"""Have this process get SIGTERM when `serve` ends, or the fork server between the two, even by `kill -9`."""
	parent, forked_by = multiprocessing.parent_process(), os.getppid()

	def watch() -> None:
		while parent is not None and parent.is_alive() and os.getppid() == forked_by:
			parent.join(PARENT_INTERVAL)
		os.kill(os.getpid(), signal.SIGTERM)

	if parent is not None:
		threading.Thread(target=watch, name="parents", daemon=True).start()

"""`dogansystem serve`: worker processes and the clock, until they are told to stop."""

import math
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from types import FrameType

from dogansystem.homes.sandbox import Sandbox
from dogansystem.worker import standby
from dogansystem.worker.drainer import Drainer
from dogansystem.worker.tick import tick

TICK_INTERVAL = 20.0  # seconds; drainers fire what is due in between
RESTART_PAUSE = (
	1.0  # seconds before a worker that died is replaced, so that one that cannot start does not spin
)


def serve(url: str, workers: int, say: Callable[[str], None]) -> None:
	"""Work on a sandbox with that many processes until SIGTERM or SIGINT; a process that dies is replaced."""
	stopping = threading.Event()
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: stopping.set())
	context = multiprocessing.get_context("forkserver")
	context.set_forkserver_preload([__name__])  # imported once: twenty workers then start as fast as one
	with Sandbox(url) as site:
		processes = [_start(context, url) for _ in range(workers)]
		say(f"{workers} workers on {site.address}. Stop with Ctrl-C.")
		try:
			_look_after(site, processes, lambda: _start(context, url), stopping, say)
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
	"""Tick, and replace who died."""
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


def _start(context: multiprocessing.context.ForkServerContext, url: str) -> BaseProcess:
	process = context.Process(target=work, args=(url,))
	process.start()
	return process


def work(url: str) -> None:
	"""What a worker process does: drain, again and again, until SIGTERM."""
	with Sandbox(url) as site:
		current: list[Drainer] = []

		def stop(number: int, frame: FrameType | None) -> None:
			site.stop()
			for drainer in current:
				drainer.progress.stopping.set()

		signal.signal(signal.SIGTERM, stop)
		signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent tells us
		while not site.stop_requested():
			if not standby.may_work(site):
				continue
			current[:] = [Drainer(site, replaceable=True, linger=math.inf)]
			current[0].run()

"""Worker processes as `dogansystem serve` has them, and ways for them to end."""

import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from signal import SIGCONT, SIGKILL, Signals

from dogansystem.homes.sandbox import Sandbox
from dogansystem.homes.sandbox.doorbell import VARIABLE
from dogansystem.store import faults
from dogansystem.terminal import serve
from dogansystem.worker import drainer, heartbeat, identity
from tests.faults.actions import FaultSandbox

# One process that has everything imported and is forked for each worker: a worker is there in a tenth of a second.
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["tests.faults.workers"])


@dataclass(frozen=True, slots=True)
class Way:
	"""How a worker differs from one in production.

	Attributes:
		elsewhere: nobody can ask whether its process lives, as if it were on another node: only its lease tells.
		beat: seconds between two beats.
		watched: False: nothing ends the process when no Python runs in it.
		point: a fault point at which it sends itself `signal` …
		hit: … when it comes there for the so-many-th time.
		commit: it kills itself at the so-many-th commit of the site's own connection that is none of a step: `after` it, or before.
		redis: the doorbell's.
		log: file for what it prints.
	"""

	elsewhere: bool = False
	beat: float = 0.3
	watched: bool = True
	point: str | None = None
	hit: int = 1
	signal: Signals = SIGKILL
	commit: int = 0
	after: bool = False
	redis: str | None = None
	log: str | None = None


class Worker:
	"""One worker process."""

	def __init__(self, url: str, way: Way = Way()) -> None:
		self.process = _context.Process(target=_work, args=(url, way), daemon=True)
		self.process.start()

	@property
	def pid(self) -> int:
		assert self.process.pid
		return self.process.pid

	@property
	def is_alive(self) -> bool:
		return self.process.is_alive()

	def signal(self, number: Signals) -> None:
		os.kill(self.pid, number)

	def kill(self) -> None:
		"""`kill -9`."""
		self.process.kill()
		self.process.join()

	@property
	def is_stopped(self) -> bool:
		"""Whether it was stopped by SIGSTOP."""
		return Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T"

	def terminate(self) -> None:
		"""SIGTERM; `join` tells when it has left."""
		self.process.terminate()

	def join(self, seconds: float) -> float:
		"""Wait until it has left; gives the seconds it took."""
		began = time.monotonic()
		self.process.join(seconds)
		assert not self.is_alive, f"worker {self.pid} has not left after {seconds} s"
		return time.monotonic() - began


class Workers(list[Worker]):
	"""Some workers of one database, each replaced when it is gone."""

	def __init__(self, url: str, number: int, way: Callable[[int], Way] = lambda position: Way()) -> None:
		self._url, self._way = url, way
		super().__init__(Worker(url, way(position)) for position in range(number))

	def replace(self) -> int:
		"""Start another worker for each that has ended; gives how many had."""
		gone = [position for position, worker in enumerate(self) if not worker.is_alive]
		for position in gone:
			self[position].process.join()
			self[position] = Worker(self._url, self._way(position))
		return len(gone)

	def kill(self, position: int) -> None:
		"""`kill -9` of one, and another in its place."""
		self[position].kill()
		self[position] = Worker(self._url, self._way(position))

	def end(self) -> None:
		"""Let nobody survive."""
		for worker in self:
			if worker.is_alive:
				worker.signal(SIGCONT)
				worker.kill()


@contextmanager
def working(url: str, number: int, way: Callable[[int], Way] = lambda position: Way()) -> Iterator[Workers]:
	"""Some workers, gone when the block is left."""
	workers = Workers(url, number, way)
	try:
		yield workers
	finally:
		workers.end()


def _work(url: str, way: Way) -> None:
	if way.log:
		_print_into(way.log)
	if way.redis:
		os.environ[VARIABLE] = way.redis
	serve.Sandbox = _dying_at(way.commit, way.after) if way.commit else FaultSandbox  # type: ignore[misc,assignment]
	heartbeat.INTERVAL, heartbeat.OVERRUN = way.beat, 1.0
	if not way.watched:
		drainer.Watchdog = lambda seconds: nullcontext()  # type: ignore[assignment,misc]
	if way.elsewhere:
		space = f"elsewhere {os.getpid()}"
		identity.pid_space = lambda: space  # type: ignore[assignment]
	if way.point:
		with faults.armed(way.point, _at(way.hit, way.signal)):
			serve.work(url)
	else:
		serve.work(url)


def _dying_at(commit: int, after: bool) -> Callable[[str], FaultSandbox]:
	def opened(url: str) -> FaultSandbox:
		site = FaultSandbox(url)
		kill_at_commit(site, commit, after=after)
		return site

	return opened


def kill_at_commit(site: Sandbox, hit: int, *, after: bool, number: Signals = SIGKILL) -> None:
	"""Have this process send itself a signal at its so-many-th commit: before it, or when it is done and nobody was told."""
	commit, come_by = site.database.commit, _at(hit, number)

	def killing() -> None:
		if not after:
			come_by()
		commit()
		if after:
			come_by()

	site.database.commit = killing  # type: ignore[method-assign]


def _at(hit: int, number: Signals) -> Callable[[], None]:
	left = hit

	def come_by() -> None:
		nonlocal left
		left -= 1
		if not left:
			os.kill(os.getpid(), number)

	return come_by


def _print_into(log: str) -> None:
	output = Path(log).open("a")
	os.dup2(output.fileno(), sys.stdout.fileno())
	os.dup2(output.fileno(), sys.stderr.fileno())

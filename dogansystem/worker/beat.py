"""The beat: one thread of a worker process that says that it lives and watches over the step in hand.

One beat per process, not per step: a step of an hour keeps its lease by it. The thread also returns what the process
has claimed but cannot begin soon, because a step turned out to be slow.
"""

import threading
import time
from dataclasses import dataclass, field

from dogansystem.sites.protocol import Database, Site
from dogansystem.store import processes
from dogansystem.store.moment import moment
from dogansystem.worker import chores
from dogansystem.worker.control import Control

BEAT_INTERVAL = 2.0  # seconds; the lease is at least several of them
PATIENCE = 1.0  # seconds a step may take before what is claimed behind it goes back to the queue


@dataclass(slots=True)
class Progress:
	"""What the main thread tells the beat. Written by one thread, read by the other."""

	steps: int = 0
	failures: int = 0
	began: float | None = None  # time.monotonic() when the step in hand began
	behind: int = 0  # steps claimed and not begun
	lost: bool = False  # somebody declared this process dead
	stopping: threading.Event = field(default_factory=threading.Event)


class Beat:
	"""Runs while the block is entered."""

	def __init__(self, site: Site, control: Control, process: int, progress: Progress):
		self._site = site
		self._control = control
		self._process = process
		self._progress = progress
		self._done = threading.Event()
		self._thread = threading.Thread(target=self._run, name=f"beat-{process}", daemon=True)

	def __enter__(self) -> "Beat":
		self._thread.start()
		return self

	def __exit__(self, *_: object) -> None:
		self._done.set()
		self._thread.join()

	def _run(self) -> None:
		while not self._done.wait(BEAT_INTERVAL):
			try:
				self.once()
			except Exception:
				# The database is away. The main thread meets the same and deals with it; a lease that runs out
				# meanwhile is what leases are for.
				continue

	def once(self) -> None:
		"""Beat, and look after what is in hand."""
		if self._site.stop_requested():
			self._progress.stopping.set()
		if not self._control.run(self._beat):
			self._progress.lost = True
			self._progress.stopping.set()
		elif self._progress.behind and self._is_slow():
			self._control.run(self._give_back)

	def _beat(self, db: Database) -> bool:
		at = moment(self._site)
		return processes.beat(db, self._process, at, self._progress.steps, self._progress.failures)

	def _give_back(self, db: Database) -> int:
		self._progress.behind = 0
		return chores.give_back(self._site, db, self._process)

	def _is_slow(self) -> bool:
		began = self._progress.began
		return began is not None and time.monotonic() - began > PATIENCE

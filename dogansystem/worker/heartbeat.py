"""The heartbeat: one thread of a worker process that says that the process lives and watches over the step in hand.

There is one heartbeat for each process, not for each step: it keeps the lease of a step that takes an hour. The thread
also returns what the process has claimed but cannot begin soon because a step turned out to be slow, and gives the process
up when an attempt cannot be ended.
"""

import os
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from dogansystem.engine import log
from dogansystem.protocol import Database, Site
from dogansystem.store import nodes, processes, samples
from dogansystem.store.moment import moment
from dogansystem.worker import fitness, identity, takeover
from dogansystem.worker.control import Control
from dogansystem.worker.machine import Machine
from dogansystem.worker.tally import Tally
from dogansystem.worker.writer import Writer

INTERVAL = 2.0  # seconds between two heartbeats; the lease is at least several of them
GRACE = 0.5  # seconds past its timeout after which an attempt is taken to wait for a statement, which no signal ends
OVERRUN = 5.0  # seconds past its timeout after which an attempt counts as one that cannot be interrupted
EXIT_STUCK = 70  # of a process that gave itself up; EX_SOFTWARE
PATIENCE = 1.0  # seconds a step may take before what is claimed behind it goes back to the queue


@dataclass(slots=True)
class Progress:
	"""What the main thread tells the heartbeat. Written by one thread, read by the other."""

	steps: int = 0
	failures: int = 0
	began: float | None = None  # time.monotonic() when the step in hand began
	due: float | None = None  # time.monotonic() when the time of the attempt in hand will be up
	behind: int = 0  # steps claimed and not begun
	lost: bool = False  # another process declared this one dead
	stopping: threading.Event = field(default_factory=threading.Event)
	tally: Tally = field(default_factory=Tally)


class Heartbeat:
	"""Runs while the block is entered."""

	def __init__(
		self,
		site: Site,
		control: Control,
		process: int,
		progress: Progress,
		replaceable: bool,
		writer: Writer | None = None,
	):
		self._site = site
		self._writer = writer
		self._control = control
		self._process = process
		self._progress = progress
		self._replaceable = replaceable
		self._machine = Machine(site, control)
		self._fails = False
		self._ended: float | None = None  # when the time was up of the attempt whose connection was ended
		self._done = threading.Event()
		self._thread = threading.Thread(target=self._run, name=f"heartbeat-{process}", daemon=True)

	def __enter__(self) -> "Heartbeat":
		self._thread.start()
		return self

	def __exit__(self, *_: object) -> None:
		self._done.set()
		self._thread.join()

	def _run(self) -> None:
		while not self._done.wait(INTERVAL):
			self.try_once()

	def try_once(self) -> None:
		"""The same as `once`, and whatever fails is told, once until a heartbeat succeeds again.

		If the database is away, the main thread meets the same error and deals with it; a lease that runs out meanwhile is
		what leases are for.
		"""
		try:
			self.once()
			self._fails = False
		except Exception as error:
			if not self._fails:
				about: dict[str, Any] = {"process": self._process, "node": identity.node()}
				if self._control.is_lost(error):
					log.event(log.WARNING, "heartbeat.failed", message=str(error), **about)
				else:
					log.event(log.ERROR, "heartbeat.failed", error=error, **about)
			self._fails = True

	def once(self) -> None:
		"""Say that the process lives, and look after what is in hand."""
		progress = self._progress
		if self._site.stop_requested():
			progress.stopping.set()
		if not self._tell():
			log.event(log.ERROR, "process.lost", process=self._process, node=identity.node())
			progress.lost = True
			progress.stopping.set()
		elif (due := progress.due) is not None and time.monotonic() > due + GRACE:
			self._end(due)
		elif (
			progress.behind and (began := progress.began) is not None and time.monotonic() - began > PATIENCE
		):
			progress.behind = 0
			takeover.give_back(self._site, self._control, self._process)
		else:
			self._machine.tell()

	def _end(self, due: float) -> None:
		"""End the database connection of an attempt past its time, whose statement may keep every signal waiting: mysqlclient
		lets none through. If that does not help, give the process up."""
		if time.monotonic() > due + OVERRUN:
			self._give_up()
		elif due != self._ended:
			self._ended = due
			connection, _control = takeover.marks_of(self._process)
			self._control.run(lambda db: db.end(connection))

	def _give_up(self) -> None:
		"""Have the run go on without this process, which an attempt that cannot be interrupted keeps busy."""
		log.event(log.ERROR, "process.stuck", process=self._process, node=identity.node())
		self._progress.lost = True
		self._progress.stopping.set()
		self._done.set()
		try:
			takeover.abandon(self._site, self._control, self._process)
		finally:
			if self._replaceable:
				os._exit(EXIT_STUCK)

	def _tell(self) -> bool:
		"""Say that the process lives, and write down what it has measured, in one transaction. False: it is declared dead."""
		at, progress, measured = moment(self._site), self._progress, self._progress.tally.take()

		def tell(db: Database) -> bool:
			if fitness.is_too_old(db) or (self._replaceable and nodes.is_draining(db, identity.node())):
				progress.stopping.set()
			if self._writer:
				self._writer.hold(db, at.seconds)
			samples.note(db, at.seconds, measured)
			return processes.beat(db, self._process, at, progress.steps, progress.failures)

		try:
			return self._control.run(tell)
		except Exception:
			progress.tally.put_back(measured)
			raise

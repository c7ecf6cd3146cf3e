"""The drainer: claims ready steps, executes them one after another, and writes result and progress in one transaction.

It is one RQ job on a bench, and a thread or a process in the sandbox. It works until nothing is ready and nobody rings for
a while, or until its time budget is used up; after SIGTERM it finishes the step in hand and gives back the rest.
"""

import os
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

from dogansystem.engine import log
from dogansystem.protocol import Database, Site
from dogansystem.store import nodes, processes, queue, samples, state
from dogansystem.store.attempts import Finished
from dogansystem.store.changes import claims
from dogansystem.store.moment import moment
from dogansystem.worker import chores, disabling, fitness, identity, items, takeover, tick
from dogansystem.worker.attempting import Attempting
from dogansystem.worker.batch import Batch
from dogansystem.worker.control import Control
from dogansystem.worker.deadline import Watchdog
from dogansystem.worker.execute import Work
from dogansystem.worker.failing import alone
from dogansystem.worker.heartbeat import Heartbeat, Progress
from dogansystem.worker.writer import Writer

MAX_BATCH = 50  # steps claimed at a time: one claim then costs a fiftieth of a step's transaction
BATCH_SECONDS = 0.1  # of work in a batch: what one process has claimed, another cannot begin
MAX_CHAIN = 50  # steps of one run in a row before one goes through the queue, so that urgent work gets in
CHORES_INTERVAL = 0.5  # seconds between two looks at due timers while there is work
RECONNECT_SECONDS = 60.0  # for which a drainer tries to reach a database that went away
COME_BACK_SECONDS = 5.0  # that the processes of a site get to come back to a database that was away
SAMPLE_INTERVAL = 60.0  # seconds between two looks whether a sample is due
TURN = 0.25  # seconds a drainer works in any case before it gives way to others; to come back costs some hundredths
RING_INTERVAL = 0.05  # seconds between two rings for help
LOOK_INTERVAL = 1.0  # seconds an idle drainer listens before it looks whether a ring got lost
STOP_INTERVAL = 0.1  # seconds between two questions whether to leave, asked before each step: a question costs as much as some
BUSY_INTERVAL = 0.05  # seconds before it looks again for a timer that another process is handling


class Drainer:
	"""Executes ready steps.

	Attributes:
		progress: what it has done so far; `progress.stopping` asks it to leave.
	"""

	def __init__(
		self,
		site: Site,
		*,
		until: Callable[[], bool] | None = None,
		replaceable: bool = False,
		linger: float | None = None,
		patience: float = RECONNECT_SECONDS,
		inline: bool = False,
	) -> None:
		"""`until` is asked whenever nothing is ready; True ends the drainer at once, whatever the linger time.

		`replaceable`: this process does nothing else and another one is started in its place. It may end itself when a
		step cannot be interrupted. `linger`: seconds it listens when there is nothing to do; None: as the settings say.
		`patience`: seconds it waits for a database that went away. `inline`: it works in a transaction of its caller's, with
		one connection for everything, so that no thread may beat for it.
		"""
		self._inline = inline
		self.site = site
		self._replaceable = replaceable
		self.progress = Progress()
		self._until = until
		self._settings = site.settings()
		self._patience = patience
		self._linger_seconds = self._settings.linger if linger is None else linger
		self._worker = identity.worker()
		self._pace: float | None = None  # seconds per step, a moving average; None: it has done none
		self._chores_at = float("-inf")
		self._sampled_at = time.monotonic()
		self._rang_at = float("-inf")
		self._came_at = self._asked_at = time.monotonic()
		self._has_done_chores = False
		self._is_called_back = False  # it gave way to others while there may have been more to do

	def run(self) -> int:
		"""Work until there is nothing to do or it is time to leave; gives how many steps were executed."""
		control = Control(self.site)
		try:
			self.work_with(control)
		finally:
			control.close()
		return self.progress.steps

	def work_with(self, control: Control) -> None:
		"""Register, work, give back what is left, and leave."""
		self._control = control
		if not self._replaceable:
			control.run(fitness.check)
		self.site.refresh_clock()  # it may have been declared dead because its clock was wrong
		self._process = control.run(self._register)
		self._writer = Writer(self.site, control)
		self._batch = Batch(self.site, control, self._process, self._worker)
		self._attempting = Attempting(self.site, self._worker, self._batch, self.progress)
		# So that a process that takes over can end the connections.
		self._mark(*takeover.marks_of(self._process))
		leave_at = time.monotonic() + self._settings.time_budget
		log.event(log.INFO, "worker.start", **self._facts())
		watchdog = Watchdog(self._settings.lease) if self._replaceable else nullcontext()
		try:
			heartbeat = Heartbeat(
				self.site, control, self._process, self.progress, self._replaceable, self._writer
			)
			with watchdog, nullcontext() if self._inline else heartbeat:
				while not self.progress.stopping.is_set() and time.monotonic() < leave_at:
					if not self._round(leave_at):
						break
		finally:
			self._leave()

	def _facts(self) -> dict[str, Any]:
		return {"worker": self._worker, "node": identity.node(), "process": self._process}

	def _round(self, leave_at: float) -> bool:
		"""Work, or wait for work; False when it is time to leave. Survives the loss of the database, and of every race."""
		try:
			if self._writer.is_elsewhere():
				return not self.progress.stopping.wait(LOOK_INTERVAL)
			return self._drain_once() or self._linger(leave_at)
		except Exception as error:
			if not (self.site.database.is_lost(error) or self.site.database.is_conflict(error)):
				raise
			return self._recover(error)

	def _recover(self, error: Exception) -> bool:
		"""Connect again and return everything in hand.

		What had begun does not count as an attempt: its lease tells that its transaction did not commit.
		"""
		name = "database.lost" if self.site.database.is_lost(error) else "database.conflict"
		log.event(log.WARNING, name, message=str(error), **self._facts())
		self._batch.forget()
		began = time.monotonic()
		while not self.progress.stopping.wait(1.0):
			try:
				self.site.database.reconnect()
				self._control.reconnect()
				self._control.run(lambda db: claims.unbegin_all(db, self._process))
				self._batch.give_back()
				log.event(log.WARNING, "database.back", **self._facts())
				if time.monotonic() - began > COME_BACK_SECONDS:
					# Nobody is declared dead for now: no heartbeat of any process got through.
					until = self.site.now() + COME_BACK_SECONDS
					self._control.run(lambda db: state.take_turn(db, "chores", until, 0.0))
				return True
			except Exception as again:
				if not self.site.database.is_lost(again) or time.monotonic() - began > self._patience:
					raise again from error
		return False

	def _register(self, db: Database) -> int:
		at = moment(self.site)
		# Locked, so that whoever cordons the node either sees this process or has been seen by it.
		if self._replaceable and (
			nodes.is_draining(db, identity.node(), lock=True) or fitness.is_too_old(db)
		):
			self.progress.stopping.set()
		return processes.register(db, identity.node(), identity.pid_space(), os.getpid(), self._worker, at)

	def _mark(self, work: str | None, control: str | None) -> None:
		self.site.database.mark(work)
		self._control.mark(control)

	def _leave(self) -> None:
		"""Return what was claimed or handed over and has not begun."""
		self._batch.leave()
		if self.progress.lost:
			self.site.database.rollback()  # the process that took over has ended the connection
			return log.event(log.WARNING, "worker.lost", **self._facts())
		given_back = self._batch.give_back()
		measured = self.progress.tally.take()
		self._control.run(lambda db: samples.note_last(db, self.site.now(), identity.node(), measured))
		self._control.run(lambda db: processes.leave(db, self._process))
		self._mark(None, None)
		if given_back or self._is_called_back:
			self.site.doorbell.ring()
		log.event(log.INFO, "worker.end", steps=self.progress.steps, **self._facts())

	# One round

	def _drain_once(self) -> bool:
		"""Claim a batch and execute it; False when nothing was ready."""
		if time.monotonic() - self._chores_at > CHORES_INTERVAL:
			self._do_chores()
		if self._gives_way() or not self._claim():
			return False
		while self._batch and not self._has_to_leave():
			self._work_chain(self._batch.next())
		return True

	def _has_to_leave(self) -> bool:
		"""Whether this process was asked to leave. The heartbeat asks too, but a step may end between two of its questions."""
		stopping, now = self.progress.stopping, time.monotonic()
		if not stopping.is_set() and now - self._asked_at > STOP_INTERVAL:
			self._asked_at = now
			if self.site.stop_requested():
				stopping.set()
		return stopping.is_set()

	def _gives_way(self) -> bool:
		"""Leave when other work waits for this process, and come back behind it: one site's flood must not keep another
		waiting."""
		if time.monotonic() - self._came_at > TURN and self.site.others_wait():
			self._is_called_back = True
			self.progress.stopping.set()
		return self._is_called_back

	def _claim(self) -> bool:
		# One at first: steps that turn out to be slow would wait here while others idle.
		limit = max(1, min(MAX_BATCH, int(BATCH_SECONDS / self._pace))) if self._pace else 1
		claimed = self._batch.claim(limit)
		if not claimed:
			return False
		# A snapshot that was opened before the claim would not show the results that the claimed steps read.
		self.site.database.rollback()
		if claimed == limit:
			self._ring_for_help()
		return True

	def _ring_for_help(self) -> None:
		"""Ring because more is ready than this process has claimed."""
		if time.monotonic() - self._rang_at > RING_INTERVAL:
			self._rang_at = time.monotonic()
			self.site.doorbell.ring()

	# One step and those behind it

	def _work_chain(self, next_work: Work | None) -> None:
		"""Execute a step, and the steps handed over from it."""
		chain = 0
		while next_work:
			chain += 1
			finished = self._work_off(next_work, stick=chain < MAX_CHAIN)
			# In the middle of a chain too: items that follow each other would keep what was claimed beside them waiting.
			if self._batch.share():
				self._ring_for_help()
			if finished is None or finished.successor is None:
				break
			if self._has_to_leave():
				self._control.run(partial(claims.unbegin, lease=finished.successor))
				break
			next_work = self._batch.successor(finished.successor, finished.item_value)

	def _work_off(self, work: Work, stick: bool) -> Finished | None:
		"""Execute one attempt to its end, and do what follows from it. None: the lease was lost."""
		started = time.monotonic()
		self.progress.began = started
		self.progress.behind = len(self._batch)
		finished = self._attempting.work_off(work, stick)
		self.progress.began = None
		self.progress.steps += 1
		took = time.monotonic() - started
		self._pace = took if self._pace is None else self._pace + (took - self._pace) / 8
		if finished:
			self._follow_up(work, finished)
		return finished

	def _follow_up(self, work: Work, finished: Finished) -> None:
		"""Do what a finished step leads to beyond its own transaction."""
		closed = finished.check_items and self._close_items(work, finished)
		if finished.failed or (closed and finished.broken):
			look = partial(disabling.look, self.site, work.definition.name)
			alone(self.site, "disabling", look, False)
		if finished.freed or closed:
			alone(self.site, "admission", lambda: chores.admit(self.site, self._control), 0)
		if finished.opened > 1 or (finished.opened and finished.successor):
			self._ring_for_help()

	def _close_items(self, work: Work, finished: Finished) -> bool:
		"""Complete the `for_each` step if this was its last item; True when its run went on or ended by it."""
		run, step = work.lease.run, work.step.id
		# A step that is merely claimed may be taken back and finished elsewhere; one that has begun is finished here.
		if finished.begun and not finished.broken and finished.begun.is_of(run, step):
			return False  # the end of that one asks again
		return items.close_items(self.site, self._control, run, step, work.definition, broken=finished.broken)

	# When nothing is ready

	def _do_chores(self) -> int:
		self._chores_at = time.monotonic()
		if self._chores_at - self._sampled_at > SAMPLE_INTERVAL:
			self._sampled_at = self._chores_at
			alone(self.site, "sample", lambda: tick.sample(self.site, self._control), False)
		in_turns, self._has_done_chores = self._has_done_chores, True
		return chores.do(self.site, self._control, in_turns=in_turns, own=self._process)

	def _linger(self, leave_at: float) -> bool:
		"""Listen for the doorbell; False when it is time to leave."""
		deadline = min(leave_at, time.monotonic() + self._linger_seconds)
		has_waited = False
		while not self.progress.stopping.is_set():
			if self._until and self._until():
				return False
			look = self._control.run(queue.look)
			if has_waited and look.is_ready:
				return True
			if look.wants_chores(self.site.now()) and self._do_chores():
				return True
			left = deadline - time.monotonic()
			if left <= 0:
				return False
			until_due = LOOK_INTERVAL if look.next_due is None else look.next_due - self.site.now()
			# A timer that is due still is one that another process has locked.
			pause = min(until_due, LOOK_INTERVAL) if until_due > 0 else BUSY_INTERVAL
			if self.site.doorbell.wait(min(left, pause)):
				self._chores_at = time.monotonic()  # the step that it rang for comes first
				return True
			has_waited = True
		return False

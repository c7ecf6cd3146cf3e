"""The batch: what a process has claimed and not yet begun. What one process holds, another cannot begin."""

import time
from collections import deque

from dogansystem.engine.states import RUNNING
from dogansystem.protocol import Database, Site
from dogansystem.store import queue
from dogansystem.store.changes import claims
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.worker import chores, unreadable
from dogansystem.worker.control import Control
from dogansystem.worker.execute import Work
from dogansystem.worker.load import Loader
from dogansystem.worker.unreadable import UnreadableRun

HOLD = 0.25  # seconds after which what is left of a batch goes back if others may have nothing to do


class Batch:
	"""Claimed steps in the order in which they are executed. Only the next one of them may have begun already.

	The beginning of a step is written together with something that has to be committed anyway: its claim, or the result
	of the step before it. The step then counts as an attempt if the process dies.
	"""

	def __init__(self, site: Site, control: Control, process: int, worker: str) -> None:
		self._loader = Loader(site)
		self._site, self._control = site, control
		self._process, self._worker = process, worker
		self._floor = claims.Floor()
		self._works: deque[Work] = deque()
		self._seq = 0
		self._begun: Lease | None = None
		self._held_since = time.monotonic()

	def __len__(self) -> int:
		return len(self._works)

	def claim(self, limit: int) -> int:
		"""Claim up to `limit` steps; gives how many."""
		leases = self._control.run(lambda db: self._claim(db, limit))
		if not leases:
			return 0
		self._seq += len(leases)
		self._begun, self._held_since = leases[0], time.monotonic()
		self._works.extend(self._control.run(lambda db: self._load(db, leases)))
		if not self._works or self._works[0].lease is not leases[0]:
			self._unbegin()  # its run was deleted meanwhile, or cannot be read
		while self._loader.unreadable:
			_, error = self._loader.unreadable.popitem()
			unreadable.fail_run(self._site, self._control, error)
		return len(leases)

	def _claim(self, db: Database, limit: int) -> list[Lease]:
		at = moment(self._site)
		return claims.claim(db, self._process, self._worker, self._seq, limit, self._floor, at, begins=True)

	def _load(self, db: Database, leases: list[Lease]) -> list[Work]:
		found = self._loader.load(db, leases)
		beginning = {each.data.name for each in found if each.data.status != RUNNING}
		claims.show_runs_running(db, beginning, moment(self._site))
		return found

	def successor(self, lease: Lease, item_value: str | None) -> Work | None:
		"""The work behind a lease that was handed over. None: its version cannot be read any more, and its run has ended."""
		try:
			return self._loader.successor(lease, item_value)
		except UnreadableRun as error:
			unreadable.fail_run(self._site, self._control, error)
			return None

	def next(self) -> Work | None:
		"""Take the next step out and begin it. None: its run was paused or cancelled, or it was given back because the step
		before it was slow."""
		work = self._works.popleft()
		begun, self._begun = self._begun, None
		if work.lease is begun or self._control.run(
			lambda db: claims.begin(db, work.lease, moment(self._site))
		):
			return work
		return None

	def ahead(self) -> Lease | None:
		"""The lease that comes next. A caller that begins it in the transaction of the step before calls `has_begun` when that
		transaction has committed."""
		return self._works[0].lease if self._works else None

	def has_begun(self, lease: Lease | None) -> None:
		"""Note that the beginning of the lease `ahead` is committed. None: it has not begun."""
		self._begun = lease

	def share(self) -> bool:
		"""Return what is left if the batch takes longer than expected and others may have nothing to do. True: returned."""
		if not self._works or time.monotonic() - self._held_since <= HOLD:
			return False
		self._held_since = time.monotonic()
		if not self._control.run(queue.is_empty):
			return False
		is_next = self._works[0].lease is self._begun
		self._works = deque([self._works[0]] if is_next else [])
		return bool(self.give_back())

	def forget(self) -> None:
		"""Let go of everything without telling the database, which is away."""
		self._works.clear()
		self._begun = None

	def leave(self) -> None:
		"""Let go of everything, so that `give_back` returns it all."""
		self._unbegin()
		self._works.clear()

	def give_back(self) -> int:
		"""Return to the queue what has not begun; gives how many steps."""
		return chores.give_back(self._site, self._control, self._process)

	def _unbegin(self) -> None:
		lease, self._begun = self._begun, None
		if lease:
			self._control.run(lambda db: claims.unbegin(db, lease))

"""The batch: what a process has claimed and not yet begun. What one process holds, another cannot begin."""

import time
from collections import deque
from collections.abc import Sequence

from dogansystem.engine.outputs import decode
from dogansystem.engine.states import RUNNING
from dogansystem.protocol import Database, Site
from dogansystem.store import agents, context, dialect, names, queue, reads
from dogansystem.store.changes import claims
from dogansystem.store.context import RunData
from dogansystem.store.leasing import Lease
from dogansystem.store.moment import moment
from dogansystem.worker import failing, takeover
from dogansystem.worker.control import Control
from dogansystem.worker.execute import Work
from dogansystem.worker.failing import UnreadableRun

HOLD = 0.25  # seconds after which what is left of a batch goes back if others may have nothing to do


class Batch:
	"""Claimed steps in the order in which they are executed. Only the next one of them may have begun already.

	The beginning of a step is written together with something that has to be committed anyway: its claim, or the result
	of the step before it. The step then counts as an attempt if the process dies.
	"""

	def __init__(self, site: Site, control: Control, process: int, worker: str) -> None:
		self._site, self._control = site, control
		self._process, self._worker = process, worker
		self._floor = claims.Floor()
		self._works: deque[Work] = deque()
		self._seq = 0
		self._begun: Lease | None = None
		self._held_since = time.monotonic()
		# Of the runs in hand, which do not change: their data, and the highest number of an item of any of their steps.
		self._runs: dict[str, RunData] = {}
		self._last_item: dict[str, int] = {}

	def __len__(self) -> int:
		return len(self._works)

	def claim(self, limit: int) -> int:
		"""Claim up to `limit` steps; gives how many."""
		leases = self._control.run(lambda db: self._claim(db, limit))
		if not leases:
			return 0
		self._seq += len(leases)
		self._begun, self._held_since = leases[0], time.monotonic()
		works, unreadable = self._control.run(lambda db: self._load(db, leases))
		self._works.extend(works)
		if not self._works or self._works[0].lease is not leases[0]:
			self._unbegin()  # its run was deleted meanwhile, or cannot be read
		for error in unreadable.values():
			failing.fail_run(self._site, self._control, error)
		return len(leases)

	def _claim(self, db: Database, limit: int) -> list[Lease]:
		at = moment(self._site)
		return claims.claim(db, self._process, self._worker, self._seq, limit, self._floor, at, begins=True)

	def _load(self, db: Database, leases: Sequence[Lease]) -> tuple[list[Work], dict[str, UnreadableRun]]:
		"""The work behind leases, in their order, and the runs whose version cannot be read. Deleted runs are left out."""
		self._runs = context.load_runs(db, {lease.run for lease in leases})
		items = [each for each in leases if names.parts(each.step_run)[1]]
		values = self._item_values(db, [each.step_run for each in items])
		self._last_item = {run: reads.items_at_most(db, run) for run in {each.run for each in items}}
		found: list[Work] = []
		unreadable: dict[str, UnreadableRun] = {}
		for lease in leases:
			if lease.run in self._runs:
				try:
					found.append(self._work(db, lease, *values.get(lease.step_run, (None, None))))
				except UnreadableRun as error:
					unreadable[lease.run] = error
		beginning = {each.data.name for each in found if each.data.status != RUNNING}
		claims.show_runs_running(db, beginning, moment(self._site))
		return found, unreadable

	def _item_values(
		self, db: Database, step_runs: Sequence[str]
	) -> dict[str, tuple[str | None, str | None]]:
		"""The values of items, and the agents of what is undone."""
		query = f"SELECT name, item_value, agent FROM `tabDogan Step Run` WHERE name IN ({dialect.marks(step_runs)})"
		return {row[0]: (row[1], row[2]) for row in db.sql(query, step_runs)} if step_runs else {}

	def _work(
		self, db: Database | None, lease: Lease, item_value: str | None, agent: str | None = None
	) -> Work:
		data = self._runs[lease.run]
		definition = failing.load(self._site, db, lease.run, data.version)
		step_id, item = names.parts(lease.step_run)
		acting = agent if item < 0 else lease.agent  # a step is undone as the user that it had
		user = agents.user_of(db, acting) if db and acting else data.run_as
		count = self._last_item.get(lease.run, 0) if item else 0
		step = definition.step_of(step_id, item)
		return Work(lease, definition, step, item, decode(item_value), data, user, count)

	def successor(self, lease: Lease, item_value: str | None) -> Work | None:
		"""The work behind a lease that was handed over: of a run that is in hand already, and of no agent.

		None: its version cannot be read any more, and its run has ended.
		"""
		try:
			return self._work(None, lease, item_value)
		except UnreadableRun as error:
			failing.fail_run(self._site, self._control, error)
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
		return takeover.give_back(self._site, self._control, self._process)

	def _unbegin(self) -> None:
		lease, self._begun = self._begun, None
		if lease:
			self._control.run(lambda db: claims.unbegin(db, lease))

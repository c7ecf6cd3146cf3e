"""What a batch of claimed steps needs to be executed, read in few statements."""

from collections.abc import Sequence

from dogansystem.engine.outputs import decode
from dogansystem.protocol import Database, Site
from dogansystem.store import agents, context, dialect, names, reads
from dogansystem.store.context import RunData
from dogansystem.store.leasing import Lease
from dogansystem.worker import unreadable
from dogansystem.worker.execute import Work
from dogansystem.worker.unreadable import UnreadableRun


class Loader:
	"""Reads work through one connection. The data of runs in hand is kept, because it does not change."""

	def __init__(self, site: Site):
		self._site = site
		self.unreadable: dict[str, UnreadableRun] = {}  # runs that `load` has left out, until they are ended
		self._runs: dict[str, RunData] = {}
		self._last_item: dict[str, int] = {}  # by run, the highest number of an item of any of its steps

	def load(self, db: Database, leases: Sequence[Lease]) -> list[Work]:
		"""The work behind claimed leases, in their order. A run that was deleted meanwhile is left out, and so is one whose
		version cannot be read: it is then in `unreadable`."""
		self._runs = context.load_runs(db, {lease.run for lease in leases})
		of_items = [each for each in leases if names.parts(each.step_run)[1]]
		values = self._item_values(db, [each.step_run for each in of_items])
		self._last_item = {run: reads.items_at_most(db, run) for run in {each.run for each in of_items}}
		known = [lease for lease in leases if lease.run in self._runs]
		works = (self._readable(db, lease, values.get(lease.step_run)) for lease in known)
		return [work for work in works if work]

	def _readable(self, db: Database, lease: Lease, item_value: str | None) -> Work | None:
		try:
			return self._work(db, lease, item_value)
		except UnreadableRun as error:
			self.unreadable[lease.run] = error
			return None

	def successor(self, lease: Lease, item_value: str | None) -> Work:
		"""The work behind a lease that was handed over: of a run that is in hand already, and of no agent."""
		return self._work(None, lease, item_value)

	def _work(self, db: Database | None, lease: Lease, item_value: str | None) -> Work:
		data = self._runs[lease.run]
		definition = unreadable.load(self._site, db, lease.run, data.version)
		step_id, item = names.parts(lease.step_run)
		user = agents.user_of(db, lease.agent) if db and lease.agent else data.run_as
		count = self._last_item.get(lease.run, 0) if item else 0
		return Work(lease, definition, definition.by_id[step_id], item, decode(item_value), data, user, count)

	def _item_values(self, db: Database, step_runs: Sequence[str]) -> dict[str, str | None]:
		if not step_runs:
			return {}
		return dict(
			db.sql(
				f"SELECT name, item_value FROM `tabDogan Step Run` WHERE name IN ({dialect.marks(step_runs)})",
				step_runs,
			)
		)

"""What else would start: the runs of other workflows that an attempt causes by what it writes."""

from typing import Any

from dogansystem.engine.current import CHILD
from dogansystem.proving.rolled_back import Savepoints


class Others:
	"""The runs that what the workflow writes would start, of other workflows or its own: they are named, and not executed.

	Before each commit they are taken out of the queues, which nobody but the attempt sees.
	"""

	def __init__(self, db: Savepoints) -> None:
		self._db = db
		self.run = ""
		self.found: list[dict[str, Any]] = []
		self._known: set[str] = set()
		self._db.before_commit = self._hold

	def _hold(self) -> None:
		if not self.run:
			return
		query = (
			"SELECT name, workflow, cause, reference_doctype, reference_name FROM `tabDogan Workflow Run`"
			" WHERE cause <> %s AND name <> %s ORDER BY name"
		)
		for name, workflow, cause, doctype, document in self._db.sql(query, (CHILD, self.run)):
			if name not in self._known:
				self._known.add(name)
				for table in ("dogan_ready", "dogan_line", "dogan_timer"):
					self._db.execute(f"DELETE FROM {table} WHERE run = %s", (name,))
				about = {"doctype": doctype, "name": document} if doctype else None
				self.found.append({"workflow": workflow, "by": cause, "document": about})

"""Telling the desk that runs have changed, at most a few times a second for each worker."""

import time
from collections.abc import Iterable

import frappe

EVENT = "dogan_run_changed"
INTERVAL = 0.3  # seconds between two tellings; a person sees no difference
MAX_RUNS = 50  # told at a time; the others follow


class RunsChanged:
	"""Collects the runs that changed, and tells the desk after the commit."""

	def __init__(self) -> None:
		self._waiting: dict[str, None] = {}
		self._told_at = float("-inf")

	def add(self, runs: Iterable[str]) -> None:
		"""These runs have changed in this transaction."""
		self._waiting.update(dict.fromkeys(runs))

	def tell(self, *, now: bool = False) -> None:
		"""Tell the desk of runs that were committed, unless it was told a moment ago. Best effort."""
		if not self._waiting or not (now or time.monotonic() - self._told_at >= INTERVAL):
			return
		self._told_at = time.monotonic()
		chosen = list(self._waiting)[:MAX_RUNS]
		for run in chosen:
			del self._waiting[run]
			frappe.publish_realtime(EVENT, {"run": run}, doctype="Dogan Workflow Run", docname=run)
		frappe.publish_realtime(
			"list_update", {"doctype": "Dogan Workflow Run", "name": chosen[-1]}, doctype="Dogan Workflow Run"
		)

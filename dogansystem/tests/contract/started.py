"""Workflows that something starts, and their runs: what the tests of triggers have in common."""

import json
from typing import Any

from dogansystem.tests.contract.home import Home


class Started(Home):
	"""Workflows of these tests, and their runs."""

	def runs(self, workflow: str) -> list[dict[str, Any]]:
		"""The runs of a workflow, the oldest first, with their steps."""
		self.site.database.rollback()
		found = [
			self.orchestrator.get_run(each["run"]) for each in self.orchestrator.list_runs(workflow, limit=50)
		]
		self.site.database.rollback()
		return found[::-1]

	def trigger_of(self, run: str) -> dict[str, Any]:
		"""What a run was started with."""
		query = "SELECT trigger_data FROM `tabDogan Workflow Run` WHERE name = %s"
		((text,),) = self.site.database.sql(query, (run,))
		self.site.database.rollback()
		found: dict[str, Any] = json.loads(text)
		return found

	def enable(self, workflow: str, enabled: bool) -> None:
		self.orchestrator.set_workflow_enabled(workflow, enabled)
		self.site.database.commit()

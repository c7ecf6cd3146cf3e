"""Workflows and agents of a sandbox, written by the store; everybody may save them."""

from collections.abc import Sequence

from dogansystem.engine.definition import Definition
from dogansystem.engine.errors import NotFound
from dogansystem.protocol import Site
from dogansystem.store import catalog
from dogansystem.store.moment import moment
from dogansystem.triggers.planning import workflow_changed


class Catalog:
	"""A `protocol.Catalog` over `store.catalog`."""

	fills_run_as = False

	def __init__(self, site: Site) -> None:
		self._site = site

	def save_workflow(self, definition: Definition, enabled: bool | None = None) -> str:
		"""Store a checked definition; gives the name of its version, a new one if it changed."""
		site = self._site
		version = catalog.save_workflow(site.database, definition, enabled, moment(site), site.user)
		workflow_changed(site, definition.name)
		return version

	def set_enabled(self, workflow: str, enabled: bool) -> None:
		"""Enable or disable a workflow. Raises NotFound."""
		if not catalog.set_enabled(
			self._site.database, "Dogan Workflow", workflow, enabled, moment(self._site)
		):
			raise NotFound(f"There is no workflow named {workflow!r}. Import it first.")
		workflow_changed(self._site, workflow)

	def delete_workflow(self, name: str) -> None:
		"""Delete a workflow that has no runs, with its versions."""
		catalog.delete_workflow(self._site.database, name)
		workflow_changed(self._site, name)

	def save_agent(
		self, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool
	) -> None:
		"""Store an agent."""
		site = self._site
		catalog.save_agent(site.database, name, user, capabilities, capacity, enabled, moment(site))

	def set_agent_enabled(self, name: str, enabled: bool) -> None:
		"""Enable or disable an agent. Raises NotFound."""
		if not catalog.set_enabled(self._site.database, "Dogan Agent", name, enabled, moment(self._site)):
			raise NotFound(f"There is no agent named {name!r}. Register it first.")

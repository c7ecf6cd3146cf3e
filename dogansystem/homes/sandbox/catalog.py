"""Workflows and agents of a sandbox, written by the store; everybody may save them."""

from collections.abc import Mapping, Sequence
from typing import Any

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

	def save_workflow(
		self,
		definition: Definition,
		enabled: bool | None = None,
		parameters: Mapping[str, Any] | None = None,
		note: str = "",
	) -> str:
		"""Store a checked definition; gives the name of its version, a new one if it changed."""
		site, at = self._site, moment(self._site)
		version = catalog.save_workflow(site.database, definition, enabled, parameters, at, site.user, note)
		workflow_changed(site, definition.name)
		return version

	def keep_parameters(self, workflow: str, values: Mapping[str, Any]) -> None:
		"""Keep these values of a workflow's parameters, and no others."""
		catalog.keep_parameters(self._site.database, workflow, values, moment(self._site))

	def set_enabled(self, workflow: str, enabled: bool) -> None:
		"""Enable or disable a workflow. Raises NotFound."""
		site = self._site
		if catalog.set_workflow_enabled(site.database, workflow, enabled, moment(site)) is None:
			raise NotFound(f"There is no workflow named {workflow!r}. Import it first.")
		workflow_changed(site, workflow)

	def disable(self, workflow: str) -> bool:
		"""Disable a workflow; False if it is not enabled."""
		return bool(catalog.set_workflow_enabled(self._site.database, workflow, False, moment(self._site)))

	def delete_workflow(self, name: str) -> None:
		"""Delete a workflow that has no runs, with its versions."""
		catalog.delete_workflow(self._site.database, name)
		workflow_changed(self._site, name)

	def save_agent(
		self, name: str, user: str, capabilities: Sequence[str], capacity: int, enabled: bool, rate: str = ""
	) -> None:
		"""Store an agent."""
		site = self._site
		catalog.save_agent(site.database, name, user, capabilities, capacity, enabled, moment(site), rate)

	def set_agent_enabled(self, name: str, enabled: bool) -> None:
		"""Enable or disable an agent. Raises NotFound."""
		if not catalog.set_agent_enabled(self._site.database, name, enabled, moment(self._site)):
			raise NotFound(f"There is no agent named {name!r}. Register it first.")

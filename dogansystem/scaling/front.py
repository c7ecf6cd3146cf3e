"""What people and programs ask about scaling: a part of the orchestrator."""

from typing import Any

from dogansystem.engine.definition import Definition
from dogansystem.protocol import Settings, Site
from dogansystem.scaling import baseline, cordon
from dogansystem.scaling.advice import advise
from dogansystem.scaling.measurement import DEFAULT_MINUTES
from dogansystem.scaling.simulation.question import Question, answer_of_site


class Scaling:
	"""Nodes, baselines, advice and simulation of one site."""

	site: Site

	def _settings(self) -> Settings:
		raise NotImplementedError

	def _definition_now(self, workflow: str) -> Definition:
		raise NotImplementedError

	# Nodes

	def cordon_node(self, node: str) -> dict[str, Any]:
		"""Let a node take no further work: its workers finish the step in hand, give back the rest and stay away. Gives what
		`what_is_left` gives. Raises NotFound."""
		cordon.cordon(self.site.database, node, self.site.now())
		return self.what_is_left(node)

	def uncordon_node(self, node: str) -> dict[str, Any]:
		"""Let a node's workers work again. Raises NotFound."""
		cordon.cordon(self.site.database, node, 0.0)
		self.site.after_commit(self.site.doorbell.ring)
		return self.what_is_left(node)

	def what_is_left(self, node: str) -> dict[str, Any]:
		"""How many `workers` of a node have not left, and how many of them are `busy`. `empty`: the node may leave."""
		workers, busy = cordon.left(self.site.database, node)
		return {"node": node, "workers": workers, "busy": busy, "empty": not workers}

	# Before and after scaling

	def record_baseline(self, name: str | None = None, minutes: int = DEFAULT_MINUTES) -> dict[str, Any]:
		"""Measure the last minutes and keep the figures under a name, to compare with them later. Raises InputError."""
		return baseline.record(self.site, name, minutes)

	def compare(
		self, baseline_name: str | None = None, other: str | None = None, minutes: int = DEFAULT_MINUTES
	) -> dict[str, Any]:
		"""What was gained from a baseline, by default the newest, to the baseline `other`, by default the last minutes. Raises
		NotFound or InputError."""
		return baseline.report(self.site, baseline_name, other, minutes)

	def list_baselines(self, limit: int = 20) -> list[dict[str, Any]]:
		"""The baselines, newest first. Raises InputError."""
		return baseline.every(self.site, limit)

	# What to do for more

	def get_advice(self, target: str | None = None, seconds: float = 3.0) -> dict[str, Any]:
		"""The bottleneck, and what to do for a target: `2x`, `5x`, `ha` or `unlimited`. Without a target, for the load that was
		measured. Also how to set database and Redis, what steps cost, and what may run on spot nodes.

		Measures the site for `seconds` (0 to 60) first. Raises InputError.
		"""
		return advise(self.site, self._settings(), target, seconds)

	def simulate(self, workflow: str, question: Question, at_most: int | None = None) -> dict[str, Any]:
		"""What a workflow of the site would do on other numbers of nodes and workers, or under another load: throughput, waits
		and cost for each. What the question leaves open is taken from the measurements of the last day. `at_most`: attempts to
		simulate in all. Raises NotFound, InputError."""
		definition = self._definition_now(workflow)
		return answer_of_site(self.site, question, definition, at_most)

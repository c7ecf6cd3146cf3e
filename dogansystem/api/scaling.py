"""`/api/method/dogansystem.api.scaling.…`: baselines, advice, simulation, nodes. For System and Dogan Managers."""

from typing import Any

import frappe

from dogansystem.api.access import need_manager, need_system_manager
from dogansystem.api.arguments import checked
from dogansystem.api.errors import as_frappe_errors
from dogansystem.homes.frappe.site import current_site
from dogansystem.orchestrator import Orchestrator
from dogansystem.scaling.compare import sections
from dogansystem.scaling.report import as_markdown
from dogansystem.scaling.simulation.question import Question

MAX_SECONDS = 10.0  # of looking for advice: a web worker is busy for as long
MAX_ATTEMPTS = 200_000  # of a simulation: about as long


@frappe.whitelist(methods=["POST"])
@checked
def record_baseline(name: str | None = None, minutes: int = 10) -> dict[str, Any]:
	"""Measure the last minutes and keep the figures under a name, to compare with them later.

	:param name: the name of the baseline. Left out: the time.
	:param minutes: how far to look back, up to 1440.
	"""
	need_manager()
	with as_frappe_errors():
		return Orchestrator(current_site()).record_baseline(name or None, minutes)


@frappe.whitelist()
@checked
def compare(baseline: str | None = None, other: str | None = None, minutes: int = 10) -> dict[str, Any]:
	"""What was gained since a baseline: capacity, spread over nodes, response times, a verdict. Also as `markdown`.

	:param baseline: left out: the newest.
	:param other: the baseline to compare with. Left out: the last minutes.
	:param minutes: how many, up to 1440.
	"""
	need_manager()
	with as_frappe_errors():
		found = Orchestrator(current_site()).compare(baseline or None, other or None, minutes)
	return {**found, "markdown": as_markdown(sections(found))}


@frappe.whitelist()
@checked
def list_baselines(limit: int = 20) -> list[dict[str, Any]]:
	"""The baselines, newest first, without their full measurements.

	:param limit: how many, up to 200.
	"""
	need_manager()
	with as_frappe_errors():
		return Orchestrator(current_site()).list_baselines(limit)


@frappe.whitelist()
@checked
def get_advice(target: str | None = None, seconds: float = 2.0) -> dict[str, Any]:
	"""The bottleneck, what to do for a target, settings of database and Redis, costs, and spot nodes.

	:param target: `2x`, `5x`, `ha` or `unlimited`. Left out: for the load that was measured.
	:param seconds: how long to measure first, up to 10.
	"""
	need_manager()
	with as_frappe_errors():
		return Orchestrator(current_site()).get_advice(target or None, min(seconds, MAX_SECONDS))


@frappe.whitelist()
@checked
def simulate(
	workflow: str,
	workers: str = "10",
	nodes: str = "1",
	arrivals: str | None = None,
	lasting: str = "2m",
	service: str | None = None,
	failures: str | None = None,
	price: str | None = None,
	seed: int = 1,
) -> dict[str, Any]:
	"""What a workflow would do on other numbers of nodes and workers, or under another load. Nothing is executed.

	:param workers: of each node, such as `10,20`.
	:param nodes: such as `1,3`.
	:param arrivals: runs that start, such as `50/s`. Left out: as many as were measured.
	:param lasting: how long is simulated.
	:param service: what an attempt takes, such as `wait 100ms + cpu 5ms`. Left out: what was measured.
	:param failures: nodes that die, such as `node every 1h down 5m`.
	:param price: of a node, such as `0.10/h`.
	:param seed: of the random numbers.
	"""
	need_manager()
	with as_frappe_errors():
		question = Question(
			workers, nodes, arrivals or None, lasting, (service,) if service else (), failures=failures or None,
			price=price or None, seed=seed,
		)  # fmt: skip
		return Orchestrator(current_site()).simulate(workflow, question, MAX_ATTEMPTS)


@frappe.whitelist(methods=["POST"])
@checked
def cordon_node(node: str) -> dict[str, Any]:
	"""Let a node take no further work: its workers finish the step in hand and stay away. For System Managers.

	:param node: its name, as the status has it.
	"""
	need_system_manager()
	with as_frappe_errors():
		return Orchestrator(current_site()).cordon_node(node)


@frappe.whitelist(methods=["POST"])
@checked
def uncordon_node(node: str) -> dict[str, Any]:
	"""Let a node's workers work again. For System Managers.

	:param node: its name, as the status has it.
	"""
	need_system_manager()
	with as_frappe_errors():
		return Orchestrator(current_site()).uncordon_node(node)
